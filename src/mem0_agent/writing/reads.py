"""Reads that cannot be trapped: at once, of regular files of reasonable size, or refused in words."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from mem0_agent.model import UserError
from mem0_agent.writing.disk import explained, io

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMIT = 64 * 1024 * 1024
PIECE = 1 << 16
READ = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY", "O_NOINHERIT")
)


class Source(NamedTuple):
    """A file that is open for reading, and how many bytes it had then."""

    descriptor: int
    size: int


def refusal(path: Path, what: str, hint: str) -> UserError:
    return UserError("config.unreadable", f"{path} cannot be read: {what}", hint=hint, path=path)


def read(path: Path) -> bytes | None:
    """Return the bytes of a regular file (links to one are followed), None where there is none.

    Raises UserError ``config.unreadable`` at once, and never blocks, for a folder, pipe, socket, device, a
    dangling or looping link, a file that may not be read, and one of more than ``LIMIT`` bytes.
    """
    with opened(path) as source:
        return None if source is None else b"".join(pieces(path, source, source.size + 1))


def holds(path: Path, expected: bytes | None) -> bool:
    """Whether ``read`` would return ``expected``, told without holding the file in memory. Raises like ``read``."""
    with opened(path) as source:
        if source is None or expected is None:
            return source is None and expected is None
        at = 0
        for piece in pieces(path, source, PIECE):
            if expected[at : at + len(piece)] != piece:
                return False
            at += len(piece)
        return at == len(expected)


@contextmanager
def opened(path: Path) -> Iterator[Source | None]:
    """Open what ``read`` reads; None where there is no file."""
    with explained(path, "config.unreadable", "read"):
        descriptor = None
        try:
            regular(path, io(os.stat, path))  # first: opening a device may already do something
            descriptor = io(os.open, path, READ)
        except FileNotFoundError:
            refuse_dangling(path)
        if descriptor is None:
            yield None
            return
        try:
            status = io(os.fstat, descriptor)
            regular(path, status)
            yield Source(descriptor, status.st_size)
        finally:
            io(os.close, descriptor)


def regular(path: Path, status: os.stat_result) -> None:
    """Refuse what is not a regular file of reasonable size."""
    kind = stat.S_IFMT(status.st_mode)
    names = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
    if kind != stat.S_IFREG:
        what = f"it is {names.get(kind, 'a device')}"
        raise refusal(path, what, "Move it away; a regular file belongs there.")
    if status.st_size > LIMIT:
        raise too_big(path)


def too_big(path: Path) -> UserError:
    return refusal(path, f"it is larger than {LIMIT >> 20} MB", "That is not a configuration file.")


def refuse_dangling(path: Path) -> None:
    """Nothing is there: a plain absence is fine, a link to nowhere at it or above it is not."""
    for place in (path, *path.parents):
        try:
            status = io(os.lstat, place)
        except (FileNotFoundError, NotADirectoryError):
            continue
        if stat.S_ISLNK(status.st_mode) and not io(os.path.exists, place):
            hint = f"Remove the link, or make what it points to: {io(os.readlink, place)}"
            raise refusal(path, f"{place} is a link to something that does not exist", hint)
        return


def pieces(path: Path, source: Source, length: int) -> Iterator[bytes]:
    """Read to the end, ``length`` bytes at a time."""
    size = 0
    while piece := io(os.read, source.descriptor, length):
        size += len(piece)
        if size > LIMIT:
            raise too_big(path)
        yield piece
