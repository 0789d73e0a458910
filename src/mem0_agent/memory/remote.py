"""Memories on other machines: the Mem0 Platform here, the self-hosted server beside it, both as a Memory."""

from __future__ import annotations

from mem0_agent.memory.protocol import Refused
from mem0_agent.memory.rest import checked, given, listed, message, named, needed, query, segment, table
from mem0_agent.memory.wire import Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mem0_agent.memory.protocol import Json, Memory, Message, Scope
    from mem0_agent.memory.settings import Settings


def open(settings: Settings, seconds: float = 30.0) -> Memory:  # noqa: A001  remote.open, as in gzip.open
    """Answer the remote memory that ``settings`` name; each request takes ``seconds`` at most.

    Nothing is sent yet. Refused (``insecure``, ``bad_url``) for an address that no key must be sent to, and
    for a platform without a key (``key_missing``).
    """
    key = settings.key()
    if settings.backend == "self-hosted":
        from mem0_agent.memory.selfhosted import SelfHosted

        return SelfHosted(Wire(settings.api_url, {"X-API-Key": key} if key else {}, seconds))
    if not key:
        raise Refused("key_missing", "The platform needs an API key; MEM0_API_KEY is not set.", 401)
    return Platform(Wire(settings.api_url, {"Authorization": f"Token {key}"}, seconds))


class Platform:
    """The Mem0 Platform's REST API, whose shapes are the protocol's."""

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
        body = {"messages": messages, **named(scope), "infer": infer}
        more = {"metadata": metadata, "expiration_date": expiration_date}
        return table(self.wire.call("POST", "/v3/memories/add/", {**body, **given(more)}))

    def search(
        self,
        query: str,
        filters: Json,
        *,
        top_k: int = 10,
        threshold: float | None = None,
        rerank: bool = False,
    ) -> Json:
        body = {"query": query, "filters": filters, "top_k": top_k, **given({"threshold": threshold})}
        if rerank:
            body["rerank"] = True
        return listed(self.wire.call("POST", "/v3/memories/search/", body))

    def memories(self, filters: Json, *, page: int = 1, page_size: int = 100) -> Json:
        path = f"/v3/memories/{query({'page': str(page), 'page_size': str(page_size)})}"
        return listed(self.wire.call("POST", path, {"filters": filters}))

    def memory(self, memory_id: str) -> Json:
        return table(self.wire.call("GET", f"/v1/memories/{checked(memory_id)}/"))

    def update(
        self,
        memory_id: str,
        text: str | None = None,
        *,
        metadata: Json | None = None,
        expiration_date: str | None = None,
    ) -> Json:
        body = given({"text": text, "metadata": metadata, "expiration_date": expiration_date})
        return table(self.wire.call("PUT", f"/v1/memories/{checked(memory_id)}/", body))

    def delete(self, memory_id: str) -> Json:
        return message(self.wire.call("DELETE", f"/v1/memories/{checked(memory_id)}/"))

    def delete_all(self, scope: Scope) -> Json:
        return message(self.wire.call("DELETE", f"/v1/memories/{query(needed(scope))}"))

    def delete_entities(self, scope: Scope) -> Json:
        for name, value in needed(scope).items():
            self.wire.call("DELETE", f"/v2/entities/{name.removesuffix('_id')}/{segment(value)}/")
        return {"message": f"Deleted: {', '.join(f'{name}={value}' for name, value in named(scope).items())}."}

    def entities(self) -> Json:
        return listed(self.wire.call("GET", "/v1/entities/"))

    def event(self, event_id: str) -> Json:
        return table(self.wire.call("GET", f"/v1/event/{checked(event_id)}/"))

    def events(self) -> Json:
        return listed(self.wire.call("GET", "/v1/events/"))
