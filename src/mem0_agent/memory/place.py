"""Filters as an expression of the full-text index, which then passes over the memories of other projects."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mem0_agent.memory.protocol import Json

WORDS = {"app_id": "app0x", "type": "type0x"}
"""What the words of the index begin with; the rest is the value in hexadecimal, empty where there is none."""

MOST = 16
"""Values of one list that are worth looking for; a longer one narrows too little."""


def narrowed(filters: Json) -> str:
    """Answer an FTS5 expression that holds for every match of ``filters``, empty where none is known.

    It may hold for more: whoever uses it checks each hit against the filters. It never names a user, for
    nearly all memories of a file belong to one.
    """
    return joined(" AND ", [part for name, value in filters.items() if (part := member(name, value))])


def member(name: str, value: object) -> str:
    """Answer the same of one member of an object of filters."""
    if name == "app_id":
        return equal(name, value)
    if name == "metadata" and isinstance(value, dict):
        return equal("type", value.get("type"))
    if name in {"AND", "OR"} and isinstance(value, list):
        parts = [narrowed(item) for item in value]
        if name == "AND":
            return joined(" AND ", [part for part in parts if part])
        return joined(" OR ", parts) if all(parts) else ""
    if name == "NOT" and {"app_id": "*"} in (value if isinstance(value, list) else [value]):
        return word("app_id", "")
    return ""


def equal(name: str, value: object) -> str:
    """Answer the words of a value, of ``{"eq": value}`` or of ``{"in": [value, …]}``."""
    if isinstance(value, dict):
        value = value.get("eq", value.get("in"))
    values = value if isinstance(value, list) else [value]
    if value == "*" or len(values) > MOST or not all(isinstance(item, str) and item for item in values):
        return ""
    return joined(" OR ", [word(name, item) for item in values])


def word(name: str, value: str) -> str:
    return f'"{WORDS[name]}{value.encode("utf-8", "surrogatepass").hex()}"'


def joined(operator: str, parts: list[str]) -> str:
    return f"({operator.join(parts)})" if len(parts) > 1 else "".join(parts)
