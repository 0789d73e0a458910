"""Every fault at every operation, every race fifty times, every hostile place, input by the thousand: ``python -m tests.faults [STRIDE] [ROUNDS]``.

Prints counts; ends with 1 where one that must be 0 is not.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.faults import races, shim
from tests.faults.clients import beside_clients

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


def seam(folder: Path, stride: str) -> int:
    """A fault at every operation of a transaction, injected at our own seam."""
    print("At our own seam (points, faults found):", flush=True)
    bad = 0
    for operation in OPERATIONS:
        for mode in MODES:
            words = [
                sys.executable,
                "-m",
                "tests.crash",
                str(folder / f"{operation}-{mode}"),
                operation,
                mode,
                stride,
            ]
            done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
            told = done.stdout.strip().splitlines()
            bad += not told or not told[-1].endswith(" 0 faults")
            print(f"  {operation}, {mode}: " + "\n    ".join(told[-1:] + told[:-1]) + done.stderr, flush=True)
    return bad


def outside(folder: Path, stride: str) -> int:
    """The real commands, hurt from outside."""
    if sys.platform != "linux" or not shim.compiler():
        print("From outside: skipped, this machine has no C compiler or is no Linux", flush=True)
        return 0
    env = {**os.environ, "LD_PRELOAD": str(shim.built(folder))}
    print("From outside, on the real commands:", flush=True)
    every = [sys.executable, "-m", "tests.faults.outside", str(folder / "box"), stride, "files"]
    wing = [sys.executable, "-m", "tests.faults.outside", str(folder / "wing"), str(int(stride) * 41), "wing"]
    return sum(subprocess.run(words, cwd=ROOT, env=env).returncode != 0 for words in (every, wing))


def hostile() -> int:
    """File systems and surroundings that will not have it, one after the other."""
    print("Hostile places:", flush=True)
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "tests/faults/test_hostile.py",
        "tests/faults/test_security.py",
    ]
    env = {**os.environ, "MEM0_AGENT_TIMES": "1"}
    return int(subprocess.run(words, cwd=ROOT, env=env).returncode != 0)


def fuzzed() -> int:
    """Three thousand inputs for the server and the hook."""
    print("Input that nobody expects:", flush=True)
    words = [sys.executable, "-m", "pytest", "-q", "tests/faults/test_fuzz.py"]
    env = {**os.environ, "MEM0_AGENT_EXAMPLES": "3000"}
    return int(subprocess.run(words, cwd=ROOT, env=env).returncode != 0)


def together(folder: Path, rounds: int) -> int:
    """Many at once; lost entries and updates of others count against us where those others lock."""
    print("Races:", flush=True)
    bad = 0
    for name in races.RACES:
        toll = races.run(name, folder / "race", rounds)
        print(f"  {toll.line()}", *dict.fromkeys(toll.stories), sep="\n    ", flush=True)
        bad += name in LOCKING and toll.entries_lost + toll.updates_lost > 0
    for line in beside_clients(folder / "clients", max(1, rounds // 5)):
        print(f"  {line}", flush=True)
    return bad


def main(stride: str = "1", rounds: str = "50") -> None:
    home = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=home) as scratch:
        folder = Path(scratch)
        bad = seam(folder, stride) + outside(folder, stride) + together(folder, int(rounds)) + hostile() + fuzzed()
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
