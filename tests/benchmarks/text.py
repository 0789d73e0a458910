"""Numbers as calm lines of at most 80 columns."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Sequence

WIDTH = 80
MEGA = 1_000_000


def heading(title: str, *sentences: str) -> None:
    print(f"\n{title}\n{'-' * len(title)}")
    note(*sentences)


def note(*sentences: str) -> None:
    """Sentences as one paragraph."""
    if sentences:
        print(textwrap.fill(" ".join(sentences), WIDTH))


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table whose first column is words and whose others are numbers."""
    widths = [max(len(row[at]) for row in (titles, *rows)) for at in range(1, len(titles))]
    first = WIDTH - sum(width + 2 for width in widths)
    for row in (titles, *rows):
        numbers = "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths, strict=True))
        print(f"{row[0][:first]:{first}}{numbers}".rstrip())


def ms(seconds: float) -> str:
    value = 1000 * seconds
    return f"{value:.2f}" if value < 10 else f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def middle(seconds: Sequence[float]) -> str:
    return ms(statistics.median(seconds))


def least(seconds: Sequence[float]) -> str:
    return ms(min(seconds))


def mega(size: float) -> str:
    """Bytes in MB of a million."""
    return f"{size / MEGA:.1f}"


def times(value: float) -> str:
    return f"{value:.2f}x" if value < 9.95 else f"{value:.1f}x"
