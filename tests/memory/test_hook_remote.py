"""Hooks over a memory on another machine: what is sent, what waits, and what happens when nobody answers well."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.memory.hooks.helpers import APP, PROGRAM, SESSION, Home, claude_lines, codex_lines, until
from tests.memory.hooks.rest import MEMORY, Rest
from tests.memory.hooks.secrets import SECRETS, core

from mem0_agent.memory import spool
from mem0_agent.memory.protocol import Refused
from mem0_agent.memory.remote import Platform
from mem0_agent.memory.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "m0-" + "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA"
SAID = "we moved auth from sessions to JWT"
TROUBLES = ["hang", "drip", "500", "503", "429", "401", "404", "redirect", "huge", "html", "empty"]


@pytest.fixture
def rest() -> Iterator[Rest]:
    server = Rest()
    yield server
    server.close()


@pytest.fixture(params=["platform", "self-hosted"])
def home(tmp_path: Path, rest: Rest, request: pytest.FixtureRequest) -> Home:
    return connected(Home(tmp_path), rest, request.param)


@pytest.fixture
def platform(tmp_path: Path, rest: Rest) -> Home:
    return connected(Home(tmp_path), rest, "platform")


def connected(home: Home, rest: Rest, backend: str, **hooks: object) -> Home:
    url = f'api_url = "{rest.url}"' if backend == "platform" else f'url = "{rest.url}"'
    home.configure(f'backend = "{backend}"\n{url}', **hooks)
    home.environment["MEM0_API_KEY"] = KEY
    (home.root / "claude-code.jsonl").write_text(claude_lines(("user", SAID), ("assistant", "Done.")))
    (home.root / "codex.jsonl").write_text(codex_lines(("user", SAID), ("assistant", "Done.")))
    return home


def added(rest: Rest) -> list[Any]:
    return [r for r in rest.seen if r["method"] == "POST" and r["path"] in {"/v3/memories/add/", "/memories"}]


def test_a_prompt_is_searched_for_with_the_names_of_its_project(platform: Home, rest: Rest) -> None:
    text = platform.context("claude-code", "UserPromptSubmit")

    assert str(MEMORY["memory"]) in text
    assert rest.paths() == ["POST /v3/memories/search/"]
    body = rest.seen[0]["body"]
    preference = {"metadata": {"type": "user_preference"}}
    assert body["filters"] == {"AND": [{"user_id": "alice"}, {"OR": [{"app_id": APP}, preference]}]}
    assert body["query"] == "add refresh token rotation to the auth system"


def test_memories_of_a_selfhosted_server_are_shown_too(tmp_path: Path) -> None:
    row = {**MEMORY, "app_id": None, "metadata": {"type": "decision", "app_id": APP}}
    rest = Rest(answers=lambda method, path, body: {"results": [row]})
    home = connected(Home(tmp_path), rest, "self-hosted")

    assert "JWT" in home.context("codex", "UserPromptSubmit")
    assert "JWT" in home.context("codex", "SessionStart")
    assert {request["path"].partition("?")[0] for request in rest.seen} == {"/search", "/memories"}
    rest.close()


@pytest.mark.parametrize("client", ["claude-code", "codex"])
def test_an_exchange_is_sent_once_for_the_server_to_infer_from(home: Home, rest: Rest, client: str) -> None:
    for event in ("Stop", "PreCompact", "SessionEnd"):
        home.captured(client, event, last_assistant_message="Done.")

    assert len(added(rest)) == 1
    body = added(rest)[0]["body"]
    assert body["messages"] == [{"role": "user", "content": SAID}, {"role": "assistant", "content": "Done."}]
    assert body["infer"] is True
    assert (body["user_id"], body["run_id"]) == ("alice", SESSION)
    assert "agent_id" not in body
    assert APP in {body.get("app_id"), body["metadata"].get("app_id")}
    assert {"type": "session_state", "client": client}.items() <= body["metadata"].items()
    assert len(body["metadata"]["capture_id"]) == 32
    assert spool.waiting(str(home.state)) == []


def test_only_what_is_new_is_sent_the_next_time(platform: Home, rest: Rest) -> None:
    platform.captured("codex", "Stop", last_assistant_message=None)
    with (platform.root / "codex.jsonl").open("a") as file:
        file.write(codex_lines(("user", "and sign the tokens with RS256")))
    platform.captured("codex", "Stop", last_assistant_message=None)

    assert [len(request["body"]["messages"]) for request in added(rest)] == [2, 1]


@pytest.mark.parametrize("mode", TROUBLES)
@pytest.mark.parametrize("event", ["UserPromptSubmit", "SessionStart"])
def test_a_bad_server_is_silence_and_one_line_without_the_key(
    tmp_path: Path, rest: Rest, mode: str, event: str
) -> None:
    home = connected(Home(tmp_path), rest, "platform", network_budget_ms=400)
    rest.mode = mode

    assert home.run("claude-code", event) == ""
    assert len(rest.seen) == 1
    assert len(home.log().splitlines()) == 1
    assert KEY.encode() not in home.written().replace(b"credentials", b"")
    assert home.note("claude-code", event)["failures"] == 1


def test_nobody_listens_at_the_address(tmp_path: Path) -> None:
    rest = Rest()
    home = connected(Home(tmp_path), rest, "platform")
    rest.close()

    assert home.run("codex", "UserPromptSubmit") == ""
    assert "unreachable" in home.log()


def test_a_name_that_is_not_resolved_in_time_is_given_up(platform: Home) -> None:
    """The look-up of a name blocks in C: neither a signal nor a socket's timeout ends it."""
    driver = (
        "import sys, socket, time\n"
        "sys.argv = sys.argv[1:]\n"
        "socket.getaddrinfo = lambda *a, **k: time.sleep(600)\n"
        "exec(compile(open(sys.argv[0]).read(), sys.argv[0], 'exec'), {'__name__': '__main__', '__file__': sys.argv[0]})\n"
    )
    platform.configure('backend = "platform"\napi_url = "https://nowhere.example"', network_budget_ms=300)
    command = platform.command("codex")
    command[3:3] = ["-c", driver]
    data = json.dumps(platform.event("codex", "UserPromptSubmit")).encode()

    result = subprocess.run(command, input=data, capture_output=True, env=platform.environment, timeout=60)

    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    assert "slow" in platform.log()


@pytest.mark.parametrize("mode", ["500", "503", "429", "401", "403", "404", "redirect"])
def test_what_the_server_did_not_take_waits_and_is_sent_once(platform: Home, rest: Rest, mode: str) -> None:
    rest.mode = mode
    platform.captured("claude-code", "Stop")
    waiting = spool.waiting(str(platform.state))
    failed = len(added(rest))
    rest.mode = "ok"
    platform.captured("codex", "SessionStart", session_id="later")
    platform.captured("codex", "SessionStart", session_id="later still")

    assert (len(waiting), failed) == (1, 1)
    assert len(added(rest)) == 2
    assert added(rest)[0]["body"] == added(rest)[1]["body"]
    assert spool.waiting(str(platform.state)) == []
    assert platform.note("claude-code", "Capture")["failures"] == 1


def test_what_was_said_without_a_network_waits(tmp_path: Path) -> None:
    gone = Rest()
    home = connected(Home(tmp_path), gone, "platform")
    gone.close()
    home.captured("claude-code", "Stop")

    assert len(spool.waiting(str(home.state))) == 1
    summary = spool.summary(str(home.state))
    assert summary["items"] == 1
    assert summary["bytes"] > 0
    assert summary["oldest"] > 0


@pytest.mark.parametrize("mode", ["400", "413", "422"])
def test_what_a_server_will_never_take_does_not_hold_up_the_rest(platform: Home, rest: Rest, mode: str) -> None:
    rest.mode = mode
    platform.captured("claude-code", "Stop")

    assert spool.waiting(str(platform.state)) == []
    assert "dropped" in platform.log()


def test_what_was_meant_for_another_server_is_not_sent_to_this_one(platform: Home, rest: Rest) -> None:
    rest.mode = "500"
    platform.captured("claude-code", "Stop")
    other = Rest()
    connected(platform, other, "self-hosted")
    platform.captured("claude-code", "SessionStart", session_id="later")

    assert added(other) == []
    assert len(spool.waiting(str(platform.state))) == 1
    other.close()


@pytest.mark.parametrize(
    "hooks",
    [
        {"capture": "off"},
        {"capture": "listed"},
        {"exclude": ["{project}"]},
        {"capture": "listed", "directories": ["/elsewhere"]},
        {"exclude": 7},
    ],
)
def test_where_people_said_no_nothing_at_all_is_sent(tmp_path: Path, rest: Rest, hooks: dict[str, Any]) -> None:
    home = Home(tmp_path)
    if hooks.get("exclude") == ["{project}"]:
        hooks = {"exclude": [str(home.project)]}
    connected(home, rest, "platform", **hooks)

    for event in ("SessionStart", "UserPromptSubmit", "PreCompact", "PostCompact", "Stop", "SessionEnd"):
        home.run("claude-code", event)
        home.run("codex", event)

    assert rest.seen == []
    assert home.captures() == home.captures("codex") == 0


def test_what_waits_from_a_directory_that_was_excluded_since_is_not_sent(platform: Home, rest: Rest) -> None:
    rest.mode = "500"
    platform.captured("claude-code", "Stop")
    rest.mode = "ok"
    connected(platform, rest, "platform", exclude=[str(platform.project)])
    elsewhere = platform.root / "elsewhere"
    elsewhere.mkdir()
    platform.captured("claude-code", "SessionStart", session_id="later", cwd=str(elsewhere))

    assert len(added(rest)) == 1
    assert spool.waiting(str(platform.state)) == []


def test_a_key_is_not_sent_over_plain_http(platform: Home) -> None:
    platform.configure('backend = "platform"\napi_url = "http://127.0.0.1.evil.example"')

    assert platform.run("codex", "UserPromptSubmit") == ""
    assert "insecure" in platform.log()


@pytest.mark.parametrize("client", ["claude-code", "codex"])
def test_no_secret_is_in_any_request(home: Home, rest: Rest, client: str) -> None:
    lines = claude_lines if client == "claude-code" else codex_lines
    turns = [(role, f"{name} is {secret} so") for name, secret in SECRETS.items() for role in ("user", "assistant")]
    (home.root / f"{client}.jsonl").write_text(lines(*turns, edits=(f"/x/{SECRETS['github']}.py",)))
    everything = " ".join(SECRETS.values())

    for name, secret in SECRETS.items():
        if name in {"openai", "jwt", "pem", "password"}:
            home.run(client, "UserPromptSubmit", prompt=f"what is wrong with {name} {secret} here")
    home.run(client, "UserPromptSubmit", prompt=f"all of them: {everything}")
    home.captured(client, "Stop", last_assistant_message=everything)
    home.captured(client, "PostCompact", compact_summary=everything)

    bodies = json.dumps([request["body"] for request in rest.seen], ensure_ascii=False)
    assert added(rest)
    assert [name for name in SECRETS if core(name) in bodies] == []
    assert "[redacted:" in bodies


@pytest.mark.parametrize("client", ["claude-code", "codex"])
def test_no_secret_and_nothing_private_is_in_any_file_of_ours(tmp_path: Path, client: str) -> None:
    home = Home(tmp_path)
    lines = claude_lines if client == "claude-code" else codex_lines
    turns = [
        ("user", f"{name} is {secret} so <private>nobody reads this</private>") for name, secret in SECRETS.items()
    ]
    (home.root / f"{client}.jsonl").write_text(lines(*turns, edits=(f"/x/{SECRETS['github']}.py",)))
    everything = " ".join(SECRETS.values())

    home.run(client, "UserPromptSubmit", prompt=everything)
    home.captured(client, "Stop", last_assistant_message=everything)
    home.captured(client, "PostCompact", compact_summary=everything)
    home.raw(client, json.dumps({"hook_event_name": everything}).encode())

    written = home.written().decode("utf-8", "replace")
    assert [name for name in SECRETS if core(name) in written] == []
    assert "nobody reads this" not in written
    assert home.states()


def test_what_was_recalled_is_not_captured_again(platform: Home, rest: Rest) -> None:
    block = platform.context("claude-code", "UserPromptSubmit")
    (platform.root / "claude-code.jsonl").write_text(
        claude_lines(("user", f"please use RS256 keys {block}"), ("assistant", block))
    )
    platform.captured("claude-code", "Stop", last_assistant_message=None)

    assert [message["content"] for message in added(rest)[0]["body"]["messages"]] == ["please use RS256 keys"]


def test_a_capture_that_hangs_holds_up_nobody(platform: Home, rest: Rest) -> None:
    rest.mode = "hang"

    assert platform.run("claude-code", "Stop") == ""
    until(lambda: len(rest.seen) == 1)
    assert len(spool.waiting(str(platform.state))) == 1


def test_several_hooks_at_once_send_each_exchange_once(platform: Home, rest: Rest) -> None:
    running = []
    for number in range(6):
        process = platform.start("claude-code")
        assert process.stdin
        process.stdin.write(json.dumps(platform.event("claude-code", "Stop", session_id=f"s{number}")).encode())
        process.stdin.close()
        process.stdin = None
        running.append(process)
    for process in running:
        process.communicate(timeout=60)
    until(lambda: len(added(rest)) == 6)

    assert len({request["body"]["metadata"]["capture_id"] for request in added(rest)}) == 6
    until(lambda: spool.waiting(str(platform.state)) == [])


def test_the_spool_is_bounded_and_the_oldest_go_first(platform: Home) -> None:
    known = platform.settings()
    for number in range(spool.ITEMS + 10):
        assert spool.put(known, str(platform.project), [{"role": "user", "content": str(number)}], {"user_id": "a"}, {})

    names = spool.waiting(known.state_dir)
    kept = [json.loads((platform.state / "spool" / name).read_text())["messages"][0]["content"] for name in names]

    assert kept == [str(number) for number in range(10, spool.ITEMS + 10)]
    assert {(platform.state / "spool" / name).stat().st_mode & 0o777 for name in names} == {0o600}


def test_the_spool_is_bounded_in_bytes_too(platform: Home) -> None:
    known = platform.settings()
    for number in range(6):
        text = str(number) * (spool.BYTES // 4)
        spool.put(known, str(platform.project), [{"role": "user", "content": text}], {"user_id": "a"}, {})

    assert spool.summary(known.state_dir)["bytes"] <= spool.BYTES
    assert len(spool.waiting(known.state_dir)) == 3


def test_the_same_exchange_waits_once_and_is_not_taken_again_when_it_was_sent(platform: Home) -> None:
    known, sent = platform.settings(), Recorder()
    exchange = (str(platform.project), [{"role": "user", "content": "x"}], {"user_id": "a"}, {"type": "t"})

    for _ in range(3):
        spool.put(known, *exchange)
    assert len(spool.waiting(known.state_dir)) == 1
    spool.drain(known, sent)
    spool.put(known, *exchange)
    spool.drain(known, sent)

    assert sent.count == 1
    assert spool.waiting(known.state_dir) == []


def test_a_broken_item_goes_and_the_rest_is_sent(platform: Home) -> None:
    known, sent = platform.settings(), Recorder()
    spool.put(known, str(platform.project), [{"role": "user", "content": "x"}], {"user_id": "a"}, {})
    (platform.state / "spool" / f"{0:020d}-broken.json").write_text("{")

    spool.drain(known, sent)

    assert (sent.count, spool.waiting(known.state_dir)) == (1, [])


def test_sending_stops_at_the_first_refusal_and_keeps_the_order(platform: Home) -> None:
    known, sent = platform.settings(), Recorder(Refused("rate_limited", "later", 429))
    for text in "abc":
        spool.put(known, str(platform.project), [{"role": "user", "content": text}], {"user_id": "a"}, {})

    with pytest.raises(Refused):
        spool.drain(known, sent)

    assert (sent.count, len(spool.waiting(known.state_dir))) == (1, 3)


class Recorder(Platform):
    """A memory that counts what it is given, or refuses it."""

    def __init__(self, refusal: Refused | None = None) -> None:
        super().__init__(Wire("https://nowhere.invalid", {}))
        self.refusal, self.count = refusal, 0

    def add(self, *_given: object, **_named: object) -> dict[str, object]:
        self.count += 1
        if self.refusal:
            raise self.refusal
        return {"status": "PENDING"}


def test_without_fork_the_program_is_started_again(tmp_path: Path) -> None:
    home = Home(tmp_path)
    (home.root / "codex.jsonl").write_text(codex_lines(("user", SAID)))
    driver = (
        "import os, sys\n"
        "del os.fork\n"
        "sys.argv = sys.argv[1:]\n"
        "exec(compile(open(sys.argv[0]).read(), sys.argv[0], 'exec'), {'__name__': '__main__', '__file__': sys.argv[0]})\n"
    )
    command = [sys.executable, "-I", "-S", "-c", driver, str(PROGRAM), *home.command("codex")[4:]]
    data = json.dumps(home.event("codex", "Stop")).encode()

    result = subprocess.run(command, input=data, capture_output=True, env=home.environment, timeout=60)

    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    until(lambda: home.captures("codex") == 1)
    assert SAID in home.states()[0]["memory"]
