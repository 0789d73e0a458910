"""Our own values as TOML text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mem0_agent.model import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mem0_agent.model import Json

BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def inline(value: Json) -> str:
    """Return ``value`` on one line. Raises UserError for what TOML has no words for."""
    if isinstance(value, str):
        return string(value)
    if isinstance(value, dict):
        members = ", ".join(f"{dotted((key,))} = {inline(item)}" for key, item in value.items())
        return f"{{ {members} }}" if members else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(inline, value))}]"
    return scalar(value)


def scalar(value: Json) -> str:
    """Return a boolean, number, date or time, as tomlkit writes it."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    if value is None:
        raise unwritable("TOML has no null")
    try:
        return tomlkit.item(value).as_string()
    except (TOMLKitError, TypeError, ValueError) as error:
        raise unwritable(str(error) or type(value).__name__) from error


def string(value: str) -> str:
    """Return a basic string, as tomlkit writes it. Raises UserError for a text that is no Unicode."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise unwritable("the text holds half a surrogate pair") from error
    return scalar(value)


def unwritable(reason: str) -> UserError:
    """Return the error for a value of ours that TOML cannot hold."""
    return UserError("config.unsupported", f"A value cannot be written as TOML: {reason}.")


def dotted(keys: Sequence[str]) -> str:
    """Return a key, each name quoted where it must be."""
    if not all(isinstance(key, str) for key in keys):
        raise unwritable("a name is not a text")
    return ".".join(key if BARE.fullmatch(key) else string(key) for key in keys)


def tables(value: Json) -> bool:
    """Return whether ``value`` is a table or an array of tables, which are written under headers."""
    listed = isinstance(value, list | tuple) and bool(value) and all(isinstance(item, dict) for item in value)
    return isinstance(value, dict) or listed


def block(keys: Sequence[str], value: Json, newline: str) -> str:
    """Return a table, or an array of tables, under its headers; without the last line ending."""
    listed = not isinstance(value, dict)
    parts = [part for item in (value if listed else [value]) for part in headed(keys, item, array=listed)]
    return (newline * 2).join(newline.join(lines) for lines in parts)


def headed(keys: Sequence[str], value: Mapping[str, Json], *, array: bool) -> Iterator[list[str]]:
    """Return the lines of one table, then those of the tables in it."""
    below = {key: item for key, item in value.items() if tables(item)}
    plain = [f"{dotted((key,))} = {inline(item)}" for key, item in value.items() if key not in below]
    if plain or array or not below:
        name = dotted(keys)
        yield [f"[[{name}]]" if array else f"[{name}]", *plain]
    for key, item in below.items():
        listed = not isinstance(item, dict)
        for table in item if listed else [item]:
            yield from headed((*keys, key), table, array=listed)
