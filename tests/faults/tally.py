"""What tests count while they run, for the closing table of ``nox -s faults``; without MEM0_AGENT_TALLY nothing is kept."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

FOLDER = os.environ.get("MEM0_AGENT_TALLY", "")

counts: Counter[str] = Counter()
"""inputs, missing (answers that never came)."""


@dataclass(frozen=True)
class Refusal:
    """One run that said no: its seconds, those of ``mem0-agent --version`` right after it, and what changed at home."""

    words: str
    seconds: float
    version: float
    changed: tuple[str, ...]


refusals: list[Refusal] = []


def keep() -> None:
    """Write down what this process has counted."""
    if FOLDER and (counts or refusals):
        data = {"counts": counts, "refusals": [vars(refusal) for refusal in refusals]}
        Path(FOLDER, f"{os.getpid()}.json").write_text(json.dumps(data), "utf-8")


def collected(folder: Path) -> tuple[Counter[str], list[Refusal]]:
    """What all processes have counted."""
    total: Counter[str] = Counter()
    said: list[Refusal] = []
    for path in folder.glob("*.json"):
        data = json.loads(path.read_text("utf-8"))
        total.update(data["counts"])
        said += [Refusal(**item) for item in data["refusals"]]
    return total, said
