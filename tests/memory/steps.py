"""What tests of the local memory do over and over."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from mem0_agent.memory.local import LocalMemory

ALICE = {"user_id": "alice"}
NOBODY = "00000000-0000-4000-8000-000000000000"


def add(memory: LocalMemory, text: str, scope: dict[str, str] | None = None, **more: Any) -> str:
    reply = memory.add([{"role": "user", "content": text}], scope or ALICE, more.pop("metadata", None), **more)
    return str(reply["results"][0]["id"])


def found(memory: LocalMemory, query: str, filters: dict[str, Any] | None = None, **more: Any) -> list[str]:
    return [hit["memory"] for hit in memory.search(query, filters or ALICE, **more)["results"]]


def path(memory: LocalMemory) -> Path:
    return Path(memory.store.path)


def sound(file: Path) -> None:
    """The file and its index are whole."""
    connection = sqlite3.connect(file)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.execute("INSERT INTO found (found, rank) VALUES ('integrity-check', 1)")
    connection.close()
