"""The closing table of ``nox -s faults``: what was tried, and how often what must never be was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator

    from tests.faults.races import Toll
    from tests.faults.tally import Refusal

KINDS = {
    "DAMAGED": "damaged",
    "BROKEN": "damaged",
    "CHANGED": "damaged",
    "SILENT": "silent",
    "UNEXPLAINED": "unexplained",
    "LITTER": "litter",
    "LEFT": "litter",
    "NOT RECOVERED": "lost",
}
"""What the first words of a line about a fault mean."""

COLUMNS = ("damaged", "silent", "unexplained", "litter", "lost")


@dataclass
class Faults:
    """What came of a fault at each of so many points; ``stories`` tell of those that must never be."""

    name: str
    points: int = 0
    damaged: int = 0
    silent: int = 0
    unexplained: int = 0
    litter: int = 0
    lost: int = 0
    stories: list[str] = field(default_factory=list)

    def add(self, told: str) -> None:
        """Count what a run has told: its stories line by line, and last how many points there were."""
        *stories, last = told.strip().splitlines() or [""]
        points, word, *_ = [*last.split(), "", ""]
        if word != "points,":
            self.unexplained += 1  # it broke off
            return
        self.points += int(points)
        for story in stories:
            kind = next((column for words, column in KINDS.items() if story.startswith(f"{words} ")), None)
            if kind:
                setattr(self, kind, getattr(self, kind) + 1)

    def take(self, other: Faults) -> None:
        """Count what another has counted."""
        for column in ("points", *COLUMNS):
            setattr(self, column, getattr(self, column) + getattr(other, column))

    @property
    def bad(self) -> int:
        return sum(getattr(self, column) for column in COLUMNS)

    def line(self) -> str:
        return row(self.name, self.points, *(getattr(self, column) for column in COLUMNS))


@dataclass
class Hostile:
    """Every refusal, and how its tests ended."""

    cases: int
    failed: int
    skipped: int
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def changed(self) -> int:
        return sum(bool(refusal.changed) for refusal in self.refusals)

    def lines(self) -> Iterator[str]:
        late = [refusal for refusal in self.refusals if refusal.seconds > 1]
        yield row("3 hostile places", "cases", "failed", "skipped", "refusals", "bytes changed", "over 1 s")
        yield row("", self.cases, self.failed, self.skipped, len(self.refusals), self.changed, len(late))
        if self.refusals:
            slow = max(self.refusals, key=lambda refusal: refusal.seconds)
            yield (
                f"  slowest refusal {slow.seconds:.2f} s, mem0-agent --version right after it {slow.version:.2f} s, "
                "both less the time they waited for a processor"
            )


def row(name: str, *cells: object) -> str:
    return f"{name:<34}" + "".join(f"{cell!s:>15}" for cell in cells)


def head(name: str) -> str:
    """What stands above lines of faults."""
    return row(name, "points", "damaged", "silent", "unexplained", "litter", "not recovered")


def faults_lines(parts: Iterable[Faults]) -> Iterator[str]:
    total = Faults("  all")
    yield head("1 a fault at every operation")
    for part in parts:
        yield part.line()
        total.take(part)
    yield total.line()


def race_lines(tolls: Iterable[Toll]) -> Iterator[str]:
    yield row("2 races", "rounds", "entries", "lost", "updates", "lost", "refused")
    for toll in tolls:
        cells = (toll.rounds, toll.entries, toll.entries_lost, toll.updates, toll.updates_lost, toll.refused)
        yield row(f"  {toll.name}", *cells)


def input_lines(counts: Counter[str], failed: int) -> Iterator[str]:
    yield row("4 input that nobody expects", "inputs", "no answer", "tests failed")
    yield row("", counts["inputs"], counts["missing"], failed)
