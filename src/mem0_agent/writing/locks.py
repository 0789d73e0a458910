"""Our own lock: one run at a time, and a note for the run after one that was killed."""

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

from mem0_agent.model import UserError
from mem0_agent.writing.disk import POSIX, explained, io, make_folders, remove_folders, there

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mem0_agent.model import Dirs

PATIENCE = 30.0
"""Seconds to wait for another run of ours."""

RECENT = 2.0
"""Seconds between announcing a client lock and making it, at most."""

PAUSE = 0.02
TRIES = 10
"""How often a folder for the lock is made anew that goes at once, with the run that made it."""

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
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Note()


@contextmanager
def own_lock(dirs: Dirs, patience: float = PATIENCE, pause: Pause = nap) -> Iterator[OwnLock]:
    """Hold ``<state>/lock``; wait up to ``patience`` seconds, then raise UserError ``busy`` naming the holder.

    ``pause`` is called between two tries, and may raise to end the wait. The file goes at the end, unless a client's
    lock that we made would not go: then it stays and names that.
    """
    path = dirs.state / "lock"
    folders: list[Path] = []
    with explained(path, "config.unwritable", "locked"):
        descriptor = acquired(path, time.monotonic() + patience, pause, folders)
    lock = OwnLock(path, descriptor, tuple(dict.fromkeys(folders)))
    try:
        yield lock
    finally:
        with suppress(OSError):
            if not lock.note.locks:
                io(os.unlink, path)  # while it is ours: whoever waits for this file sees that it is gone
        with suppress(OSError):
            io(os.close, descriptor)
        if not there(dirs.state / "receipt.json"):
            remove_folders(lock.folders)


def opened(path: Path, pause: Pause, folders: list[Path]) -> int:
    """Return a descriptor of the lock file; ``folders`` gets those made for it, which another run may remove again."""
    for _ in range(TRIES):
        with suppress(FileNotFoundError):
            folders.extend(make_folders(path))
            return io(os.open, path, OPEN, 0o600)
        pause()
    return io(os.open, path, OPEN, 0o600)


def acquired(path: Path, deadline: float, pause: Pause, folders: list[Path]) -> int:
    """Return a descriptor of the lock file at ``path``, locked; trouble that comes but once is lived through."""
    troubles = 0
    while True:
        descriptor = opened(path, pause, folders)
        try:
            if locked(descriptor) and same_file(descriptor, path):
                return descriptor
            busy = time.monotonic() > deadline
            holder = noted(descriptor).pid if busy else 0
        except OSError:
            io(os.close, descriptor)
            troubles += 1
            if troubles > 1:
                raise
            continue
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
