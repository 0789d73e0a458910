"""The file of the local memory: absent until the first write, shared with other processes."""
# pathlib takes longer to import than this wing may take to start
# ruff: noqa: PTH102, PTH112, PTH116, PTH120

from __future__ import annotations

import os
import sqlite3

from mem0_agent.memory import schema
from mem0_agent.memory.protocol import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType


class Store:
    """Connections to the file at ``path``; not to be used from two threads at once."""

    __slots__ = ("connection", "identity", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self.connection: sqlite3.Connection | None = None
        self.identity: tuple[int, int] | None = None

    def reading(self) -> Use:
        """Lend a connection for reading: to the file, or to an empty stand-in while there is no file."""
        return Use(self, writes=False)

    def writing(self) -> Use:
        """Lend a connection inside a transaction that commits at the end of the block, or leaves no trace."""
        return Use(self, writes=True)

    def ready(self, *, create: bool) -> sqlite3.Connection:
        """Connect to what stands at the path now, which may be another file than a moment ago."""
        identity = file_identity(self.path)
        if create and identity is None:
            touch(self.path)
            identity = file_identity(self.path)
        if self.connection is None or identity != self.identity:
            self.close()
            self.connection = schema.connect(self.path if identity else ":memory:")
            self.identity = identity
        return self.connection

    def settle(self) -> None:
        """Empty the log beside the file, which still holds what was deleted, if nobody else is at it just now."""
        with self.reading() as connection:
            connection.execute("PRAGMA busy_timeout = 0")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            connection.execute(f"PRAGMA busy_timeout = {schema.BUSY_MS}")

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Use:
    """One block of work on a Store. What SQLite or the file system object to leaves it as Refused."""

    __slots__ = ("connection", "store", "writes")

    def __init__(self, store: Store, *, writes: bool) -> None:
        self.store, self.writes = store, writes

    def __enter__(self) -> sqlite3.Connection:
        try:
            self.connection = self.store.ready(create=self.writes)
            if self.writes:
                self.connection.execute("BEGIN IMMEDIATE")
        except (OSError, sqlite3.Error) as error:
            raise explained(error, self.store.path) from error
        return self.connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        try:
            if self.writes and kind is None:
                self.connection.execute("COMMIT")
        except sqlite3.Error as failure:
            self.undo()
            raise explained(failure, self.store.path) from failure
        if kind is not None:
            self.undo()
        if isinstance(error, sqlite3.Error | OverflowError):
            raise explained(error, self.store.path) from error

    def undo(self) -> None:
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")


def touch(path: str) -> None:
    """Make the file, for its owner alone, before SQLite would make it for everybody.

    Never opens a file that is there: closing it would drop the locks that SQLite holds on it in this process.
    """
    folders(os.path.dirname(path))
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return


def folders(path: str) -> None:
    """Make a folder and those above it, each for its owner alone; makedirs does so for the last only."""
    if not path or os.path.isdir(path):
        return
    folders(os.path.dirname(path))
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        return


def file_identity(path: str) -> tuple[int, int] | None:
    """Answer device and inode of a file, None where there is none."""
    try:
        state = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return state.st_dev, state.st_ino


def explained(error: Exception, path: str) -> Refused:
    """Say for people why the memory cannot be used."""
    if isinstance(error, OSError):
        return Refused("memory_unwritable", f"{path} cannot be used: {error.strerror}.", 507)
    if isinstance(error, OverflowError):
        return Refused("invalid_value", "A number is out of range.", 400)
    if isinstance(error, sqlite3.Error) and schema.busy(error):
        return Refused("memory_busy", f"{path} was held by another process for too long. Try again.", 503)
    text = str(error)
    if "no such module" in text:
        return Refused("fts5_missing", "This Python's SQLite was built without FTS5.", 501)
    if any(word in text for word in ("full", "readonly", "unable to open", "disk I/O")):
        return Refused("memory_unwritable", f"{path} cannot be used: {text}.", 507)
    return Refused("memory_unreadable", f"{path} cannot be used: {text}.", 500)
