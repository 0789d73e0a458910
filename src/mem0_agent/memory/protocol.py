"""What every memory can do, whichever machine it lives on. Nouns only: nothing is read or written here."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, TypeAlias

    Json: TypeAlias = dict[str, Any]
    Value: TypeAlias = Any
    """Any value of JSON: None, bool, int, float, str, list, Json."""
    Scope: TypeAlias = dict[str, str]
    """Any of user_id, agent_id, app_id, run_id; names that are missing or empty do not narrow anything."""
    Message: TypeAlias = dict[str, str]
    """``{"role": "user" | "assistant" | "system", "content": text}``."""

    class Memory(Protocol):
        """The shapes of the Mem0 Platform's REST API as methods. Each may raise Refused, and nothing else."""

        def add(
            self,
            messages: list[Message],
            scope: Scope,
            metadata: Json | None = None,
            *,
            infer: bool = True,
            expiration_date: str | None = None,
        ) -> Json:
            """Store messages.

            Stored at once: ``{"message", "status": "SUCCEEDED", "event_id", "results": [{"id", "data":
            {"memory"}, "memory", "event": "ADD" | "NONE"}]}``; a platform that infers answers
            ``{"event_id", "status": "PENDING"}``. ``expiration_date`` is ``YYYY-MM-DD`` or ISO 8601, UTC.
            """

        def search(
            self,
            query: str,
            filters: Json,
            *,
            top_k: int = 10,
            threshold: float | None = None,
            rerank: bool = False,
        ) -> Json:
            """``{"results": [memory + {"score": 0..1}]}``, best first, at most ``top_k``.

            A memory is ``{"id", "memory", "user_id", "agent_id", "app_id", "run_id", "session_id",
            "metadata", "categories", "created_at", "updated_at", "expiration_date"}``; a remote one may lack
            some of them.
            """

        def memories(self, filters: Json, *, page: int = 1, page_size: int = 100) -> Json:
            """``{"count", "next", "previous", "results": [memory]}``, newest first; ``page`` is from 1."""

        def memory(self, memory_id: str) -> Json:
            """One memory. Refused with status 404 where there is none, 400 where the id is no UUID."""

        def update(
            self,
            memory_id: str,
            text: str | None = None,
            *,
            metadata: Json | None = None,
            expiration_date: str | None = None,
        ) -> Json:
            """Answer the memory after the change; None leaves a field as it is, metadata is merged by key."""

        def delete(self, memory_id: str) -> Json:
            """``{"message"}``."""

        def delete_all(self, scope: Scope) -> Json:
            """``{"message", …}``; an empty scope is refused with the code ``scope_missing``."""

        def delete_entities(self, scope: Scope) -> Json:
            """``{"message", …}``; every entity named goes, with its memories. An empty scope is refused."""

        def entities(self) -> Json:
            """``{"count", "next", "previous", "results": [{"id", "name", "type", …}], "total_users", …}``."""

        def event(self, event_id: str) -> Json:
            """``{"id", "status": "PENDING" | "RUNNING" | "SUCCEEDED" | "FAILED", …}``."""

        def events(self) -> Json:
            """``{"count", "next", "previous", "results": [event]}``, newest first."""


SCOPES = ("user_id", "agent_id", "app_id", "run_id")
"""The names that a scope may hold, from the widest to the narrowest."""

TYPES = (
    "decision",
    "task_learning",
    "anti_pattern",
    "user_preference",
    "environmental",
    "convention",
    "session_state",
)
"""What ``metadata["type"]`` of a memory says it is."""

SESSION_STATE = "session_state"
"""The type of what was captured rather than stored on purpose: it ranks behind the others."""


class Refused(Exception):  # noqa: N818  it is an answer, not a fault of ours
    """A memory said no. Becomes ``{"error": code, "detail": detail}`` in the text of a tool's result.

    ``code`` is a stable word, ``detail`` a sentence for people (never with a key in it), ``status`` the HTTP
    status that a server would have answered with, 0 where none was reached.
    """

    def __init__(self, code: str, detail: str, status: int = 400) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.status = code, detail, status
