"""Plugins of OpenAI Codex as it keeps them on disk, as observed on 0.143.0 and 0.169.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem0_agent.clients import bundles, codex_hooks, codex_policy, shop
from mem0_agent.model import NAME, Registration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mem0_agent.model import Endpoint, Files, Finding, Host, Json

ID = "codex"
MANIFESTS = (".codex-plugin/plugin.json", ".claude-plugin/plugin.json")


def cache(host: Host, identity: str) -> Path | None:
    """The copy that Codex reads, also when the marketplace is gone; None where there is none."""
    name, market = bundles.parts(identity)
    place = codex_hooks.folder(host) / "plugins" / "cache" / market / name
    versions = [version for version in host.names(place) if not version.startswith(".")]
    return place / versions[-1] if versions else None


def listed(host: Host, files: Files) -> dict[str, bool]:
    """Every plugin that config.toml names, and whether it is on."""
    held = bundles.members(bundles.lenient(codex_hooks.folder(host) / "config.toml", files).get("plugins"))
    return {identity: bundles.members(entry).get("enabled") is not False for identity, entry in held.items()}


def wants(host: Host, project: Path | None, known: Files) -> frozenset[Path]:
    del project
    roots = (cache(host, identity) for identity in listed(host, known))
    return frozenset({shop.manifest(host)}).union(*(bundles.wants(root, MANIFESTS, known) for root in roots if root))


def registrations(host: Host, project: Path | None, files: Files) -> Iterator[Registration]:
    """The servers of every plugin, in the order in which the first of a name wins. ``keys`` are those of its switch."""
    del project
    path = codex_hooks.folder(host) / "config.toml"
    for identity, on in sorted(listed(host, files).items()):
        root = cache(host, identity)
        for name, entry in bundles.servers(root, MANIFESTS, files).items() if root else ():
            names = {"PLUGIN_ROOT": str(root), "CLAUDE_PLUGIN_ROOT": str(root)}
            filled = placed(bundles.filled(dict(entry), names), root)
            yield Registration(ID, name, "plugin", path, ("plugins", identity, "enabled"), filled, on, None, identity)


def placed(entry: Mapping[str, Json], root: Path | None) -> Mapping[str, Json]:
    """A working folder that a plugin names is meant from its own folder."""
    where = entry.get("cwd")
    return {**entry, "cwd": str(root / where)} if root and isinstance(where, str) else entry


# What else there is to know


def server_ban(host: Host, files: Files, target: Registration, endpoint: Endpoint) -> Finding | None:
    del host
    return codex_policy.server_ban(files, target, endpoint)


def plugin_ban(host: Host, files: Files) -> Finding | None:
    del host
    return codex_policy.plugin_ban(files)


def hints(host: Host, files: Files) -> tuple[str, ...]:
    del host, files
    return ()


# Our own


JOIN = (("plugin", "marketplace", "add", "{market}"), ("plugin", "add", shop.IDENTITY))
LEAVE = (("plugin", "remove", shop.IDENTITY), ("plugin", "marketplace", "remove", shop.MARKET))


def ours(host: Host, entry: Mapping[str, Json]) -> Registration:
    """The server of our plugin as it will be, at the place of its switch."""
    path, keys = codex_hooks.folder(host) / "config.toml", ("plugins", shop.IDENTITY, "enabled")
    return Registration(ID, NAME, "plugin", path, keys, entry, plugin=shop.IDENTITY)


def traces(host: Host, files: Files) -> shop.Traces:
    """The plugin, its marketplace, and the trust of its hooks."""
    home = codex_hooks.folder(host)
    path = home / "config.toml"
    states = bundles.members(bundles.members(bundles.lenient(path, files).get("hooks")).get("state"))
    trusted = [("hooks", "state", key) for key in states if key.startswith(f"{shop.IDENTITY}:")]
    places = [("plugins", shop.IDENTITY), ("marketplaces", shop.MARKET), *trusted]
    return shop.Traces(tuple((path, keys) for keys in places), (home / "plugins" / "cache" / shop.MARKET,))


def joined(host: Host, files: Files, version: str) -> bool:
    """Whether our plugin is on, from our own folder, and the copy that Codex reads is of this version."""
    path = codex_hooks.folder(host) / "config.toml"
    markets = bundles.members(bundles.lenient(path, files).get("marketplaces"))
    source = bundles.members(markets.get(shop.MARKET)).get("source")
    copy = cache(host, shop.IDENTITY)
    held = bundles.manifest(copy, MANIFESTS, files).get("version") if copy else None
    return listed(host, files).get(shop.IDENTITY, False) and source == str(shop.folder(host)) and held == version
