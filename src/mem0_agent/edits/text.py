"""What the three editors share: offsets, refusals, exact equality and plain data at a path."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from mem0_agent.model import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mem0_agent.model import Json

P = ParamSpec("P")
R = TypeVar("R")

BOM: Final = "\ufeff"
MISSING: Final = object()
"""What ``value_at`` answers where nothing stands; None would be a JSON null."""

REPAIR: Final = "Repair the file by hand, then run this again."
BY_HAND: Final = "Make this change by hand, or rewrite that part of the file in a plainer form."


def place(text: str, offset: int) -> tuple[int, int]:
    """Line and column of ``offset``, both counted from 1, the column in characters."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def invalid(text: str, offset: int, message: str, hint: str = REPAIR) -> UserError:
    """Return the error for a file that is not what its owner could read."""
    line, column = place(text, offset)
    return UserError("config.invalid", message, hint=hint, line=line, column=column)


def unsupported(text: str, offset: int, message: str, hint: str = BY_HAND) -> UserError:
    """Return the error for a readable file in which we cannot do the edit safely."""
    line, column = place(text, offset)
    return UserError("config.unsupported", message, hint=hint, line=line, column=column)


def decoded(data: bytes) -> tuple[str, str]:
    """Return the byte order mark, if any, and the rest. Raises UserError unless ``data`` is UTF-8."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        message = "The file is UTF-16, not UTF-8."
        raise UserError("config.invalid", message, hint="Save it as UTF-8.", line=1, column=1)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        raise invalid(before, len(before), "The file is not UTF-8.", "Save it as UTF-8.") from error
    return (BOM, text[1:]) if text.startswith(BOM) else ("", text)


def encoded(bom: str, text: str) -> bytes:
    """Return the inverse of ``decoded``."""
    return (bom + text).encode()


def newline_of(text: str) -> str:
    """Return the line ending that the first line of ``text`` has."""
    end = text.find("\n")
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"


def indent_at(text: str, offset: int) -> str:
    """Return the white space that the line of ``offset`` starts with."""
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    return line[: len(line) - len(line.lstrip(" \t"))]


def spliced(text: str, splices: Iterable[tuple[int, int, str]]) -> str:
    """Return ``text`` with every (start, end, replacement) carried out; spans must not overlap."""
    parts: list[str] = []
    done = 0
    for start, end, new in sorted(splices):
        parts += (text[done:start], new)
        done = end
    return "".join((*parts, text[done:]))


def same(left: Json, right: Json) -> bool:
    """Return whether two documents mean the same: 1, 1.0 and True differ, NaN is NaN, order is free."""
    todo: list[tuple[Json, Json]] = [(left, right)]
    while todo:
        a, b = todo.pop()
        if a is b:
            continue
        if isinstance(a, dict) and isinstance(b, dict):
            if a.keys() != b.keys():
                return False
            todo.extend((a[key], b[key]) for key in a)
        elif isinstance(a, list | tuple) and isinstance(b, list | tuple):
            if len(a) != len(b):
                return False
            todo.extend(zip(a, b, strict=True))
        elif not alike(a, b):
            return False
    return True


def alike(a: Json, b: Json) -> bool:
    """Exact equality of two values that hold no others."""
    if type(a) is not type(b):
        return False
    return a == b if isinstance(a, str | int) else repr(a) == repr(b)


def element(key: str) -> int | None:
    """Return the number that ``#2`` stands for, as a name on a path where an array is; None for other names."""
    return int(key[1:]) if key[:1] == "#" and key[1:].isascii() and key[1:].isdigit() else None


def child(data: Json, key: str) -> Json:
    """Return the member of an object, or the element of an array, that ``key`` names; else MISSING."""
    if isinstance(data, list):
        at = element(key)
        return data[at] if at is not None and at < len(data) else MISSING
    return data.get(key, MISSING) if isinstance(data, dict) else MISSING


def value_at(data: Json, keys: Sequence[str]) -> Json:
    """Return what stands at ``keys``, or MISSING."""
    for key in keys:
        data = child(data, key)
    return data


def depth_at(data: Json, keys: Sequence[str]) -> int:
    """Return how many of ``keys`` exist, counted from the root."""
    for depth, key in enumerate(keys):
        data = child(data, key)
        if data is MISSING:
            return depth
    return len(keys)


def with_value(data: Json, keys: Sequence[str], value: Json) -> Json:
    """Return a copy of ``data`` with ``value`` at ``keys``, missing objects made; what is not on the path is shared."""
    if not keys:
        return value
    below = child(data, keys[0])
    changed = with_value(below, keys[1:], value) if below is not MISSING else nested(keys[1:], value)
    if isinstance(data, list):
        return [changed if n == element(keys[0]) else item for n, item in enumerate(data)]
    return {**data, keys[0]: changed}


def nested(keys: Sequence[str], value: Json) -> Json:
    """Return ``value`` wrapped in one object a key, the last key innermost."""
    for key in reversed(keys):
        value = {key: value}
    return value


def need_keys(keys: Sequence[str]) -> None:
    """Raise UserError for an edit that names no member."""
    if not keys:
        raise UserError("config.unsupported", "An edit must name the member to change.", hint=BY_HAND)


def shallow(function: Callable[P, R]) -> Callable[P, R]:
    """Turn Python's own limit on depth into the error that people see."""

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except RecursionError as error:
            message = "The file or the value is nested too deeply to be edited safely."
            raise UserError("config.unsupported", message, hint=BY_HAND) from error

    return guarded
