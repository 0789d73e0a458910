"""A Change as a unified diff, line by line, true or fit to be shown."""

from __future__ import annotations

import difflib
import functools
import json
import re
from itertools import islice
from typing import TYPE_CHECKING

from mem0_agent.memory.redact import secretless
from mem0_agent.model import KEY_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mem0_agent.model import Change

CONTEXT = 3
"""Unchanged lines around a change."""

STEP = 1 << 16
"""Bytes that are compared at once."""

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
        yield "".join(piece if n % 2 else harmless(piece) for n, piece in enumerate(pieces))


@functools.lru_cache(maxsize=256)  # one hook for each event: most lines of it are the same
def harmless(piece: str) -> str:
    return secretless(KEY.sub(r"\1•••", piece))


def is_secret(change: Change) -> bool:
    """Whether the file is nothing but a key of ours."""
    return not change.edits and (change.private or change.path.name == "credentials")


def unified(change: Change) -> Iterator[str]:
    """A true unified diff of one file, cheap for a long one: only what lies between equal ends is compared."""
    old, new = change.before or b"", change.after or b""
    head, tail = equal_ends(old, new)
    start = earlier(old, head)
    stop = later(old, len(old) - tail)
    was, becomes = (named(change.path) if side is not None else "/dev/null" for side in (change.before, change.after))
    body = difflib.unified_diff(
        lines(old[start:stop]), lines(new[start : len(new) - len(old) + stop]), was, becomes, n=CONTEXT, lineterm=""
    )
    above = old.count(b"\n", 0, start)
    yield from islice(body, 2)
    for line in body:
        if line.startswith("@@"):
            yield shifted(line, above)
        else:
            yield from ending(line)


def equal_ends(old: bytes, new: bytes) -> tuple[int, int]:
    """The lengths of the whole lines that both begin with, and of those that both end with behind them."""
    m, n = len(old), len(new)
    shared = common(min(m, n), lambda a, b: old[a:b] == new[a:b])
    head = old.rfind(b"\n", 0, shared) + 1
    shared = common(min(m, n) - head, lambda a, b: old[m - b : m - a] == new[n - b : n - a])
    if {old[m - shared - 1 : m - shared], new[n - shared - 1 : n - shared]} <= {b"", b"\n"}:
        return head, shared
    line = old.find(b"\n", m - shared)
    return head, 0 if line < 0 else m - line - 1


def common(limit: int, equal: Callable[[int, int], bool]) -> int:
    """How many of ``limit`` bytes are ``equal`` from the first on: in large steps, then in ever smaller ones."""
    known, step = 0, STEP
    while step:
        end = min(known + step, limit)
        if known < end and equal(known, end):
            known = end
        else:
            step //= 2
    return known


def earlier(text: bytes, line: int) -> int:
    """Where the line begins that is ``CONTEXT`` lines above the one at ``line``, or the text."""
    for _ in range(CONTEXT):
        line = text.rfind(b"\n", 0, max(0, line - 1)) + 1
    return line


def later(text: bytes, line: int) -> int:
    """Where the ``CONTEXT`` lines end that begin at ``line``, or the text."""
    for _ in range(CONTEXT):
        line = text.find(b"\n", line) + 1 or len(text)
    return line


def named(path: Path) -> str:
    """A file's name as ``patch`` reads it back whole: quoted where it has to be, a tab ending one with spaces."""
    text = str(path)
    if not text.isprintable() or '"' in text:
        return json.dumps(text, ensure_ascii=False)
    return text + "\t" if " " in text else text


def lines(data: bytes) -> list[str]:
    """The lines of a text, each with its ending; only a line feed ends one, as ``diff`` and ``patch`` see it."""
    *whole, rest = data.decode("utf-8", "replace").split("\n")
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
