"""Plugins of OpenAI Codex as it keeps them on disk, as observed on 0.143.0 and 0.169.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem0_agent.clients import bundles, codex_hooks, codex_policy, shop
from mem0_agent.model import Registration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mem0_agent.model import Endpoint, Files, Finding, Host, Json, Offer

ID = "codex"
CATALOGUES = (".agents/plugins/marketplace.json", ".claude-plugin/marketplace.json")
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


def plugin_ban(host: Host, files: Files, offer: Offer) -> Finding | None:
    del host, offer
    return codex_policy.plugin_ban(files)


def hints(host: Host, files: Files) -> tuple[str, ...]:
    del host, files
    return ()


# Taking a plugin


def taking(offer: Offer) -> tuple[tuple[str, ...], ...]:
    return ("plugin", "marketplace", "add", offer.source), ("plugin", "add", offer.identity)


def leaving(offer: Offer) -> tuple[tuple[str, ...], ...]:
    plugin, market = ("plugin", "remove", offer.identity), ("plugin", "marketplace", "remove", offer.market)
    return (plugin,) if offer.known else (plugin, market)


def brought(host: Host, offer: Offer, name: str, entry: Mapping[str, Json]) -> Registration:
    path, keys = codex_hooks.folder(host) / "config.toml", ("plugins", offer.identity, "enabled")
    return Registration(ID, name, "plugin", path, keys, entry, plugin=offer.identity)


def traces(host: Host, files: Files, offer: Offer) -> shop.Traces:
    """The plugin, its marketplace, and the trust of its hooks."""
    home = codex_hooks.folder(host)
    path, copies = home / "config.toml", home / "plugins" / "cache" / offer.market
    states = bundles.members(bundles.members(bundles.lenient(path, files).get("hooks")).get("state"))
    trusted = [("hooks", "state", key) for key in states if key.startswith(f"{offer.identity}:")]
    market = () if offer.known else (("marketplaces", offer.market),)
    places = tuple((path, keys) for keys in (("plugins", offer.identity), *market, *trusted))
    if offer.known:
        return shop.Traces(places, (copies / offer.plugin,))
    fetched = () if shop.is_own(offer) else (home / ".tmp" / "marketplaces" / offer.market,)
    return shop.Traces(places, (copies, *fetched))


def markets(host: Host, files: Files) -> Mapping[str, Json]:
    path = codex_hooks.folder(host) / "config.toml"
    return bundles.members(bundles.lenient(path, files).get("marketplaces"))


def knows(host: Host, files: Files, market: str) -> bool:
    return market in markets(host, files)


def taken(host: Host, files: Files, offer: Offer, version: str = "") -> bool:
    """Codex reads a copy: our own has to be of this version, and to come from our folder."""
    copy = cache(host, offer.identity)
    if not listed(host, files).get(offer.identity, False) or copy is None:
        return False
    if not shop.is_own(offer):
        return True
    source = bundles.members(markets(host, files).get(offer.market)).get("source")
    return source == offer.source and bundles.manifest(copy, MANIFESTS, files).get("version") == version
