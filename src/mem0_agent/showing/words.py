"""Values as words for people: what is where, what was done, how it stands."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mem0_agent.model import Change, Finding


def gathered(changes: Sequence[Change]) -> dict[str, str]:
    """Files that come for one reason as one place: the file itself, or the folder that holds them all."""
    alike: dict[str, list[Change]] = {}
    for change in changes:
        alike.setdefault(change.reason, []).append(change)
    places = {}
    for reason, group in alike.items():
        count = f", {len(group)} files" if len(group) > 1 else ""
        places[os.path.commonpath([change.path for change in group])] = reason + count
    return places


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


def particulars(finding: Finding) -> Iterator[tuple[str, str]]:
    """What stands under a finding's title, each with its style."""
    if finding.detail:
        yield finding.detail, "dim"
    if finding.fix and finding.severity in ("warning", "error"):
        yield f"→ {finding.fix}", "cyan"


def tally(errors: int, warnings: int) -> str:
    if not errors and not warnings:
        return "All is well."
    parts = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((errors, "error"), (warnings, "warning")) if n]
    return " and ".join(parts) + "."
