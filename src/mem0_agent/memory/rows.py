"""Rows of the local memory and the shapes that go in and out of them."""

from __future__ import annotations

import binascii
import json
import os

from mem0_agent.memory import clock, terms
from mem0_agent.memory.protocol import SCOPES, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from typing import Any

    from mem0_agent.memory.protocol import Json, Message, Scope

MAX_BYTES = 100_000
"""What one memory's text, and its metadata, may take in UTF-8."""

MAX_NAME = 1000
MAX_MESSAGES = 200
COLUMNS = (
    "m.id, m.memory, m.user_id, m.agent_id, m.app_id, m.run_id, m.metadata, "
    "m.created_at, m.updated_at, m.expiration_date"
)

INSERT = """
    INSERT INTO memories (id, user_id, agent_id, app_id, run_id, memory, words, checksum, type, metadata,
        created_at, updated_at, expiration_date, expires_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
TWIN = """
    SELECT id FROM memories
    WHERE checksum = ? AND memory = ? AND user_id IS ? AND agent_id IS ? AND app_id IS ? AND run_id IS ?
        AND (expires_at IS NULL OR expires_at > ?)
    LIMIT 1
"""


def shape(row: tuple[Any, ...]) -> Json:
    """Answer the memory in a row of COLUMNS, as the platform's REST API shows one."""
    metadata = json.loads(row[6])
    categories = metadata.get("categories")
    return {
        "id": row[0],
        "memory": row[1],
        "user_id": row[2],
        "agent_id": row[3],
        "app_id": row[4],
        "run_id": row[5],
        "session_id": row[5],
        "metadata": metadata,
        "categories": categories if isinstance(categories, list) else [],
        "created_at": row[7],
        "updated_at": row[8],
        "expiration_date": row[9],
    }


def insert(
    connection: sqlite3.Connection,
    text: str,
    scope: Scope,
    metadata: Json,
    expires: tuple[str, str] | tuple[None, None],
) -> str:
    """Write one memory and answer its id."""
    memory_id, now = new_id(), clock.now()
    owners = [scope.get(name) for name in SCOPES]
    values = [memory_id, *owners, text, terms.hidden(text), checksum(text), kind(metadata), packed(metadata)]
    connection.execute(INSERT, [*values, now, now, *expires])
    return memory_id


def twin(connection: sqlite3.Connection, text: str, scope: Scope) -> str | None:
    """Find a living memory of the very same text and scope."""
    owners = [scope.get(name) for name in SCOPES]
    row = connection.execute(TWIN, [checksum(text), text, *owners, clock.now()]).fetchone()
    return str(row[0]) if row else None


def new_id() -> str:
    """Make a random UUID of version 4."""
    raw = bytearray(os.urandom(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def valid_id(value: str, name: str = "memory_id") -> str:
    """Answer the id in lower case. Raises Refused for what is no UUID."""
    groups = value.strip().lower().split("-")
    hexadecimal = all(character in "0123456789abcdef" for group in groups for character in group)
    if [len(group) for group in groups] == [8, 4, 4, 4, 12] and hexadecimal:
        return "-".join(groups)
    raise Refused(f"{name} should be a valid UUID", f"{value[:80]!r} is none.", 400)


def checksum(text: str) -> int:
    return binascii.crc32(text.encode())


def kind(metadata: Json) -> str | None:
    value = metadata.get("type")
    return value if isinstance(value, str) else None


def texts(messages: list[Message]) -> list[tuple[str, str]]:
    """Answer role and text of each message that says something.

    Raises Refused (``empty_memory``, ``too_large``, ``too_many``, ``invalid_messages``).
    """
    if len(messages) > MAX_MESSAGES:
        raise Refused("too_many", f"At most {MAX_MESSAGES} messages are taken at once.", 413)
    found = [(message.get("role") or "user", content(message)) for message in messages]
    spoken = [(role, text) for role, text in found if text.strip()]
    if not spoken:
        raise Refused("empty_memory", "There is no text to remember.", 400)
    return spoken


def content(message: Message) -> str:
    text = message.get("content")
    if not isinstance(text, str):
        raise Refused("invalid_messages", "Each message needs a content that is a string.", 400)
    return bounded(text)


def bounded(text: str) -> str:
    """Answer the text as it is. Raises Refused where it is too large, or no text at all."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise Refused("invalid_text", "The text holds half of a surrogate pair.", 400) from error
    if size > MAX_BYTES:
        raise Refused("too_large", f"A memory takes at most {MAX_BYTES} bytes; this text has {size}.", 413)
    return text


def packed(metadata: Json) -> str:
    """Write metadata as JSON. Raises Refused for what JSON or the size bound does not take."""
    try:
        text = json.dumps(metadata, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused("invalid_metadata", f"The metadata is no JSON: {error}.", 400) from error
    return bounded(text)


def owned(scope: Json) -> Scope:
    """Answer the named parts of a scope. Raises Refused for a name or a value that no scope has."""
    found: Scope = {}
    for name, value in scope.items():
        if name not in SCOPES:
            raise Refused("invalid_scope", f"{name!r} is none of {', '.join(SCOPES)}.", 400)
        if not value:
            continue
        if not isinstance(value, str) or len(value) > MAX_NAME:
            raise Refused("invalid_scope", f"{name} takes a string of at most {MAX_NAME} characters.", 400)
        found[name] = value
    return found


def expiry(value: str | None) -> tuple[str, str] | tuple[None, None]:
    """Answer the expiry as shown and as compared. Raises Refused for what is no date."""
    if not value:
        return None, None
    try:
        return clock.expiry(value)
    except ValueError as error:
        raise Refused("invalid_expiration_date", f"{value!r} is no date like 2026-12-31.", 400) from error


def merged(metadata: Json, changes: Json) -> Json:
    """Overlay metadata with changes; a key changed to null goes."""
    return {key: value for key, value in {**metadata, **changes}.items() if value is not None}
