"""Where things stand in a TOML text that a parser has accepted: sections, pairs, bracketed items."""

from __future__ import annotations

import functools
import re
import tomllib
from typing import Final, NamedTuple

from mem0_agent.edits.items import Box, Item
from mem0_agent.edits.text import unsupported
from mem0_agent.edits.toml_lower import lowered

BASIC: Final = r'"""(?:[^"\\]++|\\.|"{1,2}(?!"))*+"{3,5}|"(?:[^"\\\n]++|\\.)*+"'
LITERAL: Final = r"'''(?:[^']++|'{1,2}(?!'))*+'{3,5}|'[^'\n]*+'"
PART: Final = r"""[A-Za-z0-9_-]++|"(?:[^"\\\n]++|\\.)*+"|'[^'\n]*+'"""
KEY: Final = rf"(?:{PART})(?:[ \t]*\.[ \t]*(?:{PART}))*+"

BARE: Final = r"""[^\s"'#\[\]{},][^"'#\[\]{},\n]*+"""
ONE_LINE: Final = rf"""(?:"(?:[^"\\\n]++|\\[^\n])*+"(?!")|'[^'\n]*+'(?!')|{BARE})"""
PLAIN: Final = rf"(?:{ONE_LINE}|\[[ \t]*+(?:{ONE_LINE}[ \t]*+,?+[ \t]*+)*+\])"
END: Final = r"[ \t]*+(?:#[^\n]*+)?+(?:\r?\n|\Z)"

PARTS: Final = re.compile(PART, re.DOTALL)
BLANK: Final = re.compile(r"(?:[ \t]*(?:#[^\n]*+)?(?:\r?\n|\Z))*")
STATEMENT: Final = re.compile(rf"[ \t]*(?:({KEY})[ \t]*=[ \t]*|(\[\[?)[ \t]*({KEY})[ \t]*\]\]?)", re.DOTALL)
PLAIN_SECTION: Final = re.compile(
    rf"[ \t]*+\[\[?[ \t]*+({PART})(?:[ \t]*+\.[ \t]*+(?:{PART}))*+[ \t]*+\]\]?{END}"
    rf"(?:(?:[ \t]*+(?:#[^\n]*+)?+\r?\n)*+[ \t]*+{KEY}[ \t]*+=[ \t]*+{PLAIN}{END})*+",
    re.DOTALL,
)
"""A header and the pairs below it up to the first that is more than one plain line; comments behind them not."""
ITEM_KEY: Final = re.compile(rf"({KEY})[ \t\r\n]*=[ \t\r\n]*", re.DOTALL)
STRING: Final = re.compile(f"{BASIC}|{LITERAL}", re.DOTALL)
SCALAR: Final = re.compile(r"[^,\]}#\r\n]+")
GAP: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*+)*")
INSIDE: Final = re.compile(rf"""[^\[\]{{}}"'#]++|#[^\n]*+|{BASIC}|{LITERAL}|[\[\]{{}}]""", re.DOTALL)

Keys = tuple[str, ...]


class Pair(NamedTuple):
    """``keys`` from the root; the line's start, the value's start and end, and the start of the next line."""

    keys: Keys
    start: int
    value: int
    end: int
    after: int


class Section(NamedTuple):
    """One header with its pairs; the first section is the root and has none.

    ``body`` is where the first pair could stand, ``end`` the start of the line after the last statement.
    """

    keys: Keys
    array: bool
    start: int
    body: int
    pairs: list[Pair]

    @property
    def end(self) -> int:
        return self.pairs[-1].after if self.pairs else self.body


def key_parts(text: str) -> Keys:
    """Return the names in a dotted key as written, quotes and escapes undone."""
    if '"' not in text and "'" not in text:
        return tuple(part.strip(" \t") for part in text.split("."))
    parts = (match.group() for match in PARTS.finditer(text))
    return tuple(unquoted(part) for part in parts)


def unquoted(part: str) -> str:
    if part[0] not in "\"'":
        return part
    if part[0] == "'" or "\\" not in part:  # as written: only escapes need a reader
        return part[1:-1]
    value: str = tomllib.loads(f"k = {lowered(part).text}")["k"]
    return value


@functools.lru_cache(maxsize=8)
def sections(text: str, name: str) -> list[Section]:
    """Return the whole document in sections, shared between callers: do not change them.

    Sections of other tables than ``name`` have only the first of their keys, and instead of their pairs a ``body``
    that ends where they end. Raises UserError for a statement that it cannot follow.
    """
    found = [Section((), False, 0, 0, [])]  # noqa: FBT003 - a tuple's field
    offset = 0
    while (start := behind(BLANK, text, offset)) < len(text):
        plain = PLAIN_SECTION.match(text, start)
        if plain and (first := unquoted(plain[1])) != name:
            offset = plain.end()
            found.append(Section((first,), False, start, offset, []))  # noqa: FBT003
        else:
            offset = followed(text, start, found, name)
    return found


def followed(text: str, start: int, found: list[Section], name: str) -> int:
    """Put the statement at ``start`` into ``found``, and return where the line after it starts."""
    match = STATEMENT.match(text, start)
    if match is None:
        raise unsupported(text, start, "This statement is written in a way that we do not follow.")
    key, bracket, table = match.groups()
    end = match.end() if key is None else value_end(text, match.end())
    offset = text.find("\n", end) + 1 or len(text)
    held = found[-1]
    if key is None:
        keys = key_parts(table)
        found.append(Section(keys if keys[0] == name else keys[:1], bracket == "[[", start, offset, []))
    elif held.keys and held.keys[0] != name:
        found[-1] = held._replace(body=offset)
    else:
        held.pairs.append(Pair(held.keys + key_parts(key), start, match.end(), end, offset))
    return offset


def behind(pattern: re.Pattern[str], text: str, offset: int) -> int:
    """Return the offset behind what ``pattern`` matches at ``offset``, if it does."""
    match = pattern.match(text, offset)
    return match.end() if match else offset


def value_end(text: str, offset: int) -> int:
    """Return the offset behind the value that starts at ``offset``."""
    if text[offset : offset + 1] in ("[", "{"):
        return closing(text, offset)
    quoted = STRING.match(text, offset)
    if quoted:
        return quoted.end()
    scalar = SCALAR.match(text, offset)
    if scalar is None:
        raise unsupported(text, offset, "This value is written in a way that we do not follow.")
    return offset + len(scalar.group().rstrip(" \t"))


def closing(text: str, offset: int) -> int:
    """Return the offset behind the bracket that closes the one at ``offset``."""
    depth = 0
    for match in INSIDE.finditer(text, offset):
        token = match.group()
        if token in ("[", "{"):
            depth += 1
        elif token in ("]", "}"):
            depth -= 1
            if depth == 0:
                return match.end()
    raise unsupported(text, offset, "The end of this value is not where we look for it.")


def box_at(text: str, start: int) -> Box:
    """Return the inline table or array that opens at ``start``."""
    table = text[start] == "{"
    items: list[Item] = []
    offset = behind(GAP, text, start + 1)
    while text[offset : offset + 1] not in ("]", "}", ""):
        key = ITEM_KEY.match(text, offset) if table else None
        value = key.end() if key else offset
        end = value_end(text, value)
        comma = behind(GAP, text, end)
        after = comma + 1 if text[comma : comma + 1] == "," else end
        items.append(Item(key_parts(key[1]) if key else (), offset, value, end, after))
        offset = behind(GAP, text, max(after, comma))
    return Box(start + 1, offset, items)
