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
    """One file: reading it, installing into it, and both again with a clock inside the process."""

    file: Path
    reading: Case
    installing: Case
    read: list[float] = field(default_factory=list)
    edit: list[float] = field(default_factory=list)
    probes: list[Case] = field(default_factory=list)


def section(machine: Machine, spawner: Spawner, *, quick: bool) -> None:
    rounds = 1 if quick else 5
    folder = machine.root / "files"
    folder.mkdir()
    files = [
        of(machine, folder, client, suffix, entries)
        for client, suffix in (("claude-code", ".json"), ("codex", ".toml"))
        for entries in (1_000, 10_000)
    ]
    cases = [case for one in files for case in (one.reading, one.installing, *one.probes)]
    side_by_side(spawner, cases, rounds)
    text.heading(
        "5. Editing large files",
        f"Rounds: {rounds}. Install of one client, verified, into its file with 1,000 and 10,000 projects, beside a",
        "Python that reads and parses that file once and ends. Milliseconds and MB. `edit` is the edit alone, on a",
        "clock inside the process; its ratio is to parsing alone, on the same clock. Aim at 10,000: 2x.",
        "What an install takes apart from its file is in section 1.",
    )
    titles = ["", "read", "install", "min", "ratio", "MB", "MB", "edit", "ratio"]
    text.table(titles, [row(one) for one in files])
    for small, large in (files[:2], files[2:]):
        text.note(growth(small, large))


def of(machine: Machine, folder: Path, client: str, suffix: str, entries: int) -> Cases:
    content = data.claude_json(entries) if suffix == ".json" else data.config_toml(entries)
    path = folder / f"{entries}{suffix}"
    path.write_bytes(content)

    def install(_: int) -> Program:
        home = machine.home("editing")
        target = home.root / (".claude.json" if suffix == ".json" else ".codex/config.toml")
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(content)
        return machine.product(home, *INSTALL, *clients(client))

    name = f"{'.claude.json' if suffix == '.json' else 'config.toml'} {len(content) / 1e6:.1f} MB"
    reading = Case(name, lambda _: machine.isolated("-I", "-c", READ[suffix], str(path)))
    made = Cases(path, reading, Case(f"install into {name}", install, proved))
    made.probes = [probe(machine, made.read, "read", path), probe(machine, made.edit, "edit", path)]
    return made


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
    reading, installing = one.reading, one.installing
    return [
        reading.label, text.middle(walls(reading)), text.middle(walls(installing)), text.least(walls(installing)),
        text.times(ratio(walls(installing), walls(reading))), peak(reading), peak(installing),
        text.middle(one.edit[1:]), text.times(ratio(one.edit[1:], one.read[1:])),
    ]  # fmt: skip


def peak(case: Case) -> str:
    return f"{statistics.median(run.memory for run in case.runs) / 1e6:.0f}"


def growth(small: Cases, large: Cases) -> str:
    """How the cost follows the size: ten times the file."""

    def factor(values: Callable[[Cases], list[float]]) -> str:
        return text.times(statistics.median(values(large)) / statistics.median(values(small)))

    name = small.reading.label.split()[0]
    return (
        f"{name}, ten times the size: reading {factor(lambda one: walls(one.reading))}, "
        f"install {factor(lambda one: walls(one.installing))}, edit {factor(lambda one: one.edit[1:])}."
    )
