"""Many at once on the same files: how many entries and how many of other programs' updates are lost.

``python -m tests.faults.races FOLDER ROUNDS`` prints a table; ``tests/faults/test_races.py`` runs a few rounds of each.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.machine import PATIENCE, machine

if TYPE_CHECKING:
    from tests.machine import Machine

ROOT = Path(__file__).parents[2]
AT_ONCE = 8
BEFORE = {
    ".claude.json": '{"mcpServers": {"other": {"command": "x"}}}',
    ".codex/config.toml": 'model = "o4"\n',
}


@dataclass
class Toll:
    """What was lost in some rounds; ``refused`` are runs that ended with another exit code than 0."""

    name: str
    rounds: int = 0
    entries: int = 0
    entries_lost: int = 0
    updates: int = 0
    updates_lost: int = 0
    refused: int = 0
    stories: list[str] = field(default_factory=list)

    def line(self) -> str:
        lost = f"{self.entries_lost} of {self.entries} entries, {self.updates_lost} of {self.updates} updates lost"
        return f"{self.name:<32}{self.rounds:>4} rounds: {lost}; {self.refused} refused"


def fresh(root: Path) -> Machine:
    shutil.rmtree(root, ignore_errors=True)
    here = machine(root)
    for name, text in BEFORE.items():
        (here.home / name).parent.mkdir(exist_ok=True)
        (here.home / name).write_text(text, "utf-8")
    return here


CHOICES = (("claude-code",), ("codex",), ("claude-code", "codex"))


def installs(here: Machine, count: int) -> list[subprocess.Popen[bytes]]:
    """``count`` installs at once: for one client, for the other, for both, in turn."""
    clients = [[word for name in CHOICES[n % 3] for word in ("--client", name)] for n in range(count)]
    return [here.start("install", *words, "--yes", "--no-verify", "--json") for words in clients]


def ended(runs: Sequence[subprocess.Popen[bytes]], toll: Toll) -> set[str]:
    """The clients that a run has ended well for."""
    served: set[str] = set()
    for number, run in enumerate(runs):
        out, err = run.communicate(timeout=PATIENCE)
        if run.returncode == 0:
            served.update(CHOICES[number % 3])
            continue
        toll.refused += 1
        told = json.loads(out)["error"] if out else {}
        toll.stories.append(f"exit {run.returncode}: {told.get('code')} {told.get('message')} {err.decode()[-400:]}")
    return served


def held(here: Machine, served: set[str]) -> dict[str, bool]:
    """Which entries stand at the end: the server and hooks of each client that was served, and what others had."""
    claude: dict[str, Any] = json.loads(here.claude.read_bytes())
    codex: dict[str, Any] = tomllib.loads(here.codex.read_text("utf-8"))
    servers = claude.get("mcpServers", {})
    found = {"other server": "other" in servers, "other setting": codex.get("model") == "o4"}
    if "claude-code" in served:
        found |= {"claude": "mem0" in servers, "claude hooks": calls_us(here, ".claude/settings.json")}
    if "codex" in served:
        found |= {
            "codex": "mem0" in codex.get("mcp_servers", {}),
            "codex hooks": calls_us(here, ".codex/hooks.json"),
        }
    return found


def calls_us(here: Machine, name: str) -> bool:
    path = here.home / name
    return path.exists() and str(here.launcher) in path.read_text("utf-8")


def weigh(here: Machine, toll: Toll, served: set[str]) -> None:
    entries = held(here, served)
    toll.rounds += 1
    toll.entries += len(entries)
    lost = [name for name, stands in entries.items() if not stands]
    toll.entries_lost += len(lost)
    toll.stories += [f"lost: {lost}"] if lost else []
    litter = [path.name for path in here.home.rglob("*") if path.name.endswith((".tmp", ".lock"))]
    assert litter == [], litter


def alone(root: Path, toll: Toll) -> None:
    here = fresh(root)
    weigh(here, toll, ended(installs(here, AT_ONCE), toll))


def beside(manner: str) -> Callable[[Path, Toll], None]:
    """Installs at once beside a writer that keeps rewriting Claude Code's file in its own manner."""

    def race(root: Path, toll: Toll) -> None:
        here = fresh(root)
        words = [sys.executable, "-m", "tests.faults.writer", str(here.claude), manner]
        writer = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            served = ended(installs(here, AT_ONCE), toll)
            out, _ = writer.communicate(b"enough\n", timeout=PATIENCE)
        finally:
            with suppress(ProcessLookupError):
                writer.kill()
        assert writer.returncode == 0, out
        done = json.loads(out)
        kept = json.loads(here.claude.read_bytes()).get("updates", {})
        toll.updates += len(done)
        toll.updates_lost += len([name for name in done if name not in kept])
        weigh(here, toll, served)

    return race


RACES: dict[str, Callable[[Path, Toll], None]] = {
    "eight installs": alone,
    "beside a locking writer": beside("lock"),
    "beside a renaming writer": beside("rename"),
    "beside an in-place writer": beside("in-place"),
}


def run(name: str, root: Path, rounds: int) -> Toll:
    toll = Toll(name)
    for _ in range(rounds):
        RACES[name](root, toll)
    return toll


def main(folder: str, rounds: str, *names: str) -> None:
    for name in names or RACES:
        toll = run(name, Path(folder) / "race", int(rounds))
        print(toll.line(), *dict.fromkeys(toll.stories), sep="\n  ", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
