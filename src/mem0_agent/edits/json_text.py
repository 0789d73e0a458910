"""Strict JSON, edited by spans: bytes in, bytes out, every byte that is not ours kept.

Zero bytes and white space alone are no JSON document and are refused, as the owners of these files do.
Every function raises UserError and nothing else: config.invalid for a file that is not strict JSON or holds
something else than an object on the path, config.unsupported for an edit that cannot be proven safe.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from mem0_agent.edits import items, json_scan
from mem0_agent.edits.json_style import render, style_of
from mem0_agent.edits.text import decoded, encoded, invalid, need_keys, nested, same, shallow, unsupported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mem0_agent.edits.items import Box
    from mem0_agent.edits.json_scan import Level
    from mem0_agent.model import Json


@functools.lru_cache(maxsize=4)
def document(data: bytes) -> dict[str, Json]:
    text = decoded(data)[1]
    json_scan.root(text)
    found: dict[str, Json] = json_scan.value_of(text)
    return found


@shallow
def parse(text: bytes) -> dict[str, Json]:
    """Return the document as plain data, shared between callers: do not change it.

    Of members of the same name the last counts. Integers beyond Python's limit of digits come as Decimal.
    """
    return document(text)


def fresh() -> bytes:
    """Return the empty document that a new file starts from."""
    return b"{}\n"


@shallow
def put(text: bytes, keys: Sequence[str], value: Json) -> bytes:
    """Make the member at ``keys`` ``value``, in its place or as the last of its parent."""
    need_keys(keys)
    bom, source = decoded(text)
    trail = json_scan.levels(source, keys)
    level = trail[-1]
    style = style_of(source, trail[0].box)
    if level.at < 0:
        key, wrapped = keys[len(trail) - 1], nested(keys[len(trail) :], value)
        if source[level.box.open - 1] == "[":
            raise unsupported(source, level.box.open - 1, f'The array has no element "{key}".')
        gap = items.room(source, level.box, style.unit, style.space)
        member = render(key, style, None) + style.colon + render(wrapped, style, gap.base)
        return encoded(bom, inserted(source, level.box, gap, member))
    old = level.box.items[level.at]
    if same(json_scan.value_of(source[old.value : old.end]), value):
        return text
    before = items.lead(source, level.box, level.at)
    new = render(value, style, before.rpartition("\n")[2] if "\n" in before else None)
    texts = texts_of(source, level.box)
    texts[level.at] = source[old.start : old.value] + new
    after = source[: old.value] + new + source[old.end :]
    return encoded(bom, proven(after, level.box, texts))


@shallow
def drop(text: bytes, keys: Sequence[str], made: int = 0) -> bytes:
    """Take the member at ``keys`` away, and after it up to ``made`` parents that it leaves empty."""
    need_keys(keys)
    bom, source = decoded(text)
    trail = json_scan.levels(source, keys)
    if len(trail) < len(keys) or trail[-1].at < 0:
        return text
    return encoded(bom, without_member(source, trail, made))


@shallow
def add(text: bytes, keys: Sequence[str], value: Json) -> bytes:
    """Append ``value`` to the array at ``keys``, which is made where it is missing."""
    need_keys(keys)
    bom, source = decoded(text)
    trail = json_scan.levels(source, keys)
    if trail[-1].at < 0:
        return put(text, keys, [value])
    box = array(source, trail, keys)
    style = style_of(source, trail[0].box)
    gap = items.room(source, box, style.unit, style.space)
    return encoded(bom, inserted(source, box, gap, render(value, style, gap.base)))


@shallow
def take(text: bytes, keys: Sequence[str], value: Json, made: int = 0) -> bytes:
    """Take the first element equal to ``value`` out of the array at ``keys``.

    Left empty, the array goes too, and up to ``made`` - 1 parents after it, unless ``made`` is 0.
    """
    need_keys(keys)
    bom, source = decoded(text)
    trail = json_scan.levels(source, keys)
    if trail[-1].at < 0:
        return text
    box = array(source, trail, keys)
    equal = (n for n, item in enumerate(box.items) if same(json_scan.value_of(source[item.value : item.end]), value))
    index = next(equal, None)
    if index is None:
        return text
    if made and len(box.items) == 1:
        return encoded(bom, without_member(source, trail, made - 1))
    return encoded(bom, without(source, box, index))


def array(source: str, trail: Sequence[Level], keys: Sequence[str]) -> Box:
    """Return the array that the path leads to."""
    start = trail[-1].box.items[trail[-1].at].value
    if source[start] != "[":
        raise invalid(source, start, f'"{keys[-1]}" is not an array.')
    return json_scan.elements(source, start)


def without_member(source: str, trail: list[Level], made: int) -> str:
    """Return ``source`` less the member at the end of ``trail``, or the outermost parent left empty."""
    while made and len(trail) > 1 and len(trail[-1].box.items) == 1:
        trail, made = trail[:-1], made - 1
    return without(source, trail[-1].box, trail[-1].at)


def without(source: str, box: Box, index: int) -> str:
    """Return ``source`` less one item of ``box``."""
    start, end = items.removal(source, box, index)
    texts = texts_of(source, box)
    del texts[index]
    return proven(source[:start] + source[end:], box, texts)


def inserted(source: str, box: Box, gap: items.Gap, item: str) -> str:
    """Return ``source`` with one more item in ``box``."""
    after = source[: gap.offset] + gap.before + item + gap.after + source[gap.offset :]
    return proven(after, box, [*texts_of(source, box), item])


def texts_of(source: str, box: Box) -> list[str]:
    return [source[item.start : item.end] for item in box.items]


def proven(after: str, box: Box, texts: list[str]) -> str:
    """Return ``after``, if what now opens where ``box`` did holds exactly ``texts``.

    That is enough: the splice lies inside this one value, one complete value stands in its place again, and
    around it are the same bytes, which were read as strict JSON before.
    """
    start = box.open - 1
    new = json_scan.walk(after, start, ())[0].box if after[start] == "{" else json_scan.elements(after, start)
    if texts_of(after, new) != texts:
        raise unsupported(after, start, "The edit would change more than our own entry.")
    return after
