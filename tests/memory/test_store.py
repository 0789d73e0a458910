from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest
from tests.memory.steps import ALICE, add, found, path, sound

from mem0_agent.memory import schema
from mem0_agent.memory.local import LocalMemory
from mem0_agent.memory.protocol import Refused


def test_reading_leaves_no_trace(memory: LocalMemory, tmp_path: Path) -> None:
    assert memory.entities()["count"] == 0
    assert memory.search("x", ALICE) == {"results": []}
    assert memory.memories(ALICE)["count"] == 0
    assert memory.events()["count"] == 0
    assert memory.delete_all(ALICE)["deleted"] == 0
    assert list(tmp_path.iterdir()) == []


def test_the_first_write_makes_a_private_file(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        memory = LocalMemory(str(tmp_path / "a" / "b" / "memory.db"), "alice")
        add(memory, "x")
        modes = {
            str(one.relative_to(tmp_path)): stat.S_IMODE(one.stat().st_mode) for one in sorted(tmp_path.rglob("*"))
        }
        memory.close()
    finally:
        os.umask(previous)
    wal = {"a/b/memory.db-shm": 0o600, "a/b/memory.db-wal": 0o600}
    assert modes == {"a": 0o700, "a/b": 0o700, "a/b/memory.db": 0o600, **wal}


def test_a_file_made_meanwhile_is_seen(memory: LocalMemory) -> None:
    assert memory.memories(ALICE)["count"] == 0
    other = LocalMemory(str(path(memory)), "alice")
    add(other, "from another process")
    assert found(memory, "process") == ["from another process"]
    add(memory, "from this one")
    assert other.memories(ALICE)["count"] == 2
    other.close()


def test_a_file_that_was_replaced_or_removed_is_seen(memory: LocalMemory) -> None:
    add(memory, "old file")
    memory.store.close()
    for part in path(memory).parent.iterdir():
        part.unlink()
    assert memory.memories(ALICE)["count"] == 0
    add(memory, "new file")
    assert [one["memory"] for one in memory.memories(ALICE)["results"]] == ["new file"]


def test_a_file_removed_under_an_open_memory_takes_nothing_with_it(memory: LocalMemory) -> None:
    add(memory, "old file")
    for part in path(memory).parent.iterdir():
        part.unlink()
    add(memory, "new file")
    reader = LocalMemory(str(path(memory)), "alice")
    assert [one["memory"] for one in reader.memories(ALICE)["results"]] == ["new file"]
    reader.close()


def test_a_newer_file_is_refused_and_left_alone(memory: LocalMemory) -> None:
    add(memory, "x")
    memory.close()
    connection = sqlite3.connect(path(memory))
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    before = path(memory).read_bytes()
    for ask in (memory.entities, lambda: add(memory, "y")):
        with pytest.raises(Refused) as caught:
            ask()
        assert caught.value.code == "memory_newer"
        assert "Upgrade" in caught.value.detail
    assert path(memory).read_bytes() == before


def test_an_older_file_is_brought_up_to_date(memory: LocalMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    add(memory, "from the past")
    memory.close()
    more = (
        *schema.MIGRATIONS,
        ("ALTER TABLE memories ADD COLUMN mood TEXT", "UPDATE memories SET mood = 'good'"),
    )
    monkeypatch.setattr(schema, "MIGRATIONS", more)
    monkeypatch.setattr(schema, "VERSION", len(more))
    assert found(memory, "past") == ["from the past"]
    with memory.store.reading() as connection:
        assert connection.execute("SELECT mood FROM memories").fetchall() == [("good",)]
        assert schema.version(connection) == len(more)


def test_a_file_of_the_first_version_is_brought_up_to_date(
    memory: LocalMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = {**ALICE, "app_id": "shop"}
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        patch.setattr(schema, "VERSION", 1)
        one = add(memory, "auth uses sessionCookies", scope, metadata={"type": "decision"})
        other = add(memory, "auth uses nothing", {**ALICE, "app_id": "site"})
        memory.close()

    narrow = {"AND": [ALICE, {"app_id": "shop"}, {"metadata": {"type": "decision"}}]}
    assert found(memory, "cookies", narrow) == ["auth uses sessionCookies"]
    assert found(memory, "auth", narrow) == ["auth uses sessionCookies"]
    memory.update(one, "auth uses tokens")
    memory.delete(other)
    assert found(memory, "cookies auth nothing") == ["auth uses tokens"]
    memory.close()
    sound(path(memory))


@pytest.mark.parametrize("how", ["delete", "delete_all", "delete_entities"])
@pytest.mark.parametrize("closed", [True, False])
def test_no_word_of_what_was_deleted_stays_in_the_file(memory: LocalMemory, how: str, closed: bool) -> None:
    for number in range(300):
        add(memory, f"kept number{number}", {"user_id": "bob"})
    one = add(memory, "xylophone concerto", metadata={"note": "xylophone"})
    for number in range(300, 350):
        add(memory, f"kept number{number}", {"user_id": "bob"})
    assert traces(memory, b"xylophon")
    if how == "delete":
        memory.delete(one)
    else:
        getattr(memory, how)(ALICE)
    if closed:
        memory.close()
    assert traces(memory, b"xylophon") == []
    assert found(memory, "number7", {"user_id": "bob"})[0] == "kept number7"


def traces(memory: LocalMemory, word: bytes) -> list[str]:
    """The files of a memory that hold ``word``."""
    return [part.name for part in path(memory).parent.iterdir() if word in part.read_bytes()]


def test_a_log_that_somebody_reads_is_left_to_later(memory: LocalMemory) -> None:
    one = add(memory, "xylophone concerto")
    reader = sqlite3.connect(path(memory), isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM memories").fetchone()
    assert memory.delete(one)["message"]
    assert memory.memories(ALICE)["count"] == 0
    reader.execute("COMMIT")
    reader.close()
    assert memory.delete(add(memory, "another"))["message"]
    assert traces(memory, b"xylophon") == []


def test_a_large_index_is_not_written_anew(memory: LocalMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "PURGED_BLOCKS", 0)
    one = add(memory, "xylophone concerto")
    memory.delete(one)
    with memory.store.reading() as connection:
        assert connection.execute("SELECT count(DISTINCT segid) FROM found_idx").fetchone()[0] > 1


def test_a_migration_that_fails_changes_nothing(memory: LocalMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    add(memory, "kept")
    memory.close()
    more = (*schema.MIGRATIONS, ("ALTER TABLE memories ADD COLUMN mood TEXT", "DROP TABLE no_such_table"))
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", more)
        patch.setattr(schema, "VERSION", len(more))
        with pytest.raises(Refused):
            memory.entities()
    assert found(memory, "kept") == ["kept"]


def test_a_file_of_somebody_else_is_refused_and_left_alone(memory: LocalMemory) -> None:
    path(memory).parent.mkdir()
    path(memory).write_bytes(b"these are no tables" * 200)
    for ask in (memory.entities, lambda: add(memory, "y")):
        with pytest.raises(Refused) as caught:
            ask()
        assert caught.value.code == "memory_unreadable"
    assert path(memory).read_bytes() == b"these are no tables" * 200


def test_a_place_that_takes_no_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    memory = LocalMemory(str(tmp_path / "file" / "memory.db"), "alice")
    assert memory.entities()["count"] == 0
    with pytest.raises(Refused) as caught:
        add(memory, "x")
    assert (caught.value.code, caught.value.status) == ("memory_unwritable", 507)


def test_a_full_disk_is_said_and_loses_nothing(memory: LocalMemory) -> None:
    add(memory, "before")
    with memory.store.reading() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Refused) as caught:
        add(memory, "x" * 90_000)
    assert (caught.value.code, caught.value.status) == ("memory_unwritable", 507)
    assert [one["memory"] for one in memory.memories(ALICE)["results"]] == ["before"]


def test_a_file_held_for_too_long_is_said(memory: LocalMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    add(memory, "x")
    memory.close()
    monkeypatch.setattr(schema, "BUSY_MS", 50)
    holder = sqlite3.connect(path(memory), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(Refused) as caught:
        add(memory, "y")
    assert (caught.value.code, caught.value.status) == ("memory_busy", 503)
    assert found(memory, "x") == ["x"]
    holder.execute("ROLLBACK")
    holder.close()
    add(memory, "y")
