from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.memory.peer import Serve
from tests.memory.steps import NOBODY


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("add_memory", {}, "There is no text to remember."),
        ("add_memory", {"text": 7}, "text must be a string, not a number."),
        ("add_memory", {"text": "x", "metadata": "decision"}, "metadata must be an object, not a string."),
        ("add_memory", {"text": "x", "infer": "no"}, "infer must be true or false, not a string."),
        ("add_memory", {"text": "x", "infer": 0}, "infer must be true or false, not a number."),
        ("add_memory", {"text": "x", "user_id": 5}, "user_id must be a string, not a number."),
        (
            "add_memory",
            {"text": "x", "expiration_date": 5},
            "expiration_date must be a string, not a number.",
        ),
        ("add_memory", {"messages": "x"}, "messages must be a list, not a string."),
        ("add_memory", {"messages": ["x"]}, "messages[0] must be an object, not a string."),
        ("add_memory", {"messages": [{"role": "user"}]}, "messages[0].content must be a string, not null."),
        (
            "add_memory",
            {"messages": [{"content": "x"}, {"role": 1, "content": "x"}]},
            "messages[1].role must be a string, not a number.",
        ),
        ("search_memories", {}, "query is required."),
        ("search_memories", {"query": None}, "query is required."),
        ("search_memories", {"query": ["x"]}, "query must be a string, not a list."),
        ("search_memories", {"query": "x", "filters": "user"}, "filters must be an object, not a string."),
        ("search_memories", {"query": "x", "top_k": "5"}, "top_k must be a whole number, not a string."),
        ("search_memories", {"query": "x", "top_k": True}, "top_k must be a whole number, not a boolean."),
        ("search_memories", {"query": "x", "top_k": 2.5}, "top_k must be a whole number, not a number."),
        ("search_memories", {"query": "x", "limit": 0}, "limit must be at least 1 and at most 1000."),
        ("search_memories", {"query": "x", "limit": 10**30}, "limit must be at least 1 and at most 1000."),
        ("search_memories", {"query": "x", "threshold": 2}, "threshold must be at least 0 and at most 1."),
        ("search_memories", {"query": "x", "filters": {"nope": 1}}, "Unsupported filter field: 'nope'."),
        ("get_memories", {"page_size": 201}, "page_size must be at least 1 and at most 200."),
        ("get_memories", {"page": 0}, "page must be at least 1."),
        ("get_memories", {"page": 10**18}, "A number is out of range."),
        ("get_memory", {"memory_id": ""}, "memory_id is required."),
        ("get_memory", {"memory_id": {}}, "memory_id must be a string, not an empty object."),
        ("update_memory", {"memory_id": NOBODY}, "text is required."),
        ("delete_memory", {}, "memory_id is required."),
        ("delete_all_memories", {}, "Name at least one of user_id, agent_id, app_id, run_id."),
        ("delete_all_memories", {"user_id": ""}, "Name at least one of user_id, agent_id, app_id, run_id."),
        ("delete_entities", {"owner": "alice"}, "Name at least one of user_id, agent_id, app_id, run_id."),
        ("get_event_status", {"event_id": "7"}, "'7' is none."),
        ("list_entities", [], "arguments must be an object."),
        ("list_entities", "x", "arguments must be an object."),
    ],
)
def test_wrong_arguments_are_an_error_that_names_them(
    serve: Serve, home: Path, tool: str, arguments: object, sentence: str
) -> None:
    peer = serve()
    result = peer.ask("tools/call", {"name": tool, "arguments": arguments})
    assert result["isError"] is True
    assert sentence in json.loads(result["content"][0]["text"])["detail"]
    assert not home.exists()


def test_half_a_surrogate_pair_is_replaced_not_fatal(serve: Serve) -> None:
    peer = serve()
    failed, added = peer.call("add_memory", text="cut emoji \ud83d", metadata={"\udc00": ["\ud83d\ude00 \ud83d"]})
    assert (failed, added["results"][0]["memory"]) == (False, "cut emoji \ufffd")
    assert peer.call("get_memories")[1]["results"][0]["metadata"] == {"\ufffd": ["\U0001f600 \ufffd"]}
    peer.raw(b'{"jsonrpc":"2.0","id":"\\ud83d","method":"ping"}\n')
    assert peer.receive()["result"] == {}


def test_numbers_of_json_are_one_kind(serve: Serve) -> None:
    peer = serve()
    peer.call("add_memory", text="one")
    assert len(peer.call("search_memories", query="one", top_k=1.0)[1]["results"]) == 1
    assert peer.call("get_memories", page=1.0, page_size=5.0)[0] is False
