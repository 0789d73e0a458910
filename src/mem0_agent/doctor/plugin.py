"""Our own plugin in a client: there, of another version, or registered without anything behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem0_agent.clients import bundles, programs, shop
from mem0_agent.clients.plugins import OWN
from mem0_agent.doctor.case import INSTALL
from mem0_agent.edits.text import MISSING, value_at
from mem0_agent.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mem0_agent.contract import Client
    from mem0_agent.doctor.case import Case
    from mem0_agent.model import Endpoint, Registration


def findings(case: Case, client: Client, held: list[tuple[Registration, Endpoint]]) -> Iterator[Finding]:
    """Our plugin in this client: there, or registered without anything behind it."""
    side = OWN.get(client.ID)
    places = side.traces(case.host, case.files).places if side else ()
    named = [path for path, keys in places if shop.IDENTITY in keys and has(case, path, keys)]
    mine = [registration for registration, _ in held if registration.plugin == shop.IDENTITY]
    if named and not mine:
        yield Finding(
            "plugin.broken",
            "error",
            f"The plugin {shop.IDENTITY} is registered in {client.TITLE} and brings nothing",
            f"{named[0]} names it; its folder {shop.folder(case.host)} or the client's copy of it is gone or broken.",
            f"{INSTALL} --client {client.ID} --mode plugin",
            client.ID,
            named[0],
        )
    elif mine and mine[0].live:
        yield of_version(case, client, mine[0])


def of_version(case: Case, client: Client, mine: Registration) -> Finding:
    version = bundles.lenient(shop.manifest(case.host), case.files).get("version")
    if client.ID == "codex" and version and not OWN[client.ID].joined(case.host, case.files, str(version)):
        return Finding(
            "plugin.outdated",
            "warning",
            f"{client.TITLE} reads another copy of the plugin {shop.IDENTITY}",
            f"In {shop.folder(case.host)} lies version {version}.",
            f"{INSTALL} --client {client.ID} --mode plugin",
            client.ID,
            mine.path,
        )
    return Finding(
        "plugin.ok",
        "ok",
        f"The plugin {shop.IDENTITY} is on in {client.TITLE}",
        str(mine.path),
        "",
        client.ID,
        mine.path,
    )


def has(case: Case, path: Path, keys: tuple[str, ...]) -> bool:
    return value_at(dict(programs.document(path, case.files)), keys) is not MISSING
