"""A JSON document read once: its data and the spans of its root's members come out of the same pass.

A text that we made of another one by a splice is not read again from end to end. The splice lies inside one object
or array; reading goes on in the new text behind the last item before the splice and ends where an item stood
already, or at the bracket that was there. A reader of JSON that has come to the same place, within the same
brackets, reads the same bytes as before, so it finds what it found there. What it finds in between is compared
with what was wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from mem0_agent.edits import json_scan
from mem0_agent.edits.items import Box, Item
from mem0_agent.edits.memo import Memo
from mem0_agent.edits.text import decoded, encoded, unsupported, value_at, with_value
from mem0_agent.model import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mem0_agent.edits.json_scan import Level
    from mem0_agent.model import Json


class Outline(NamedTuple):
    """Byte order mark and text; the data in it; the members of its root."""

    bom: str
    text: str
    data: dict[str, Json]
    root: Box


class Site(NamedTuple):
    """The object or array that is edited: its path, its spans, and which member of the root it is in (-1: none)."""

    path: Sequence[str]
    box: Box
    top: int


class Splice(NamedTuple):
    """What goes and what comes: the characters from ``start`` to ``end`` become ``new``."""

    start: int
    end: int
    new: str

    @property
    def shift(self) -> int:
        return len(self.new) - (self.end - self.start)


class Seam(NamedTuple):
    """The items of a box before a splice, those that it brings, those behind it where they are now."""

    before: list[Item]
    between: list[Item]
    behind: list[Item]


# Reading


def read(data: bytes) -> Outline:
    """Return the document in ``data``. Raises UserError for anything but strict JSON with an object at its root."""
    bom, text = decoded(data)
    start = json_scan.root(text)
    try:
        found, items = members(text, start)
    except (UserError, ValueError):  # wrong, or a number too long: the whole is read the long way, which tells
        found, items = json_scan.value_of(text), json_scan.box_at(text, start).items
    return Outline(bom, text, found, Box(start + 1, json_scan.skip(text, items[-1].end if items else start + 1), items))


def members(text: str, start: int) -> tuple[dict[str, Json], list[Item]]:
    """Return the root's data and items in one pass. Raises UserError or ValueError where ``value_of`` would."""
    found: dict[str, Json] = {}
    items: list[Item] = []
    offset, end = json_scan.first(text, start), start + 1
    while offset >= 0:
        key, value = json_scan.member_key(text, offset)
        found[key], end = json_scan.READER.raw_decode(text, value)
        after, following = json_scan.behind_comma(text, end, "}")
        items.append(Item((key,), offset, value, end, after))
        offset = following
    last = json_scan.skip(text, json_scan.skip(text, end) + 1)
    if last != len(text):
        raise json_scan.wrong(text, last, "the end of the file")
    return found, items


outline: Final[Memo[Outline]] = Memo(read)


# Going on


def site(trail: Sequence[Level], depth: int, keys: Sequence[str]) -> Site:
    """Return the box of ``trail`` that ``keys[:depth]`` lead to."""
    return Site(keys[:depth], trail[depth].box, trail[0].at)


def spliced(doc: Outline, where: Site, splice: Splice, wanted: list[str]) -> bytes:
    """Return the document after ``splice``, which brings the items ``wanted`` (as text), and know what it holds.

    Raises UserError where it would do anything else.
    """
    after = "".join((doc.text[: splice.start], splice.new, doc.text[splice.end :]))
    seam = read_on(after, where.box, splice)
    if [after[item.start : item.end] for item in seam.between] != wanted:
        raise overreaching(after, where.box)
    box = Box(where.box.open, where.box.close + splice.shift, [*seam.before, *seam.between, *seam.behind])
    root = box if not where.path else stretched(doc.root, where.top, splice.shift)
    data = with_value(doc.data, where.path, content(after, value_at(doc.data, where.path), where.box, seam))
    result = encoded(doc.bom, after)
    outline.keep(result, Outline(doc.bom, after, data, root))
    return result


def read_on(after: str, box: Box, splice: Splice) -> Seam:
    """Return the items of ``box`` as they stand in ``after``; only those that the splice touched are read."""
    close = json_scan.CLOSE[after[box.open - 1]]
    before = [item for item in box.items if item.end <= splice.start]
    behind = [moved(item, splice.shift) for item in box.items if item.start >= splice.end]
    goal = behind[0].start if behind else -1
    offset, end = json_scan.first(after, box.open - 1), box.open
    if before:
        end = before[-1].end
        comma, offset = json_scan.behind_comma(after, end, close)
        before[-1] = before[-1]._replace(after=comma)
    between: list[Item] = []
    while offset != goal and offset >= 0:
        item, offset = json_scan.item_at(after, offset, close)
        between.append(item)
        end = item.end
    if offset != goal or (goal < 0 and json_scan.skip(after, end) != box.close + splice.shift):
        raise overreaching(after, box)
    return Seam(before, between, behind)


def overreaching(after: str, box: Box) -> UserError:
    return unsupported(after, box.open - 1, "The edit would change more than our own entry.")


def moved(item: Item, shift: int) -> Item:
    return Item(item.key, item.start + shift, item.value + shift, item.end + shift, item.after + shift)


def stretched(root: Box, top: int, shift: int) -> Box:
    """Return the root's members after a splice inside the value of member ``top``."""
    held = root.items[top]
    grown = held._replace(end=held.end + shift, after=held.after + shift)
    behind = [moved(item, shift) for item in root.items[top + 1 :]]
    return Box(root.open, root.close + shift, [*root.items[:top], grown, *behind])


def content(after: str, old: Json, box: Box, seam: Seam) -> Json:
    """Return what stood in ``box``, with what stands there now."""
    values = [json_scan.value_of(after[item.value : item.end]) for item in seam.between]
    head, tail = len(seam.before), len(box.items) - len(seam.behind)
    if isinstance(old, list):
        return [*old[:head], *values, *old[tail:]]
    fresh = {item.key[0]: value for item, value in zip(seam.between, values, strict=True)}
    gone = {item.key[0] for item in box.items[head:tail]} - fresh.keys()
    return {**{key: value for key, value in old.items() if key not in gone}, **fresh}
