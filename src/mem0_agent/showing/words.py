"""Values as words for people: what is where, what was done, how it stands."""

from __future__ import annotations

import os
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mem0_agent.clients import CLIENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mem0_agent.model import Change, Finding

INDENT = 2
COPIED = re.compile(r"[/\\]|mem0-agent ")


def gathered(changes: Sequence[Change], home: str) -> Iterator[tuple[str, str]]:
    """Files that come for one reason as few places: each a file, or a folder that holds some, and what comes there."""
    alike: dict[str, list[Path]] = {}
    for change in changes:
        alike.setdefault(change.reason, []).append(change.path)
    for reason, paths in alike.items():
        for place, count in places(paths, home):
            yield str(place), f"{reason}, {count} files" if count > 1 else reason


def places(paths: Sequence[Path], home: str) -> Iterator[tuple[Path, int]]:
    """Folders that hold ``paths``, and how many of them; none so wide as the home or a client's whole folder in it."""
    common = Path(os.path.commonpath(paths))
    wide = len(paths) > 1 and home and (common.parent == Path(home) or Path(home).is_relative_to(common))
    if not wide:
        yield common, len(paths)
        return
    below: dict[str, list[Path]] = {}
    for path in paths:
        below.setdefault(path.relative_to(common).parts[0], []).append(path)
    for group in below.values():
        yield from places(group, home)


def done(changes: Sequence[Change]) -> str:
    """What was done, as few words as tell it: a file by its name, several alike by their number."""
    by_reason: dict[str, list[Change]] = {}
    for change in changes:
        by_reason.setdefault(change.reason, []).append(change)
    parts = [
        f"{group[0].path if len(group) == 1 else f'{len(group)} files'}: {reason}"
        for reason, group in by_reason.items()
    ]
    return "; ".join(parts) or "nothing to do"


@dataclass(frozen=True, slots=True)
class Line:
    """A line for people; ``mark`` is the severity whose sign stands before it, empty for none."""

    text: str = ""
    mark: str = ""
    style: str = ""


def laid_out(findings: Sequence[Finding], width: int, short: Callable[[str], str]) -> Iterator[Line]:
    """What is wrong first, each with its fix alone on a line that is never folded; then what is well.

    Everything else is folded at ``width`` columns, and what is well is said in few words; with 0 all of it is said, and
    nothing is folded. ``short`` says a path in fewer letters.
    """
    troubles = [finding for finding in findings if finding.severity in ("error", "warning")]
    for finding in troubles:
        yield from block(finding, width, short)
        if finding.fix:
            yield Line(f"    {finding.fix}", style="cyan")
    if 0 < len(troubles) < len(findings):
        yield Line()
    for finding in findings:
        if finding not in troubles:
            yield from block(finding, width, short)


def block(finding: Finding, width: int, short: Callable[[str], str]) -> Iterator[Line]:
    first, *more = folded(short(titled(finding)), width)
    yield Line(first, finding.severity, "bold" if finding.severity in ("error", "warning") else "")
    yield from (Line(f"  {text}", style="bold") for text in more)
    told = finding.severity != "ok" or not width
    for text in folded(short(finding.detail), width) if told else ():
        yield Line(f"  {text}", style="dim")


def titled(finding: Finding) -> str:
    """The title, with its client where it does not name it."""
    title = CLIENTS[finding.client].TITLE if finding.client else ""
    return finding.title if title in finding.title else f"{title}: {finding.title}"


def folded(text: str, width: int, indent: int = INDENT) -> list[str]:
    """``text`` in lines that leave room for a mark; a word that is longer than a line stays whole."""
    lines = text.splitlines()
    if width <= indent:
        return lines
    return [
        row
        for line in lines
        for row in textwrap.wrap(line, width - indent, break_long_words=False, break_on_hyphens=False) or [""]
    ]


def told(text: str, width: int, indent: int = INDENT) -> list[str]:
    """``text`` folded, but for lines with a path or a command in them: those are there to be copied."""
    return [
        row for line in text.splitlines() for row in ([line] if COPIED.search(line) else folded(line, width, indent))
    ]


def tally(findings: Sequence[Finding]) -> str:
    if findings and all(finding.id == "client.absent" for finding in findings):
        return "No client is on this machine."
    counts = {word: sum(finding.severity == word for finding in findings) for word in ("error", "warning")}
    parts = [f"{n} {word}{'' if n == 1 else 's'}" for word, n in counts.items() if n]
    if not parts:
        return "All is well."
    return " and ".join(parts) + "."
