"""Hooks: what every prompt and every session pays, beside a bare interpreter and the vendor's own scripts."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.benchmarks import data, text, upstream
from tests.benchmarks.machine import Home, Machine
from tests.benchmarks.running import BrokenError, Case, Program, Run, Spawner, ratio, side_by_side, walls

SHORT = "go on"
CHECKOUT = "MEM0_UPSTREAM"
SESSIONS = itertools.count(1)


def section(machine: Machine, filled: Path, isolation: tuple[str, ...], *, quick: bool) -> None:
    """``filled`` is a memory of 10,000. ``isolation`` starts a namespace in which no network is."""
    rounds = 5 if quick else 20
    given = os.environ.get(CHECKOUT)
    with Spawner(machine.python, machine.root / "hooks", isolation) as spawner:
        home = machine.install(spawner, machine.home("hooks"))
        shutil.copy(filled, home.database)
        project = data.repository(home.root / "service", 7)
        silent: dict[str, int] = {}
        cases = [Case("python3 -I -c pass", lambda _: machine.bare()), *ours(machine, home, project, silent)]
        theirs = upstream.cases(machine, Path(given), project) if given and isolation else []
        side_by_side(spawner, [*cases, *theirs], rounds)
    show(cases, theirs, silent, rounds)
    if given and not theirs:
        text.note(f"{CHECKOUT} is set, but `unshare` gives no namespace here: not run with a network.")


def ours(machine: Machine, home: Home, project: Path, silent: dict[str, int]) -> list[Case]:
    def event(name: str, **fields: str) -> Callable[[int], Program]:
        return lambda number: replace(
            machine.installed(home, "hook", "claude-code"),
            cwd=project,
            stdin=payload(project, name, number, **fields),
        )

    def launched(number: int) -> Program:
        direct = searched(number)
        return replace(direct, argv=(str(home.launcher), "hook", "claude-code"))

    def speaks(label: str) -> Callable[[Run], None]:
        """Count the runs without an answer: on a busy machine the hook gives up in time."""

        def count(run: Run) -> None:
            silent[label] = silent.get(label, 0) + ("additionalContext" not in run.out)

        return count

    def quiet(run: Run) -> None:
        if run.out:
            raise BrokenError(f"a prompt of {len(SHORT)} characters was answered: {run.out}")

    searched = event("UserPromptSubmit", prompt=data.PROMPT)
    names = ("prompt, search in 10,000", "prompt, search, by launcher", "session start")
    return [
        Case("prompt, skipped", event("UserPromptSubmit", prompt=SHORT), quiet),
        Case(names[0], searched, speaks(names[0])),
        Case(names[1], launched, speaks(names[1])),
        Case(names[2], event("SessionStart", source="startup"), speaks(names[2])),
    ]


def payload(project: Path, name: str, number: int, **fields: str) -> bytes:
    """One event as Claude Code sends it, of a session of its own: what one has seen is not shown to it again."""
    session = f"00000000-0000-4000-8000-{next(SESSIONS):012}"
    common = {"session_id": session, "transcript_path": str(project / "none.jsonl"), "cwd": str(project)}
    return json.dumps({**common, "hook_event_name": name, "permission_mode": "default", **fields}).encode()


def show(cases: list[Case], theirs: list[Case], silent: dict[str, int], rounds: int) -> None:
    text.heading(
        "4. Hooks",
        f"Rounds: {rounds}. Local memory of 10,000, no network. Milliseconds and MB of the whole process; `later` is",
        "the CPU of what it leaves to the background. Aim: 2x a bare interpreter for a skipped prompt, 3x with a",
        "search, a tenth of the vendor's scripts.",
    )
    bare = cases[0]
    rows = [row(case, bare) for case in (*cases, *theirs)]
    text.table(["", "wall", "min", "cpu", "later", "peak MB", "x bare", "x cpu"], rows)
    for case, other in zip((cases[1], cases[2], cases[4]), theirs, strict=False):
        share = ratio(walls(other), walls(case))
        text.note(f"{case.label}: the vendor's takes {text.times(share)} as long.")
    for label, count in silent.items():
        if count:
            text.note(f"{label}: {count} of {rounds + 1} runs stayed silent to keep within their budget.")
        if count > rounds:
            raise BrokenError(f"{label}: never answered")


def row(case: Case, bare: Case) -> list[str]:
    spent = [run.cpu for run in case.runs]
    return [
        case.label, text.middle(walls(case)), text.least(walls(case)), text.middle(spent),
        text.middle([run.background for run in case.runs]),
        text.mega(statistics.median(run.memory for run in case.runs)),
        text.times(ratio(walls(case), walls(bare))), text.times(ratio(spent, [run.cpu for run in bare.runs])),
    ]  # fmt: skip
