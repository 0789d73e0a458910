"""What one session has said so far, as far as it is worth finding again."""

from __future__ import annotations

import os

from mem0_agent.memory import journal
from mem0_agent.memory.session import strings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LENGTH = 3000
"""Characters of a session's memory."""
SAID = 500
"""Characters of one thing the user said."""
OUTCOME = 600
SUMMARY = 1200
FILES = 15
REMEMBERED = 60
"""Things the user said that are kept to choose from."""
TELLING = (
    "we ", "we'", "i ", "always", "never", "don't", "do not", "must", "prefer", "decid", "because", "instead",
    "moved", "switch", "use ", "uses ", "using", "convention", "remember", "from now", "no longer", "is now",
    "are now",
)  # fmt: skip
"""Words of statements, which are worth more than the commands and questions beside them."""


class State:
    """``offset`` is how far the transcript was read.

    ``memory`` is the id of the session's memory, if it has one.
    """

    __slots__ = ("edits", "files", "memory", "offset", "outcome", "path", "said", "stored", "summary")

    def __init__(self, path: str) -> None:
        self.path = path
        found = journal.document(path)
        self.offset, self.edits = journal.whole(found.get("offset")), journal.whole(found.get("edits"))
        self.stored = found.get("stored") is True
        self.said, self.files = strings(found.get("said")), strings(found.get("files"))
        self.memory, self.outcome, self.summary = (
            value if isinstance(value := found.get(name), str) else "" for name in ("memory", "outcome", "summary")
        )

    def save(self) -> bool:
        value: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__ if name != "path"}
        return journal.save(self.path, value)

    def take(self, turns: list[tuple[str, str]], summary: str, cwd: str) -> None:
        """Add what was said, redacted already."""
        for role, text in turns:
            flat = " ".join(text.split())
            if role == "assistant":
                self.outcome = flat[:OUTCOME]
            elif flat[:SAID] not in self.said:
                self.said.append(flat[:SAID])
        if len(self.said) > REMEMBERED:
            self.said = [self.said[0], *self.said[1 - REMEMBERED :]]
        self.summary = summary[:SUMMARY] if summary else self.summary
        self.files = list(dict.fromkeys(shorter(path, cwd) for path in self.files))[-REMEMBERED:]

    def forget(self, turns: list[tuple[str, str]]) -> None:
        """Keep of all that was said only ``turns``."""
        self.said, self.summary, self.outcome, self.files, self.memory = [], "", "", [], ""
        self.take(turns, "", "")

    def touched(self, files: list[str]) -> None:
        self.files.extend(path for path in files if path not in self.files)

    def text(self) -> str:
        """Answer the memory: what the user said, outcome, summary and files, one a line, at most LENGTH."""
        closing = [f"Outcome: {self.outcome}"] if self.outcome else []
        closing += [f"Summary: {' '.join(self.summary.split())}"] if self.summary else []
        closing += [f"Files: {', '.join(self.files[-FILES:])}"[:OUTCOME]] if self.files else []
        room = LENGTH - sum(len(part) + 1 for part in closing)
        return "\n".join([*self.chosen(room), *closing]) if self.said or self.summary else ""

    def chosen(self, room: int) -> list[str]:
        """Answer what the user said, what fits: the first, then statements, then the rest, newest first."""
        order = sorted(range(len(self.said)), key=lambda at: (at > 0, not statement(self.said[at]), -at))
        kept: set[int] = set()
        for at in order:
            cost = len(self.said[at]) + 3
            if cost <= room:
                room -= cost
                kept.add(at)
        return [f"> {self.said[at]}" for at in sorted(kept)]


def statement(text: str) -> bool:
    lowered = text.lower()
    return any(word in lowered for word in TELLING)


def shorter(path: str, cwd: str) -> str:
    """``path`` as seen from ``cwd``, where it stands below it; one file is spelt one way."""
    plain, root = os.path.normpath(path), os.path.normpath(cwd).rstrip(os.sep) + os.sep
    return plain[len(root) :] if cwd and plain.startswith(root) else plain
