"""TOML, edited by spans: bytes in, bytes out, every byte that is not ours kept.

TOML 1.1 and a byte order mark are read, and zero bytes are the empty document. Every function raises
UserError and nothing else: config.invalid for a file that is not TOML or has no table where the path needs
one, config.unsupported for an edit after which the file, read again, shows any difference but that edit.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Final

from mem0_agent.edits import toml_family, toml_find, toml_nested, toml_scan, toml_splice
from mem0_agent.edits.memo import Memo
from mem0_agent.edits.text import (
    MISSING,
    decoded,
    depth_at,
    element,
    encoded,
    invalid,
    need_keys,
    same,
    shallow,
    unsupported,
    value_at,
    with_value,
)
from mem0_agent.edits.toml_lower import lowered
from mem0_agent.model import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mem0_agent.edits.toml_lower import Lowered
    from mem0_agent.edits.toml_scan import Keys
    from mem0_agent.model import Json

POSITION: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read(text: str) -> dict[str, Json]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        low = lowered(text)
    except ValueError as error:
        raise invalid(text, 0, f"Not valid TOML: {error}.") from error
    try:
        return tomllib.loads(low.text)
    except ValueError as error:
        raise misread(text, low, error) from error


def misread(text: str, low: Lowered, error: ValueError) -> UserError:
    """Return what the reader of ``low`` says, at its place in ``text``."""
    message = str(error)
    at = POSITION.search(message)
    offset = low.original(int(at[1]), int(at[2])) if at and at[1] else len(text) if at else 0
    return invalid(text, offset, f"Not valid TOML: {message[: at.start()] if at else message}.")


document: Final[Memo[dict[str, Json]]] = Memo(lambda data: read(decoded(data)[1]))


@shallow
def parse(text: bytes) -> dict[str, Json]:
    """Return the document as plain data, dates included, shared between callers: do not change it."""
    return document(text)


def fresh() -> bytes:
    """Return the empty document that a new file starts from."""
    return b""


@shallow
def put(text: bytes, keys: Sequence[str], value: Json) -> bytes:
    """Make the member at ``keys`` ``value``: in its place, or a table under its header at the end.

    A table that is there already is changed member by member, so that comments and order in it stay.
    """
    source, path = opened(text, keys)
    data = document(text)
    if same(value_at(data, path), value):
        return text
    return proven(text, path, edited(source, data, path, value), [with_value(data, path, value)])


@shallow
def drop(text: bytes, keys: Sequence[str], made: int = 0) -> bytes:
    """Take the member at ``keys`` away, and after it up to ``made`` parents that it leaves empty.

    A parent that only its members' headers spoke of goes with the last of them, whatever ``made`` says.
    """
    source, path = opened(text, keys)
    data = document(text)
    if value_at(data, path) is MISSING:
        return text
    path = emptied(data, path, made)
    after = toml_splice.without(source, path)
    return proven(text, path, [after], pruned(data, path))


@shallow
def add(text: bytes, keys: Sequence[str], value: Json) -> bytes:
    """Append ``value`` to the array at ``keys``, which is made where it is missing."""
    source, path = opened(text, keys)
    data = document(text)
    old = listed(source, data, path)
    if old is None:
        return put(text, keys, [value])
    if not isinstance(value, dict) and toml_find.slot(source, toml_scan.sections(source, path[0]), path) is None:
        raise unsupported(source, toml_find.spot(source, path), "An array of tables takes only tables.")
    after = toml_splice.with_element(source, path, value)
    return proven(text, path, [after], [with_value(data, path, [*old, value])])


@shallow
def take(text: bytes, keys: Sequence[str], value: Json, made: int = 0) -> bytes:
    """Take the first element equal to ``value`` out of the array at ``keys``.

    Left empty, the array goes too, and up to ``made`` - 1 parents after it, unless ``made`` is 0. A path that
    leads through an element (``#2``) ends in an array that stays, with at least one element in it.
    """
    if any(element(key) is not None for key in keys):
        return take_within(text, tuple(keys), value)
    source, path = opened(text, keys)
    data = document(text)
    old = listed(source, data, path) or []
    index = next((n for n, item in enumerate(old) if same(item, value)), None)
    if index is None:
        return text
    if made and len(old) == 1:
        return drop(text, keys, made - 1)
    rest = [*old[:index], *old[index + 1 :]]
    after = toml_splice.without_element(source, path, index)
    expected = [with_value(data, path, rest), *([] if rest else pruned(data, path))]
    return proven(text, path, [after], expected)


def take_within(text: bytes, path: Keys, value: Json) -> bytes:
    """Take the first element equal to ``value`` out of an array inside an element of another array."""
    source = decoded(text)[1]
    data = document(text)
    old = value_at(data, path)
    index = next((n for n, item in enumerate(old if isinstance(old, list) else ()) if same(item, value)), None)
    if index is None:
        return text
    rest = [*old[:index], *old[index + 1 :]]
    after = toml_nested.without_element(source, path, index)
    return proven(text, path, [after], [with_value(data, path, rest)])


def opened(data: bytes, keys: Sequence[str]) -> tuple[str, Keys]:
    """Text and path, after a look at everything that the path leads through."""
    need_keys(keys)
    text = decoded(data)[1]
    path = tuple(keys)
    depth = depth_at(document(data), path)
    for end in range(1, min(depth, len(path) - 1) + 1):
        if not isinstance(value_at(document(data), path[:end]), dict):
            message = f'"{path[end - 1]}" is not a table, so "{path[end]}" cannot stand in it.'
            raise invalid(text, toml_find.spot(text, path[:end]), message)
    return text, path


def listed(source: str, data: dict[str, Json], path: Keys) -> list[Json] | None:
    """Return the array at ``path``, None where nothing stands."""
    value = value_at(data, path)
    if value is MISSING:
        return None
    if not isinstance(value, list):
        raise invalid(source, toml_find.spot(source, path), f'"{path[-1]}" is not an array.')
    return value


def edited(source: str, data: dict[str, Json], path: Keys, value: Json) -> Iterator[str]:
    """Return the texts that could say ``value`` at ``path``, the best first."""
    old = value_at(data, path)
    if old is MISSING:
        yield from toml_splice.with_member(source, path, value, depth_at(data, path))
        return
    if isinstance(old, dict) and isinstance(value, dict) and old.keys() & value.keys():
        yield merged(source, data, path, value)
    slot = toml_find.slot(source, toml_scan.sections(source, path[0]), path)
    if slot:
        yield toml_splice.replaced(source, slot, value)
    yield from toml_splice.with_member(toml_splice.without(source, path), path, value, len(path) - 1)


def merged(source: str, data: dict[str, Json], path: Keys, value: dict[str, Json]) -> str:
    """Return ``source`` with the table at ``path`` changed only where ``value`` differs."""
    old = value_at(data, path)
    for key in old:
        if key not in value:
            source = toml_splice.without(source, (*path, key))
    for key, item in value.items():
        if not same(old.get(key, MISSING), item):
            source = next(edited(source, data, (*path, key), item))
    return source


def emptied(data: dict[str, Json], path: Keys, made: int) -> Keys:
    """Return ``path``, or the outermost of up to ``made`` parents that would be left empty without it."""
    while made and len(path) > 1 and len(value_at(data, path[:-1])) == 1:
        path, made = path[:-1], made - 1
    return path


def pruned(data: dict[str, Json], path: Keys) -> Iterator[dict[str, Json]]:
    """Return ``data`` without the member at ``path``, then also without each parent that is empty by then."""
    while path:
        parent = {key: item for key, item in value_at(data, path[:-1]).items() if key != path[-1]}
        data = with_value(data, path[:-1], parent) if len(path) > 1 else parent
        yield data
        if parent:
            return
        path = path[:-1]


def proven(text: bytes, path: Keys, forms: Iterable[str], meanings: Iterable[dict[str, Json]]) -> bytes:
    """Return the first of ``forms`` that reads as one of ``meanings``."""
    allowed = list(meanings)
    bom, source = decoded(text)
    for form in forms:
        result = encoded(bom, form)
        if (data := toml_family.known(source, document(text), form, path[0], read)) is not None:
            document.keep(result, data)
        try:
            data = document(result)
        except UserError:
            continue
        if any(same(data, meaning) for meaning in allowed):
            return result
    name = ".".join(path)
    message = f'"{name}" is written in a form that cannot be changed without touching something else.'
    raise unsupported(source, toml_find.spot(source, path), message)
