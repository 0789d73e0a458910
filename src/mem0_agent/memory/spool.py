"""What a remote memory has not taken yet: one file an item, bounded, sent by a later hook, each once."""
# pathlib takes longer to import than this wing may take to start
# ruff: noqa: PTH103, PTH118, PTH120, PTH202, PTH208

from __future__ import annotations

import json
import os
import time

from mem0_agent.memory import journal, policy
from mem0_agent.memory.protocol import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from mem0_agent.memory.protocol import Json, Memory, Message, Scope
    from mem0_agent.memory.settings import Settings

ITEMS = 200
BYTES = 4_000_000
SENT = 1000
"""How many ids of items that were sent are remembered."""
HOPELESS = frozenset({400, 413, 422})
"""What the server says of an item that it will never take."""


def identifier(scope: Scope, messages: list[Message], metadata: Json) -> str:
    """Answer the id of an item: the same content in the same scope has the same one."""
    import hashlib

    return hashlib.sha256(json.dumps([scope, messages, metadata], sort_keys=True).encode()).hexdigest()[:32]


def put(settings: Settings, cwd: str, messages: list[Message], scope: Scope, metadata: Json) -> bool:
    """Queue one exchange for the present backend unless it waits or was sent; False if the disk is full."""
    item = identifier(scope, messages, metadata)
    folder = os.path.join(settings.state_dir, "spool")
    if item in sent(folder) or any(item in name for name in waiting(settings.state_dir)):
        return True
    value = {"id": item, "to": settings.api_url, "directory": cwd, "messages": messages, "scope": scope}
    kept = journal.save(os.path.join(folder, f"{time.time_ns():020d}-{item}.json"), {**value, "metadata": metadata})
    bound(folder)
    return kept


def waiting(state_dir: str) -> list[str]:
    """Answer the names of the files that wait, oldest first."""
    try:
        names = os.listdir(os.path.join(state_dir, "spool"))
    except OSError:
        return []
    return sorted(name for name in names if name.endswith(".json") and name[:20].isdigit())


def drain(settings: Settings, memory: Memory) -> None:
    """Send what waits, oldest first, until the server does not answer; one process at a time.

    Raises Refused with the server's refusal; what it refused for good is dropped, all else stays.
    """
    folder = os.path.join(settings.state_dir, "spool")
    with locked(os.path.join(folder, "lock")):
        for name in waiting(settings.state_dir):
            path = os.path.join(folder, name)
            item = journal.document(path)
            if item.get("to") == settings.api_url:
                send(settings, memory, item, folder)
                journal.discard(path)
            elif not item:
                journal.discard(path)


def send(settings: Settings, memory: Memory, item: dict[str, Any], folder: str) -> None:
    """Send one item unless it was sent, or its directory was excluded meanwhile.

    Raises Refused where it must stay.
    """
    if item["id"] in sent(folder) or not policy.captures(settings, str(item.get("directory"))):
        return
    try:
        memory.add(item["messages"], item["scope"], {**item["metadata"], "capture_id": item["id"]}, infer=True)
    except Refused as refusal:
        if refusal.status not in HOPELESS:
            raise
        journal.log(settings.state_dir, f"spool: dropped an item: {refusal}")
    else:
        journal.save(os.path.join(folder, "sent"), {"ids": [*sent(folder), item["id"]][-SENT:]})


def sent(folder: str) -> list[str]:
    ids = journal.document(os.path.join(folder, "sent")).get("ids")
    return ids if isinstance(ids, list) else []


def bound(folder: str) -> None:
    """Let the oldest go where there are too many, or too much."""
    names = waiting(os.path.dirname(folder))
    size = 0
    for count, name in enumerate(reversed(names), 1):
        path = os.path.join(folder, name)
        try:
            size += os.path.getsize(path)
        except OSError:
            continue
        if count > ITEMS or size > BYTES:
            journal.discard(path)


class locked:  # noqa: N801  used as a verb
    """Hold the lock file at ``path`` for a block; it is let go when the process ends, however it ends."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> None:
        os.makedirs(os.path.dirname(self.path), 0o700, exist_ok=True)
        self.handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            import fcntl
        except ImportError:  # Windows: two may send the same, which the item's id tells
            return
        fcntl.flock(self.handle, fcntl.LOCK_EX)

    def __exit__(self, *_error: object) -> None:
        os.close(self.handle)


def summary(state_dir: str) -> dict[str, Any]:
    """``{"items", "bytes", "oldest"}`` of what waits; ``oldest`` in seconds since 1970, or None."""
    names = waiting(state_dir)
    sizes = list(sizes_of(os.path.join(state_dir, "spool"), names))
    return {"items": len(names), "bytes": sum(sizes), "oldest": int(names[0][:20]) / 1e9 if names else None}


def sizes_of(folder: str, names: list[str]) -> Iterator[int]:
    for name in names:
        try:
            yield os.path.getsize(os.path.join(folder, name))
        except OSError:
            continue
