"""TOML text with one thing put in or cut out. Nothing is proven here; ``toml_text`` does that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mem0_agent.edits import items, toml_find
from mem0_agent.edits.lines import cut, empty_above, with_line
from mem0_agent.edits.text import indent_at, nested, newline_of
from mem0_agent.edits.toml_scan import box_at, sections
from mem0_agent.edits.toml_value import block, dotted, inline, tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mem0_agent.edits.lines import Span
    from mem0_agent.edits.toml_scan import Keys, Section
    from mem0_agent.model import Json

PREAMBLE: Final = re.compile(r"(?:[ \t]*#[^\n]*\n)+(?=[ \t]*\r?\n)")

# Cutting out


def without(text: str, keys: Keys) -> str:
    """Return ``text`` less everything that says what stands at ``keys`` or below."""
    found = sections(text, keys[0])
    member = next(iter(toml_find.members(text, found, keys)), None)
    if member:
        start, end = items.removal(text, member.box, member.at)
        return without(text[:start] + text[end:], keys)
    mine = toml_find.belonging(found, keys)
    starts = {section.start for section in mine}
    rest = [found[0], *(section for section in found[1:] if section.start not in starts)]
    lines = [(p.start, p.after) for p in toml_find.pairs_of(rest) if toml_find.starts(p.keys, keys)]
    return cut(text, [*runs(text, found, mine), *lines])


def without_element(text: str, keys: Keys, index: int) -> str:
    """Return ``text`` less one element of the array at ``keys``, inline or an array of tables."""
    found = sections(text, keys[0])
    slot = toml_find.slot(text, found, keys)
    if slot:
        start, end = items.removal(text, box_at(text, slot.value), index)
        return text[:start] + text[end:]
    return cut(text, runs(text, found, toml_find.element(found, keys, index)))


def runs(text: str, found: list[Section], mine: list[Section]) -> list[Span]:
    """Return the spans of ``mine``, each unbroken run as one, with the one empty line above it."""
    spans: list[list[int]] = []
    starts = {section.start for section in mine}
    unbroken = False
    for section in found[1:]:
        if section.start in starts and unbroken:
            spans[-1][1] = section.end
        elif section.start in starts:
            spans.append([section.start, section.end])
        unbroken = section.start in starts
    return [(start - empty_above(text, start), end) for start, end in spans]


# Putting in


def replaced(text: str, slot: toml_find.Slot, value: Json) -> str:
    """Return ``text`` with another value in its place; a comment behind it stays."""
    return text[: slot.value] + inline(value) + text[slot.end :]


def with_member(text: str, keys: Keys, value: Json, depth: int) -> Iterator[str]:
    """Return the ways to say ``value`` at ``keys``, best first; the first ``depth`` names exist."""
    found = sections(text, keys[0])
    parent, name = keys[:depth], keys[: depth + 1]
    wrapped = nested(keys[depth + 1 :], value)
    nook = toml_find.holder(text, found, parent)
    if nook:
        member = f"{dotted((*nook.rest, name[-1]))} = {inline(wrapped)}"
        yield with_item(text, nook.box, member)
        return
    if tables(wrapped):
        yield with_block(text, block(name, wrapped, newline_of(text)))
    section, offset = line_place(text, found, parent)
    indent = indent_at(text, section.pairs[-1].value) if section.pairs else ""
    yield with_line(text, offset, f"{indent}{dotted(name[len(section.keys) :])} = {inline(wrapped)}")
    yield with_block(text, block(parent, {name[-1]: wrapped}, newline_of(text)))


def with_item(text: str, box: items.Box, item: str) -> str:
    """Return ``text`` with one more item between two brackets."""
    gap = items.room(text, box, None, " ")
    return text[: gap.offset] + gap.before + item + gap.after + text[gap.offset :]


def with_element(text: str, keys: Keys, value: Json) -> str:
    """Return ``text`` with one more element in the array at ``keys``."""
    slot = toml_find.slot(text, sections(text, keys[0]), keys)
    if slot:
        return with_item(text, box_at(text, slot.value), inline(value))
    return with_block(text, block(keys, [value], newline_of(text)))


def with_block(text: str, lines: str) -> str:
    """Return ``text`` with ``lines`` at its end, where no key of the user's can follow them.

    A text without a last line ending keeps none, so that ``cut`` finds its way back.
    """
    newline = newline_of(text)
    if not text:
        return lines + newline
    return text + newline + lines + newline if text.endswith("\n") else text + newline * 2 + lines


def line_place(text: str, found: list[Section], parent: Keys) -> tuple[Section, int]:
    """Return the section and offset for a line about a member of ``parent``."""
    own = next((section for section in found if section.keys == parent and not section.array), None)
    if own is not None:
        return own, line_offset(text, found, own)
    for section in reversed(found):
        told = [pair for pair in section.pairs if toml_find.starts(pair.keys, parent)]
        if told and not section.array and toml_find.starts(parent, section.keys):
            return section, told[-1].after
    above = [section for section in found if toml_find.starts(parent, section.keys) and not section.array]
    nearest = max(above, key=lambda section: len(section.keys))
    return nearest, line_offset(text, found, nearest)


def line_offset(text: str, found: list[Section], section: Section) -> int:
    """Return where one more line of ``section`` goes."""
    if section.pairs or section.keys:
        return section.end
    if len(found) == 1:
        return len(text)
    match = PREAMBLE.match(text)
    return match.end() if match else 0
