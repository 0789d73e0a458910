"""What the index passes over is never what was asked for."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.memory.steps import ALICE, add, found

from mem0_agent.memory import filters, place, rows, schema
from mem0_agent.memory.local import LocalMemory
from mem0_agent.memory.protocol import Refused

APPS = ("shop", "Shop", "sh", "naïve 日本", "app0x", "*", "a\x00b", "x" * 200, "wanted", "want")
TYPES: tuple[Any, ...] = (
    "decision",
    "Decision",
    "session_state",
    "",
    7,
    None,
    ["decision"],
    {"eq": "decision"},
)


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    """One memory of every app, and of none, with every type, and with none."""
    connection = schema.connect(":memory:")
    everything: list[dict[str, Any]] = [*({"type": one} for one in TYPES), {}]
    for app, metadata in itertools.product((*APPS, None), everything):
        scope = {"user_id": "alice", **({"app_id": app} if app else {})}
        rows.insert(connection, "text", scope, metadata, (None, None))
    yield connection
    connection.close()


def passed_over(connection: sqlite3.Connection, wanted: Any) -> list[Any]:
    """The matches of filters that the index would pass over."""
    sql, params = filters.compile(wanted)
    expression = place.narrowed(wanted)
    if not expression:
        return []
    within = "SELECT rowid FROM found WHERE found MATCH ?"
    query = f"SELECT m.app_id, m.metadata FROM memories m WHERE {sql} AND m.seq NOT IN ({within})"
    return connection.execute(query, [*params, f"place : ({expression})"]).fetchall()


LEAVES = st.one_of(
    st.fixed_dictionaries({"app_id": st.sampled_from(APPS) | st.sampled_from(APPS).map(lambda app: {"eq": app})}),
    st.fixed_dictionaries({"app_id": st.fixed_dictionaries({"ne": st.sampled_from(APPS)})}),
    st.fixed_dictionaries({"app_id": st.fixed_dictionaries({"in": st.lists(st.sampled_from(APPS), max_size=3)})}),
    st.fixed_dictionaries({"metadata": st.fixed_dictionaries({"type": st.sampled_from(TYPES)})}),
    st.fixed_dictionaries(
        {
            "metadata": st.fixed_dictionaries(
                {"type": st.dictionaries(st.sampled_from(["eq", "ne", "contains"]), st.sampled_from(TYPES))}
            )
        }
    ),
    st.just({"user_id": "alice"}),
    st.just({"app_id": "*"}),
)
TREES = st.recursive(
    LEAVES,
    lambda one: st.one_of(
        *(st.fixed_dictionaries({name: st.lists(one, min_size=1, max_size=3)}) for name in filters.LOGIC),
        st.fixed_dictionaries({"NOT": one}),
        st.tuples(one, one).map(lambda pair: {**pair[0], **pair[1]}),
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None, database=None)
@given(wanted=TREES)
def test_no_match_is_passed_over(connection: sqlite3.Connection, wanted: Any) -> None:
    try:
        assert passed_over(connection, wanted) == []
    except Refused:
        return


SHOP, DECISION, NONE = '"app0x73686f70"', '"type0x6465636973696f6e"', '"app0x"'


@pytest.mark.parametrize(
    ("wanted", "expression"),
    [
        ({"user_id": "alice"}, ""),
        ({"app_id": "shop"}, SHOP),
        ({"app_id": "*"}, ""),
        ({"app_id": {"ne": "shop"}}, ""),
        ({"app_id": {"in": ["shop", "shop"]}}, f"({SHOP} OR {SHOP})"),
        ({"metadata": {"type": "decision", "n": 1}}, DECISION),
        ({"metadata": {"n": 1}}, ""),
        ({"NOT": {"metadata": {"type": "decision"}}}, ""),
        ({"NOT": [{"app_id": "*"}]}, NONE),
        ({"AND": [{"user_id": "alice"}, {"app_id": "shop"}]}, SHOP),
        ({"app_id": "shop", "metadata": {"type": "decision"}}, f"({SHOP} AND {DECISION})"),
        ({"OR": [{"app_id": "shop"}, {"metadata": {"type": "decision"}}]}, f"({SHOP} OR {DECISION})"),
        ({"OR": [{"app_id": "shop"}, {"user_id": "alice"}]}, ""),
        ({"app_id": {"in": ["x" * 1000] * 10}}, ""),
    ],
)
def test_what_narrows_a_search(wanted: Any, expression: str) -> None:
    assert place.narrowed(wanted) == expression


def test_a_search_keeps_to_its_app_or_to_what_has_none(memory: LocalMemory) -> None:
    for app in ("shop", "shopping", ""):
        add(memory, f"the port of {app or 'nothing'}", {**ALICE, "app_id": app})
    assert found(memory, "port", {"AND": [ALICE, {"app_id": "shop"}]}) == ["the port of shop"]
    assert found(memory, "port", {"AND": [ALICE, {"NOT": [{"app_id": "*"}]}]}) == ["the port of nothing"]
    either = {"OR": [{"app_id": "shop"}, {"NOT": [{"app_id": "*"}]}]}
    assert sorted(found(memory, "port", {"AND": [ALICE, either]})) == [
        "the port of nothing",
        "the port of shop",
    ]


def test_a_memory_that_changes_its_type_is_found_by_the_new_one_alone(memory: LocalMemory) -> None:
    one = add(memory, "the port is 8080", metadata={"type": "decision"})
    memory.update(one, metadata={"type": "convention"})
    for kind, there in (("decision", []), ("convention", ["the port is 8080"])):
        assert found(memory, "port", {"AND": [ALICE, {"metadata": {"type": kind}}]}) == there


def test_the_name_of_an_app_is_no_word_of_its_memories(memory: LocalMemory) -> None:
    add(memory, "the port is 8080", {**ALICE, "app_id": "shop"}, metadata={"type": "decision"})
    for query in ("shop", "decision", "73686f70"):
        assert found(memory, query) == []
