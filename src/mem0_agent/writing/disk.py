"""The seam to the operating system: every operation on a file or folder, and its errors in words."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from mem0_agent.model import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

P = ParamSpec("P")
T = TypeVar("T")

POSIX = os.name == "posix"
HINTS = {
    errno.EACCES: "Check who owns it and its permissions.",
    errno.EPERM: "Check who owns it, its permissions, and whether it is locked against changes.",
    errno.EROFS: "The file system is read-only.",
    errno.ENOSPC: "Free some space on that disk and run the command again.",
    errno.EDQUOT: "Your quota on that disk is used up.",
    errno.ELOOP: "It is a link that leads back to itself: remove the link or point it to a file.",
    errno.ENOTDIR: "A part of its path is a file where a folder should be.",
}


def plain(call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any operation
    """Do it: what ``Io.perform`` is unless a test has put something else there."""
    return call(*args, **kwargs)


class Io:
    """Every operation on the file system, one call each: the seam at which any of them can be made to fail.

    ``perform(call, *args, **kwargs)`` gets the function of ``os`` and its arguments; it may count, raise,
    write less than asked, or end the process before or after the real call.
    """

    def __init__(self) -> None:
        self.perform: Callable[..., Any] = plain

    def __call__(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = self.perform(call, *args, **kwargs)
        return result


io = Io()


@contextmanager
def explained(path: Path, code: str, verb: str) -> Iterator[None]:
    """Turn the system's errors about ``path`` into a UserError ``code``: ``path`` cannot be ``verb``."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        hint = HINTS.get(error.errno or 0, "Look at the file and its folder, then run the command again.")
        raise UserError(code, f"{path} cannot be {verb}: {reason}", hint=hint, path=path) from error
    except ValueError as error:  # a NUL in the path, a surrogate
        raise UserError(code, f"{str(path)!r} cannot be {verb}: {error}", hint="Use another path.") from error


def there(path: Path) -> bool:
    """Whether something stands at ``path``; also where the disk will not tell, so that nobody takes it for gone."""
    try:
        io(os.lstat, path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def real(path: Path) -> Path:
    """``path`` with every link followed, the last parts of it as they are where nothing is there yet. Raises OSError.

    A disk that will not tell what is a link is an error: a link taken for a file would be written over.
    """
    try:
        return Path(io(os.path.realpath, path, strict=True))
    except FileNotFoundError:
        place = real(path.parent) / path.name
    try:
        return real(place.parent / io(os.readlink, place))
    except OSError as error:
        if error.errno not in {errno.ENOENT, errno.EINVAL}:  # there is none by now, or one that is no link
            raise
    return place


def missing_folders(path: Path) -> tuple[Path, ...]:
    """Return the folders that must be made before ``path`` can exist, outermost first. Raises OSError."""
    missing: list[Path] = []
    for folder in path.parents:
        try:
            io(os.lstat, folder)
            break
        except (FileNotFoundError, NotADirectoryError):
            missing.append(folder)
    return tuple(reversed(missing))


def make_folders(path: Path) -> tuple[Path, ...]:
    """Make what ``missing_folders(path)`` names, for this user alone (0700); on failure none of it stays."""
    made: list[Path] = []
    try:
        for folder in missing_folders(path):
            with suppress(FileExistsError):  # somebody else was quicker: then it is not ours
                io(os.mkdir, folder, 0o700)
                made.append(folder)
    except BaseException:
        remove_folders(made)
        raise
    return tuple(made)


def remove_folders(folders: Iterable[Path]) -> None:
    """Remove those of ``folders`` (outermost first) that are empty."""
    for folder in reversed(tuple(folders)):
        with suppress(OSError):
            io(os.rmdir, folder)


def remove_compiled(source: Path) -> None:
    """Remove what Python has compiled of the module ``source``, which is gone, and their folder if it is empty."""
    cache = source.parent / "__pycache__"
    with suppress(OSError):
        for name in io(os.listdir, cache):
            if name.startswith(f"{source.stem}.") and name.endswith(".pyc"):
                io(os.unlink, cache / name)
    remove_folders([cache])


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` outlast a power cut, where the system can."""
    if not POSIX:
        return
    descriptor = io(os.open, folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        io(os.fsync, descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:  # some file systems cannot
            raise
    finally:
        io(os.close, descriptor)
