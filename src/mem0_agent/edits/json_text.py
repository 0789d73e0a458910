"""Strict JSON, edited by spans: bytes in, bytes out, every byte that is not ours kept.

Zero bytes and white space alone are no JSON document and are refused, as the owners of these files do.
Every function raises UserError and nothing else: config.invalid for a file that is not strict JSON or holds
something else than an object on the path, config.unsupported for an edit that cannot be proven safe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem0_agent.edits import items, json_scan
from mem0_agent.edits.json_outline import Site, Splice, outline, site, spliced
from mem0_agent.edits.json_style import render, style_of
from mem0_agent.edits.text import invalid, need_keys, nested, same, shallow, unsupported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mem0_agent.edits.items import Gap
    from mem0_agent.edits.json_outline import Outline
    from mem0_agent.edits.json_scan import Level
    from mem0_agent.model import Json


@shallow
def parse(text: bytes) -> dict[str, Json]:
    """Return the document as plain data, shared between callers: do not change it.

    Of members of the same name the last counts. Integers beyond Python's limit of digits come as Decimal.
    """
    return outline(text).data


def fresh() -> bytes:
    """Return the empty document that a new file starts from."""
    return b"{}\n"


@shallow
def put(text: bytes, keys: Sequence[str], value: Json) -> bytes:
    """Make the member at ``keys`` ``value``, in its place or as the last of its parent."""
    doc, trail = opened(text, keys)
    level, source = trail[-1], doc.text
    style = style_of(source, doc.root)
    here = site(trail, len(trail) - 1, keys)
    if level.at < 0:
        key, wrapped = keys[len(trail) - 1], nested(keys[len(trail) :], value)
        if source[level.box.open - 1] == "[":
            raise unsupported(source, level.box.open - 1, f'The array has no element "{key}".')
        gap = items.room(source, level.box, style.unit, style.space)
        return inserted(doc, here, gap, render(key, style, None) + style.colon + render(wrapped, style, gap.base))
    old = level.box.items[level.at]
    if same(json_scan.value_of(source[old.value : old.end]), value):
        return text
    before = items.lead(source, level.box, level.at)
    new = render(value, style, before.rpartition("\n")[2] if "\n" in before else None)
    return spliced(doc, here, Splice(old.value, old.end, new), [source[old.start : old.value] + new])


@shallow
def drop(text: bytes, keys: Sequence[str], made: int = 0) -> bytes:
    """Take the member at ``keys`` away, and after it up to ``made`` parents that it leaves empty."""
    doc, trail = opened(text, keys)
    if len(trail) < len(keys) or trail[-1].at < 0:
        return text
    return without_member(doc, trail, keys, made)


@shallow
def add(text: bytes, keys: Sequence[str], value: Json) -> bytes:
    """Append ``value`` to the array at ``keys``, which is made where it is missing."""
    doc, trail = opened(text, keys)
    if trail[-1].at < 0:
        return put(text, keys, [value])
    here = array(doc, trail, keys)
    style = style_of(doc.text, doc.root)
    gap = items.room(doc.text, here.box, style.unit, style.space)
    return inserted(doc, here, gap, render(value, style, gap.base))


@shallow
def take(text: bytes, keys: Sequence[str], value: Json, made: int = 0) -> bytes:
    """Take the first element equal to ``value`` out of the array at ``keys``.

    Left empty, the array goes too, and up to ``made`` - 1 parents after it, unless ``made`` is 0.
    """
    doc, trail = opened(text, keys)
    if trail[-1].at < 0:
        return text
    here = array(doc, trail, keys)
    read = (json_scan.value_of(doc.text[item.value : item.end]) for item in here.box.items)
    index = next((n for n, item in enumerate(read) if same(item, value)), None)
    if index is None:
        return text
    if made and len(here.box.items) == 1:
        return without_member(doc, trail, keys, made - 1)
    return without(doc, here, index)


def opened(text: bytes, keys: Sequence[str]) -> tuple[Outline, list[Level]]:
    """Return the document, and what the path leads through."""
    need_keys(keys)
    doc = outline(text)
    return doc, json_scan.trail(doc.text, doc.root, keys)


def array(doc: Outline, trail: Sequence[Level], keys: Sequence[str]) -> Site:
    """Return the array that the path leads to."""
    start = trail[-1].box.items[trail[-1].at].value
    if doc.text[start] != "[":
        raise invalid(doc.text, start, f'"{keys[-1]}" is not an array.')
    return Site(keys, json_scan.box_at(doc.text, start), trail[0].at)


def without_member(doc: Outline, trail: list[Level], keys: Sequence[str], made: int) -> bytes:
    """Return the document less the member at the end of ``trail``, or the outermost parent left empty."""
    while made and len(trail) > 1 and len(trail[-1].box.items) == 1:
        trail, made = trail[:-1], made - 1
    return without(doc, site(trail, len(trail) - 1, keys), trail[-1].at)


def without(doc: Outline, here: Site, index: int) -> bytes:
    """Return the document less one item."""
    return spliced(doc, here, Splice(*items.removal(doc.text, here.box, index), ""), [])


def inserted(doc: Outline, here: Site, gap: Gap, item: str) -> bytes:
    """Return the document with one more item."""
    return spliced(doc, here, Splice(gap.offset, gap.offset, gap.before + item + gap.after), [item])
