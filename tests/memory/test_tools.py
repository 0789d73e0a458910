from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.memory.peer import Serve, initialize
from tests.memory.steps import NOBODY

from mem0_agent.memory import calls, tools

NINE = {
    "add_memory", "search_memories", "get_memories", "get_memory", "update_memory",
    "delete_memory", "delete_all_memories", "delete_entities", "list_entities",
}  # fmt: skip


def test_eleven_tools_are_listed_with_true_schemas(serve: Serve) -> None:
    listed = {tool["name"]: tool for tool in serve().ask("tools/list")["tools"]}
    assert set(listed) == NINE | {"list_events", "get_event_status"} == set(calls.CALLS) == set(tools.ARGUMENTS)
    for tool in listed.values():
        schema = tool["inputSchema"]
        assert schema["type"] == "object"
        assert set(schema.get("required", [])) <= set(schema["properties"])
        assert tool["description"].endswith(".")
    assert set(listed["add_memory"]["inputSchema"]["properties"]) == {
        "text", "messages", "user_id", "agent_id", "app_id", "run_id", "metadata", "infer",
        "expiration_date", "enable_graph",
    }  # fmt: skip
    assert {"limit", "top_k", "threshold", "rerank", "filters"} < set(
        listed["search_memories"]["inputSchema"]["properties"]
    )


@pytest.mark.parametrize(
    ("local", "name", "hints"),
    [
        (True, "add_memory", (False, False, True, False)),
        (False, "add_memory", (False, False, False, True)),
        (True, "search_memories", (True, False, True, False)),
        (True, "get_event_status", (True, False, True, False)),
        (True, "update_memory", (False, True, True, False)),
        (True, "delete_memory", (False, True, True, False)),
        (False, "delete_all_memories", (False, True, True, True)),
        (True, "delete_entities", (False, True, True, False)),
    ],
)
def test_annotations_are_honest(local: bool, name: str, hints: tuple[bool, ...]) -> None:
    names = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")
    assert tools.hints(name, local=local) == dict(zip(names, hints, strict=True))


def test_asking_leaves_no_trace(serve: Serve, home: Path) -> None:
    peer = serve()
    initialize(peer)
    for tool in ("list_entities", "list_events", "get_memories"):
        assert peer.call(tool)[0] is False
    assert peer.call("search_memories", query="anything") == (False, {"results": []})
    assert peer.call("delete_memory", memory_id=NOBODY)[0] is True
    assert peer.finish()[0] == 0
    assert not home.exists()


def test_a_memory_from_add_to_delete(serve: Serve) -> None:
    peer = serve()
    scope = {"app_id": "shop", "run_id": "r1", "agent_id": "codex"}
    failed, added = peer.call("add_memory", text="We moved auth to JWT", metadata={"type": "decision"}, **scope)
    one = added["results"][0]["id"]
    assert failed is False
    assert peer.call("get_event_status", event_id=added["event_id"])[1]["status"] == "SUCCEEDED"
    assert peer.call("get_memory", memory_id=one)[1]["user_id"] == "alice"
    hits = peer.call("search_memories", query="refresh tokens for auth", filters={"app_id": "shop"}, top_k=5)[1]
    assert [hit["id"] for hit in hits["results"]] == [one]
    assert peer.call("update_memory", memory_id=one, text="We moved auth to PASETO")[1]["memory"].endswith("PASETO")
    listed = peer.call("get_memories", filters={"AND": [{"run_id": "r1"}]}, page=1, page_size=200)[1]
    assert (listed["count"], listed["results"][0]["session_id"]) == (1, "r1")
    assert peer.call("delete_memory", memory_id=one)[0] is False
    assert peer.call("get_memory", memory_id=one) == (
        True,
        {"error": "Memory not found!", "detail": f"There is no memory {one}."},
    )
    assert [event["event_type"] for event in peer.call("list_events")[1]["results"]] == [
        "DELETE",
        "UPDATE",
        "ADD",
    ]


def test_a_result_is_one_text_that_a_model_reads_as_it_is(serve: Serve) -> None:
    peer = serve()
    good = peer.ask("tools/call", {"name": "list_entities"})
    assert set(good) == {"content", "isError"}
    assert json.loads(good["content"][0]["text"])["count"] == 0
    bad = peer.ask("tools/call", {"name": "get_memory", "arguments": {"memory_id": "7"}})
    assert set(bad) == {"content", "isError"}


def test_the_configured_user_is_meant_unless_somebody_is_named(serve: Serve) -> None:
    peer = serve(MEM0_USER_ID="carol")
    peer.call("add_memory", text="of carol")
    peer.call("add_memory", text="of dave", user_id="dave", app_id="shop")

    def texts(tool: str, **arguments: object) -> list[str]:
        return [one["memory"] for one in peer.call(tool, **arguments)[1]["results"]]

    assert texts("get_memories") == ["of carol"]
    assert texts("get_memories", user_id="dave") == ["of dave"]
    assert texts("get_memories", filters={"app_id": "shop"}) == []
    assert texts("get_memories", filters={"OR": [{"user_id": "*"}]}) == ["of dave", "of carol"]
    assert texts("search_memories", query="of dave carol") == ["of carol"]
    assert texts("search_memories", query="dave", filters={"AND": [{"user_id": "dave"}]}, app_id="shop") == ["of dave"]


def test_everything_agents_pass_is_taken_and_what_has_no_effect_is_named(serve: Serve) -> None:
    peer = serve()
    _, added = peer.call("add_memory", text="x is y", infer=False, enable_graph=True, immutable=True, messages=None)
    assert added["ignored"] == ["immutable", "enable_graph", "infer"]
    _, hits = peer.call("search_memories", query="x is y", limit=1, top_k=5, threshold=0.3, rerank=True, fields=["id"])
    assert (hits["ignored"], len(hits["results"])) == (["fields", "rerank", "threshold"], 1)
    _, spoken = peer.call("add_memory", text="left out", messages=[{"role": "user", "content": "said"}])
    assert (spoken["ignored"], [one["memory"] for one in spoken["results"]]) == (["text"], ["said"])
    assert "ignored" not in peer.call("get_memories")[1]
