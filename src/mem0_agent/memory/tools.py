"""The tools as clients see them: names, argument schemas, annotations, descriptions."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Schema: TypeAlias = dict[str, Any]

ID = {"type": "string", "description": "The UUID of a memory, as search_memories and get_memories answer it."}
FILTERS = {
    "type": "object",
    "description": (
        'Filters, such as {"AND": [{"user_id": "alice"}, {"metadata": {"type": "decision"}}]}. '
        'AND, OR, NOT nest; fields are user_id, agent_id, app_id, run_id (a name, "*", or in), created_at, '
        "updated_at, expiration_date (gt, gte, lt, lte), text, metadata, categories, keywords, memory_ids. "
        "Without a user_id the configured user is meant."
    ),
}  # fmt: skip
GRAPH = {"type": "boolean", "description": "Taken for compatibility; there is no graph."}


def named(what: str) -> dict[str, Schema]:
    """Describe the four names of a scope."""
    return {
        "user_id": {"type": "string", "description": f"{what} of this user."},
        "agent_id": {"type": "string", "description": f"{what} of this agent."},
        "app_id": {"type": "string", "description": f"{what} of this app or project."},
        "run_id": {"type": "string", "description": f"{what} of this run or session."},
    }


MESSAGE = {
    "type": "object",
    "properties": {"role": {"type": "string"}, "content": {"type": "string"}},
    "required": ["content"],
}
EXPIRATION = {"type": "string", "description": "The last day the memory holds, as YYYY-MM-DD."}
METADATA = {
    "type": "object",
    "description": (
        "Any JSON object. Its type says what the memory is: decision, task_learning, anti_pattern, "
        "user_preference, environmental, convention, session_state."
    ),
}
PAGE = {"type": "integer", "minimum": 1, "description": "Which page, from 1."}
PAGE_SIZE = {
    "type": "integer",
    "minimum": 1,
    "maximum": 200,
    "description": "Memories a page; 100 if not given.",
}
COUNT = {
    "type": "integer",
    "minimum": 1,
    "maximum": 1000,
    "description": "How many at most; 10 if not given.",
}

ARGUMENTS: dict[str, dict[str, Schema]] = {
    "add_memory": {
        "text": {"type": "string", "description": "What to remember, in words that stand on their own."},
        "messages": {
            "type": "array",
            "items": MESSAGE,
            "description": "A conversation to remember in place of text.",
        },
        **named("A memory"),
        "metadata": METADATA,
        "infer": {
            "type": "boolean",
            "description": "Whether a platform may extract facts; false stores as given.",
        },
        "expiration_date": EXPIRATION,
        "enable_graph": GRAPH,
    },
    "search_memories": {
        "query": {"type": "string", "description": "What to look for, in natural language or by name."},
        "filters": FILTERS,
        "limit": COUNT,
        "top_k": COUNT,
        "threshold": {"type": "number", "minimum": 0, "maximum": 1, "description": "The least similarity."},
        "rerank": {"type": "boolean", "description": "Whether a platform should rank the hits once more."},
        **named("Memories"),
        "enable_graph": GRAPH,
    },
    "get_memories": {
        "filters": FILTERS,
        "page": PAGE,
        "page_size": PAGE_SIZE,
        **named("Memories"),
        "enable_graph": GRAPH,
    },
    "get_memory": {"memory_id": ID},
    "update_memory": {
        "memory_id": ID,
        "text": {"type": "string", "description": "The whole new text."},
        "metadata": METADATA,
        "expiration_date": EXPIRATION,
    },
    "delete_memory": {"memory_id": ID},
    "delete_all_memories": named("All memories"),
    "delete_entities": named("The entity, and all memories,"),
    "list_entities": {},
    "list_events": {},
    "get_event_status": {"event_id": {"type": "string", "description": "The event_id that a write answered."}},
}

REQUIRED: dict[str, list[str]] = {
    "search_memories": ["query"],
    "get_memory": ["memory_id"],
    "update_memory": ["memory_id"],
    "delete_memory": ["memory_id"],
    "get_event_status": ["event_id"],
}
"""add_memory needs text or messages, which its own check says better than a schema."""

DESCRIPTIONS = {
    "add_memory": (
        "Remember something beyond this session: a decision, a convention, a lesson, a preference. "
        "Give text, or messages. The same text in the same scope is stored once."
    ),
    "search_memories": "Find what is remembered, best first. Search before you start to work.",
    "get_memories": "List memories page by page, newest first.",
    "get_memory": "Read one memory by its id.",
    "update_memory": "Overwrite the text, or overlay the metadata, of one memory.",
    "delete_memory": "Delete one memory for good.",
    "delete_all_memories": "Delete every memory of a scope for good. Name a user, agent, app or run.",
    "delete_entities": "Delete each named user, agent, app or run, with all its memories, for good.",
    "list_entities": "List the users, agents, apps and runs that have memories.",
    "list_events": "List the latest writes and what became of them.",
    "get_event_status": "Tell whether the write of an event_id has been carried out.",
}

READING = (
    "search_memories",
    "get_memories",
    "get_memory",
    "list_entities",
    "list_events",
    "get_event_status",
)
OVERWRITING = ("update_memory", "delete_memory", "delete_all_memories", "delete_entities")


def listing(*, local: bool) -> list[Schema]:
    """Describe every tool as ``tools/list`` does; a ``local`` memory reaches nothing outside this machine."""
    return [
        {
            "name": name,
            "description": DESCRIPTIONS[name],
            "inputSchema": {
                "type": "object",
                "properties": arguments,
                **({"required": REQUIRED[name]} if name in REQUIRED else {}),
            },
            "annotations": hints(name, local=local),
        }
        for name, arguments in ARGUMENTS.items()
    ]


def hints(name: str, *, local: bool) -> dict[str, bool]:
    """Say honestly what a tool may do; adding a text twice, or deleting twice, changes nothing more."""
    return {
        "readOnlyHint": name in READING,
        "destructiveHint": name in OVERWRITING,
        "idempotentHint": local or name != "add_memory",
        "openWorldHint": not local,
    }
