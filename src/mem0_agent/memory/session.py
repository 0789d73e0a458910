"""What the hooks of one session must know of each other: a small file, bounded, and gone after a while."""
# pathlib takes longer to import than this wing may take to start
# ruff: noqa: PTH118, PTH208

from __future__ import annotations

import os
import zlib

from mem0_agent.memory import journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SHOWN = 500
KEPT = 400
"""Files of sessions that are kept: two a session, the newest."""


class Session:
    """``shown`` are ids of memories that this session's model saw, ``tasks`` tasks it was reminded of.

    ``reminded`` says that it was asked to store what it learned. A subagent has a context, and a session,
    of its own.
    """

    __slots__ = ("path", "reminded", "shown", "tasks")

    def __init__(self, state_dir: str, client: str, session: str, agent: str = "") -> None:
        self.path = path(state_dir, client, f"{session}.{agent}" if agent else session)
        found = journal.document(self.path)
        self.shown: list[str] = strings(found.get("shown"))
        self.tasks: list[str] = strings(found.get("tasks"))
        self.reminded = found.get("reminded") is True

    def save(self) -> bool:
        """Answer False if the disk does not take it: then nothing must happen that may happen only once."""
        value: dict[str, Any] = {"shown": self.shown[-SHOWN:], "tasks": self.tasks[-SHOWN:]}
        return journal.save(self.path, {**value, "reminded": self.reminded})


def path(state_dir: str, client: str, session: str, suffix: str = "json") -> str:
    """Answer the file of a session, whose id is what the client says and so no part of a path as it is."""
    name = "".join(letter for letter in session if letter.isascii() and (letter.isalnum() or letter in "-."))[:100]
    if name != session or not name.strip("."):
        name = f"{name.strip('.')}-{zlib.crc32(session.encode('utf-8', 'replace')):08x}"
    return os.path.join(state_dir, "sessions", f"{client}-{name}.{suffix}")


def prune(state_dir: str, keep: int = KEPT) -> None:
    """Forget the sessions that were quiet for longest."""
    folder = os.path.join(state_dir, "sessions")
    try:
        names = os.listdir(folder)
        if len(names) <= keep:
            return
        by_age = sorted((os.path.join(folder, name) for name in names), key=os.path.getmtime)
    except OSError:
        return
    for old in by_age[: len(names) - keep // 2]:
        journal.discard(old)


def strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
