"""Another's marketplace: which plugin of it brings a Mem0 server to a client. Nothing is read or fetched here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mem0_agent.clients import CLIENTS, bundles, shop
from mem0_agent.clients.plugins import SHOPPERS
from mem0_agent.clients.shop import Listing
from mem0_agent.clients.sources import unusable
from mem0_agent.model import NAME, Offer
from mem0_agent.planning import registrations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mem0_agent.clients.sources import Source
    from mem0_agent.model import Files, Host

WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""What the name of a marketplace or a plugin may be: it becomes a part of paths."""


def wants(root: Path, client: str, known: Files) -> Iterator[Path]:
    """The files that tell what a marketplace has for a client."""
    side = SHOPPERS[client]
    yield from (root / name for name in side.CATALOGUES)
    for _, folder, more in bundles.listed(root, side.CATALOGUES, known):
        yield from bundles.wants(folder, side.MANIFESTS, known, more)


def listing(host: Host, client: str, where: Source, root: Path, files: Files) -> Listing:
    """The plugin that brings a Mem0 to this client, one that is called mem0 before all others.

    Raises UserError where the marketplace is none, or has nothing of the kind.
    """
    side, title = SHOPPERS[client], CLIENTS[client].TITLE
    market = str(bundles.manifest(root, side.CATALOGUES, files).get("name") or "")
    if not WORD.fullmatch(market):
        raise unusable(where.words, f"it has no {' or '.join(side.CATALOGUES)} with a name")
    if market == shop.MARKET:
        raise unusable(where.words, "it bears our own name; without --marketplace you get our plugin")
    found = [
        Listing(Offer(market, plugin, where.words), name, entry)
        for plugin, folder, more in bundles.listed(root, side.CATALOGUES, files)
        for name, entry in bundles.servers(folder, side.MANIFESTS, files, more).items()
        if WORD.fullmatch(plugin)
    ]
    memories = [each for each in found if is_memory(host, client, files, each)]
    if not memories:
        raise unusable(where.words, f"no plugin of it brings a Mem0 server to {title}")
    return min(memories, key=lambda each: (each.offer.plugin != NAME, each.server != NAME))


def is_memory(host: Host, client: str, files: Files, each: Listing) -> bool:
    target = SHOPPERS[client].brought(host, each.offer, each.server, each.entry)
    return registrations.is_memory(host, target, CLIENTS[client].endpoint(host, files, target))
