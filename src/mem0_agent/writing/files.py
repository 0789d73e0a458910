"""Writes that are all or nothing; and the reads of ``reads``, for everybody who does both."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from mem0_agent.model import UserError
from mem0_agent.writing.disk import POSIX, explained, io, make_folders, real, remove_folders, sync_folder
from mem0_agent.writing.reads import LIMIT, holds, read

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LIMIT", "holds", "read"]

TEMPORARY = ".mem0-agent.tmp"
"""One fixed name, used under our lock: a killed run leaves at most this, and the next one clears it away."""

CREATE = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT"))
)


@dataclass(frozen=True, slots=True)
class Manner:
    """Permission bits for a new file, with ``exact`` for an existing one as well; whether it outlasts a power cut."""

    bits: int
    exact: bool = False
    durable: bool = True


class Moved(UserError):  # noqa: N818 - the name that callers know
    """The file is no longer what was read; plan again from what it is now."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            "config.moved",
            f"{path} was changed by another program in the meantime",
            hint="Run the command again; the other program's change has been left as it is.",
            path=path,
        )


def inside(path: Path, root: Path) -> bool:
    """Whether ``path`` stays within ``root`` once every link in both, in parents too, is followed."""
    with explained(path, "config.unreadable", "read"):
        return real(path).is_relative_to(real(root))


def write_atomic(
    path: Path,
    data: bytes,
    *,
    expect: bytes | None,
    mode: int = 0o600,
    exact: bool = False,
    durable: bool = True,
) -> tuple[Path, ...]:
    """Put ``data`` at ``path`` by rename, and answer the folders made for it, outermost first.

    A link is followed and stays; owner and mode of an existing file stay, unless ``exact`` demands ``mode``;
    a new file gets ``mode`` whatever the umask. Raises ``Moved`` unless the file holds ``expect`` (None: does not
    exist) right before the rename, and UserError ``config.unwritable``; after any of them the old bytes are in
    place and no temporary file is left. Unless ``durable`` a power cut may leave it torn.
    """
    with explained(path, "config.unwritable", "written"):
        target = real(path)
        unmoved(path, target, expect)
        made = make_folders(target)
        try:
            put_in_place(path, target, data, expect, Manner(mode, exact, durable))
        except BaseException:
            remove_folders(made)
            raise
    return made


def delete(path: Path, expect: bytes) -> None:
    """Delete the file at ``path``, which must hold ``expect`` and be no link."""
    with explained(path, "config.unwritable", "deleted"):
        if stat.S_ISLNK(io(os.lstat, path).st_mode):
            hint = "It was a file when it was written. Remove the link and what it points to by hand."
            raise UserError("config.unwritable", f"{path} has become a link", hint=hint, path=path)
        unmoved(path, path, expect)
        io(os.unlink, path)
        sync_folder(path.parent)


def clear(path: Path) -> None:
    """Remove what a killed run may have left beside ``path``; under our lock only."""
    with suppress(OSError):
        io(os.unlink, real(path).parent / TEMPORARY)


def unmoved(path: Path, target: Path, expect: bytes | None) -> None:
    if not holds(path, expect) or (target != path and real(path) != target):
        raise Moved(path)


def put_in_place(path: Path, target: Path, data: bytes, expect: bytes | None, manner: Manner) -> None:
    temporary = target.parent / TEMPORARY
    with suppress(FileNotFoundError):
        io(os.unlink, temporary)
    original = status(target)
    refuse_hard_links(path, original)
    try:
        fill(temporary, data, original, manner)
        unmoved(path, target, expect)
        io(os.replace, temporary, target)
    except BaseException:
        with suppress(OSError):
            io(os.unlink, temporary)
        raise
    if manner.durable:
        sync_folder(target.parent)


def status(path: Path) -> os.stat_result | None:
    try:
        return io(os.stat, path)
    except FileNotFoundError:
        return None


def refuse_hard_links(path: Path, original: os.stat_result | None) -> None:
    """Refuse what a rename would split: the other names of the file would keep the old text, unseen."""
    if POSIX and original is not None and original.st_nlink > 1:
        raise UserError(
            "config.hard-linked",
            f"{path} has {original.st_nlink} names (hard links); writing it would separate them",
            hint=f"cp -p {quote(str(path))} {quote(f'{path}.new')} && mv {quote(f'{path}.new')} {quote(str(path))}",
            path=path,
        )


def fill(temporary: Path, data: bytes, original: os.stat_result | None, manner: Manner) -> None:
    descriptor = io(os.open, temporary, CREATE, 0o600)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[io(os.write, descriptor, rest) :]
        if POSIX:
            kept = manner.bits if manner.exact or original is None else stat.S_IMODE(original.st_mode)
            if original is not None:
                kept = owned(temporary, descriptor, original, kept)
            io(os.fchmod, descriptor, kept)
        if manner.durable:
            io(os.fsync, descriptor)
    finally:
        io(os.close, descriptor)


def owned(temporary: Path, descriptor: int, original: os.stat_result, mode: int) -> int:
    """Hand the file to the owner of ``original``; return the mode, less the group's part where that was lost."""
    ours = io(os.fstat, descriptor)
    if (ours.st_uid, ours.st_gid) == (original.st_uid, original.st_gid):
        return mode
    try:
        io(os.fchown, descriptor, original.st_uid, original.st_gid)
    except PermissionError:
        if ours.st_uid != original.st_uid:
            hint = f"It belongs to user {original.st_uid}: run the command as that user."
            place = temporary.parent
            what = f"A file in {place} would change its owner"
            raise UserError("config.unwritable", what, hint=hint, path=place) from None
        return mode & ~0o070
    return mode
