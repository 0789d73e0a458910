"""Plugins of Claude Code as it keeps them on disk, as observed on 2.1.204 and 2.1.330."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mem0_agent.clients import bundles, claude_places, claude_policy, programs, shop
from mem0_agent.model import Registration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mem0_agent.model import Endpoint, Files, Finding, Host, Json, Offer

ID = "claude-code"
MANIFESTS = (".claude-plugin/plugin.json",)
CATALOGUES = (".claude-plugin/marketplace.json",)


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
    catalogues = {place / name for place in directories(host, known).values() for name in CATALOGUES}
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
            if isinstance(place, str) and not astray(host, files, identity):
                owner = bundles.members(row).get("projectPath")
                root, more = source(host, files, identity, Path(place))
                yield Plugin(identity, root, more, Path(owner) if isinstance(owner, str) else None)


def astray(host: Host, files: Files, identity: str) -> bool:
    """Whether the marketplace is a folder that has gone: then Claude Code loads nothing, whatever copy it has."""
    place = directories(host, files).get(bundles.parts(identity)[1])
    return place is not None and all(files.get(place / name, b"?") is None for name in CATALOGUES)


def source(host: Host, files: Files, identity: str, copy: Path) -> tuple[Path, Json]:
    """Where the plugin is really read from, and the servers that its marketplace's own list adds."""
    name, market = bundles.parts(identity)
    place = directories(host, files).get(market)
    found = bundles.listed(place, CATALOGUES, files) if place else ()
    return next(((root, more) for row, root, more in found if row == name), (copy, None))


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


def plugin_ban(host: Host, files: Files, offer: Offer) -> Finding | None:
    return claude_policy.plugin_ban(host, files, offer)


def hints(host: Host, files: Files) -> tuple[str, ...]:
    """Connectors of claude.ai that were connected once; whether they still are, only the account knows."""
    known = bundles.lenient(claude_places.main_file(host), files).get("claudeAiMcpEverConnected")
    return tuple(
        f"“{name}” has been connected on claude.ai once. If it still is, Claude Code has its tools a second time:"
        f" switch one of them off under /mcp."
        for name in programs.texts(known)
        if re.search(r"\bmem0\b", name, re.IGNORECASE)
    )


# Taking a plugin


def taking(offer: Offer) -> tuple[tuple[str, ...], ...]:
    return ("plugin", "marketplace", "add", offer.source), ("plugin", "install", offer.identity)


def leaving(offer: Offer) -> tuple[tuple[str, ...], ...]:
    plugin, market = ("plugin", "uninstall", offer.identity), ("plugin", "marketplace", "remove", offer.market)
    return (plugin,) if offer.known else (plugin, market)


def brought(host: Host, offer: Offer, name: str, entry: Mapping[str, Json]) -> Registration:
    keys = ("enabledPlugins", offer.identity)
    return Registration(ID, name, "plugin", claude_places.settings_file(host), keys, entry, plugin=offer.identity)


def traces(host: Host, files: Files, offer: Offer) -> shop.Traces:
    """The plugin and its marketplace; what a plugin of others has stored for itself is not ours to clear away."""
    del files
    settings, copies = claude_places.settings_file(host), folder(host) / "cache" / offer.market
    plugin = ((settings, ("enabledPlugins", offer.identity)), (installed_file(host), ("plugins", offer.identity)))
    market = ((settings, ("extraKnownMarketplaces", offer.market)), (marketplaces_file(host), (offer.market,)))
    beside = (claude_places.main_file(host),)
    if offer.known:
        return shop.Traces(plugin, (copies / offer.plugin,), beside)
    fetched = folder(host) / "marketplaces" / offer.market
    own = (folder(host) / "data" / offer.identity.replace("@", "-"),) if shop.is_own(offer) else ()
    return shop.Traces((*plugin, *market), (copies, fetched, *own), beside)


def knows(host: Host, files: Files, market: str) -> bool:
    return market in bundles.lenient(marketplaces_file(host), files)


def taken(host: Host, files: Files, offer: Offer, version: str = "") -> bool:
    """Of our own plugin nothing but our folder is read: its version is then what lies there."""
    del version
    path, on = switch(host, None, files, offer.identity)
    there = any(plugin.id == offer.identity for plugin in installed(host, files))
    placed = not shop.is_own(offer) or directories(host, files).get(offer.market) == shop.folder(host)
    return on and there and placed and path == claude_places.settings_file(host)
