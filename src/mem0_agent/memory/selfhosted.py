"""The self-hosted Mem0 server's REST API, which knows no app_id and only flat filters, as a Memory."""

from __future__ import annotations

from mem0_agent.memory.lowering import flat, holds
from mem0_agent.memory.protocol import Refused
from mem0_agent.memory.rest import checked, given, listed, message, named, needed, query, segment, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mem0_agent.memory.lowering import Flat
    from mem0_agent.memory.protocol import Json, Message, Scope
    from mem0_agent.memory.wire import Wire

OWNERS = ("user_id", "agent_id", "run_id")
"""The names of a scope that this server has; app_id travels as a key of the metadata."""
LISTED = 1000
"""The most that one GET /memories returns."""


class SelfHosted:
    """The server's answers brought into the platform's shapes."""

    __slots__ = ("wire",)

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def add(
        self,
        messages: list[Message],
        scope: Scope,
        metadata: Json | None = None,
        *,
        infer: bool = True,
        expiration_date: str | None = None,
    ) -> Json:
        names = named(scope)
        held = dict(metadata or {})
        if names.get("app_id"):
            held["app_id"] = names["app_id"]
        body = {"messages": messages, "infer": infer, **owned(names)}
        answer = table(
            self.wire.call(
                "POST",
                "/memories",
                {**body, **given({"metadata": held or None, "expiration_date": expiration_date})},
            )
        )
        rows = [{**row, "data": {"memory": row.get("memory")}} for row in rows_of(answer)]
        return {"message": "Stored.", "status": "SUCCEEDED", "event_id": "", "results": rows}

    def search(
        self,
        query: str,
        filters: Json,
        *,
        top_k: int = 10,
        threshold: float | None = None,
        rerank: bool = False,  # noqa: ARG002  this server has none
    ) -> Json:
        found: dict[str, Json] = {}
        for wanted in flat(filters):
            owned({name: str(value) for name, value in wanted.items()})
            body = {"query": query, "filters": wanted, "top_k": top_k, **given({"threshold": threshold})}
            for row in map(shaped, rows_of(self.wire.call("POST", "/search", body))):
                if holds(wanted, row) and score(row) >= score(found.get(str(row.get("id")), {})):
                    found[str(row.get("id"))] = row
        return {"results": sorted(found.values(), key=score, reverse=True)[:top_k]}

    def memories(self, filters: Json, *, page: int = 1, page_size: int = 100) -> Json:
        found: dict[str, Json] = {}
        for wanted in flat(filters):
            names = owned({name: str(value) for name, value in wanted.items()})
            rows = rows_of(self.wire.call("GET", f"/memories{query({**names, 'top_k': str(LISTED)})}"))
            found.update((str(row.get("id")), row) for row in map(shaped, rows) if holds(wanted, row))
        rows = sorted(found.values(), key=lambda row: str(row.get("created_at") or ""), reverse=True)
        start = max(0, page - 1) * page_size
        return {
            "count": len(rows),
            "next": None,
            "previous": None,
            "results": rows[start : start + page_size],
        }

    def memory(self, memory_id: str) -> Json:
        answer = self.wire.call("GET", f"/memories/{checked(memory_id)}")
        if answer is None:
            raise Refused("not_found", "Memory not found!", 404)
        return shaped(table(answer))

    def update(
        self,
        memory_id: str,
        text: str | None = None,
        *,
        metadata: Json | None = None,
        expiration_date: str | None = None,
    ) -> Json:
        body = given({"text": text, "metadata": metadata, "expiration_date": expiration_date})
        self.wire.call("PUT", f"/memories/{checked(memory_id)}", body)
        return self.memory(memory_id)

    def delete(self, memory_id: str) -> Json:
        return message(self.wire.call("DELETE", f"/memories/{checked(memory_id)}"))

    def delete_all(self, scope: Scope) -> Json:
        names = needed(scope)
        if names.get("app_id"):
            raise Refused("unsupported", "This server cannot delete by app_id; it would delete more.", 400)
        return message(self.wire.call("DELETE", f"/memories{query(owned(names))}"))

    def delete_entities(self, scope: Scope) -> Json:
        names = needed(scope)
        if names.get("app_id"):
            raise Refused("unsupported", "This server has no entities of the type app.", 400)
        for name, value in names.items():
            self.wire.call("DELETE", f"/entities/{name.removesuffix('_id')}/{segment(value)}")
        return {"message": f"Deleted: {', '.join(f'{name}={value}' for name, value in names.items())}."}

    def entities(self) -> Json:
        rows = [{**row, "name": row.get("name", row.get("id"))} for row in rows_of(self.wire.call("GET", "/entities"))]
        totals = {
            f"total_{kind}s": sum(row.get("type") == kind for row in rows) for kind in ("user", "agent", "app", "run")
        }
        return {"count": len(rows), "next": None, "previous": None, "results": rows, **totals}

    def event(self, event_id: str) -> Json:
        return {"id": event_id, "status": "SUCCEEDED", "message": "This server stores before it answers."}

    def events(self) -> Json:
        return {"count": 0, "next": None, "previous": None, "results": []}


def owned(scope: Scope) -> Scope:
    """Answer the names that this server scopes by; without one everybody's memories would be meant."""
    names = {name: scope[name] for name in OWNERS if scope.get(name)}
    if not names:
        raise Refused("scope_missing", f"This server needs one of {', '.join(OWNERS)}.", 400)
    return names


def rows_of(answer: object) -> list[Json]:
    found: list[Json] = listed(answer)["results"]
    return found


def shaped(row: Json) -> Json:
    """One memory as the platform shows it: app_id beside the other names, run_id also as session_id."""
    metadata = row.get("metadata")
    held = dict(metadata) if isinstance(metadata, dict) else {}
    app = held.pop("app_id", None)
    return {**row, "metadata": held, "app_id": row.get("app_id") or app, "session_id": row.get("run_id")}


def score(row: Flat) -> float:
    value = row.get("score")
    return float(value) if isinstance(value, int | float) else 0.0
