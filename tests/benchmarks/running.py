"""Programs to be measured, and the runs of them: side by side, round after round, each in a process of its own."""

from __future__ import annotations

import marshal
import os
import select
import shutil
import signal
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

SCRIPT = Path(__file__).with_name("spawner.py")
TIMEOUT_S = 120.0
ALONE = (
    "unshare",
    "-Urnmpf",
    "--kill-child",
    "--mount-proc",
    "sh",
    "-c",
    'mount -t tmpfs tmp /tmp && exec "$@"',
    "sh",
)
"""A network, a process table and a /tmp of its own, where this machine allows that."""


class BrokenError(Exception):
    """Something that was to be measured did not work. The message says what, and what it printed."""


@dataclass(frozen=True)
class Program:
    """``argv`` (absolute), its whole environment, where it runs, and what it reads."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    stdin: bytes = b""


@dataclass(frozen=True)
class Run:
    """One run: seconds and bytes. ``background`` is the CPU of what the program left behind when it ended."""

    wall: float
    cpu: float
    background: float
    memory: int
    status: int
    out: str = ""
    err: str = ""


@dataclass
class Case:
    """A row of a table. ``prepare`` makes the program of one round, not timed; ``ended`` looks at what came of it."""

    label: str
    prepare: Callable[[int], Program]
    ended: Callable[[Run], None] | None = None
    runs: list[Run] = field(default_factory=list)


class Spawner:
    """The process that starts and times programs; ``folder`` takes their input and output."""

    def __init__(self, python: Path, folder: Path, prefix: Sequence[str] = ()) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.process = subprocess.Popen(
            [*prefix, str(python), "-I", "-S", str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with suppress(BrokenPipeError):
                    pipe.close()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def run(self, program: Program) -> Run:
        """Run a program to its end. Raises BrokenError where that does not come in time."""
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise BrokenError("the measuring process has no pipes")
        names = {name: self.folder / name for name in ("stdin", "stdout", "stderr")}
        names["stdin"].write_bytes(program.stdin)
        job = {"argv": list(program.argv), "env": dict(program.env), "cwd": str(program.cwd)}
        try:
            marshal.dump({**job, **{name: str(path) for name, path in names.items()}}, stdin)
            stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise BrokenError("the measuring process has ended") from error
        if not select.select([stdout], [], [], TIMEOUT_S)[0]:
            self.kill()
            raise BrokenError(f"{program.argv[0]} did not end within {TIMEOUT_S:.0f} s")
        try:
            told = marshal.load(stdout)
        except EOFError as error:
            raise BrokenError("the measuring process has ended") from error
        if problem := told.pop("problem"):
            raise BrokenError(f"{program.argv[0]} could not be started: {problem}")
        out, err = (names[name].read_text("utf-8", "replace") for name in ("stdout", "stderr"))
        return Run(**told, out=out, err=err)


def failed(what: str, run: Run) -> BrokenError:
    """The error for a program that ended badly, with its last words."""
    words = (run.err.strip() or run.out.strip()).splitlines()[-4:]
    return BrokenError("\n".join([f"{what}: exit status {run.status}", *words]))


def alone() -> tuple[str, ...]:
    """``ALONE`` where it works here, else nothing."""
    if not shutil.which("unshare"):
        return ()
    done = subprocess.run([*ALONE, "true"], capture_output=True, timeout=30)
    return ALONE if done.returncode == 0 else ()


def side_by_side(spawner: Spawner, cases: Sequence[Case], rounds: int) -> None:
    """Run each case once a round, in turn, ``rounds`` times after one round that does not count."""
    for number in range(-1, rounds):
        for case in cases:
            run = spawner.run(case.prepare(number))
            if run.status != 0:
                raise failed(case.label, run)
            if case.ended:
                case.ended(run)
            if number >= 0:
                case.runs.append(run)


def walls(case: Case) -> list[float]:
    return [run.wall for run in case.runs]


def ratio(values: Sequence[float], others: Sequence[float]) -> float:
    """How many times as much, by the median of the rounds: each value beside the one of its own round."""
    return statistics.median(mine / theirs for mine, theirs in zip(values, others, strict=True))
