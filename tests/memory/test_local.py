from __future__ import annotations

from typing import Any

import pytest
from tests.memory.steps import ALICE, NOBODY, add, found, path, sound

from mem0_agent.memory import ledger, rows
from mem0_agent.memory.local import LocalMemory
from mem0_agent.memory.protocol import Refused


def test_a_memory_comes_back_as_it_was_given(memory: LocalMemory) -> None:
    text = "  Zeilen\n\twith  ümläuts, 漢字, 🐍 and a \x00 byte  "
    scope = {"user_id": "alice", "agent_id": "codex", "app_id": "shop", "run_id": "r1"}
    about = {"type": "decision", "n": 1.5, "deep": {"list": [1, None, True]}, "categories": ["work"]}
    reply = memory.add([{"role": "user", "content": text}], scope, about)
    assert reply["status"] == "SUCCEEDED"
    assert [result["event"] for result in reply["results"]] == ["ADD"]
    assert reply["results"][0]["data"] == {"memory": text}
    one = memory.memory(reply["results"][0]["id"].upper())
    assert one == {
        "id": reply["results"][0]["id"],
        "memory": text,
        **scope,
        "session_id": "r1",
        "metadata": about,
        "categories": ["work"],
        "created_at": one["created_at"],
        "updated_at": one["created_at"],
        "expiration_date": None,
    }
    assert one["created_at"].endswith("Z")
    assert memory.search("ümläuts", scope)["results"][0] == {
        **one,
        "score": 1.0,
        "score_breakdown": {"bm25": 1e-06},
    }
    assert memory.memories(scope) == {"count": 1, "next": None, "previous": None, "results": [one]}


def test_each_message_is_a_memory_and_says_who_spoke(memory: LocalMemory) -> None:
    spoken = [
        {"role": "user", "content": "We moved to JWT"},
        {"role": "assistant", "content": "Noted: JWT"},
        {"role": "user", "content": "   "},
    ]
    reply = memory.add(spoken, ALICE, {"type": "decision"}, infer=True)
    assert "infers nothing" in reply["message"]
    about = [memory.memory(result["id"])["metadata"] for result in reply["results"]]
    assert about == [{"type": "decision"}, {"role": "assistant", "type": "decision"}]


def test_without_a_scope_the_user_of_the_memory_owns_it(memory: LocalMemory) -> None:
    reply = memory.add([{"role": "user", "content": "mine"}], {})
    assert memory.memory(reply["results"][0]["id"])["user_id"] == "alice"


def test_ids_are_random_uuids_of_version_four() -> None:
    ids = {rows.new_id() for _ in range(500)}
    assert len(ids) == 500
    assert {(value[14], value[19] in "89ab") for value in ids} == {("4", True)}
    assert {rows.valid_id(value) for value in ids} == ids


def test_the_same_text_in_the_same_scope_is_one_memory(memory: LocalMemory) -> None:
    first = add(memory, "We use tabs")
    again = memory.add([{"role": "user", "content": "We use tabs"}], ALICE)
    assert [(result["id"], result["event"]) for result in again["results"]] == [(first, "NONE")]
    assert add(memory, "We use tabs", {"user_id": "alice", "app_id": "shop"}) != first
    assert add(memory, "We use Tabs") != first
    assert memory.memories({"user_id": "*"})["count"] == 3


def test_an_expired_twin_is_no_twin(memory: LocalMemory) -> None:
    old = add(memory, "the port is 8080", expiration_date="2020-01-01")
    assert add(memory, "the port is 8080") != old


@pytest.mark.parametrize(
    ("messages", "scope", "more", "code"),
    [
        ([], ALICE, {}, "empty_memory"),
        ([{"role": "user", "content": " \n"}], ALICE, {}, "empty_memory"),
        ([{"role": "user"}], ALICE, {}, "invalid_messages"),
        ([{"role": "user", "content": "x" * 100_001}], ALICE, {}, "too_large"),
        ([{"role": "user", "content": "é" * 50_001}], ALICE, {}, "too_large"),
        ([{"role": "user", "content": "x"}] * 201, ALICE, {}, "too_many"),
        ([{"role": "user", "content": "\ud83d"}], ALICE, {}, "invalid_text"),
        ([{"role": "user", "content": "x"}], ALICE, {"metadata": {"n": float("nan")}}, "invalid_metadata"),
        ([{"role": "user", "content": "x"}], ALICE, {"metadata": {"n": "y" * 100_001}}, "too_large"),
        ([{"role": "user", "content": "x"}], {"user_id": "y" * 1001}, {}, "invalid_scope"),
        ([{"role": "user", "content": "x"}], {"owner": "alice"}, {}, "invalid_scope"),
        ([{"role": "user", "content": "x"}], ALICE, {"expiration_date": "soon"}, "invalid_expiration_date"),
        (
            [{"role": "user", "content": "x"}],
            ALICE,
            {"expiration_date": "2026-02-30"},
            "invalid_expiration_date",
        ),
    ],
)
def test_what_is_not_stored(memory: LocalMemory, messages: Any, scope: Any, more: Any, code: str) -> None:
    with pytest.raises(Refused) as caught:
        memory.add(messages, scope, **more)
    assert caught.value.code == code
    assert not path(memory).exists()


def test_the_largest_memory_is_stored(memory: LocalMemory) -> None:
    text = "needle " + "x" * 99_993
    assert add(memory, text)
    assert found(memory, "needle") == [text]


def test_one_bad_message_stores_none(memory: LocalMemory) -> None:
    with pytest.raises(Refused):
        memory.add([{"role": "user", "content": "good"}, {"role": "user", "content": "x" * 100_001}], ALICE)
    assert memory.memories(ALICE)["count"] == 0


def test_update_changes_what_is_given(memory: LocalMemory) -> None:
    one = add(memory, "auth uses sessionCookies", metadata={"type": "decision", "pinned": True, "n": 1})
    after = memory.update(one, "auth uses tokens", metadata={"n": 2, "pinned": None}, expiration_date="2999-01-01")
    assert (after["memory"], after["metadata"]) == ("auth uses tokens", {"type": "decision", "n": 2})
    assert after["expiration_date"] == "2999-01-01"
    assert after["updated_at"] > after["created_at"]
    assert found(memory, "cookies") == []
    assert found(memory, "tokens") == ["auth uses tokens"]
    assert memory.update(one, metadata={"type": "session_state"})["memory"] == "auth uses tokens"
    assert found(memory, "tokens", {"AND": [ALICE, {"metadata": {"type": "session_state"}}]}) == ["auth uses tokens"]
    assert add(memory, "auth uses tokens") == one


@pytest.mark.parametrize(("text", "code"), [(" ", "empty_memory"), ("x" * 100_001, "too_large")])
def test_update_refuses_what_add_refuses(memory: LocalMemory, text: str, code: str) -> None:
    one = add(memory, "as it was")
    with pytest.raises(Refused) as caught:
        memory.update(one, text)
    assert caught.value.code == code
    assert memory.memory(one)["memory"] == "as it was"


@pytest.mark.parametrize(("memory_id", "status"), [(NOBODY, 404), ("7", 400), ("", 400), ("x" * 36, 400)])
def test_an_unknown_id_is_refused(memory: LocalMemory, memory_id: str, status: int) -> None:
    for ask in (memory.memory, memory.delete, lambda one: memory.update(one, "text")):
        with pytest.raises(Refused) as caught:
            ask(memory_id)
        assert caught.value.status == status
    assert not path(memory).exists()


def test_a_deleted_memory_is_gone_from_the_index_too(memory: LocalMemory) -> None:
    one = add(memory, "findable")
    memory.delete(one)
    assert found(memory, "findable") == []
    with pytest.raises(Refused):
        memory.memory(one)
    sound(path(memory))


def test_delete_all_wants_a_scope_and_keeps_to_it(memory: LocalMemory) -> None:
    add(memory, "one", {"user_id": "alice", "app_id": "shop"})
    add(memory, "two", {"user_id": "alice", "app_id": "site"})
    add(memory, "three", {"user_id": "bob", "app_id": "shop"})
    for scope in ({}, {"user_id": ""}):
        with pytest.raises(Refused, match="scope_missing"):
            memory.delete_all(scope)
    assert memory.delete_all({"user_id": "alice", "app_id": "shop"})["deleted"] == 1
    assert memory.delete_all({"user_id": "nobody"})["deleted"] == 0
    assert memory.delete_all({"app_id": "*"})["deleted"] == 2


def test_delete_entities_deletes_every_one_named(memory: LocalMemory) -> None:
    add(memory, "one", {"user_id": "alice"})
    add(memory, "two", {"agent_id": "codex"})
    add(memory, "three", {"user_id": "bob"})
    assert memory.delete_entities({"user_id": "alice", "agent_id": "codex"})["deleted"] == 2
    assert [(one["type"], one["name"]) for one in memory.entities()["results"]] == [("user", "bob")]
    with pytest.raises(Refused, match="scope_missing"):
        memory.delete_entities({})


def test_entities_are_counted_by_kind(memory: LocalMemory) -> None:
    add(memory, "one", {"user_id": "alice", "app_id": "shop", "run_id": "r1"})
    add(memory, "two", {"user_id": "alice", "agent_id": "codex", "run_id": "r2"})
    reply = memory.entities()
    assert {name: reply[name] for name in reply if name.startswith("total")} == {
        "total_users": 1, "total_agents": 1, "total_apps": 1, "total_runs": 2,
    }  # fmt: skip
    assert reply["count"] == 5
    assert {one["name"]: one["total_memories"] for one in reply["results"]}["alice"] == 2


def test_every_write_is_an_event_that_has_succeeded(memory: LocalMemory) -> None:
    one = memory.add([{"role": "user", "content": "text"}], ALICE)
    memory.update(one["results"][0]["id"], "other")
    assert [event["event_type"] for event in memory.events()["results"]] == ["UPDATE", "ADD"]
    event = memory.event(one["event_id"])
    assert (event["status"], event["memory_ids"]) == ("SUCCEEDED", [one["results"][0]["id"]])
    for event_id, status in ((NOBODY, 404), ("7", 400)):
        with pytest.raises(Refused) as caught:
            memory.event(event_id)
        assert caught.value.status == status


def test_events_are_forgotten_in_the_end(memory: LocalMemory) -> None:
    first = memory.add([{"role": "user", "content": "first"}], ALICE)["event_id"]
    with memory.store.writing() as connection:
        for _ in range(ledger.MAX_EVENTS):
            ledger.record(connection, "ADD", [])
    assert memory.events()["count"] == ledger.MAX_EVENTS
    with pytest.raises(Refused):
        memory.event(first)
