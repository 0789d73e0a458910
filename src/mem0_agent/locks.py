"""Our own lock, one run at a time, and the lock folders that clients take on their files."""

from __future__ import annotations

import importlib
import json
import os
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mem0_agent.disk import POSIX, explained, io, make_folders, real, remove_folders
from mem0_agent.model import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mem0_agent.model import Change, Dirs

PATIENCE = 30.0
"""Seconds to wait for another run of ours."""

STALE = 10.0
"""Seconds after which a client's untouched lock folder belongs to nobody."""

RECENT = 2.0
"""Seconds between announcing a client lock and making it, at most."""

PAUSE = 0.02
OPEN = os.O_RDWR | os.O_CREAT | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"))


Pause: TypeAlias = Callable[[], None]


def nap() -> None:
    time.sleep(PAUSE)


@dataclass
class Note:
    """What the lock file says: who holds it, which folders were made for it, when which client lock was made.

    It outlives a killed run, so that the next one can clear away what was that run's.
    """

    pid: int = 0
    folders: list[str] = field(default_factory=list)
    locks: dict[str, float] = field(default_factory=dict)


class OwnLock:
    """Our lock, held; ``note`` is what stands in it, ``taken`` the client locks of this run with their inodes."""

    def __init__(self, path: Path, descriptor: int, folders: tuple[Path, ...]) -> None:
        self.path, self.descriptor = path, descriptor
        self.taken: dict[Path, int] = {}
        self.note = noted(descriptor)
        self.length = 0
        self.note.pid = os.getpid()
        self.adopt(folders)

    @property
    def folders(self) -> tuple[Path, ...]:
        return tuple(folder for text in self.note.folders if (folder := Path(text)).is_absolute())

    def adopt(self, folders: tuple[Path, ...]) -> None:
        """Note folders made for our state, outermost first: they go with the last receipt."""
        self.note.folders = list(dict.fromkeys([*map(str, folders), *self.note.folders]))
        self.save()

    def save(self) -> None:
        """Write the note, if that can be: it helps the next run, the lock holds without it."""
        text = json.dumps(vars(self.note)).encode().ljust(self.length)  # never shorter: one write replaces all
        with suppress(OSError):
            io(os.lseek, self.descriptor, 0, os.SEEK_SET)
            self.length = io(os.write, self.descriptor, text)

    def announce(self, lock: Path) -> None:
        """Note that the client lock ``lock`` is about to be made: a run killed right after that has made it."""
        self.note.locks[str(lock)] = time.time()
        self.save()

    def withdraw(self, lock: Path) -> None:
        """Note that ``lock`` is not ours."""
        self.taken.pop(lock, None)
        if self.note.locks.pop(str(lock), None) is not None:
            self.save()

    def left_behind(self, lock: Path, made: float) -> bool:
        """Whether a killed run of ours made ``lock`` at the time ``made``; a living holder would have touched it."""
        announced = self.note.locks.get(str(lock))
        return announced is not None and lock not in self.taken and abs(made - announced) < RECENT


def noted(descriptor: int) -> Note:
    """Return what the last holder left in the lock file; nothing where it ended well or wrote nonsense."""
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        data = json.loads(io(os.read, descriptor, 1 << 16))
        folders = [str(folder) for folder in data["folders"]]
        return Note(int(data["pid"]), folders, {str(path): float(made) for path, made in data["locks"].items()})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Note()


@contextmanager
def own_lock(dirs: Dirs, patience: float = PATIENCE, pause: Pause = nap) -> Iterator[OwnLock]:
    """Hold ``<state>/lock``; wait up to ``patience`` seconds, then raise UserError ``busy`` naming the holder.

    ``pause`` is called between two tries, and may raise to end the wait.
    """
    path = dirs.state / "lock"
    with explained(path, "config.unwritable", "locked"):
        folders = make_folders(path)
        descriptor = acquired(path, time.monotonic() + patience, pause)
    lock = OwnLock(path, descriptor, folders)
    try:
        yield lock
    finally:
        with suppress(OSError):
            io(os.unlink, path)  # while it is ours: whoever waits for this file sees that it is gone
        with suppress(OSError):
            io(os.close, descriptor)
        if not (dirs.state / "receipt.json").exists():
            remove_folders(lock.folders)


def acquired(path: Path, deadline: float, pause: Pause) -> int:
    """A descriptor of the lock file at ``path``, locked."""
    while True:
        descriptor = io(os.open, path, OPEN, 0o600)
        try:
            if locked(descriptor) and same_file(descriptor, path):
                return descriptor
            busy = time.monotonic() > deadline
            holder = noted(descriptor).pid if busy else 0
        except BaseException:
            io(os.close, descriptor)
            raise
        io(os.close, descriptor)
        if busy:
            raise UserError(
                "busy",
                f"Another run of mem0-agent (process {holder or 'unknown'}) holds {path}",
                hint="Wait until it has ended, then run the command again.",
                path=path,
            )
        pause()


def locked(descriptor: int) -> bool:
    """Whether the lock could be taken at once."""
    try:
        (flock if POSIX else windows_lock)(descriptor)
    except BlockingIOError:
        return False
    except PermissionError:
        if POSIX:
            raise
        return False
    return True


def flock(descriptor: int) -> None:
    import fcntl

    io(fcntl.flock, descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def windows_lock(descriptor: int) -> None:
    msvcrt: Any = importlib.import_module("msvcrt")
    os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # far behind the note: a locked byte cannot be read by others
    msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    os.lseek(descriptor, 0, os.SEEK_SET)


def same_file(descriptor: int, path: Path) -> bool:
    """Whether the file that was locked is the one that others will find."""
    try:
        return os.path.samestat(io(os.fstat, descriptor), io(os.stat, path))
    except FileNotFoundError:
        return False


# Clients' locks


def client_lock(change: Change) -> Path | None:
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
    """Remove the client locks that a killed run of ours left behind."""
    for lock in [Path(text) for text in own.note.locks]:
        broken(lock, own)
        own.withdraw(lock)


def release(lock: Path, own: OwnLock) -> None:
    """Remove the lock folder, if it still is the one that we made."""
    with suppress(OSError):
        if io(os.lstat, lock).st_ino == own.taken.get(lock):
            io(os.rmdir, lock)
    own.withdraw(lock)


@contextmanager
def client_locks(
    changes: Sequence[Change], own: OwnLock, patience: float = STALE, pause: Pause = nap
) -> Iterator[None]:
    """Hold every lock that the owners of the files in ``changes`` take, as far as they can be had."""
    taken: list[Path] = []
    try:
        for lock in sorted({lock for change in changes if (lock := client_lock(change))}):
            if take(lock, own, patience, pause):
                taken.append(lock)
        yield
    finally:
        for lock in reversed(taken):
            release(lock, own)
