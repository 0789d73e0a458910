"""Commands as people type them: install of two clients with proof, beside an installer of one without."""

from __future__ import annotations

from tests.benchmarks import text
from tests.benchmarks.machine import ADD_MCP, CLIENTS, INSTALL, Machine, clients
from tests.benchmarks.running import BrokenError, Case, Program, Run, Spawner, ratio, side_by_side, walls


def section(machine: Machine, spawner: Spawner, *, quick: bool) -> None:
    rounds = 3 if quick else 15
    bare = Case("python3 -I -c pass", lambda _: machine.bare())
    version = Case("mem0-agent --version", lambda _: machine.product(machine.home("version"), "--version"))
    unproved = Case("install, two clients, --no-verify", lambda _: install(machine, "--no-verify"))
    proved = Case("install, two clients, verified", lambda _: install(machine), verified)
    cases = [bare, version, unproved, proved]
    other = None
    if (machine.bin / "add-mcp").exists() and (machine.bin / "node").exists():
        other = Case("add-mcp, one client, no verification", lambda _: add_mcp(machine))
        cases.insert(2, other)
    side_by_side(spawner, cases, rounds)
    text.heading(
        "1. Commands",
        f"Rounds: {rounds}, each command once a round, a fresh home each time. Milliseconds of the whole process;",
        "ratios are the median over the rounds, of wall time. Aim: install no longer than add-mcp.",
    )
    titles = ["", "median", "min", "cpu", "x bare", *(["x add-mcp"] if other else [])]
    text.table(titles, [row(case, [bare, *([other] if other else [])]) for case in cases])
    if not other:
        text.note("add-mcp or node was not found: .ci/clients DIR installs the former.")


def row(case: Case, yardsticks: list[Case]) -> list[str]:
    ratios = [text.times(ratio(walls(case), walls(yardstick))) for yardstick in yardsticks]
    spent = [run.cpu for run in case.runs]
    return [case.label, text.middle(walls(case)), text.least(walls(case)), text.middle(spent), *ratios]


def install(machine: Machine, *words: str) -> Program:
    return machine.product(machine.home("install"), *INSTALL, *clients(*CLIENTS), *words)


def add_mcp(machine: Machine) -> Program:
    home = machine.home("add-mcp")
    return Program((str(machine.bin / "add-mcp"), *ADD_MCP), machine.environment(home), home.root)


def verified(run: Run) -> None:
    """Both clients must have been proved: a fast install that proves nothing would be no install."""
    answers = run.out.count("list_entities answered")
    if answers < len(CLIENTS):
        raise BrokenError(f"install proved {answers} clients of {len(CLIENTS)}\n{run.out}")
