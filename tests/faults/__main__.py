"""Every fault at every operation, every race fifty times, every hostile place, input by the thousand.

``python -m tests.faults [STRIDE] [ROUNDS] [EXAMPLES]`` tries every STRIDE-th point, ROUNDS rounds, EXAMPLES inputs a test.
Prints what it finds and closes with a table; ends with 1 where something is in it that must not be.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from tests.faults import outside, races, shim, summary, tally
from tests.faults.clients import beside_clients
from tests.faults.races import Toll
from tests.faults.summary import Faults, Hostile

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
OPERATIONS = ("install", "upgrade", "uninstall")
MODES = (
    "kill-before",
    "kill-after",
    "once:EIO",
    "once:ENOSPC",
    "once:EACCES",
    "after:EIO",
    "on:ENOSPC",
    "short",
    "signal",
)
LOCKING = ("eight installs", "beside a locking writer")
WING = 41
"""Three dozen files that are all written in the same way: of their operations every so many-th is tried."""

LONG = {"EIO": 4, "kill before": 2, "kill after": 2}
"""Suites of so many points that several programs divide them."""


@dataclass(frozen=True)
class Task:
    """One program that tries points one after the other, and the row that its counts belong to."""

    row: str
    name: str
    words: tuple[str, ...]
    preload: str = ""

    def run(self) -> str:
        env = {**os.environ, **({"LD_PRELOAD": self.preload} if self.preload else {})}
        done = subprocess.run([sys.executable, "-m", *self.words], cwd=ROOT, env=env, capture_output=True, text=True)
        return done.stdout if not done.stderr else f"{done.stdout}\n{done.stderr}"


def seam(folder: Path, stride: str) -> Iterator[Task]:
    """A transaction, hurt at our own seam."""
    for operation in OPERATIONS:
        for mode in MODES:
            words = ("tests.crash", str(folder / f"{operation}-{mode}"), operation, mode, stride)
            yield Task("  at our own seam", f"seam: {operation}, {mode}", words)


def real(folder: Path, stride: str) -> Iterator[Task]:
    """The real commands, hurt from outside; the longest first."""
    if sys.platform != "linux" or not shim.compiler():
        print("From outside: skipped, this machine has no C compiler or is no Linux", flush=True)
        return
    library = str(shim.built(folder))
    for suite in sorted(outside.SUITES, key=lambda name: -LONG.get(name, 1)):
        for command in outside.COMMANDS:
            for shard in range(LONG.get(suite, 1)):
                name = f"{command}, {suite}"
                part = f"{stride}:{shard}/{LONG.get(suite, 1)}"
                words = ("tests.faults.outside", str(folder / f"{name}-{shard}"), part, "files", command, suite)
                yield Task(f"  {command}, from outside", f"{name}, {shard + 1}", words, library)
    for command in outside.COMMANDS:
        wing = (str(folder / f"{command}-wing"), str(int(stride) * WING), "wing", command)
        yield Task("  our own program's copy", f"{command}, our copy", ("tests.faults.outside", *wing), library)


def tried(folder: Path, stride: str) -> list[Faults]:
    """Every task, as many at once as there are processors."""
    tasks = [*real(folder, stride), *seam(folder, stride)]
    rows = {task.row: Faults(task.row) for task in tasks}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for task, told in zip(tasks, pool.map(Task.run, tasks), strict=True):
            one = Faults(task.name)
            one.add(told)
            print(f"  {task.name}: {one.points} points, {one.bad} faults", flush=True)
            if one.bad:
                print(told, flush=True)
            rows[task.row].add(told)
    return list(rows.values())


def together(folder: Path, rounds: int) -> list[Toll]:
    """Many at once, also beside the real clients."""
    tolls = []
    for name in races.RACES:
        tolls.append(races.run(name, folder / "race", rounds if name in LOCKING else max(1, rounds // 2)))
        print(f"  {tolls[-1].line()}", *dict.fromkeys(tolls[-1].stories), sep="\n    ", flush=True)
    for toll in beside_clients(folder / "clients", max(1, rounds // 5)):
        tolls.append(toll)
        print(f"  {toll.line()}", *dict.fromkeys(toll.stories), sep="\n    ", flush=True)
    return tolls


def tests(folder: Path, examples: str, *names: str) -> tuple[Hostile, Counter[str]]:
    """Tests of this folder, with what they have counted."""
    folder.mkdir()
    report = folder / "report.xml"
    words = ["pytest", "-q", "-n", "auto", f"--junitxml={report}", *(f"tests/faults/{name}.py" for name in names)]
    env = {**os.environ, "MEM0_AGENT_EXAMPLES": examples, "MEM0_AGENT_TALLY": str(folder)}
    code = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, env=env).returncode
    suite = ET.parse(report).find("testsuite") if report.exists() else None
    counts, refusals = tally.collected(folder)
    if suite is None:
        return Hostile(0, 1, 0, refusals), counts
    found = {name: int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")}
    failed = found["failures"] + found["errors"] or int(code != 0)
    return Hostile(found["tests"], failed, found["skipped"], refusals), counts


def main(stride: str = "1", rounds: str = "50", examples: str = "3000") -> None:
    home = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None
    started = time.monotonic()

    def heading(text: str) -> None:
        print(f"\n{text} (after {(time.monotonic() - started) / 60:.1f} minutes)", flush=True)

    with tempfile.TemporaryDirectory(dir=home) as scratch:
        folder = Path(scratch)
        heading("A fault at every operation")
        faults = tried(folder, stride)
        heading("Races")
        tolls = together(folder, int(rounds))
        heading("Hostile places")
        hostile, _ = tests(folder / "hostile", examples, "test_hostile", "test_security")
        heading("Input that nobody expects")
        fuzz, counts = tests(folder / "fuzz", examples, "test_fuzz")
    heading("The counts")
    lines = [
        *summary.faults_lines(faults),
        *summary.race_lines(tolls),
        *hostile.lines(),
        *summary.input_lines(counts, fuzz.failed),
    ]
    print(*lines, sep="\n", flush=True)
    lost = sum(toll.entries_lost + toll.updates_lost + toll.refused for toll in tolls if toll.name in LOCKING)
    bad = sum(part.bad for part in faults) + lost + hostile.failed + hostile.changed + counts["missing"] + fuzz.failed
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
