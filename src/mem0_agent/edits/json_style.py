"""How a JSON file is laid out, and our own text in that layout."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from mem0_agent.edits.items import lead
from mem0_agent.edits.json_scan import value_of
from mem0_agent.edits.text import newline_of, same
from mem0_agent.model import UserError

if TYPE_CHECKING:
    from mem0_agent.edits.items import Box
    from mem0_agent.model import Json


class Style(NamedTuple):
    """``unit`` is one level of indentation, None for a file on one line; ``space`` follows a comma there."""

    newline: str
    unit: str | None
    colon: str
    space: str


def style_of(text: str, box: Box) -> Style:
    """Return the layout of the document whose root is ``box``; an empty one is laid out by two spaces."""
    newline = newline_of(text)
    if not box.items:
        return Style(newline, "  ", ": ", " ")
    first = box.items[0]
    colon = text[text.rindex(":", first.start, first.value) : first.value]
    colon = ": " if "\n" in colon else colon
    before = lead(text, box, 0)
    unit = before.rpartition("\n")[2] if "\n" in before else None
    space = lead(text, box, 1) if len(box.items) > 1 else colon[1:]
    return Style(newline, unit, colon, " " if "\n" in space else space)


def render(value: Json, style: Style, base: str | None) -> str:
    """Return ``value`` as JSON text; ``base`` indents its further lines, None keeps it on one line.

    Raises UserError for what JSON has no words for.
    """
    unit = None if base is None else "  " if style.unit is None else style.unit
    separators = ("," if unit is not None else "," + style.space, style.colon)
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=unit, separators=separators)
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            text = json.dumps(value, allow_nan=False, indent=unit, separators=separators)
    except (TypeError, ValueError) as error:
        raise unwritable(str(error)) from error
    if not same(value_of(text), value):
        raise unwritable("reading it back gives another value")
    return text.replace("\n", style.newline + (base or ""))


def unwritable(reason: str) -> UserError:
    """Return the error for a value of ours that JSON cannot hold."""
    return UserError("config.unsupported", f"A value cannot be written as JSON: {reason}.")
