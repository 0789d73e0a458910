"""What both kinds of remote server have in common: names in a request, and answers that are what they should be."""

from __future__ import annotations

from mem0_agent.memory.protocol import SCOPES, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from mem0_agent.memory.protocol import Json, Scope


def named(scope: Scope) -> Scope:
    """Answer the names in a scope that narrow something."""
    return {name: scope[name] for name in SCOPES if scope.get(name)}


def needed(scope: Scope) -> Scope:
    """Answer the same, refused where nothing is left: nobody deletes everything by leaving something out."""
    names = named(scope)
    if not names:
        raise Refused("scope_missing", f"Say what to delete: one of {', '.join(SCOPES)}.", 400)
    return names


def given(values: Mapping[str, Any]) -> Json:
    return {name: value for name, value in values.items() if value is not None}


def checked(identifier: str) -> str:
    """Answer ``identifier`` where it is a UUID: it becomes part of a path."""
    digits = identifier.replace("-", "").lower()
    if len(digits) != 32 or digits.strip("0123456789abcdef"):
        raise Refused("bad_request", "memory_id should be a valid UUID", 400)
    return identifier


def segment(value: str) -> str:
    """``value`` as one segment of a path."""
    from urllib.parse import quote

    if value in {".", ".."}:
        raise Refused("bad_request", f"{value!r} is no name of an entity.", 400)
    return quote(value, safe="")


def query(values: Mapping[str, str]) -> str:
    from urllib.parse import urlencode

    return f"?{urlencode(values)}" if values else ""


def table(answer: object) -> Json:
    """Answer an answer that must be an object."""
    if isinstance(answer, list):
        return {"results": answer}
    if not isinstance(answer, dict):
        raise Refused("bad_answer", "The server answered with something else than an object.", 502)
    return answer


def listed(answer: object) -> Json:
    """Answer an answer that must hold a list of objects under ``results``, whether it was wrapped or not."""
    found = table(answer)
    rows = found.get("results")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Refused("bad_answer", "The server answered without a list of results.", 502)
    return found


def message(answer: object) -> Json:
    return answer if isinstance(answer, dict) else {"message": "Done."}
