"""Comma-separated items between two brackets, as spans: where to cut one out and where to put one in."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from mem0_agent.edits.text import indent_at, newline_of

REST: Final = re.compile(r"[ \t]*(?:#[^\r\n]*)?")
"""What may follow a comma on its line: a comment there speaks of the item before the comma."""


class Item(NamedTuple):
    """One item. ``value`` is where its value starts, ``after`` is behind its comma (``end``: no comma)."""

    key: tuple[str, ...]
    start: int
    value: int
    end: int
    after: int


class Box(NamedTuple):
    """One object, table or array: its items and the inner ends of its brackets."""

    open: int
    close: int
    items: list[Item]


class Gap(NamedTuple):
    """Where a new item goes: the text around it, and the indentation that its own lines start with.

    ``base`` is None where the item shall stay on one line.
    """

    offset: int
    before: str
    after: str
    base: str | None


def territory(text: str, box: Box, index: int) -> int:
    """Return where an item's white space starts: behind the comma before it and that comma's comment."""
    if index == 0:
        return box.open
    return behind_comment(text, box.items[index - 1].after)


def lead(text: str, box: Box, index: int) -> str:
    """Return the white space before an item, from the comma or bracket before it."""
    return text[territory(text, box, index) : box.items[index].start]


def removal(text: str, box: Box, index: int) -> tuple[int, int]:
    """Return the span to cut so that an item goes, with one comma and the white space that came with it.

    A comment on the item's own line goes along, any other stays.
    """
    items, item = box.items, box.items[index]
    if len(items) == 1:
        return (item.start, item.after) if "#" in text[item.end : box.close] else hollow(text, box)
    mark = text.rfind("#", items[index - 1].end if index else box.open, item.start)
    if item.after == item.end:
        return (line_end(text, mark) if mark >= 0 else items[index - 1].end), item.end
    behind = behind_comment(text, item.after)
    if mark >= 0:
        return line_end(text, mark), behind
    if index == 0:
        return (box.open, behind) if behind > item.after else (item.start, items[1].start)
    return items[index - 1].after, behind


def behind_comment(text: str, offset: int) -> int:
    """Return where the comment ends that follows on the line of ``offset``; ``offset`` where none does."""
    match = REST.match(text, offset)
    return match.end() if match and "#" in match.group() else offset


def line_end(text: str, offset: int) -> int:
    """Return where the line of ``offset`` ends, before its line ending."""
    end = text.index("\n", offset)
    return end - (text[end - 1] == "\r")


def hollow(text: str, box: Box) -> tuple[int, int]:
    """Return the span to cut from a box with one item; ``first`` put the same span in."""
    head = text[box.open : box.items[0].start]
    line = head.rfind("\n")
    if line < 0:
        return box.open + len(head), box.close
    if "#" in head[head.rfind("\n", 0, line) + 1 : line]:
        return box.open + line + 1, box.close
    return box.open + line - (head[line - 1 : line] == "\r"), box.close


def room(text: str, box: Box, unit: str | None, space: str) -> Gap:
    """Return the place for one more item at the end.

    ``unit`` indents one level, None is for a single line; ``space`` follows a comma there.
    """
    if not box.items:
        return first(text, box, unit)
    last = box.items[-1]
    before = lead(text, box, len(box.items) - 1)
    if before.strip():
        before = newline_of(text) + indent_at(text, last.start)
    base = before.rpartition("\n")[2] if "\n" in before else None
    if base is None and len(box.items) == 1:
        before = space
    if last.after == last.end:
        return Gap(last.end, "," + before, "", base)
    return Gap(behind_comment(text, last.after), before, ",", base)


def first(text: str, box: Box, unit: str | None) -> Gap:
    """Return the place in an empty box, whose white space stays so that ``hollow`` can give it back."""
    inside = text[box.open : box.close]
    if unit is None and "\n" not in inside:
        return Gap(box.close, "", inside, None)
    outer = indent_at(text, box.open)
    base = outer + ("  " if unit is None else unit)
    line = newline_of(text)
    return Gap(box.close, line + base, line + outer, base)
