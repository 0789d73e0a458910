from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest

from mem0_agent.memory import filters, rows, schema
from mem0_agent.memory.protocol import Refused

ROWS: dict[str, dict[str, Any]] = {
    "a": {
        "user_id": "alice",
        "app_id": "shop",
        "memory": "We use Postgres",
        "metadata": '{"type":"decision","n":1}',
    },
    "b": {
        "user_id": "alice",
        "agent_id": "codex",
        "memory": "Tabs, never spaces",
        "metadata": '{"tags":["style","x"]}',
    },
    "c": {
        "user_id": "bob",
        "run_id": "r1",
        "memory": "postgres is slow",
        "metadata": '{"type":"task_learning","ok":true}',
    },
    "d": {
        "app_id": "shop",
        "memory": "100% of _users_",
        "metadata": '{"n":2.5,"deep":{"k":[1]},"none":null}',
    },
    "e": {
        "user_id": "bob",
        "memory": "dated",
        "metadata": '{"categories":["food","work"],"we.ird \\"key":"v"}',
    },
}
TIMES = {
    "a": "2026-01-01T00:00:00.000000Z",
    "b": "2026-01-02T12:00:00.000000Z",
    "c": "2026-01-03T00:00:00.000000Z",
    "d": "2026-01-03T23:59:59.999999Z",
    "e": "2026-01-04T00:00:00.000000Z",
}
EXPIRY = {"e": ("2026-12-31", "2026-12-31T24:00:00.000000Z")}


@pytest.fixture(scope="module")
def connection() -> Any:
    connection = schema.connect(":memory:")
    for name, row in ROWS.items():
        shown, ends = EXPIRY.get(name, (None, None))
        full = {
            "id": name, "words": "", "checksum": 0, "created_at": TIMES[name], "updated_at": TIMES[name],
            "expiration_date": shown, "expires_at": ends, "type": rows.kind(json.loads(row["metadata"])), **row,
        }  # fmt: skip
        marks = ", ".join("?" for _ in full)
        connection.execute(f"INSERT INTO memories ({', '.join(full)}) VALUES ({marks})", list(full.values()))
    yield connection
    connection.close()


def matches(connection: sqlite3.Connection, wanted: object) -> str:
    sql, params = filters.compile(wanted)
    return "".join(
        row[0] for row in connection.execute(f"SELECT m.id FROM memories m WHERE {sql} ORDER BY m.id", params)
    )


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (None, "abcde"),
        ({}, "abcde"),
        ({"user_id": "alice"}, "ab"),
        ({"user_id": "ALICE"}, ""),
        ({"user_id": "*"}, "abce"),
        ({"user_id": {"eq": "bob"}}, "ce"),
        ({"user_id": {"ne": "bob"}}, "abd"),
        ({"user_id": {"in": ["bob", "nobody"]}}, "ce"),
        ({"user_id": {"in": []}}, ""),
        ({"user_id": "alice", "app_id": "shop"}, "a"),
        ({"AND": [{"user_id": "alice"}, {"app_id": "shop"}]}, "a"),
        ({"OR": [{"user_id": "bob"}, {"app_id": "shop"}]}, "acde"),
        ({"OR": [{"user_id": "*"}]}, "abce"),
        ({"NOT": {"user_id": "alice"}}, "cde"),
        ({"NOT": [{"user_id": "alice"}, {"run_id": "r1"}]}, "de"),
        ({"user_id": "alice", "NOT": [{"app_id": "shop"}]}, "b"),
        ({"AND": [{"OR": [{"user_id": "alice"}, {"NOT": {"app_id": "shop"}}]}, {"agent_id": "codex"}]}, "b"),
        ({"run_id": "r1"}, "c"),
        ({"created_at": {"gte": "2026-01-03"}}, "cde"),
        ({"created_at": {"gt": "2026-01-03"}}, "e"),
        ({"created_at": {"lte": "2026-01-03"}}, "abcd"),
        ({"created_at": {"lt": "2026-01-03"}}, "ab"),
        ({"created_at": "2026-01-03"}, "cd"),
        ({"created_at": {"ne": "2026-01-03"}}, "abe"),
        ({"created_at": {"in": ["2026-01-01", "2026-01-04"]}}, "ae"),
        ({"created_at": {"gt": "2026-01-02", "lt": "2026-01-04"}}, "cd"),
        ({"created_at": {"gt": "2026-01-03T00:00:00Z"}}, "de"),
        ({"created_at": {"gte": "2026-01-03T01:00:00+01:00"}}, "cde"),
        ({"updated_at": {"lt": "2026-01-02T12:00:00.000001"}}, "ab"),
        ({"timestamp": {"lt": 1767225601}}, "a"),
        ({"expiration_date": "2026-12-31"}, "e"),
        ({"expiration_date": {"gt": "2026-12-31"}}, ""),
        ({"expiration_date": {"gt": "2026-12-31T23:00:00Z"}}, "e"),
        ({"expiration_date": {"lte": "2027-01-01T00:00:00Z"}}, "e"),
        ({"NOT": {"expiration_date": {"lt": "2030-01-01"}}}, "abcd"),
        ({"metadata": {"type": "decision"}}, "a"),
        ({"metadata": {"type": {"eq": "decision"}}}, "a"),
        ({"metadata": {"type": {"ne": "decision"}}}, "bcde"),
        ({"metadata": {"type": {"contains": "learn"}}}, "c"),
        ({"metadata": {"tags": {"contains": "style"}}}, "b"),
        ({"metadata": {"tags": {"contains": "sty"}}}, ""),
        ({"metadata": {"tags": ["style", "x"]}}, "b"),
        ({"metadata": {"n": 1}}, "a"),
        ({"metadata": {"n": "1"}}, ""),
        ({"metadata": {"n": 2.5}}, "d"),
        ({"metadata": {"ok": True}}, "c"),
        ({"metadata": {"ok": 1}}, ""),
        ({"metadata": {"none": None}}, "d"),
        ({"metadata": {"deep": {"eq": {"k": [1]}}}}, "d"),
        ({"metadata": {"type": "decision", "n": 1}}, "a"),
        ({"metadata": {"missing": "x"}}, ""),
        ({"categories": {"in": ["food", "sport"]}}, "e"),
        ({"categories": {"contains": "work"}}, "e"),
        ({"categories": "work"}, "e"),
        ({"categories": {"in": ["wor"]}}, ""),
        ({"keywords": {"contains": "postgres"}}, "c"),
        ({"keywords": {"icontains": "postgres"}}, "ac"),
        ({"keywords": {"contains": "%"}}, "d"),
        ({"keywords": {"contains": "_users_"}}, "d"),
        ({"keywords_search": "postgres"}, "ac"),
        ({"text": "postgres"}, "ac"),
        ({"text": {"eq": "dated"}}, "e"),
        ({"text": {"ne": "dated"}}, "abcd"),
        ({"memory_ids": ["a", "e"]}, "ae"),
        ({"memory_ids": {"in": ["a"]}}, "a"),
        ({"memory_ids": "b"}, "b"),
        ({"user_id": "' OR 1=1 --"}, ""),
        ({"metadata": {"x' OR '1'='1": "y"}}, ""),
        ({"text": "'); DROP TABLE memories; --"}, ""),
    ],
)  # fmt: skip
def test_what_filters_find(connection: sqlite3.Connection, wanted: object, found: str) -> None:
    assert matches(connection, wanted) == found


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        ({"owner": "alice"}, "owner"),
        ({"session_id": "r1"}, "session_id"),
        ({"user_id; DROP TABLE memories": "x"}, "DROP"),
        ({"m.user_id": "alice"}, "m.user_id"),
        ({"and": [{"user_id": "alice"}]}, "and"),
        ({"user_id": {"nin": ["a"]}}, "nin"),
        ({"user_id": {"gt": "a"}}, "gt"),
        ({"user_id": {">": "a"}}, ">"),
        ({"user_id": 3}, "a number"),
        ({"user_id": None}, "null"),
        ({"user_id": ""}, "an empty string"),
        ({"user_id": []}, "an empty list"),
        ({"user_id": {}}, "empty"),
        ({"user_id": {"in": "alice"}}, "a string"),
        ({"user_id": {"in": [1]}}, "a number"),
        ({"user_id": {"in": ["x"] * 1001}}, "1000"),
        ({"created_at": "yesterday"}, "yesterday"),
        ({"created_at": True}, "True"),
        ({"created_at": {"gt": []}}, "no date"),
        ({"created_at": 1e300}, "no date"),
        ({"created_at": {"contains": "2026"}}, "contains"),
        ({"metadata": "decision"}, "a string"),
        ({"metadata": {}}, "an empty object"),
        ({"metadata": {"n": {"gt": 1}}}, "gt"),
        ({"metadata": {"n": {"in": [1]}}}, "in"),
        ({"metadata": {"n": 10**30}}, "compared"),
        ({"metadata": {"n": {"contains": []}}}, "compared"),
        ({"categories": {"eq": 1}}, "a number"),
        ({"memory_ids": {"gt": "a"}}, "gt"),
        ({"keywords": {"eq": "a"}}, "eq"),
        ({"AND": {"user_id": "alice"}}, "AND"),
        ({"AND": []}, "an empty list"),
        ({"OR": [{}]}, "an empty object"),
        ({"NOT": "x"}, "NOT"),
        ([], "an empty list"),
        ("user_id", "a string"),
        ({"OR": [{"user_id": "x"}] * 300}, "256"),
    ],
)
def test_what_filters_refuse(wanted: object, word: str) -> None:
    with pytest.raises(Refused) as caught:
        filters.compile(wanted)
    assert (caught.value.code, caught.value.status) == ("invalid_filters", 400)
    assert word in caught.value.detail


def test_nesting_is_bounded() -> None:
    def nested(depth: int) -> dict[str, Any]:
        return {"AND": [nested(depth - 1)]} if depth else {"user_id": "alice"}

    assert filters.compile(nested(filters.MAX_DEPTH - 1))[1] == ["alice"]
    with pytest.raises(Refused, match="nested deeper"):
        filters.compile(nested(filters.MAX_DEPTH))


def test_no_value_ever_stands_in_the_sql() -> None:
    marker = "zzmarkerzz"
    wanted = {
        "user_id": marker,
        "app_id": {"in": [marker]},
        "created_at": {"gt": "2031-05-17"},
        "metadata": {marker: {"contains": marker}, f"{marker}2": [marker]},
        "NOT": [{"text": marker}, {"categories": marker}, {"memory_ids": [marker]}],
    }
    sql, params = filters.compile(wanted)
    assert marker not in sql
    assert "2031" not in sql
    assert sql.count("?") == len(params)


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        ({"user_id": "a"}, True),
        ({"user_id": "*"}, True),
        ({"run_id": {"in": ["a"]}}, True),
        ({"user_id": {"ne": "a"}}, False),
        ({"metadata": {"type": "x"}}, False),
        ({"AND": [{"text": "x"}, {"app_id": "a"}]}, True),
        ({"AND": [{"text": "x"}]}, False),
        ({"OR": [{"user_id": "a"}, {"app_id": "b"}]}, True),
        ({"OR": [{"user_id": "a"}, {"text": "b"}]}, False),
        ({"OR": []}, False),
        ({"NOT": {"user_id": "a"}}, False),
        ({"NOT": [{"user_id": "a"}], "agent_id": "b"}, True),
        ({}, False),
        (None, False),
        ([{"user_id": "a"}], False),
    ],
)
def test_scoped_means_that_somebody_is_named(wanted: object, named: bool) -> None:
    assert filters.scoped(wanted) is named


def test_mentions_looks_at_fields_alone() -> None:
    assert filters.mentions({"AND": [{"NOT": {"user_id": "a"}}]}, "user_id")
    assert not filters.mentions({"metadata": {"user_id": "a"}, "app_id": "user_id"}, "user_id")
