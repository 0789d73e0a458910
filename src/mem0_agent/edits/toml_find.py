"""Which parts of a TOML text say what stands at a path, in whatever form they say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mem0_agent.edits.toml_scan import box_at, sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mem0_agent.edits.items import Box
    from mem0_agent.edits.toml_scan import Keys, Pair, Section


class Slot(NamedTuple):
    """One value, written out whole: the offsets of its text."""

    value: int
    end: int


class Member(NamedTuple):
    """One item of an inline table, and what of the path its key leaves over."""

    box: Box
    at: int
    exact: bool


class Nook(NamedTuple):
    """The innermost inline table on a path, and the names that lead on from it."""

    box: Box
    rest: Keys


def starts(keys: Keys, prefix: Keys) -> bool:
    return keys[: len(prefix)] == prefix


def pairs_of(found: list[Section]) -> Iterator[Pair]:
    for section in found:
        yield from section.pairs


def holder(text: str, found: list[Section], keys: Keys) -> Nook | None:
    """Return the innermost inline table that ``keys`` lead into, or None where they lead into none."""
    for pair in pairs_of(found):
        if starts(keys, pair.keys) and text[pair.value] == "{":
            return deepest(text, Nook(box_at(text, pair.value), keys[len(pair.keys) :]))
    return None


def deepest(text: str, nook: Nook) -> Nook:
    """Follow the rest of the path through the inline tables in this one."""
    for item in nook.box.items:
        if starts(nook.rest, item.key) and text[item.value] == "{":
            return deepest(text, Nook(box_at(text, item.value), nook.rest[len(item.key) :]))
    return nook


def members(text: str, found: list[Section], keys: Keys) -> list[Member]:
    """Return the items of an inline table that say what stands at ``keys`` or below it."""
    nook = holder(text, found, keys[:-1])
    if nook is None:
        return []
    rest = (*nook.rest, keys[-1])
    names = (item.key for item in nook.box.items)
    return [Member(nook.box, n, name == rest) for n, name in enumerate(names) if starts(name, rest)]


def slot(text: str, found: list[Section], keys: Keys) -> Slot | None:
    """Return the text of the value at ``keys`` where one pair or one inline item holds it whole."""
    for pair in pairs_of(found):
        if pair.keys == keys:
            return Slot(pair.value, pair.end)
    for member in members(text, found, keys):
        if member.exact:
            item = member.box.items[member.at]
            return Slot(item.value, item.end)
    return None


def spot(text: str, keys: Keys) -> int:
    """Return an offset to point at when something is wrong with what stands at ``keys``."""
    found = sections(text, keys[0])
    whole = slot(text, found, keys)
    if whole:
        return whole.value
    headers = (section.start for section in found if section.keys and starts(section.keys, keys))
    return next(headers, 0)


def belonging(found: list[Section], keys: Keys) -> list[Section]:
    """Return the sections that define the table at ``keys``, its sub tables included."""
    return [section for section in found[1:] if starts(section.keys, keys)]


def element(found: list[Section], keys: Keys, at: int) -> list[Section]:
    """Return the sections of one element of the array of tables at ``keys``."""
    count = -1
    mine: list[Section] = []
    for section in belonging(found, keys):
        count += section.array and section.keys == keys
        if count == at:
            mine.append(section)
    return mine
