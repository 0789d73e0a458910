"""Plugins of Claude Code as it keeps them on disk, as observed on 2.1.204 and 2.1.330."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mem0_agent.clients import bundles, claude_places, claude_policy, programs, shop
from mem0_agent.model import NAME, Registration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mem0_agent.model import Endpoint, Files, Finding, Host, Json

ID = "claude-code"
MANIFESTS = (".claude-plugin/plugin.json",)
CATALOGUE = ".claude-plugin/marketplace.json"


@dataclass(frozen=True, slots=True)
class Plugin:
    """One installed plugin: its id, where it is read from, what its marketplace adds, and the project that has it."""

    id: str
    root: Path
    more: Json = None
    project: Path | None = None


def folder(host: Host) -> Path:
    return claude_places.folder(host) / "plugins"


def installed_file(host: Host) -> Path:
    return folder(host) / "installed_plugins.json"


def marketplaces_file(host: Host) -> Path:
    return folder(host) / "known_marketplaces.json"


def wants(host: Host, project: Path | None, known: Files) -> frozenset[Path]:
    fixed = {installed_file(host), marketplaces_file(host), *switches(host, project)}
    catalogues = {place / CATALOGUE for place in directories(host, known).values()}
    found = (bundles.wants(plugin.root, MANIFESTS, known, plugin.more) for plugin in installed(host, known))
    return frozenset(fixed | catalogues).union(*found)


def directories(host: Host, files: Files) -> dict[str, Path]:
    """The marketplaces that are folders on this machine: their plugins are read from there, not from a copy."""
    found = {}
    for name, entry in bundles.lenient(marketplaces_file(host), files).items():
        source = bundles.members(bundles.members(entry).get("source"))
        place = bundles.members(entry).get("installLocation") or source.get("path")
        if source.get("source") == "directory" and isinstance(place, str):
            found[name] = Path(place)
    return found


def installed(host: Host, files: Files) -> Iterator[Plugin]:
    held = bundles.members(bundles.lenient(installed_file(host), files).get("plugins"))
    for identity, rows in held.items():
        for row in rows if isinstance(rows, list) else [rows]:
            place = bundles.members(row).get("installPath")
            if isinstance(place, str):
                owner = bundles.members(row).get("projectPath")
                root, more = source(host, files, identity, Path(place))
                yield Plugin(identity, root, more, Path(owner) if isinstance(owner, str) else None)


def source(host: Host, files: Files, identity: str, copy: Path) -> tuple[Path, Json]:
    """Where the plugin is really read from, and the servers that its marketplace's own list adds."""
    name, market = bundles.parts(identity)
    place = directories(host, files).get(market)
    if place is None:
        return copy, None
    catalogue = bundles.lenient(place / CATALOGUE, files)
    base = str(bundles.members(catalogue.get("metadata")).get("pluginRoot") or "")
    for row in catalogue.get("plugins") or ():
        where = bundles.members(row).get("source")
        if bundles.members(row).get("name") == name and isinstance(where, str):
            return place / ("" if where.startswith("./") else base) / where, row.get("mcpServers")
    return copy, None


def switches(host: Host, project: Path | None) -> tuple[Path, ...]:
    """Every settings file that may switch a plugin on or off, the one that decides first."""
    local = [project / ".claude/settings.local.json", project / ".claude/settings.json"] if project else []
    return (*claude_places.managed_files(host), *local, claude_places.settings_file(host))


def switch(host: Host, project: Path | None, files: Files, identity: str) -> tuple[Path, bool]:
    """The file that decides over a plugin, and what it says; a plugin that no file names is off."""
    for path in switches(host, project):
        value = bundles.members(bundles.lenient(path, files).get("enabledPlugins")).get(identity)
        if value is not None:
            return path, value is not False
    return claude_places.settings_file(host), False


def registrations(host: Host, project: Path | None, files: Files) -> Iterator[Registration]:
    """The servers of every installed plugin. ``path`` and ``keys`` are the place of the plugin's switch."""
    for plugin in installed(host, files):
        path, on = switch(host, plugin.project or project, files, plugin.id)
        names = variables(host, plugin)
        for name, entry in bundles.servers(plugin.root, MANIFESTS, files, plugin.more).items():
            filled: Mapping[str, Json] = bundles.filled(dict(entry), names)
            scope = "managed" if path in claude_places.managed_files(host) else "plugin"
            yield Registration(
                ID, name, scope, path, ("enabledPlugins", plugin.id), filled, on, plugin.project, plugin.id,
            )  # fmt: skip


def variables(host: Host, plugin: Plugin) -> dict[str, str]:
    data = folder(host) / "data" / plugin.id.replace("@", "-")
    return {"CLAUDE_PLUGIN_ROOT": str(plugin.root), "CLAUDE_PLUGIN_DATA": str(data)}


# What else there is to know


def server_ban(host: Host, files: Files, target: Registration, endpoint: Endpoint) -> Finding | None:
    return claude_policy.exclusive(host, files) or claude_policy.server_ban(host, files, target, endpoint)


def plugin_ban(host: Host, files: Files) -> Finding | None:
    return claude_policy.plugin_ban(host, files, shop.MARKET, shop.IDENTITY)


def hints(host: Host, files: Files) -> tuple[str, ...]:
    """Connectors of claude.ai that were connected once; whether they still are, only the account knows."""
    known = bundles.lenient(claude_places.main_file(host), files).get("claudeAiMcpEverConnected")
    return tuple(
        f"“{name}” has been connected on claude.ai once. If it still is, Claude Code has its tools a second time:"
        f" switch one of them off under /mcp."
        for name in programs.texts(known)
        if re.search(r"\bmem0\b", name, re.IGNORECASE)
    )


# Our own


JOIN = (("plugin", "marketplace", "add", "{market}"), ("plugin", "install", shop.IDENTITY))
LEAVE = (("plugin", "uninstall", shop.IDENTITY), ("plugin", "marketplace", "remove", shop.MARKET))


def ours(host: Host, entry: Mapping[str, Json]) -> Registration:
    """The server of our plugin as it will be, at the place of its switch."""
    keys = ("enabledPlugins", shop.IDENTITY)
    return Registration(ID, NAME, "plugin", claude_places.settings_file(host), keys, entry, plugin=shop.IDENTITY)


def traces(host: Host, files: Files) -> shop.Traces:
    del files
    settings = claude_places.settings_file(host)
    places = (
        (settings, ("enabledPlugins", shop.IDENTITY)),
        (settings, ("extraKnownMarketplaces", shop.MARKET)),
        (installed_file(host), ("plugins", shop.IDENTITY)),
        (marketplaces_file(host), (shop.MARKET,)),
    )
    data = folder(host) / "data" / shop.IDENTITY.replace("@", "-")
    return shop.Traces(places, (folder(host) / "cache" / shop.MARKET, data), (claude_places.main_file(host),))


def joined(host: Host, files: Files, version: str) -> bool:
    """Whether our plugin is there and on, read from our own folder; its version is then what lies there."""
    del version
    path, on = switch(host, None, files, shop.IDENTITY)
    there = any(plugin.id == shop.IDENTITY for plugin in installed(host, files))
    placed = directories(host, files).get(shop.MARKET) == shop.folder(host)
    return on and there and placed and path == claude_places.settings_file(host)
