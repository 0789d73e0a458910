from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.memory.hooks.helpers import Home
from tests.memory.hooks.rest import MEMORY, Rest

from mem0_agent.memory import lowering, remote, wire
from mem0_agent.memory.protocol import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mem0_agent.memory.protocol import Memory

KEY = "m0-" + "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA"
ID = str(MEMORY["id"])
FILTERS = {"AND": [{"user_id": "alice"}, {"app_id": "p"}]}


@pytest.fixture
def rest() -> Iterator[Rest]:
    server = Rest()
    yield server
    server.close()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    (home.config / "credentials").write_text(KEY + "\n")
    return home


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEM0_API_KEY", raising=False)


def platform(home: Home, rest: Rest, seconds: float = 10.0) -> Memory:
    home.configure(f'backend = "platform"\napi_url = "{rest.url}/"')
    return remote.open(home.settings(), seconds)


def selfhosted(home: Home, rest: Rest, seconds: float = 10.0) -> Memory:
    home.configure(f'backend = "self-hosted"\nurl = "{rest.url}"')
    return remote.open(home.settings(), seconds)


PLATFORM: dict[str, tuple[Callable[[Memory], Any], str, Any]] = {
    "add": (
        lambda m: m.add([{"role": "user", "content": "x"}], {"user_id": "a", "app_id": "", "run_id": "r"}, {"type": "t"}, infer=False, expiration_date="2027-01-01"),
        "POST /v3/memories/add/",
        {"messages": [{"role": "user", "content": "x"}], "user_id": "a", "run_id": "r", "infer": False, "metadata": {"type": "t"}, "expiration_date": "2027-01-01"},
    ),
    "search": (
        lambda m: m.search("q", FILTERS, top_k=5, threshold=0.3, rerank=True),
        "POST /v3/memories/search/",
        {"query": "q", "filters": FILTERS, "top_k": 5, "threshold": 0.3, "rerank": True},
    ),
    "memories": (lambda m: m.memories(FILTERS, page=2, page_size=7), "POST /v3/memories/?page=2&page_size=7", {"filters": FILTERS}),
    "memory": (lambda m: m.memory(ID), f"GET /v1/memories/{ID}/", None),
    "update": (lambda m: m.update(ID, "y", metadata={"a": 1}), f"PUT /v1/memories/{ID}/", {"text": "y", "metadata": {"a": 1}}),
    "delete": (lambda m: m.delete(ID), f"DELETE /v1/memories/{ID}/", None),
    "delete_all": (lambda m: m.delete_all({"user_id": "a b", "app_id": "h/o"}), "DELETE /v1/memories/?user_id=a+b&app_id=h%2Fo", None),
    "entities": (lambda m: m.entities(), "GET /v1/entities/", None),
    "event": (lambda m: m.event(ID), f"GET /v1/event/{ID}/", None),
    "events": (lambda m: m.events(), "GET /v1/events/", None),
}  # fmt: skip


@pytest.mark.parametrize("name", PLATFORM)
def test_what_is_sent_to_the_platform(home: Home, rest: Rest, name: str) -> None:
    call, path, body = PLATFORM[name]

    assert isinstance(call(platform(home, rest)), dict)
    assert rest.paths() == [path]
    assert rest.seen[0]["body"] == body
    assert rest.seen[0]["headers"]["authorization"] == f"Token {KEY}"
    assert "x-api-key" not in rest.seen[0]["headers"]


def test_every_entity_that_is_named_goes(home: Home, rest: Rest) -> None:
    platform(home, rest).delete_entities({"user_id": "a/../b", "agent_id": "c"})

    assert rest.paths() == ["DELETE /v2/entities/user/a%2F..%2Fb/", "DELETE /v2/entities/agent/c/"]


SELFHOSTED: dict[str, tuple[Callable[[Memory], Any], str, Any]] = {
    "add": (
        lambda m: m.add([{"role": "user", "content": "x"}], {"user_id": "a", "app_id": "p"}, {"type": "t"}, infer=False),
        "POST /memories",
        {"messages": [{"role": "user", "content": "x"}], "user_id": "a", "infer": False, "metadata": {"type": "t", "app_id": "p"}},
    ),
    "search": (
        lambda m: m.search("q", FILTERS, top_k=5, threshold=0.3),
        "POST /search",
        {"query": "q", "filters": {"user_id": "alice", "app_id": "p"}, "top_k": 5, "threshold": 0.3},
    ),
    "memories": (lambda m: m.memories(FILTERS), "GET /memories?user_id=alice&top_k=1000", None),
    "memory": (lambda m: m.memory(ID), f"GET /memories/{ID}", None),
    "delete": (lambda m: m.delete(ID), f"DELETE /memories/{ID}", None),
    "delete_all": (lambda m: m.delete_all({"user_id": "a", "run_id": "r"}), "DELETE /memories?user_id=a&run_id=r", None),
    "delete_entities": (lambda m: m.delete_entities({"run_id": "r"}), "DELETE /entities/run/r", None),
    "entities": (lambda m: m.entities(), "GET /entities", None),
}  # fmt: skip


@pytest.mark.parametrize("name", SELFHOSTED)
def test_what_is_sent_to_the_selfhosted_server(home: Home, rest: Rest, name: str) -> None:
    call, path, body = SELFHOSTED[name]

    assert isinstance(call(selfhosted(home, rest)), dict)
    assert rest.paths() == [path]
    assert rest.seen[0]["body"] == body
    assert rest.seen[0]["headers"]["x-api-key"] == KEY
    assert "authorization" not in rest.seen[0]["headers"]


def test_the_selfhosted_servers_answers_get_the_platforms_shape(home: Home) -> None:
    row = {
        "id": ID,
        "memory": "m",
        "score": 0.5,
        "user_id": "alice",
        "run_id": "r",
        "metadata": {"type": "t", "app_id": "p"},
    }
    rest = Rest(answers=lambda method, path, body: [row] if path == "/entities" else {"results": [row]})
    memory = selfhosted(home, rest)

    found = memory.search("q", FILTERS)["results"]
    added = memory.add([{"role": "user", "content": "x"}], {"user_id": "a"})
    rest.close()

    assert [(r["app_id"], r["session_id"], r["metadata"]) for r in found] == [("p", "r", {"type": "t"})]
    assert added["results"][0]["data"] == {"memory": "m"}


def test_rows_that_were_not_asked_for_are_never_answered(home: Home) -> None:
    """A server that ignores filters must not make us show another project's memories."""
    rows = [{**MEMORY, "id": str(n), "app_id": None, "metadata": {"app_id": app}} for n, app in enumerate("pq")]
    rest = Rest(answers=lambda method, path, body: {"results": rows})
    memory = selfhosted(home, rest)

    assert [row["id"] for row in memory.search("q", FILTERS)["results"]] == ["0"]
    assert [row["id"] for row in memory.memories(FILTERS)["results"]] == ["0"]
    rest.close()


def test_alternatives_become_one_request_each_and_one_answer(home: Home, rest: Rest) -> None:
    wanted = {"AND": [{"user_id": "alice"}, {"OR": [{"app_id": "p"}, {"metadata": {"type": "user_preference"}}]}]}

    selfhosted(home, rest).search("q", wanted)

    assert [request["body"]["filters"] for request in rest.seen] == [
        {"user_id": "alice", "app_id": "p"},
        {"user_id": "alice", "type": "user_preference"},
    ]


@pytest.mark.parametrize(
    ("filters", "flat"),
    [
        ({"user_id": "a"}, [{"user_id": "a"}]),
        ({"user_id": {"eq": "a"}, "run_id": "r"}, [{"user_id": "a", "run_id": "r"}]),
        ({"user_id": {"in": ["a", "b"]}}, [{"user_id": "a"}, {"user_id": "b"}]),
        ({"AND": [{"user_id": "a"}, {"user_id": "b"}]}, []),
        ({"OR": [{"user_id": "a"}, {"AND": [{"user_id": "b"}, {"app_id": "p"}]}]}, [{"user_id": "a"}, {"user_id": "b", "app_id": "p"}]),
        ({"AND": [{"user_id": "a"}], "metadata": {"type": "t", "n": 1}}, [{"user_id": "a", "type": "t", "n": 1}]),
    ],
)  # fmt: skip
def test_what_can_be_lowered(filters: Any, flat: Any) -> None:
    assert lowering.flat(filters) == flat


@pytest.mark.parametrize(
    "filters",
    [
        {},
        [],
        None,
        {"NOT": [{"user_id": "a"}]},
        {"user_id": "*"},
        {"user_id": ""},
        {"user_id": {"ne": "a"}},
        {"user_id": {}},
        {"user_id": {"in": "ab"}},
        {"user_id": None},
        {"created_at": {"gt": "2026-01-01"}},
        {"categories": {"in": ["x"]}},
        {"metadata": {}},
        {"metadata": {"user_id": "b"}},
        {"metadata": {"type": {"contains": "x"}}},
        {"AND": []},
        {"OR": {"user_id": "a"}},
        {"AND": ["user_id"]},
        {"unknown": 1},
        {"user_id": {"in": [str(n) for n in range(17)]}},
        {
            "AND": [
                {"OR": [{"user_id": str(n)} for n in range(5)]},
                {"OR": [{"app_id": str(n)} for n in range(5)]},
            ]
        },
    ],
)
def test_what_cannot_be_lowered_is_refused_and_never_widened(filters: Any) -> None:
    with pytest.raises(Refused) as refusal:
        lowering.flat(filters)

    assert (refusal.value.code, refusal.value.status) == ("unsupported_filter", 400)


def test_nesting_without_end_is_refused() -> None:
    filters: Any = {"user_id": "a"}
    for _ in range(5000):
        filters = {"AND": [filters]}

    with pytest.raises(Refused):
        lowering.flat(filters)


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.search("q", {"app_id": "p"}),
        lambda m: m.memories({"metadata": {"type": "t"}}),
        lambda m: m.add([{"role": "user", "content": "x"}], {"app_id": "p"}),
        lambda m: m.delete_all({"user_id": "a", "app_id": "p"}),
        lambda m: m.delete_entities({"app_id": "p"}),
        lambda m: m.delete_all({}),
        lambda m: m.delete_entities({"user_id": ""}),
        lambda m: m.memory("../entities"),
        lambda m: m.delete("x"),
        lambda m: m.delete_entities({"user_id": ".."}),
    ],
)
def test_what_would_reach_too_far_is_not_even_sent(home: Home, rest: Rest, call: Callable[[Memory], Any]) -> None:
    with pytest.raises(Refused):
        call(selfhosted(home, rest))

    assert rest.seen == []


@pytest.mark.parametrize(
    ("mode", "refused"),
    [
        ("400", ("bad_request", 400)),
        ("401", ("key_rejected", 401)),
        ("404", ("not_found", 404)),
        ("429", ("rate_limited", 429)),
        ("500", ("server_error", 500)),
        ("redirect", ("redirected", 307)),
        ("huge", ("too_large", 0)),
        ("html", ("not_json", 200)),
        ("empty", ("bad_answer", 502)),
    ],
)
@pytest.mark.parametrize("make", [platform, selfhosted])
def test_a_bad_answer_is_a_refusal_without_the_key(
    home: Home, rest: Rest, make: Callable[[Home, Rest], Memory], mode: str, refused: tuple[str, int]
) -> None:
    rest.mode = mode

    with pytest.raises(Refused) as refusal:
        make(home, rest).search("q", FILTERS)

    assert (refusal.value.code, refusal.value.status) == refused
    assert len(rest.seen) == 1
    assert KEY not in str(refusal.value)
    assert len(refusal.value.detail) <= 300


@pytest.mark.parametrize("mode", ["hang"])
def test_a_server_that_hangs_is_given_up(home: Home, rest: Rest, mode: str) -> None:
    rest.mode = mode

    with pytest.raises(Refused) as refusal:
        platform(home, rest, 0.3).search("q", FILTERS)

    assert refusal.value.code == "timeout"


def test_nobody_there_and_no_such_name(home: Home, rest: Rest) -> None:
    memory = platform(home, rest)
    rest.close()
    with pytest.raises(Refused) as refused:
        memory.entities()
    home.configure('backend = "platform"\napi_url = "https://nowhere.invalid"')
    with pytest.raises(Refused) as unknown:
        remote.open(home.settings()).entities()

    assert refused.value.code == unknown.value.code == "unreachable"
    assert refused.value.status == unknown.value.status == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://mem0.example.org",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://localhost@evil.example",
        "http://127.0.0.1@evil.example",
        "http://127.0.0.1:80@evil.example/",
        "https://user:password@mem0.example.org",
        "http://127.1",
        "http://2130706433",
        "http://0x7f000001",
        "http://127.0.0.256",
        "http://10.0.0.1",
        "http://[::2]",
        "http://[::1",
        "http://localhost\\@evil.example",
        "http://local host",
        "http://127.0.0.1\n.evil.example",
        "ftp://localhost",
        "file:///etc/passwd",
        "localhost:8888",
        "//localhost",
        "https://",
        "https://h.example:port",
        "https://h.example/?a=b",
        "",
    ],
)
def test_addresses_that_a_key_is_not_sent_to(url: str) -> None:
    with pytest.raises(Refused) as refusal:
        wire.address(url)

    assert refusal.value.code in {"insecure", "bad_url"}


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://api.mem0.ai", (True, "api.mem0.ai", 443, "")),
        ("https://h.example:8443/base/", (True, "h.example", 8443, "/base")),
        ("http://localhost:8888", (False, "localhost", 8888, "")),
        ("http://LOCALHOST", (False, "localhost", 80, "")),
        ("http://127.8.9.10/x", (False, "127.8.9.10", 80, "/x")),
        ("http://[::1]:8888", (False, "::1", 8888, "")),
    ],
)
def test_addresses_that_are_taken(url: str, parts: tuple[bool, str, int, str]) -> None:
    assert wire.address(url) == parts


def test_without_a_key_the_platform_is_not_asked(home: Home, rest: Rest) -> None:
    (home.config / "credentials").unlink()

    with pytest.raises(Refused) as refusal:
        platform(home, rest)

    assert (refusal.value.code, refusal.value.status, rest.seen) == ("key_missing", 401, [])


def test_a_selfhosted_server_without_authentication_gets_no_header(home: Home, rest: Rest) -> None:
    (home.config / "credentials").unlink()

    selfhosted(home, rest).entities()

    assert "x-api-key" not in rest.seen[0]["headers"]


def test_a_key_that_is_no_header_is_refused_and_not_shown(
    home: Home, rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEM0_API_KEY", "m0-abc\r\nX-Evil: 1")

    with pytest.raises(Refused) as refusal:
        platform(home, rest).entities()

    assert rest.seen == []
    assert "m0-abc" not in refusal.value.detail


def test_another_memory_is_what_was_asked_for(home: Home, rest: Rest) -> None:
    assert selfhosted(home, rest).memory(ID)["memory"] == MEMORY["memory"]
    assert selfhosted(home, rest).event(ID)["status"] == "SUCCEEDED"
    assert selfhosted(home, rest).events()["results"] == []
    assert json.dumps(selfhosted(home, rest).update(ID, "y"))
