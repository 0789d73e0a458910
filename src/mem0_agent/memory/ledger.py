"""Who the local memory knows and what happened to it: entities and events, read from its tables."""
# SQL is put together from names of ours; every value is bound
# ruff: noqa: S608

from __future__ import annotations

import json

from mem0_agent.memory import clock, rows
from mem0_agent.memory.protocol import SCOPES, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from typing import Any

    from mem0_agent.memory.protocol import Json

MAX_EVENTS = 1000
"""How many events are kept; each write forgets the oldest beyond."""

MAX_LISTED = 500
EVERY = " UNION ALL ".join(
    f"SELECT '{name[:-3]}' AS type, {name} AS name, min(created_at) AS born, max(updated_at) AS seen,"
    f" count(*) AS total FROM memories WHERE {name} IS NOT NULL GROUP BY {name}"
    for name in SCOPES
)


def entities(connection: sqlite3.Connection) -> Json:
    """List users, agents, apps and runs, the last seen first; counts are of all, results of MAX_LISTED."""
    found = connection.execute(
        f"SELECT type, name, born, seen, total FROM ({EVERY}) ORDER BY seen DESC, type DESC, name"
    ).fetchall()
    totals = {f"total_{name[:-3]}s": sum(row[0] == name[:-3] for row in found) for name in SCOPES}
    return {**page([entity(row) for row in found[:MAX_LISTED]], len(found)), **totals}


def entity(row: tuple[Any, ...]) -> Json:
    kind, name, born, seen, total = row
    return {
        "id": name,
        "name": name,
        "type": kind,
        "owner": None,
        "metadata": {},
        "created_at": born,
        "updated_at": seen,
        "total_memories": total,
    }


def record(connection: sqlite3.Connection, kind: str, memory_ids: list[str]) -> str:
    """Write an event and answer its id."""
    event_id = rows.new_id()
    written = connection.execute(
        "INSERT INTO events (id, type, created_at, memory_ids) VALUES (?, ?, ?, ?)",
        [event_id, kind, clock.now(), json.dumps(memory_ids[:MAX_LISTED])],
    )
    connection.execute("DELETE FROM events WHERE seq <= ?", [(written.lastrowid or 0) - MAX_EVENTS])
    return event_id


def event(connection: sqlite3.Connection, event_id: str) -> Json:
    """Read one event. Raises Refused for one that never was or is forgotten."""
    row = connection.execute(
        "SELECT id, type, created_at, memory_ids FROM events WHERE id = ?",
        [rows.valid_id(event_id, "event_id")],
    ).fetchone()
    if row is None:
        raise Refused("Event not found!", f"There is no event {event_id}.", 404)
    return happened(row)


def events(connection: sqlite3.Connection) -> Json:
    """List the newest events first; the count is of all that are kept."""
    total = connection.execute("SELECT count(*) FROM events").fetchone()[0]
    found = connection.execute(
        "SELECT id, type, created_at, memory_ids FROM events ORDER BY seq DESC LIMIT ?", [MAX_LISTED]
    )
    return page([happened(row) for row in found], total)


def happened(row: tuple[Any, ...]) -> Json:
    """Show an event; writing is immediate here, so that each has succeeded."""
    return {
        "id": row[0],
        "event_id": row[0],
        "event_type": row[1],
        "status": "SUCCEEDED",
        "created_at": row[2],
        "updated_at": row[2],
        "memory_ids": json.loads(row[3]),
    }


def page(results: list[Json], count: int, number: int = 1, size: int = 0) -> Json:
    """Wrap one page of results; ``next`` and ``previous`` are query strings as the REST API takes them."""
    more = size and number * size < count
    return {
        "count": count,
        "next": f"?page={number + 1}&page_size={size}" if more else None,
        "previous": f"?page={number - 1}&page_size={size}" if number > 1 else None,
        "results": results,
    }
