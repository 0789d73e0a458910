"""The order of search: BM25 of SQLite's full-text index, what was captured behind what was stored on purpose."""
# SQL is put together from names of ours; every value is bound
# ruff: noqa: S608

from __future__ import annotations

from mem0_agent.memory import rows
from mem0_agent.memory.protocol import SESSION_STATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from typing import Any, TypeAlias

    from mem0_agent.memory.protocol import Json

    Hit: TypeAlias = tuple[Any, ...]
    """A row of rows.COLUMNS, then its number, its BM25 strength and the strength that orders it."""

CAPTURED_WEIGHT = 0.6
"""What the strength of a captured session counts beside that of a memory stored on purpose."""

WORDS_WEIGHT = 0.5
"""What a hit inside an identifier counts beside a hit on a whole word."""

SPARE = 32
"""Hits that are read beyond twice those wanted, for some are expired, another user's or captured sessions."""

BM25 = f"-bm25(found, 1.0, {WORDS_WEIGHT}, 0.0)"
SHOWN = f"{rows.COLUMNS}, m.seq, bm25, bm25 * iif(m.type = '{SESSION_STATE}', {CAPTURED_WEIGHT}, 1) AS strength"


def ranked(connection: sqlite3.Connection, match: str, condition: str, params: list[Any], top_k: int) -> list[Hit]:
    """Find the ``top_k`` strongest hits for which ``condition`` holds, a condition on ``memories m``.

    To read the row of every hit takes as long as to rank them all. So the first few by BM25 are read, and the
    others only if one of them could still be as strong as the last that was found.
    """
    most = 2 * top_k + SPARE
    first = connection.execute(
        f"""SELECT {SHOWN} FROM (
            SELECT rowid AS seq, {BM25} AS bm25 FROM found WHERE found MATCH ? ORDER BY bm25 DESC LIMIT ?
        ) hit LEFT JOIN memories m ON m.seq = hit.seq AND {condition}""",
        [match, most, *params],
    ).fetchall()
    hits = sorted((row for row in first if row[0]), key=order, reverse=True)[:top_k]
    faintest = min((row[-2] for row in first), default=0.0)
    if len(first) < most or (len(hits) == top_k and hits[-1][-1] > faintest):
        return hits
    return every(connection, match, condition, params, top_k)


def every(connection: sqlite3.Connection, match: str, condition: str, params: list[Any], top_k: int) -> list[Hit]:
    """Answer the same, from the rows of all hits."""
    return connection.execute(
        f"""SELECT {SHOWN} FROM (
            SELECT m.seq AS seq, {BM25} AS bm25
            FROM found CROSS JOIN memories m ON m.seq = found.rowid WHERE found MATCH ? AND {condition}
            ORDER BY bm25 * iif(m.type = '{SESSION_STATE}', {CAPTURED_WEIGHT}, 1) DESC, m.seq DESC LIMIT ?
        ) hit JOIN memories m ON m.seq = hit.seq ORDER BY strength DESC, m.seq DESC""",
        [match, *params, top_k],
    ).fetchall()


def order(hit: Hit) -> tuple[float, int]:
    """Tell the strongest first when reversed, the newer of two that are equal."""
    return hit[-1], hit[-3]


def scored(hits: list[Hit]) -> list[Json]:
    """Show hits with a ``score`` beside the best of them and BM25 itself."""
    best = max((hit[-1] for hit in hits), default=0.0)
    return [
        {
            **rows.shape(hit),
            "score": round(hit[-1] / best, 4) if best > 0 else 1.0,
            "score_breakdown": {"bm25": hit[-2]},
        }
        for hit in hits
    ]
