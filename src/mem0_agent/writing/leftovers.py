"""What is ours alone and no record names: caches, notes, emptied folders, the memory itself; swept at the very end."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from mem0_agent.writing import ledger
from mem0_agent.writing.disk import explained, io, remove_folders, there

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mem0_agent.model import Dirs
    from mem0_agent.writing.locks import OwnLock


T = TypeVar("T")


def standing(dirs: Dirs, *, purge: bool) -> tuple[Path, ...]:
    """What exists of our own and goes at the end of an uninstall; the memory itself only with ``purge``."""
    memory = (dirs.data / f"memory.db{tail}" for tail in ("", "-wal", "-shm"))
    places = (dirs.data / "bin", dirs.data / "runtime", dirs.config, dirs.state, *(memory if purge else ()))
    return tuple(place for place in places if there(place))


def sweep(dirs: Dirs, own: OwnLock, *, purge: bool) -> None:
    """Remove our own folders, then those that the lock notes as made by us, as far as they are empty by now.

    What knows the way goes last: the receipt, and, when it is let go, the lock. A run that ends in between is
    completed by the next one. Raises UserError ``config.unwritable`` naming what will not go.
    """
    for place in (*standing(dirs, purge=purge), *state(dirs)):
        if place != dirs.state:
            remove(place)
    remove_folders((*own.folders, dirs.data))
    own.adopt((*own.folders, dirs.state))
    remove(ledger.path(dirs))


def state(dirs: Dirs) -> list[Path]:
    """What is in our state folder, less what knows the way."""
    kept = {"lock", ledger.path(dirs).name}
    return [dirs.state / name for name in twice(dirs.state, os.listdir) if name not in kept]


def remove(place: Path) -> None:
    """Remove a file or a folder of ours."""
    if there(place):
        twice(place, remove_once)


def remove_once(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def twice(place: Path, call: Callable[[Path], T]) -> T:
    """Do it at the second try where the first fails: everything else is carried out, and only a rest would stay."""
    with suppress(OSError):
        return io(call, place)
    with explained(place, "config.unwritable", "removed"):
        return io(call, place)
