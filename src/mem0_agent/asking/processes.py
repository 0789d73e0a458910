"""Which programs of this user run, by the paths of their files: two programs may have one name."""

from __future__ import annotations

import os
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PATIENCE = 10.0
WINDOWS = "Get-Process -ErrorAction SilentlyContinue | ForEach-Object { $_.Path }"


def running(platform: str, patterns: Sequence[str]) -> bool:
    """Whether a program whose path fits one of ``patterns`` runs. What the machine does not tell does not run."""
    return bool(patterns) and matching(paths(platform), patterns, fold=platform == "win32")


def matching(found: Iterable[str], patterns: Sequence[str], *, fold: bool = False) -> bool:
    """Whether one of the paths fits; with ``fold`` as Windows compares them, whichever slash is used."""
    if fold:
        found = (path.replace("\\", "/").lower() for path in found)
        patterns = [pattern.lower() for pattern in patterns]
    return any(fnmatchcase(path, pattern) for path in found for pattern in patterns)


def paths(platform: str) -> list[str]:
    if platform == "win32":
        return said("powershell", "-NoProfile", "-NonInteractive", "-Command", WINDOWS)
    if platform == "darwin":
        return said("/bin/ps", "-x", "-ww", "-o", "comm=")
    return [path for entry in Path("/proc").glob("[0-9]*") for path in one(entry)]


def one(entry: Path) -> list[str]:
    """The program of one process of ours, and the application that an interpreter was given as ``app.asar``."""
    try:
        if entry.stat().st_uid != os.getuid():
            return []
        words = (entry / "cmdline").read_bytes().split(b"\0")
        program = str((entry / "exe").readlink()).removesuffix(" (deleted)")
    except OSError:
        return []
    return [program, *(word for word in map(os.fsdecode, words) if word.endswith("/app.asar"))]


def said(*command: str) -> list[str]:
    try:
        done = subprocess.run(  # noqa: S603 - the system's own list of processes
            command, capture_output=True, text=True, errors="replace", timeout=PATIENCE,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]
