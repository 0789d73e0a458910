"""Ratios, measured side by side in one run: ``python -m tests.benchmarks [--quick]``.

Exits 1 only where something that was to be measured did not work; no time is right or wrong.
"""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import commands, editing, hooks, searching, serving, text
from tests.benchmarks.machine import Machine, machine
from tests.benchmarks.running import BrokenError, Spawner, alone


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and no memory of 100,000")
    quick = parser.parse_args().quick
    if not hasattr(os, "posix_spawn"):
        print("Nothing was measured: this needs a POSIX system.")
        return 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mem0-bench-", dir=place()) as scratch:
        broken = measured(Path(scratch).resolve(), quick=quick)
    closing(time.monotonic() - started)
    return 1 if broken else 0


def closing(seconds: float) -> None:
    load, cpus = os.getloadavg()[0], os.cpu_count() or 1
    print()
    text.note(f"{seconds:.0f} s in all, load {load:.1f} at the end.")
    if load > cpus + 1:  # one is this run
        text.note("Others were busy here meanwhile: look at ratios, minima and CPU rather than at wall times.")


def place() -> str | None:
    """Where files go: on Linux outside of /tmp, which the namespace of the hooks has for itself."""
    return "/var/tmp" if sys.platform == "linux" and os.access("/var/tmp", os.W_OK) else None


def measured(root: Path, *, quick: bool) -> list[str]:
    """Measure everything below ``root``; answer the titles of what did not work."""
    here, missing = machine(root)
    opening(here, missing)
    stores = searching.stores(here, quick=quick)
    ten_thousand = stores[1].path

    def measuring(section: Callable[[Spawner], None]) -> Callable[[], None]:
        def work() -> None:
            with Spawner(here.python, root / "runs") as spawner:
                section(spawner)

        return work

    sections: dict[str, Callable[[], None]] = {
        "Commands": measuring(lambda spawner: commands.section(here, spawner, quick=quick)),
        "Memory server": measuring(lambda spawner: serving.section(here, spawner, ten_thousand, quick=quick)),
        "Search": measuring(lambda spawner: searching.section(here, spawner, stores, quick=quick)),
        "Hooks": lambda: hooks.section(here, ten_thousand, alone(), quick=quick),
        "Editing": measuring(lambda spawner: editing.section(here, spawner, quick=quick)),
    }
    return [title for title, section in sections.items() if not works(title, section)]


def works(title: str, section: Callable[[], None]) -> bool:
    try:
        section()
    except (BrokenError, OSError, ValueError, subprocess.SubprocessError) as error:
        print()
        for line in f"{title}: did not work: {error}".splitlines():
            text.note(line)
        return False
    sys.stdout.flush()
    return True


def opening(here: Machine, missing: tuple[str, ...]) -> None:
    text.note(
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.system()}",
        f"{platform.machine()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}.",
        "The bare interpreter is the one under the virtual environment, with nothing installed in it.",
    )
    for name in {"claude", "codex"} & set(missing):
        text.note(f"{name} was not found: install goes on as for a client that is yet to come.")


if __name__ == "__main__":
    sys.exit(main())
