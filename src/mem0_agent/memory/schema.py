"""The tables of the local memory, and how a file gets them while other processes are after the same."""

from __future__ import annotations

import sqlite3
import time

from mem0_agent.memory.protocol import Refused

BUSY_MS = 5000
PATIENCE_S = 5.0
PAUSE_S = 0.02
PURGED_BLOCKS = 5000
"""Blocks of the index, of 4 kB: those of some 200,000 memories."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE memories (
            seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
            user_id TEXT, agent_id TEXT, app_id TEXT, run_id TEXT,
            memory TEXT NOT NULL, words TEXT NOT NULL, checksum INTEGER NOT NULL,
            type TEXT, metadata TEXT NOT NULL,
            created_at TEXT NOT NULL, updated_at TEXT NOT NULL, expiration_date TEXT, expires_at TEXT
        )""",
        "CREATE INDEX memories_scope ON memories (user_id, app_id, created_at)",
        "CREATE INDEX memories_checksum ON memories (checksum)",
        """CREATE VIRTUAL TABLE found USING fts5 (
            memory, words, content = 'memories', content_rowid = 'seq',
            tokenize = 'porter unicode61 remove_diacritics 2'
        )""",
        """CREATE TRIGGER memories_added AFTER INSERT ON memories BEGIN
            INSERT INTO found (rowid, memory, words) VALUES (new.seq, new.memory, new.words);
        END""",
        """CREATE TRIGGER memories_gone AFTER DELETE ON memories BEGIN
            INSERT INTO found (found, rowid, memory, words) VALUES ('delete', old.seq, old.memory, old.words);
        END""",
        """CREATE TRIGGER memories_changed AFTER UPDATE OF memory, words ON memories BEGIN
            INSERT INTO found (found, rowid, memory, words) VALUES ('delete', old.seq, old.memory, old.words);
            INSERT INTO found (rowid, memory, words) VALUES (new.seq, new.memory, new.words);
        END""",
        """CREATE TABLE events (
            seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL,
            created_at TEXT NOT NULL, memory_ids TEXT NOT NULL
        )""",
    ),
    (
        "DROP TRIGGER memories_added",
        "DROP TRIGGER memories_gone",
        "DROP TRIGGER memories_changed",
        "DROP TABLE found",
        "DROP INDEX memories_scope",
        """ALTER TABLE memories ADD COLUMN place TEXT GENERATED ALWAYS AS (
            'app0x' || hex(app_id) || ' type0x' || hex(type)
        ) VIRTUAL""",
        "CREATE INDEX memories_newest ON memories (user_id, created_at, app_id, type, expires_at)",
        "CREATE INDEX memories_scope ON memories (user_id, app_id, created_at, type, expires_at)",
        """CREATE VIRTUAL TABLE found USING fts5 (
            memory, words, place, content = 'memories', content_rowid = 'seq',
            tokenize = 'porter unicode61 remove_diacritics 2'
        )""",
        "INSERT INTO found (found) VALUES ('rebuild')",
        """CREATE TRIGGER memories_added AFTER INSERT ON memories BEGIN
            INSERT INTO found (rowid, memory, words, place) VALUES (new.seq, new.memory, new.words, new.place);
        END""",
        """CREATE TRIGGER memories_gone AFTER DELETE ON memories BEGIN
            INSERT INTO found (found, rowid, memory, words, place)
            VALUES ('delete', old.seq, old.memory, old.words, old.place);
        END""",
        """CREATE TRIGGER memories_changed AFTER UPDATE OF memory, words, app_id, type ON memories
        WHEN old.memory <> new.memory OR old.words <> new.words OR old.place <> new.place BEGIN
            INSERT INTO found (found, rowid, memory, words, place)
            VALUES ('delete', old.seq, old.memory, old.words, old.place);
            INSERT INTO found (rowid, memory, words, place) VALUES (new.seq, new.memory, new.words, new.place);
        END""",
    ),
)
"""Each entry takes a file from the version of its index to the next.

``place`` holds a memory's app and type as words of the index (see ``place.py``), in hexadecimal so that the
tokenizer divides none. They weigh nothing in the ranking, but count in the length of a memory: hence no more.
"""

VERSION = len(MIGRATIONS)


def connect(path: str) -> sqlite3.Connection:
    """Open a file (or ``:memory:``) in autocommit and give it our tables.

    Raises sqlite3.Error for what SQLite refuses, Refused for a file of a newer version.
    """
    connection = sqlite3.connect(
        path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False, cached_statements=64
    )
    try:
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def prepare(connection: sqlite3.Connection) -> None:
    """Bring the tables up to date. The switch to WAL ignores the busy timeout, hence the patience here."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            migrate(connection)
        except sqlite3.OperationalError as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if not busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_S)
        else:
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA secure_delete = ON")
            return


def migrate(connection: sqlite3.Connection) -> None:
    if version(connection) == VERSION:
        return
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    for statements in MIGRATIONS[version(connection) :]:
        for statement in statements:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def purge(connection: sqlite3.Connection) -> None:
    """Write the index anew, for a word of what was deleted stays in it until SQLite happens to merge that part.

    An index of more than PURGED_BLOCKS (half a second) is left to that, and so are the former words of a memory
    whose text was changed: a session's state changes with every answer.
    """
    if connection.execute("SELECT count(*) FROM found_idx").fetchone()[0] <= PURGED_BLOCKS:
        connection.execute("INSERT INTO found (found) VALUES ('optimize')")


def version(connection: sqlite3.Connection) -> int:
    """Read the version of a file. Raises Refused for one that only a later release understands."""
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found > VERSION:
        raise Refused(
            "memory_newer",
            f"The memory file has version {found}; this release reads up to {VERSION}. Upgrade mem0-agent.",
            409,
        )
    return found


def busy(error: sqlite3.Error) -> bool:
    """Whether another process held the file; the message serves drivers that give no code."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (5, 6) or "locked" in str(error)
