"""Another program that keeps its own counters in the same file: ``python -m tests.faults.writer FILE lock|rename|in-place``.

Reads the file, adds a member, writes it back, until its standard input ends; then prints the names that it has added.
"""

from __future__ import annotations

import json
import select
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HASTE = 0.004
"""Seconds between reading and writing, and between two updates under the lock: no client is quicker."""

REST = 0.1
"""Seconds between two updates without a lock: more often nobody could ever write beside it."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """The client's own lock: a folder beside the file."""
    lock = Path(f"{path}.lock")
    while True:
        with suppress(FileExistsError):
            lock.mkdir()
            break
        time.sleep(HASTE)
    try:
        yield
    finally:
        lock.rmdir()


def update(path: Path, name: str, manner: str) -> None:
    document = json.loads(path.read_text("utf-8"))
    time.sleep(HASTE)
    document.setdefault("updates", {})[name] = True
    text = json.dumps(document, indent=2)
    if manner == "in-place":
        path.write_text(text, "utf-8")
        return
    fresh = path.with_name(f"{path.name}.writer")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)


def over(rest: float) -> bool:
    return bool(select.select([sys.stdin], [], [], rest)[0])


def main(path: Path, manner: str) -> None:
    done: list[str] = []
    print("ready", flush=True)
    while not over(HASTE if manner == "lock" else REST):
        name = f"u{len(done)}"
        if manner == "lock":
            with locked(path):
                update(path, name, manner)
        else:
            update(path, name, manner)
        done.append(name)
    print(json.dumps(done))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
