"""A plugin that we brought into a client: there, of another version, or registered without anything behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem0_agent.clients import bundles, programs, shop
from mem0_agent.clients.plugins import SHOPPERS
from mem0_agent.doctor.lines import INSTALL, by_plugin
from mem0_agent.edits.text import MISSING, value_at
from mem0_agent.model import Finding
from mem0_agent.planning import traces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mem0_agent.contract import Client
    from mem0_agent.doctor.case import Case
    from mem0_agent.model import Endpoint, Offer, Registration


def findings(case: Case, client: Client, held: list[tuple[Registration, Endpoint]]) -> Iterator[Finding]:
    """What we brought into this client: there, or registered without anything behind it."""
    for offer in traces.brought(case.host, client.ID, case.receipt):
        named = [
            path
            for path, keys in SHOPPERS[client.ID].traces(case.host, case.files, offer).places
            if offer.identity in keys and has(case, path, keys)
        ]
        mine = [registration for registration, _ in held if registration.plugin == offer.identity]
        if (named or not shop.is_own(offer)) and not mine:
            yield broken(client, offer, named)
        elif mine and mine[0].live:
            yield of_version(case, client, offer, mine[0])


def again(client: Client, offer: Offer) -> str:
    """The line that brings the plugin in anew."""
    return " ".join((INSTALL, "--client", client.ID, *by_plugin(offer)))


def broken(client: Client, offer: Offer, named: list[Path]) -> Finding:
    where = f"{named[0]} names it" if named else "Nothing names it any more"
    return Finding(
        "plugin.broken",
        "error",
        f"The plugin {offer.identity} is registered in {client.TITLE} and brings nothing",
        f"{where}; {offer.source} or the client's copy of it is gone or broken.",
        again(client, offer),
        client.ID,
        named[0] if named else None,
    )


def of_version(case: Case, client: Client, offer: Offer, mine: Registration) -> Finding:
    version = str(bundles.lenient(shop.manifest(case.host), case.files).get("version") or "")
    outdated = client.ID == "codex" and bool(version) and shop.is_own(offer)
    if outdated and not SHOPPERS[client.ID].taken(case.host, case.files, offer, version):
        return Finding(
            "plugin.outdated",
            "warning",
            f"{client.TITLE} reads another copy of the plugin {offer.identity}",
            f"In {offer.source} lies version {version}.",
            again(client, offer),
            client.ID,
            mine.path,
        )
    title = f"The plugin {offer.identity} is on in {client.TITLE}"
    return Finding("plugin.ok", "ok", title, str(mine.path), "", client.ID, mine.path)


def has(case: Case, path: Path, keys: tuple[str, ...]) -> bool:
    return value_at(dict(programs.document(path, case.files)), keys) is not MISSING
