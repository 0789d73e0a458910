"""The lock folders that clients take on their files while they write."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mem0_agent.writing.disk import io, real
from mem0_agent.writing.locks import nap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mem0_agent.model import Change
    from mem0_agent.writing.locks import OwnLock, Pause

STALE = 10.0
"""Seconds after which a client's untouched lock folder belongs to nobody."""

TRIES = 2
"""How often a lock is released: what fails once may not fail again, and nobody else clears it away."""


def place(change: Change) -> Path | None:
    """Where the client takes its lock: beside the real file, for a client that follows the link first."""
    if change.lock is None or str(change.lock) != f"{change.path}.lock":
        return change.lock
    return Path(f"{real(change.path)}.lock")


def take(lock: Path, own: OwnLock, patience: float = STALE, pause: Pause = nap) -> bool:
    """Make the lock folder ``lock`` and note it as ours; False where it stays somebody else's or cannot be made.

    A fresh foreign lock is waited for, a stale one broken. The client itself goes on without it after a second, and
    so do we after ``patience`` seconds: the comparison right before the rename is what protects the file.
    """
    deadline = time.monotonic() + patience
    while io(os.path.lexists, lock) and not broken(lock, own):
        if time.monotonic() > deadline:
            return False
        pause()
    own.announce(lock)
    try:
        io(os.mkdir, lock, 0o700)
        own.taken[lock] = io(os.lstat, lock).st_ino
    except FileExistsError:  # somebody was quicker
        own.withdraw(lock)
        return time.monotonic() < deadline and take(lock, own, deadline - time.monotonic(), pause)
    except OSError:
        with suppress(OSError):
            io(os.rmdir, lock)
        own.withdraw(lock)
        return False
    return True


def broken(lock: Path, own: OwnLock) -> bool:
    """Whether ``lock`` was left behind, by a killed run of ours or by anybody for long, and is gone now."""
    try:
        made = io(os.lstat, lock).st_mtime
        if not own.left_behind(lock, made) and time.time() - made < STALE:
            return False
        io(os.rmdir, lock)
    except OSError:
        return False
    return True


def clear(own: OwnLock) -> None:
    """Remove the client locks that a killed run of ours left behind; one that will not go stays noted."""
    for lock in [Path(text) for text in own.note.locks]:
        if broken(lock, own) or not remains(lock, own):
            own.withdraw(lock)


def remains(lock: Path, own: OwnLock) -> bool:
    """Whether ``lock`` is the one that a killed run of ours made."""
    try:
        return own.left_behind(lock, io(os.lstat, lock).st_mtime)
    except OSError:
        return False


def release(lock: Path, own: OwnLock) -> None:
    """Remove the lock folder, if it still is the one that we made; its owner would wait for nobody.

    One that will not go stays noted as ours, for the next run.
    """
    for _ in range(TRIES):
        with suppress(OSError):
            if still_ours(lock, own):
                io(os.rmdir, lock)
            own.withdraw(lock)
            break


def still_ours(lock: Path, own: OwnLock) -> bool:
    try:
        return io(os.lstat, lock).st_ino == own.taken.get(lock)
    except FileNotFoundError:
        return False


@contextmanager
def held(changes: Sequence[Change], own: OwnLock, patience: float = STALE, pause: Pause = nap) -> Iterator[None]:
    """Hold every lock that the owners of the files in ``changes`` take, as far as they can be had."""
    taken: list[Path] = []
    try:
        for change in changes:
            with suppress(OSError):
                lock = place(change)
                if lock and lock not in taken and take(lock, own, patience, pause):
                    taken.append(lock)
        yield
    finally:
        for lock in reversed(taken):
            release(lock, own)
