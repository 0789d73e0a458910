"""Whether changes stand in files that other programs write too, and what they are on top of that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mem0_agent.edits import document
from mem0_agent.edits.text import MISSING, same, value_at
from mem0_agent.model import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mem0_agent.model import Change, Edit, Json


def rebased(change: Change, now: bytes | None) -> Change | None:
    """Return ``change`` made anew on the text ``now``; None where others have touched what it is about.

    A change that is more than its edits is never made anew.
    """
    if change.before is None or now is None or not change.edits:
        return None
    kind = document.editor(change.path)
    try:
        if document.perform(change.path, change.before, change.edits)[0] != change.after:
            return None
        was, here = kind.parse(change.before), kind.parse(now)
        if not all(alike(value_at(was, edit.keys), value_at(here, edit.keys)) for edit in change.edits):
            return None
        after, edits = document.perform(change.path, now, change.edits)
    except UserError:
        return None
    return replace(change, before=now, after=after, edits=edits)


def alike(one: Json, other: Json) -> bool:
    """Whether both are the same value, or both missing."""
    return one is other if (one is MISSING or other is MISSING) else same(one, other)


def settled(changes: Sequence[Change], read: Callable[[Path], bytes | None]) -> list[Change]:
    """Those of ``changes`` that are not on disk any more, because a client put a stale copy back.

    A file that has moved on with our edits in it is as good as ours. Plan those again and apply them.
    """
    return [change for change in changes if not stands(change, read(change.path))]


def stands(change: Change, now: bytes | None) -> bool:
    if now == change.after:
        return True
    if now is None or not change.edits:
        return False
    try:
        data = document.editor(change.path).parse(now)
    except UserError:
        return False
    return all(holds(data, edit) for edit in change.edits)


def holds(data: Json, edit: Edit) -> bool:
    """Whether ``edit`` shows in the document ``data``."""
    here = value_at(data, edit.keys)
    if edit.op in {"put", "drop"}:
        return same(here, edit.value) if edit.op == "put" else here is MISSING
    among = isinstance(here, list) and any(same(item, edit.value) for item in here)
    return among if edit.op == "add" else not among
