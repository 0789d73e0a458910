"""``KEY=value`` files, edited by lines: bytes in, bytes out, every byte that is not ours kept.

A document is flat and its values are strings, so there are no arrays: ``add`` and ``take`` refuse. Values are
read without filling in variables. Every function raises UserError and nothing else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from mem0_agent.edits.lines import cut, with_line
from mem0_agent.edits.text import BY_HAND, decoded, encoded, invalid, unsupported
from mem0_agent.model import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mem0_agent.model import Json

NAME: Final = r"[A-Za-z_][A-Za-z0-9_.]*"
BLANK: Final = re.compile(r"(?:[ \t]*(?:#[^\n]*+)?(?:\r?\n|\Z))*")
STATEMENT: Final = re.compile(
    rf"""[ \t]*(?:export[ \t]+)?(?P<key>{NAME})[ \t]*=[ \t]*"""
    r"""(?P<value>"(?:[^"\\]|\\.)*+"|'[^']*+'|(?!["'])[^\r\n]*?)"""
    r"""[ \t]*(?:(?<=[ \t])\#[^\r\n]*)?(?:\r?\n|\Z)""",
    re.DOTALL,
)
PLAIN: Final = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


class Line(NamedTuple):
    """One assignment: the line's start, the value's start and end as written, the start of the next line."""

    key: str
    start: int
    value: int
    end: int
    after: int


def lines_of(text: str) -> list[Line]:
    """Return every assignment. Raises UserError (config.invalid) for a line that is none."""
    found: list[Line] = []
    offset = 0
    while True:
        blank = BLANK.match(text, offset)
        offset = blank.end() if blank else offset
        if offset == len(text):
            return found
        match = STATEMENT.match(text, offset)
        if match is None:
            offset += len(text[offset:]) - len(text[offset:].lstrip(" \t"))
            raise invalid(text, offset, "This line is not KEY=value, or its quotes do not match.")
        found.append(Line(match["key"], offset, *match.span("value"), match.end()))
        offset = match.end()


def unquoted(value: str) -> str:
    """Return what a value as written says."""
    if value[:1] == "'":
        return value[1:-1]
    if value[:1] == '"':
        return ESCAPE.sub(lambda match: "\n" if match[1] == "n" else match[1], value[1:-1])
    return value


def quoted(value: Json) -> str:
    """Return ``value`` as it is written. Raises UserError for anything but a string that a line can hold."""
    if not isinstance(value, str) or "\0" in value or "\r" in value or not writable(value):
        raise UserError("config.unsupported", "Only text can stand in a KEY=value file.", hint=BY_HAND)
    if PLAIN.fullmatch(value):
        return value
    if "'" not in value and "\n" not in value:
        return f"'{value}'"
    escaped = re.sub(r'(["\\$])', r"\\\1", value).replace("\n", "\\n")
    return f'"{escaped}"'


def writable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def parse(text: bytes) -> dict[str, Json]:
    """Return every variable; of one that is set twice the last value counts."""
    source = decoded(text)[1]
    return {line.key: unquoted(source[line.value : line.end]) for line in lines_of(source)}


def fresh() -> bytes:
    """Return the empty document that a new file starts from."""
    return b""


def put(text: bytes, keys: Sequence[str], value: Json) -> bytes:
    """Set the variable to ``value``, in its place or in a new last line."""
    bom, source, line = opened(text, keys)
    new = quoted(value)
    if line is None:
        return encoded(bom, with_line(source, len(source), f"{keys[0]}={new}"))
    if unquoted(source[line.value : line.end]) == value:
        return text
    return encoded(bom, source[: line.value] + new + source[line.end :])


def drop(text: bytes, keys: Sequence[str], made: int = 0) -> bytes:
    """Take the variable's line away. ``made`` means nothing here: a variable has no parent."""
    del made
    bom, source, line = opened(text, keys)
    return text if line is None else encoded(bom, cut(source, [(line.start, line.after)]))


def add(text: bytes, keys: Sequence[str], value: Json) -> bytes:
    """Refuse."""
    del value
    raise no_array(text, keys)


def take(text: bytes, keys: Sequence[str], value: Json, made: int = 0) -> bytes:
    """Refuse."""
    del value, made
    raise no_array(text, keys)


def no_array(text: bytes, keys: Sequence[str]) -> UserError:
    """Return the error for an edit of an array."""
    del text
    name = ".".join(keys)
    return UserError("config.unsupported", f"A KEY=value file has no arrays, so {name} is none.", hint=BY_HAND)


def opened(data: bytes, keys: Sequence[str]) -> tuple[str, str, Line | None]:
    """Byte order mark, text and the line of the one variable that ``keys`` names."""
    if len(keys) != 1 or not re.fullmatch(NAME, keys[0]):
        raise UserError("config.unsupported", f"{'.'.join(keys)!r} is no name of a variable.", hint=BY_HAND)
    bom, text = decoded(data)
    found = [line for line in lines_of(text) if line.key == keys[0]]
    if len(found) > 1:
        raise unsupported(text, found[1].start, f"{keys[0]} is set twice.")
    return bom, text, found[0] if found else None
