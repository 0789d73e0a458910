"""Whatever a client sends is answered or refused; nothing else comes of it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mem0_agent.memory import filters, rpc, schema, terms, tools
from mem0_agent.memory import settings as configuration
from mem0_agent.memory.protocol import Refused
from mem0_agent.memory.server import Server

PLENTY = settings(
    max_examples=200,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.just("*")
TIMES = st.sampled_from(["2026-01-01", "2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31", "20260101"])
OPERATORS = st.sampled_from(["eq", "ne", "in", "gt", "gte", "lt", "lte", "contains", "icontains", "nin"])
VALUES = st.recursive(
    SCALARS | TIMES, lambda one: st.lists(one, max_size=3) | st.dictionaries(OPERATORS, one, max_size=2)
)
FIELDS = st.sampled_from([*filters.FIELDS, *filters.LOGIC, "nope"])
FILTERS = st.recursive(
    st.dictionaries(FIELDS, VALUES, max_size=3),
    lambda one: st.fixed_dictionaries({}, optional={name: st.lists(one, max_size=3) for name in filters.LOGIC}),
    max_leaves=8,
)
ARGUMENTS = st.dictionaries(
    st.sampled_from(sorted({name for one in tools.ARGUMENTS.values() for name in one})), VALUES | FILTERS
)
CALLS = st.fixed_dictionaries({"name": st.sampled_from(sorted(tools.ARGUMENTS)), "arguments": ARGUMENTS})
MESSAGES = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "id": st.integers(), "method": st.just("tools/call"), "params": CALLS}
) | st.fixed_dictionaries(
    {
        "jsonrpc": st.sampled_from(["2.0", "1.0", 2]),
        "method": st.sampled_from(["initialize", "ping", "tools/list", "x"]),
    },
    optional={"id": SCALARS, "params": VALUES, "result": SCALARS},
)


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    connection = schema.connect(":memory:")
    metadata = '{"a":[1,"x",null],"b":{"c":true},"type":"decision"}'
    connection.execute(
        "INSERT INTO memories (id, user_id, memory, words, checksum, metadata, type, created_at, updated_at)"
        " VALUES ('a', 'alice', 'text', '', 0, ?, 'decision', '2026-01-01', '2026-01-01')",
        [metadata],
    )
    yield connection
    connection.close()


@PLENTY
@given(wanted=FILTERS)
def test_filters_compile_to_sql_that_runs_or_are_refused(connection: sqlite3.Connection, wanted: Any) -> None:
    try:
        sql, params = filters.compile(wanted)
    except Refused:
        return
    negated = f"SELECT ({sql}), NOT ({sql}) FROM memories m"
    row = connection.execute(negated, [*params, *params]).fetchone()
    assert sql.count("?") == len(params)
    assert set(row) in ({0, 1}, {None})


@PLENTY
@given(query=st.text(max_size=60))
def test_every_query_is_an_expression_that_runs(connection: sqlite3.Connection, query: str) -> None:
    match = terms.match(query)
    if match:
        assert connection.execute("SELECT count(*) FROM found WHERE found MATCH ?", [match]).fetchone()[0] in (0, 1)


@PLENTY
@given(text=st.text(alphabet="abAB1_ é漢-.", min_size=1, max_size=30))
def test_every_text_with_a_word_is_found_by_itself(text: str) -> None:
    if not terms.terms(text):
        return
    connection = schema.connect(":memory:")
    connection.execute(
        "INSERT INTO memories (id, memory, words, checksum, metadata, created_at, updated_at)"
        " VALUES ('a', ?, ?, 0, '{}', '', '')",
        [text, terms.hidden(text)],
    )
    found = connection.execute("SELECT count(*) FROM found WHERE found MATCH ?", [terms.match(text)]).fetchone()
    connection.close()
    assert found == (1,)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folders = [str(tmp_path / name) for name in ("config", "data", "state")]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    server = Server(configuration.load(*folders), nowhere)
    yield server
    server.finish()
    os.close(nowhere)


@PLENTY
@given(message=MESSAGES | VALUES)
def test_every_message_gets_one_answer_that_is_json(server: Server, message: Any) -> None:
    reply = server.reply(message)
    if reply is None:
        assert "id" not in message or "method" not in message
        return
    assert rpc.parsed(rpc.encoded(reply)) == reply
    assert ("result" in reply) != ("error" in reply)
    assert reply.get("error", {}).get("code") != rpc.INTERNAL_ERROR
