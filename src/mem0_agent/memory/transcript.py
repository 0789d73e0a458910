"""What was said in a session: the JSON lines that Claude Code and Codex write, read from behind."""

from __future__ import annotations

import json
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Record = dict[str, Any]

TAIL = 2_000_000
"""Bytes of a session file that are read at most; one line may hold 100 kB of a system prompt."""
WRAPPED = (
    "<command-", "<local-command-", "<bash-", "<task-notification", "<system-reminder", "<hook_", "<skill", "<ide_",
    "<environment_context", "<user_instructions", "<INSTRUCTIONS", "<turn_aborted", "<user_shell_command",
    "<subagent_notification", "# AGENTS.md instructions", "Caveat: The messages below",
    "[Request interrupted", "Stop hook feedback",
)  # fmt: skip
"""How texts begin that stand in the user's place and are not the user's words."""
EDITORS = frozenset({"Write", "Edit", "MultiEdit", "NotebookEdit"})
"""Claude Code's tools that change a file."""
STORING = ("add_memory", "update_memory")
"""How the names of the tools end that store something on purpose."""


class Transcript:
    """``turns`` are (role, text) in order, role ``user`` or ``assistant``; ``files`` are paths, once each.

    ``edits`` counts changes of files; ``stored`` says whether the agent stored a memory by itself; ``end`` is
    the offset behind the last whole line read.
    """

    __slots__ = ("edits", "end", "files", "stored", "turns")

    def __init__(self, end: int = 0) -> None:
        self.turns: list[tuple[str, str]] = []
        self.files: list[str] = []
        self.edits, self.stored, self.end = 0, False, end

    def say(self, role: str, text: str) -> None:
        text = text.strip()
        if text and not (role == "user" and text.startswith(WRAPPED)) and self.turns[-1:] != [(role, text)]:
            self.turns.append((role, text))

    def touch(self, path: object) -> None:
        self.edits += 1
        if isinstance(path, str) and path and path not in self.files:
            self.files.append(path)


def read(path: str, client: str, start: int = 0, limit: int = TAIL) -> Transcript:
    """Read the session file from byte ``start`` on, or its last ``limit`` bytes if more were written since.

    Lines that are broken, unknown or not finished yet are passed over. OSError where it is no readable file.
    """
    data, end = tail(path, start, limit)
    transcript = Transcript(end)
    take = codex if client == "codex" else claude
    take(transcript, data)
    return transcript


def tail(path: str, start: int, limit: int) -> tuple[list[bytes], int]:
    """Answer the whole lines of a regular file behind ``start``, bounded, and the offset behind the last."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    with os.fdopen(handle, "rb") as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode):
            raise OSError(f"{path} is not a regular file")
        size = state.st_size
        begin = start if 0 < start <= size else 0
        cut = size - begin > limit
        begin = size - limit if cut else begin
        file.seek(begin)
        data = file.read(limit)
    whole = data.rfind(b"\n") + 1
    lines = data[:whole].split(b"\n")
    return lines[1:] if cut else lines, begin + whole


def records(lines: list[bytes], *marks: bytes) -> Iterator[Record]:
    """Answer the objects on lines that hold one of ``marks``: parsing them all costs ten times as much."""
    for line in lines:
        if not any(mark in line for mark in marks):
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            yield record


def claude(transcript: Transcript, lines: list[bytes]) -> None:
    """Claude Code's lines: one per message, beside much that is the client's own bookkeeping."""
    for record in records(lines, b'"type":"user"', b'"type":"assistant"', b'"type": "user"', b'"type": "assistant"'):
        role, message = record.get("type"), record.get("message")
        if role not in {"user", "assistant"} or not isinstance(message, dict):
            continue
        if record.get("isMeta") or record.get("isCompactSummary") or record.get("isSidechain"):
            continue
        for block in blocks(message.get("content")):
            if block.get("type") == "text":
                transcript.say(role, without_reminders(text_of(block)))
            elif block.get("type") == "tool_use":
                used(transcript, block)


def used(transcript: Transcript, block: Record) -> None:
    """One call of a tool by Claude Code."""
    name, given = str(block.get("name")), block.get("input")
    if name in EDITORS and isinstance(given, dict):
        transcript.touch(given.get("file_path") or given.get("notebook_path"))
    elif name.endswith(STORING):
        transcript.stored = True


def codex(transcript: Transcript, lines: list[bytes]) -> None:
    """Codex's lines: what was shown (event_msg), or, where that lacks, what was sent (response_item)."""
    sent = Transcript()
    for record in records(lines, b'"event_msg"', b'"response_item"'):
        payload = record.get("payload")
        if not isinstance(payload, dict):
            continue
        if record.get("type") == "event_msg":
            shown(transcript, payload)
        elif payload.get("type") == "message" and payload.get("role") in {"user", "assistant"}:
            sent.say(payload["role"], "\n".join(text_of(block) for block in blocks(payload.get("content"))))
        elif str(payload.get("name")).endswith(STORING):
            transcript.stored = True
    if not transcript.turns:
        transcript.turns = sent.turns


def shown(transcript: Transcript, payload: Record) -> None:
    """One event of Codex, in today's form (item_completed) or that of releases before it."""
    kind = payload.get("type")
    item = payload.get("item") if kind == "item_completed" else None
    if isinstance(item, dict):
        done(transcript, item)
    elif kind in {"user_message", "agent_message"}:
        role = "user" if kind == "user_message" else "assistant"
        transcript.say(role, str(payload.get("message") or ""))
    elif kind == "patch_apply_end" and payload.get("success") is not False:
        changed(transcript, payload.get("changes"))


def done(transcript: Transcript, item: Record) -> None:
    """One finished item of Codex."""
    kind = item.get("type")
    if kind in {"UserMessage", "AgentMessage"}:
        role = "user" if kind == "UserMessage" else "assistant"
        transcript.say(role, "\n".join(text_of(block) for block in blocks(item.get("content"))))
    elif kind == "FileChange" and item.get("status") != "failed":
        changed(transcript, item.get("changes"))
    elif str(item.get("tool")).endswith(STORING):
        transcript.stored = True


def changed(transcript: Transcript, changes: object) -> None:
    for path in changes if isinstance(changes, dict) else ():
        transcript.touch(path)


def blocks(content: object) -> list[Record]:
    """Answer a message's content as blocks, whether it was a string, a list or neither."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def text_of(block: Record) -> str:
    text = block.get("text")
    return text if isinstance(text, str) else ""


def without_reminders(text: str) -> str:
    """``text`` less the reminders that Claude Code puts into messages."""
    opening, closing = "<system-reminder>", "</system-reminder>"
    kept, end = [], 0
    while (start := text.find(opening, end)) >= 0:
        kept.append(text[end:start])
        close = text.find(closing, start)
        if close < 0:
            return "".join(kept)
        end = close + len(closing)
    return "".join([*kept, text[end:]]) if kept else text
