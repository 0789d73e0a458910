"""A Change as a unified diff, line by line."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mem0_agent.model import Change

CONTEXT = 3
"""Unchanged lines around a change."""


def unified(change: Change) -> Iterator[str]:
    """A true unified diff of one file, cheap for a long one: only what lies between equal ends is compared."""
    old, new = lines(change.before), lines(change.after)
    head = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    limit = min(len(old), len(new)) - head
    tail = next((n for n in range(limit) if old[-1 - n] != new[-1 - n]), limit)
    start, extra = max(0, head - CONTEXT), max(0, tail - CONTEXT)
    was, becomes = (str(change.path) if side is not None else "/dev/null" for side in (change.before, change.after))
    body = difflib.unified_diff(
        old[start : len(old) - extra], new[start : len(new) - extra], was, becomes, n=CONTEXT, lineterm=""
    )
    for line in body:
        text = shifted(line, start) if line.startswith("@@") else line
        yield from ending(text)


def lines(data: bytes | None) -> list[str]:
    return data.decode("utf-8", "replace").splitlines(keepends=True) if data else []


def ending(text: str) -> Iterator[str]:
    """One line of a diff without its line feed; a missing one is told as diff tells it."""
    yield text.rstrip("\r\n")
    if text[:1] in "+- " and text[:3] not in ("+++", "---") and not text.endswith("\n"):
        yield "\\ No newline at end of file"


def shifted(header: str, start: int) -> str:
    """A hunk header counted from the top of the file."""
    moved = []
    for part in header.split()[1:3]:
        first, _, count = part[1:].partition(",")
        moved.append(f"{part[0]}{int(first) + start}" + (f",{count}" if count else ""))
    return f"@@ {moved[0]} {moved[1]} @@"
