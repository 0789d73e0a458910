"""Calls of tools, carried out on a Memory: the configured user filled in, the answer as REST's JSON."""

from __future__ import annotations

import json

from mem0_agent.memory.protocol import SCOPES, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mem0_agent.memory.protocol import Json, Memory, Scope, Value

NO_EFFECT = ("enable_graph",)


def result(opened: Callable[[], Memory], user_id: str, tool: str, given: object) -> Json:
    """Carry out one call and answer the result of ``tools/call``; a memory's refusal is an error in it."""
    from mem0_agent.memory import arguments

    try:
        if not isinstance(given, dict):
            raise arguments.invalid("arguments must be an object.")
        known, unknown = arguments.checked(tool, whole_text(given))
        memory = opened()
        answer = CALLS[tool](memory, user_id, known)
    except Refused as error:
        return {"content": [text({"error": error.code, "detail": error.detail})], "isError": True}
    idle = sorted(name for name in known if name in NO_EFFECT or name in getattr(memory, "ignores", ()))
    ignored = unknown + idle + (["text"] if known.get("messages") and "text" in known else [])
    content = text({**answer, "ignored": ignored} if ignored else answer)
    return {"content": [content], "isError": False}  # text alone: clients show a model structured content instead of it


def text(answer: Json) -> dict[str, str]:
    return {"type": "text", "text": json.dumps(answer, ensure_ascii=False)}


def whole_text(value: Value) -> Value:
    """Replace halves of surrogate pairs, which a client's truncation leaves behind and no file can hold."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [whole_text(item) for item in value]
    if isinstance(value, dict):
        return {whole_text(name): whole_text(item) for name, item in value.items()}
    return value


def scope(given: Json) -> Scope:
    return {name: given[name] for name in SCOPES if given.get(name)}


def narrowed(user_id: str, given: Json) -> Json:
    """Join the filters and the names given beside them; the configured user unless somebody names one."""
    from mem0_agent.memory import filters

    wanted, named = given.get("filters") or {}, scope(given)
    if "user_id" not in named and not filters.mentions(wanted, "user_id"):
        named = {"user_id": user_id, **named}
    parts = [{name: value} for name, value in named.items()] + ([wanted] if wanted else [])
    return parts[0] if len(parts) == 1 else {"AND": parts}


def add_memory(memory: Memory, user_id: str, given: Json) -> Json:
    messages = given.get("messages") or [{"role": "user", "content": given.get("text", "")}]
    return memory.add(
        messages,
        {"user_id": user_id, **scope(given)},
        given.get("metadata"),
        infer=given.get("infer", True),
        expiration_date=given.get("expiration_date"),
    )


def search_memories(memory: Memory, user_id: str, given: Json) -> Json:
    return memory.search(
        given["query"],
        narrowed(user_id, given),
        top_k=given.get("top_k") or given.get("limit") or 10,
        threshold=given.get("threshold"),
        rerank=given.get("rerank", False),
    )


def get_memories(memory: Memory, user_id: str, given: Json) -> Json:
    return memory.memories(narrowed(user_id, given), page=given.get("page", 1), page_size=given.get("page_size", 100))


def update_memory(memory: Memory, _user_id: str, given: Json) -> Json:
    if not any(name in given for name in ("text", "metadata", "expiration_date")):
        raise Refused("invalid_arguments", "text is required.", 400)
    return memory.update(
        given["memory_id"],
        given.get("text"),
        metadata=given.get("metadata"),
        expiration_date=given.get("expiration_date"),
    )


def explicit(given: Json) -> Scope:
    """Answer the scope of a deletion. Raises Refused where it names nobody: nothing is deleted by default."""
    named = scope(given)
    if not named:
        raise Refused("scope_missing", f"Name at least one of {', '.join(SCOPES)}.", 400)
    return named


CALLS: dict[str, Callable[[Memory, str, Json], Json]] = {
    "add_memory": add_memory,
    "search_memories": search_memories,
    "get_memories": get_memories,
    "get_memory": lambda memory, _, given: memory.memory(given["memory_id"]),
    "update_memory": update_memory,
    "delete_memory": lambda memory, _, given: memory.delete(given["memory_id"]),
    "delete_all_memories": lambda memory, _, given: memory.delete_all(explicit(given)),
    "delete_entities": lambda memory, _, given: memory.delete_entities(explicit(given)),
    "list_entities": lambda memory, _user_id, _given: memory.entities(),
    "list_events": lambda memory, _user_id, _given: memory.events(),
    "get_event_status": lambda memory, _, given: memory.event(given["event_id"]),
}
"""One function a tool; ``tools.ARGUMENTS`` has the same names."""
