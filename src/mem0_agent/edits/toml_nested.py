"""TOML arrays inside elements of other arrays, inline or as tables. Nothing is proven here; ``toml_text`` does that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem0_agent.edits import items, toml_find
from mem0_agent.edits.lines import cut
from mem0_agent.edits.text import element
from mem0_agent.edits.toml_scan import box_at, sections
from mem0_agent.edits.toml_splice import runs

if TYPE_CHECKING:
    from mem0_agent.edits.toml_scan import Keys, Section


def without_element(text: str, path: Keys, index: int) -> str:
    """Return ``text`` less one element of the array at ``path``, which leads through one element ``#n``."""
    number = next(n for n, key in enumerate(path) if element(key) is not None)
    outer, rest = path[:number], path[number + 1 :]
    found = sections(text, path[0])
    slot = toml_find.slot(text, found, outer)
    if slot:
        item = box_at(text, slot.value).items[at(path[number])]
        return without_item(text, inner(text, item.value, rest), index)
    mine = toml_find.element(found, outer, at(path[number]))
    return without_table(text, found, mine, (*outer, *rest), index)


def without_table(text: str, found: list[Section], mine: list[Section], keys: Keys, index: int) -> str:
    """Return ``text`` less one element of the array at ``keys`` in the sections of one outer element."""
    pair = next((pair for pair in toml_find.pairs_of(mine) if pair.keys == keys), None)
    if pair:
        return without_item(text, pair.value, index)
    return cut(text, runs(text, found, toml_find.element([found[0], *mine], keys, index)))


def without_item(text: str, start: int, index: int) -> str:
    begin, end = items.removal(text, box_at(text, start), index)
    return text[:begin] + text[end:]


def inner(text: str, start: int, keys: Keys) -> int:
    """Return where the value at ``keys`` starts, in the inline table that opens at ``start``; ``start`` if nowhere."""
    held = (item for item in box_at(text, start).items if toml_find.starts(keys, item.key))
    item = next(held, None)
    if item is None:
        return start
    rest = keys[len(item.key) :]
    return inner(text, item.value, rest) if rest else item.value


def at(key: str) -> int:
    return element(key) or 0
