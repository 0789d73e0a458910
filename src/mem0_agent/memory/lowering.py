"""The platform's nested filters as flat ones, for a server that knows only those.

Never wider than what was asked.
"""

from __future__ import annotations

from mem0_agent.memory.protocol import SCOPES, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Flat: TypeAlias = dict[str, Any]

ALTERNATIVES = 16
DEPTH = 12


def flat(filters: object) -> list[Flat]:
    """Conjunctions, of which any may hold: ``[{"user_id": "a", "app_id": "p", "type": "decision"}, …]``.

    A key that is no name of a scope is one of the metadata. Refused (``unsupported_filter``, 400) for all
    but equality, ``in``, AND and OR, and for more than 16 alternatives. Contradictions are left out.
    """
    if filters == {}:
        raise refused("an empty filter")
    return group(filters, DEPTH)


def group(node: object, depth: int) -> list[Flat]:
    if not isinstance(node, dict) or depth <= 0:
        raise refused("something that is no object, or nested too deeply")
    result: list[Flat] = [{}]
    for name, value in node.items():
        result = both(result, member(name, value, depth))
    return result


def member(name: str, value: object, depth: int) -> list[Flat]:
    """Answer the alternatives for one member of an object."""
    if name in {"AND", "OR"}:
        if not isinstance(value, list) or not value:
            raise refused(f"{name} without a list")
        parts = [group(item, depth - 1) for item in value]
        if name == "OR":
            return [choice for part in parts for choice in part]
        result: list[Flat] = [{}]
        for part in parts:
            result = both(result, part)
        return result
    if name in SCOPES:
        return equal(name, value)
    if name == "metadata" and isinstance(value, dict) and value:
        result = [{}]
        for key, wanted in value.items():
            if key in SCOPES:
                raise refused(f"metadata.{key}")
            result = both(result, equal(key, wanted))
        return result
    raise refused(name)


def equal(name: str, value: object) -> list[Flat]:
    """Answer the alternatives for one key: a bare value, ``{"eq": value}`` or ``{"in": [values]}``."""
    if isinstance(value, dict):
        if set(value) == {"eq"}:
            return equal(name, value["eq"])
        if set(value) == {"in"} and isinstance(value["in"], list):
            return [choice for item in value["in"] for choice in equal(name, item)]
        raise refused(f"{name} with {', '.join(map(str, value)) or 'nothing'}")
    if not isinstance(value, str | int | float | bool) or value in {"*", ""}:
        raise refused(f"{name} with {value!r}")
    return [{name: value}]


def both(left: list[Flat], right: list[Flat]) -> list[Flat]:
    """Every pair of alternatives that do not contradict each other."""
    if len(left) * len(right) > ALTERNATIVES:
        raise refused(f"more than {ALTERNATIVES} alternatives")
    return [{**one, **two} for one in left for two in right if all(one.get(key, two[key]) == two[key] for key in two)]


def holds(wanted: Flat, row: Flat) -> bool:
    """Whether a memory in the platform's shape is what a conjunction asks for: servers may apply less."""
    held = row.get("metadata") or {}
    return all((row.get(name) if name in SCOPES else held.get(name)) == value for name, value in wanted.items())


def refused(what: str) -> Refused:
    return Refused("unsupported_filter", f"This server cannot filter by {what[:120]}.", 400)
