"""A Change as a unified diff, line by line, true or fit to be shown."""

from __future__ import annotations

import difflib
import json
import re
from itertools import islice
from typing import TYPE_CHECKING

from mem0_agent.memory.redact import secretless
from mem0_agent.model import KEY_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mem0_agent.model import Change

CONTEXT = 3
"""Unchanged lines around a change."""

KEY = re.compile(rf"""({KEY_VARIABLE}["']?\s*[=:]\s*)(?!["']?\$\{{)("(?:[^"\\]|\\.)*"|'[^']*'|\S.*)""")
"""A key that stands in a file, as JSON, TOML and .env write it; one that only refers to a variable is none."""


REFERENCE = re.compile(r"""("(?:\w+ )?\$\{\w+\}")""")
"""A variable's name in the place of a secret, which is what people should see."""


def shown(change: Change) -> Iterator[str]:
    """The diff as anybody may see it: true but for secrets, whoever put them there."""
    for number, line in enumerate(unified(change)):
        if number > 2 and is_secret(change):
            yield line[:1] + "•••"
            continue
        pieces = REFERENCE.split(line)
        yield "".join(piece if n % 2 else secretless(KEY.sub(r"\1•••", piece)) for n, piece in enumerate(pieces))


def is_secret(change: Change) -> bool:
    """Whether the file is nothing but a key of ours."""
    return not change.edits and (change.private or change.path.name == "credentials")


def unified(change: Change) -> Iterator[str]:
    """A true unified diff of one file, cheap for a long one: only what lies between equal ends is compared."""
    old, new = lines(change.before), lines(change.after)
    head = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    limit = min(len(old), len(new)) - head
    tail = next((n for n in range(limit) if old[-1 - n] != new[-1 - n]), limit)
    start, extra = max(0, head - CONTEXT), max(0, tail - CONTEXT)
    was, becomes = (named(change.path) if side is not None else "/dev/null" for side in (change.before, change.after))
    body = difflib.unified_diff(
        old[start : len(old) - extra], new[start : len(new) - extra], was, becomes, n=CONTEXT, lineterm=""
    )
    yield from islice(body, 2)
    for line in body:
        if line.startswith("@@"):
            yield shifted(line, start)
        else:
            yield from ending(line)


def named(path: Path) -> str:
    """A file's name as ``patch`` reads it back whole: quoted where it has to be, a tab ending one with spaces."""
    text = str(path)
    if not text.isprintable() or '"' in text:
        return json.dumps(text, ensure_ascii=False)
    return text + "\t" if " " in text else text


def lines(data: bytes | None) -> list[str]:
    """The lines of a file, each with its ending; only a line feed ends one, as ``diff`` and ``patch`` see it."""
    text = data.decode("utf-8", "replace") if data else ""
    *whole, rest = text.split("\n")
    return [line + "\n" for line in whole] + ([rest] if rest else [])


def ending(text: str) -> Iterator[str]:
    """One line of a diff without its line feed; a missing one is told as diff tells it."""
    yield text.removesuffix("\n")
    if not text.endswith("\n"):
        yield "\\ No newline at end of file"


def shifted(header: str, start: int) -> str:
    """A hunk header counted from the top of the file."""
    moved = []
    for part in header.split()[1:3]:
        first, _, count = part[1:].partition(",")
        moved.append(f"{part[0]}{int(first) + start}" + (f",{count}" if count else ""))
    return f"@@ {moved[0]} {moved[1]} @@"
