"""How long a program took, less what it stood in line for a processor: on a busy machine that is most of it."""

from __future__ import annotations

import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.machine import PATIENCE, Done, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OFTEN = 0.01
"""Seconds between two looks; what is waited after the last one is not seen."""


def timed(argv: list[str | Path], env: Mapping[str, str], cwd: Path) -> tuple[Done, float]:
    """A program to its end, and the seconds that it took, less those that it or a child stood in line."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as words:
        child = subprocess.Popen(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words)
        with Line(child.pid) as line:
            try:
                out, _ = child.communicate(timeout=PATIENCE)
            finally:
                child.kill()
        seconds = time.perf_counter() - started - line.seconds
        words.seek(0)
        return Done(child.returncode, text(out), text(words.read()), out), seconds


class Line:
    """Looks again and again how long a process and its children have stood in line; zero where nobody counts that."""

    def __init__(self, process: int) -> None:
        self.process = process
        self.waited: dict[int, int] = {}
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    @property
    def seconds(self) -> float:
        return sum(self.waited.values()) / 1e9

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def watch(self) -> None:
        while not self.over.wait(OFTEN):
            for process in family(self.process):
                told = read(f"/proc/{process}/schedstat").split()
                if len(told) == 3:
                    self.waited[process] = int(told[1])


def family(process: int) -> Iterator[int]:
    yield process
    for child in read(f"/proc/{process}/task/{process}/children").split():
        yield from family(int(child))


def read(name: str) -> str:
    try:
        return Path(name).read_text("utf-8")
    except OSError:  # it has ended, or this is no Linux
        return ""
