"""Search and add in memories of three sizes."""

from __future__ import annotations

import json
import random
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks import data, text
from tests.benchmarks.data import Note
from tests.benchmarks.machine import SOURCE, Machine
from tests.benchmarks.running import BrokenError, Program, Spawner, failed

PROBE = Path(__file__).with_name("search_probe.py")
QUESTIONS = 20
ADDITIONS = 20
AIM_MS = 5


@dataclass
class Store:
    """A memory file, and what was measured on it so far: seconds, bytes, and how many questions found their memory."""

    size: int
    path: Path
    notes: list[Note]
    bytes: int
    scoped: list[float] = field(default_factory=list)
    wide: list[float] = field(default_factory=list)
    add: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    found: int = 0


def stores(machine: Machine, *, quick: bool) -> list[Store]:
    """Memories of 1,000 and 10,000, and of 100,000 unless in a hurry."""
    folder = machine.root / "stores"
    folder.mkdir()
    return [filled(folder / f"{size}.db", size) for size in (1_000, 10_000, *(() if quick else (100_000,)))]


def filled(path: Path, size: int) -> Store:
    notes = data.store(path, size)
    return Store(size, path, notes, path.stat().st_size)


def section(machine: Machine, spawner: Spawner, stores: list[Store], *, quick: bool) -> None:
    rounds = 3 if quick else 6
    chance = random.Random(23)
    for number in range(rounds):
        for store in stores:
            measure(machine, spawner, store, chance, number)
    text.heading(
        "3. Search",
        f"Rounds: {rounds}, of {QUESTIONS} different questions each, in a process of its own per size and round.",
        f"Milliseconds; aim: p50 below {AIM_MS} at 10,000. Every question is asked within one of {data.PROJECTS}",
        "projects, and of all that the user has. Add stores one memory. Peak memory is that of the whole process.",
    )
    titles = ["memories", "p50", "p95", "wide p50", "p95", "add p50", "file MB", "peak MB"]
    text.table(titles, [row(store) for store in stores])
    text.note(*(f"{s.found} of {len(s.scoped)} questions found their memory among {s.size:,}." for s in stores))


def measure(machine: Machine, spawner: Spawner, store: Store, chance: random.Random, number: int) -> None:
    picked = chance.sample(store.notes, QUESTIONS)
    job = {
        "source": str(SOURCE), "database": str(store.path), "user": data.USER,
        "questions": [(data.question(note, chance), note.project, note.text) for note in picked],
        "additions": [f"In round {number}, {at}: {note.text}" for at, note in enumerate(picked[:ADDITIONS])],
    }  # fmt: skip
    program: Program = machine.isolated("-I", "-S", str(PROBE), stdin=json.dumps(job).encode())
    run = spawner.run(program)
    if run.status != 0:
        raise failed(f"search among {store.size}", run)
    told: dict[str, Any] = json.loads(run.out)
    if not told["found"]:
        raise BrokenError(f"search among {store.size} found none of {QUESTIONS} memories")
    store.scoped += told["scoped"]
    store.wide += told["wide"]
    store.add += told["add"]
    store.memory.append(run.memory)
    store.found += told["found"]


def row(store: Store) -> list[str]:
    spent = [cell for values in (store.scoped, store.wide) for cell in (text.middle(values), text.ms(late(values)))]
    sizes = [text.mega(store.bytes), text.mega(statistics.median(store.memory))]
    return [f"{store.size:,}", *spent, text.middle(store.add), *sizes]


def late(values: list[float]) -> float:
    """The value that 95 of 100 do not exceed."""
    return statistics.quantiles(values, n=20)[-1]
