"""Filters as an expression of the full-text index, which then passes over the memories of other projects."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mem0_agent.memory.protocol import Json

WORDS = {"app_id": "app0x", "type": "type0x"}
"""What the words of the index begin with; the rest is the value in hexadecimal, empty where there is none."""

LONGEST = 10_000
"""Characters of an expression; what would take more narrows too little."""


def narrowed(filters: Json) -> str:
    """Answer an FTS5 expression that holds for every match of ``filters``, empty where none is known.

    It may hold for more: whoever uses it checks each hit against the filters. It never names a user, for
    nearly all memories of a file belong to one.
    """
    expression = joined(" AND ", [part for name, value in filters.items() if (part := member(name, value))])
    return expression if len(expression) <= LONGEST else ""


def member(name: str, value: object) -> str:
    """Answer the same of one member of an object of filters."""
    if name == "app_id":
        return app(value)
    if name == "metadata" and isinstance(value, dict):
        return kind(value.get("type"))
    if name == "NOT" and {"app_id": "*"} in (value if isinstance(value, list) else [value]):
        return word("app_id", "")
    if name not in {"AND", "OR"} or not isinstance(value, list):
        return ""
    parts = [narrowed(item) for item in value]
    if name == "OR":
        return joined(" OR ", parts) if all(parts) else ""
    return joined(" AND ", [part for part in parts if part])


def app(value: object) -> str:
    """Answer the words of an app, of ``{"eq": app}`` or of ``{"in": [app, …]}``; any app at all has no word."""
    if value == "*":
        return ""
    if isinstance(value, dict):
        value = value.get("eq", value.get("in"))
    names = value if isinstance(value, list) else [value]
    words = [word("app_id", name) for name in names if isinstance(name, str)]
    return joined(" OR ", words) if len(words) == len(names) else ""


def kind(value: object) -> str:
    """Answer the word of a type or of ``{"eq": type}``; a type that is no text has none."""
    if isinstance(value, dict):
        value = value.get("eq")
    return word("type", value) if isinstance(value, str) else ""


def word(name: str, value: str) -> str:
    return f'"{WORDS[name]}{value.encode("utf-8", "surrogatepass").hex()}"'


def joined(operator: str, parts: list[str]) -> str:
    return f"({operator.join(parts)})" if len(parts) > 1 else "".join(parts)
