"""Install into files that have grown for years, beside Python reading and parsing the same file once."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks import data, text
from tests.benchmarks.machine import INSTALL, Machine, clients
from tests.benchmarks.running import BrokenError, Case, Program, Run, Spawner, ratio, side_by_side, walls

PROBE = Path(__file__).with_name("edit_probe.py")
READ = {
    ".json": "import json, sys; json.loads(open(sys.argv[1], 'rb').read())",
    ".toml": "import sys, tomllib; tomllib.load(open(sys.argv[1], 'rb'))",
}


@dataclass
class Cases:
    """One file: reading it, installing into it and into an empty one, and the first two with a clock inside."""

    reading: Case
    installing: Case
    empty: Case
    read: list[float] = field(default_factory=list)
    edit: list[float] = field(default_factory=list)
    probes: list[Case] = field(default_factory=list)


def section(machine: Machine, spawner: Spawner, *, quick: bool) -> None:
    rounds = 1 if quick else 5
    folder = machine.root / "files"
    folder.mkdir()
    files: list[Cases] = []
    cases: list[Case] = []
    for client, suffix, nothing in (("claude-code", ".json", b"{}\n"), ("codex", ".toml", b"")):
        empty = install(machine, client, suffix, nothing, f"install into an empty {suffix}")
        files += [of(machine, folder, client, suffix, entries, empty) for entries in (1_000, 10_000)]
        cases.append(empty)
    cases += [case for one in files for case in (one.reading, one.installing, *one.probes)]
    side_by_side(spawner, cases, rounds)
    text.heading(
        "5. Editing large files",
        f"Rounds: {rounds}. A Python that reads and parses a file once and ends, beside the install of one client,",
        "verified, into that file. Milliseconds and MB (peak), medians; each ratio is to reading, round by round.",
        "`install`: the whole process. `adds`: that less an install into an empty file in the same round, so what",
        "the file's size costs. `edit`: the edit alone, on a clock inside the process, to parsing on the same clock.",
        "The aim of 2x at 10,000 is for `adds`.",
    )
    titles = ["", "read", "install", "x", "adds", "x", "MB", "MB", "edit", "x"]
    text.table(titles, [row(one) for one in files])
    for small, large in (files[:2], files[2:]):
        text.note(growth(small, large))
    told = (f"{text.times(ratio(added(one, cpu), cpu(one.reading)))} for {one.reading.label}" for one in files[1::2])
    text.note(f"By CPU time, which a busy machine and a slow disk spoil less, `adds` is {' and '.join(told)}.")


def of(machine: Machine, folder: Path, client: str, suffix: str, entries: int, empty: Case) -> Cases:
    content = data.claude_json(entries) if suffix == ".json" else data.config_toml(entries)
    path = folder / f"{entries}{suffix}"
    path.write_bytes(content)
    name = f"{'.claude.json' if suffix == '.json' else 'config.toml'} {len(content) / 1e6:.1f} MB"
    reading = Case(name, lambda _: machine.isolated("-I", "-c", READ[suffix], str(path)))
    made = Cases(reading, install(machine, client, suffix, content, f"install into {name}"), empty)
    made.probes = [probe(machine, made.read, "read", path), probe(machine, made.edit, "edit", path)]
    return made


def install(machine: Machine, client: str, suffix: str, content: bytes, name: str) -> Case:
    """The install of ``client`` into a main file of ``content``."""

    def prepared(_: int) -> Program:
        home = machine.home("editing")
        target = home.root / (".claude.json" if suffix == ".json" else ".codex/config.toml")
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(content)
        return machine.product(home, *INSTALL, *clients(client))

    return Case(name, prepared, proved)


def proved(run: Run) -> None:
    if "list_entities answered" not in run.out:
        raise BrokenError(f"install proved nothing\n{run.out[-2000:]}")


def probe(machine: Machine, spent: list[float], task: str, path: Path) -> Case:
    """A case whose own clock is read into ``spent``; its first round does not count."""
    program = Program((sys.executable, "-I", str(PROBE), task, str(path)), {}, machine.root)

    def ended(run: Run) -> None:
        told = json.loads(run.out)
        if not told["ok"]:
            raise BrokenError(f"{task} of {path.name} did not do its work")
        spent.append(told["spent"])

    return Case(f"{task} {path.name}", lambda _: program, ended)


def row(one: Cases) -> list[str]:
    reading, installing = walls(one.reading), walls(one.installing)
    return [
        one.reading.label, text.middle(reading), text.middle(installing), text.times(ratio(installing, reading)),
        text.middle(added(one)), text.times(ratio(added(one), reading)), peak(one.reading), peak(one.installing),
        text.middle(one.edit[1:]), text.times(ratio(one.edit[1:], one.read[1:])),
    ]  # fmt: skip


def added(one: Cases, spent: Callable[[Case], list[float]] = walls) -> list[float]:
    """What the file's size costs in each round."""
    return [large - empty for large, empty in zip(spent(one.installing), spent(one.empty), strict=True)]


def cpu(case: Case) -> list[float]:
    return [run.cpu for run in case.runs]


def peak(case: Case) -> str:
    return f"{statistics.median(run.memory for run in case.runs) / 1e6:.0f}"


def growth(small: Cases, large: Cases) -> str:
    """How the cost follows the size: ten times the file."""

    def factor(values: Callable[[Cases], list[float]]) -> str:
        return text.times(statistics.median(values(large)) / statistics.median(values(small)))

    name = small.reading.label.split()[0]
    return (
        f"{name}, ten times the size: reading {factor(lambda one: walls(one.reading))}, "
        f"install {factor(lambda one: walls(one.installing))}, edit {factor(lambda one: one.edit[1:])}, "
        f"peak memory of install {factor(lambda one: [float(run.memory) for run in one.installing.runs])}."
    )
