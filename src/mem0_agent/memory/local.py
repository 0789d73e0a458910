"""The embedded memory: one SQLite file, full-text search, no model, no network."""
# SQL is put together from names of ours; every value is bound
# ruff: noqa: S608

from __future__ import annotations

from mem0_agent.memory import clock, filters, ledger, place, ranking, rows, schema, terms
from mem0_agent.memory.protocol import SCOPES, Refused
from mem0_agent.memory.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from typing import Any

    from mem0_agent.memory.protocol import Json, Message, Scope

MAX_TOP_K = 1000
MAX_PAGE = 200
LIVE = "(m.expires_at IS NULL OR m.expires_at > ?)"


class LocalMemory:
    """Mem0's memory in the file at ``path``, which the first write makes; until then every answer is empty.

    ``user_id`` owns what is added without any scope. Several processes may use one file; one object is not
    for two threads at once. ``ignores`` names the arguments that have no effect here.
    """

    ignores = ("infer", "rerank", "threshold")

    __slots__ = ("store", "user_id")

    def __init__(self, path: str, user_id: str) -> None:
        self.store = Store(path)
        self.user_id = user_id

    def add(
        self,
        messages: list[Message],
        scope: Scope,
        metadata: Json | None = None,
        *,
        infer: bool = True,  # noqa: ARG002  there is no model here that could infer
        expiration_date: str | None = None,
    ) -> Json:
        """Store each message as given; the same text in the same scope is stored once and keeps its id."""
        spoken, owner = rows.texts(messages), rows.owned(scope) or {"user_id": self.user_id}
        expires = rows.expiry(expiration_date)
        rows.packed(metadata or {})  # before writing: what is refused makes no file
        with self.store.writing() as connection:
            results = []
            for role, text in spoken:
                about = dict(metadata or {}) if role == "user" else {"role": role, **(metadata or {})}
                known = rows.twin(connection, text, owner)
                memory_id = known or rows.insert(connection, text, owner, about, expires)
                results.append(added(memory_id, text, "NONE" if known else "ADD"))
            event_id = ledger.record(connection, "ADD", [result["id"] for result in results])
        return {
            "message": "Stored as given: this memory infers nothing.",
            "status": "SUCCEEDED",
            "event_id": event_id,
            "results": results,
        }

    def search(
        self,
        query: str,
        filters: Json,
        *,
        top_k: int = 10,
        threshold: float | None = None,  # noqa: ARG002  see the docstring
        rerank: bool = False,  # noqa: ARG002  the order is BM25's
    ) -> Json:
        """Find memories that share a word with the query, by BM25, captured sessions behind the others.

        ``score`` is a hit's strength beside that of the best hit of the same answer, which has 1.0: it
        compares hits, not answers. ``score_breakdown["bm25"]`` is BM25 itself (0 and up, larger is better).
        ``threshold`` is meant for cosine similarity and would drop good hits here, so that it drops none.
        Expired memories are left out unless the filters speak of expiration_date.
        """
        condition, params = narrowed(filters)
        match = terms.match(query)
        if not match:
            return {"results": []}
        where = place.narrowed(filters)
        within = f"place : ({where}) AND ({match})" if where else match
        with self.store.reading() as connection:
            hits = ranking.ranked(connection, within, condition, params, min(max(top_k, 1), MAX_TOP_K))
        return {"results": ranking.scored(hits)}

    def memories(self, filters: Json, *, page: int = 1, page_size: int = 100) -> Json:
        """List memories, newest first."""
        condition, params = narrowed(filters)
        size, number = min(max(page_size, 1), MAX_PAGE), max(page, 1)
        skipped = (number - 1) * size
        with self.store.reading() as connection:
            found = connection.execute(
                f"SELECT {rows.COLUMNS} FROM memories m WHERE {condition}"
                " ORDER BY m.created_at DESC, m.seq DESC LIMIT ? OFFSET ?",
                [*params, size, skipped],
            ).fetchall()
            count = skipped + len(found)
            if len(found) == size or (skipped and not found):  # else this is the last page
                counted = f"SELECT count(*) FROM memories m WHERE {condition}"
                count = connection.execute(counted, params).fetchone()[0]
        return ledger.page([rows.shape(row) for row in found], count, number, size)

    def memory(self, memory_id: str) -> Json:
        with self.store.reading() as connection:
            return one(connection, memory_id)

    def update(
        self,
        memory_id: str,
        text: str | None = None,
        *,
        metadata: Json | None = None,
        expiration_date: str | None = None,
    ) -> Json:
        """Change what is given; metadata is merged key by key, and a key given as null goes."""
        if text is not None and not rows.bounded(text).strip():
            raise Refused("empty_memory", "There is no text to remember.", 400)
        expires = rows.expiry(expiration_date)
        self.memory(memory_id)  # before writing: a machine without a memory file keeps none
        with self.store.writing() as connection:
            before = one(connection, memory_id)
            about = rows.merged(before["metadata"], metadata or {})
            changes: dict[str, Any] = {"metadata": rows.packed(about), "type": rows.kind(about)}
            if text is not None:
                changes |= {"memory": text, "words": terms.hidden(text), "checksum": rows.checksum(text)}
            if expires[0]:
                changes |= {"expiration_date": expires[0], "expires_at": expires[1]}
            change(connection, before["id"], changes)
            ledger.record(connection, "UPDATE", [before["id"]])
            return one(connection, memory_id)

    def delete(self, memory_id: str) -> Json:
        self.memory(memory_id)
        with self.store.writing() as connection:
            known = one(connection, memory_id)["id"]
            connection.execute("DELETE FROM memories WHERE id = ?", [known])
            schema.purge(connection)
            event_id = ledger.record(connection, "DELETE", [known])
        self.store.settle()
        return {"message": "Memory deleted successfully!", "event_id": event_id}

    def delete_all(self, scope: Scope) -> Json:
        """Delete the memories that belong to every part of the scope; ``"*"`` stands for any name."""
        return self.erase(scope, " AND ", "DELETE_ALL", "Memories deleted successfully!")

    def delete_entities(self, scope: Scope) -> Json:
        """Delete each entity of the scope: every memory that belongs to any of them."""
        return self.erase(scope, " OR ", "DELETE_ENTITIES", "Entities deleted successfully!")

    def erase(self, scope: Scope, word: str, kind: str, message: str) -> Json:
        owner = rows.owned(scope)
        if not owner:
            raise Refused("scope_missing", f"Name at least one of {', '.join(SCOPES)}.", 400)
        condition = word.join(f"{name} IS NOT NULL" if owner[name] == "*" else f"{name} = ?" for name in owner)
        values = [value for value in owner.values() if value != "*"]
        with self.store.reading() as connection:
            found = [row[0] for row in connection.execute(f"SELECT id FROM memories WHERE {condition}", values)]
        if not found:
            return {"message": message, "deleted": 0}
        with self.store.writing() as connection:
            deleted = connection.execute(f"DELETE FROM memories WHERE {condition}", values).rowcount
            schema.purge(connection)
            event_id = ledger.record(connection, kind, found)
        self.store.settle()
        return {"message": message, "deleted": deleted, "event_id": event_id}

    def entities(self) -> Json:
        with self.store.reading() as connection:
            return ledger.entities(connection)

    def event(self, event_id: str) -> Json:
        with self.store.reading() as connection:
            return ledger.event(connection, event_id)

    def events(self) -> Json:
        with self.store.reading() as connection:
            return ledger.events(connection)

    def close(self) -> None:
        self.store.close()


def added(memory_id: str, text: str, event: str) -> Json:
    return {"id": memory_id, "memory": text, "data": {"memory": text}, "event": event}


def one(connection: sqlite3.Connection, memory_id: str) -> Json:
    """Read one memory, expired or not. Raises Refused where there is none."""
    row = connection.execute(
        f"SELECT {rows.COLUMNS} FROM memories m WHERE m.id = ?",
        [rows.valid_id(memory_id)],
    ).fetchone()
    if row is None:
        raise Refused("Memory not found!", f"There is no memory {memory_id}.", 404)
    return rows.shape(row)


def change(connection: sqlite3.Connection, memory_id: str, changes: dict[str, Any]) -> None:
    changes = {**changes, "updated_at": clock.now()}
    columns = ", ".join(f"{name} = ?" for name in changes)
    connection.execute(f"UPDATE memories SET {columns} WHERE id = ?", [*changes.values(), memory_id])


def narrowed(wanted: Json) -> tuple[str, list[Any]]:
    """Compile filters, leaving the expired out. Raises Refused for filters that name nobody."""
    if not filters.scoped(wanted):
        raise filters.refused(f"Filters must name at least one of {', '.join(SCOPES)}.")
    condition, params = filters.compile(wanted)
    if filters.mentions(wanted, "expiration_date"):
        return condition, params
    return f"{condition} AND {LIVE}", [*params, clock.now()]
