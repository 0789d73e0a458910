"""What lies in a plugin's folder: the MCP servers that it brings, in either client's dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem0_agent.clients import programs
from mem0_agent.model import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from mem0_agent.model import Files, Json

USUAL = ".mcp.json"


def lenient(path: Path, files: Files) -> Mapping[str, Json]:
    """The file at ``path`` as data; empty where it is absent or broken: a plugin that does not load brings nothing."""
    try:
        return programs.document(path, files)
    except UserError:
        return {}


def members(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def manifest(root: Path, candidates: Iterable[str], files: Files) -> Mapping[str, Json]:
    """The first manifest that is there; the others are not read then."""
    return next((lenient(root / name, files) for name in candidates if files.get(root / name) is not None), {})


def wants(root: Path, candidates: tuple[str, ...], known: Files, more: Json = None) -> frozenset[Path]:
    """The files that tell which servers the plugin in ``root`` brings; ``more`` is what the marketplace adds."""
    told = manifest(root, candidates, known).get("mcpServers")
    usual = (root / name for name in (*candidates, USUAL))
    return frozenset({*usual, *references(root, told), *references(root, more)})


def references(root: Path, told: Json) -> Iterator[Path]:
    """The files that ``mcpServers`` of a manifest names, none outside of the plugin."""
    for item in told if isinstance(told, list) else [told]:
        if isinstance(item, str) and ".." not in item.split("/"):
            yield root / item


def servers(root: Path, candidates: tuple[str, ...], files: Files, more: Json = None) -> dict[str, Mapping[str, Json]]:
    """Every server by its name, whichever way it is written: inline, in a named file, in the usual one."""
    told = manifest(root, candidates, files).get("mcpServers")
    found: dict[str, Mapping[str, Json]] = {}
    for source in (told, more):
        for item in source if isinstance(source, list) else [source]:
            found |= unwrapped(item)
        for path in references(root, source):
            found |= unwrapped(lenient(path, files))
    return found or unwrapped(lenient(root / USUAL, files))


def unwrapped(value: Json) -> dict[str, Mapping[str, Json]]:
    """The map of servers in ``value``, with or without the word mcpServers around it."""
    held = members(value)
    inner = held["mcpServers"] if isinstance(held.get("mcpServers"), dict) else held
    return {str(name): entry for name, entry in inner.items() if isinstance(entry, dict)}


def listed(root: Path, catalogues: Iterable[str], files: Files) -> Iterator[tuple[str, Path, Json]]:
    """The plugins of the marketplace in ``root`` that lie in it: name, folder, and the servers that the list adds."""
    catalogue = manifest(root, catalogues, files)
    base = str(members(catalogue.get("metadata")).get("pluginRoot") or "")
    rows = catalogue.get("plugins")
    for row in rows if isinstance(rows, list) else ():
        told = members(row).get("source")
        where = told if isinstance(told, str) else members(told).get("path")
        if isinstance(where, str) and ".." not in where.split("/") and not where.startswith("/"):
            place = root / ("" if where.startswith("./") else base) / where
            yield str(members(row).get("name")), place, members(row).get("mcpServers")


def filled(value: Json, names: Mapping[str, str]) -> Json:
    """``value`` with every ``${name}`` of ``names`` in its texts filled in."""
    if isinstance(value, dict):
        return {key: filled(member, names) for key, member in value.items()}
    if isinstance(value, list):
        return [filled(member, names) for member in value]
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace(f"${{{name}}}", text)
    return value


def parts(identity: str) -> tuple[str, str]:
    """The name and the marketplace of ``name@marketplace``."""
    name, _, market = identity.partition("@")
    return name, market
