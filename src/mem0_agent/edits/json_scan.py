"""Where things stand in a JSON text: boxes on a path are walked, all else is skipped by the C scanner."""

from __future__ import annotations

import json
import re
from json import decoder
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from mem0_agent.edits.items import Box, Item
from mem0_agent.edits.text import REPAIR, element, invalid, unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mem0_agent.model import Json, UserError

CLOSE: Final = {"{": "}", "[": "]"}
SPACE: Final = re.compile(r"[ \t\n\r]*")
SCAN_STRING: Final[Callable[[str, int, bool], tuple[str, int]]] = vars(decoder)["scanstring"]  # untyped there
STRING_OR_WORD: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"|-?Infinity|NaN', re.DOTALL)
HINTS: Final = {
    "/": "Comments are not JSON: its owner calls the file corrupt. Remove them, then run this again.",
    "#": "Comments are not JSON: its owner calls the file corrupt. Remove them, then run this again.",
    "]": "A comma before a closing bracket is not JSON. Remove it, then run this again.",
    "}": "A comma before a closing bracket is not JSON. Remove it, then run this again.",
}


class NotJsonError(ValueError):
    """A word that Python's reader accepts and JSON has not."""


def refuse(word: str) -> NoReturn:
    raise NotJsonError(word)


READER: Final = json.JSONDecoder(parse_constant=refuse)
SKIPPER: Final = json.JSONDecoder(parse_constant=refuse, parse_int=str, parse_float=str)
"""Reads no number, so that none is too long for it."""


class Level(NamedTuple):
    """One object or array on a path, and which of its items the path goes through (-1: it has none such)."""

    box: Box
    at: int


def skip(text: str, offset: int) -> int:
    """Return the offset behind white space."""
    match = SPACE.match(text, offset)
    return match.end() if match else offset


def wrong(text: str, offset: int, wanted: str) -> UserError:
    """Return the error for something else standing where ``wanted`` should."""
    found = text[offset : offset + 1]
    seen = f"found {found!r}" if found else "the file ends"
    return invalid(text, offset, f"Not valid JSON: expected {wanted}, {seen}.", HINTS.get(found, REPAIR))


def value_end(text: str, offset: int) -> int:
    """Return the offset behind the value that starts at ``offset``."""
    try:
        return SKIPPER.raw_decode(text, offset)[1]
    except json.JSONDecodeError as error:
        raise broken(text, error) from error
    except NotJsonError as error:
        raise constant(text) from error


def broken(text: str, error: json.JSONDecodeError) -> UserError:
    """Return what Python's reader says, at its place."""
    offset = min(error.pos, len(text))
    if "trailing comma" in error.msg:  # newer readers point at the comma, older ones behind it
        offset = skip(text, offset + 1)
    hint = HINTS.get(text[skip(text, offset) :][:1], REPAIR)
    return invalid(text, offset, f"Not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}.", hint)


def constant(text: str) -> UserError:
    """Return the error for the first NaN or Infinity, which only a slow look can find."""
    words = (match for match in STRING_OR_WORD.finditer(text) if match.group()[0] != '"')
    match = next(words, None)
    offset, word = (match.start(), match.group()) if match else (0, "NaN")
    return invalid(text, offset, f"Not valid JSON: {word} is no JSON value.")


def member_key(text: str, offset: int) -> tuple[str, int]:
    """Return the name that starts at ``offset``, and where its value starts."""
    if text[offset : offset + 1] != '"':
        raise wrong(text, offset, "a member name in double quotes")
    try:
        key, end = SCAN_STRING(text, offset + 1, True)  # noqa: FBT003 - the C function takes no keywords
    except json.JSONDecodeError as error:
        raise broken(text, error) from error
    colon = skip(text, end)
    if text[colon : colon + 1] != ":":
        raise wrong(text, colon, "a colon")
    return key, skip(text, colon + 1)


def behind_comma(text: str, offset: int, close: str) -> tuple[int, int]:
    """Return the offsets behind the comma and of the next item, -1 where ``close`` ends the box."""
    comma = skip(text, offset)
    if text[comma : comma + 1] == ",":
        return comma + 1, skip(text, comma + 1)
    if text[comma : comma + 1] != close:
        raise wrong(text, comma, f"a comma or {close!r}")
    return offset, -1


def first(text: str, start: int) -> int:
    """Return where the first item is of the box that opens at ``start``, -1 where it is empty."""
    offset = skip(text, start + 1)
    return -1 if text[offset : offset + 1] == CLOSE[text[start]] else offset


def item_at(text: str, offset: int, close: str) -> tuple[Item, int]:
    """Return the item that starts at ``offset``, and where the next one does (-1: ``close`` follows)."""
    key, value = member_key(text, offset) if close == "}" else (None, offset)
    end = value_end(text, value)
    after, following = behind_comma(text, end, close)
    return Item(() if key is None else (key,), offset, value, end, after), following


def box_at(text: str, start: int) -> Box:
    """Return the object or array that opens at ``start``."""
    items: list[Item] = []
    offset, close = first(text, start), CLOSE[text[start]]
    while offset >= 0:
        item, offset = item_at(text, offset, close)
        items.append(item)
    return Box(start + 1, skip(text, items[-1].end if items else start + 1), items)


def trail(text: str, box: Box, keys: Sequence[str]) -> list[Level]:
    """Return the objects and arrays along ``keys``, beginning with the object ``box``.

    Raises UserError (config.invalid) for a parent that is no object, and (config.unsupported) for a name on the
    path that stands twice.
    """
    found = [n for n, item in enumerate(box.items) if item.key == (keys[0],)]
    if not found:
        return [Level(box, -1)]
    below = descent(text, box.items[found[0]].value, keys)
    if len(found) > 1:
        raise unsupported(text, box.items[found[1]].start, f'The name "{keys[0]}" stands twice in the same object.')
    return [Level(box, found[0]), *below]


def descent(text: str, value: int, keys: Sequence[str]) -> list[Level]:
    """Return the levels below the member that the path goes through, none where it is the last."""
    if len(keys) == 1:
        return []
    at = element(keys[1])
    if at is not None and text[value : value + 1] == "[":
        box = box_at(text, value)
        known = at < len(box.items)
        return [Level(box, at), *descent(text, box.items[at].value, keys[1:])] if known else [Level(box, -1)]
    if text[value : value + 1] != "{":
        raise invalid(text, value, f'"{keys[0]}" is not an object, so "{keys[1]}" cannot stand in it.')
    return trail(text, box_at(text, value), keys[1:])


def root(text: str) -> int:
    """Return where the document's object opens. Raises UserError where there is none."""
    start = skip(text, 0)
    if text[start : start + 1] == "{":
        return start
    if start == len(text):
        raise invalid(text, 0, "The file is empty, which is not valid JSON.", "Write {} into it or delete it.")
    value_end(text, start)
    raise invalid(text, start, "The document is not a JSON object.")


def value_of(text: str) -> Json:
    """Return the value that ``text`` is, whole. Raises UserError for anything but strict JSON."""
    start = skip(text, 0)
    try:
        value, end = READER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise broken(text, error) from error
    except NotJsonError as error:
        raise constant(text) from error
    except ValueError:
        value, end = long_numbers(text, start)
    if skip(text, end) != len(text):
        raise wrong(text, skip(text, end), "the end of the file")
    return value


def long_numbers(text: str, start: int) -> tuple[Json, int]:
    """Return a reading for integers beyond Python's limit of digits, which come as Decimal."""
    from decimal import Decimal

    return json.JSONDecoder(parse_constant=refuse, parse_int=Decimal).raw_decode(text, start)
