"""What is particular to clients that are apps: a file to be written while they are shut, a plugin by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mem0_agent.clients.desktops import DESKTOPS
from mem0_agent.doctor import hooks
from mem0_agent.doctor.lines import INSTALL
from mem0_agent.model import Finding
from mem0_agent.planning import registrations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mem0_agent.contract import Client
    from mem0_agent.doctor.case import Case
    from mem0_agent.model import Registration


def without(case: Case, client: Client, missing: Finding) -> Iterator[Finding]:
    """``missing`` as it is for this client: none where a plugin was made for a connector, and later while it runs."""
    desktop = DESKTOPS.get(client.ID)
    if desktop is None:
        yield missing
        return
    bundle = desktop.bundle_file(case.host)
    if case.receipt and bundle in case.receipt.records:
        yield made(case, client)
        return
    if client.ID not in case.facts.running:
        yield missing
        return
    fix = f"{desktop.QUIT}, then run: {INSTALL} --client {client.ID}"
    yield replace(missing, fix=fix)
    title = f"{desktop.APP} is running: its file can be mended only while it is shut"
    yield Finding("restart.needed", "warning", title, "It rewrites the file from memory.", fix, client.ID, missing.path)


def made(case: Case, client: Client) -> Finding:
    """The plugin stands where we put it, or does not; whether it was uploaded no file tells."""
    bundle = DESKTOPS[client.ID].bundle_file(case.host)
    fix = f"{INSTALL} --client {client.ID} --mode plugin"
    if case.files.get(bundle) is None:
        return Finding(
            "plugin.broken",
            "warning",
            f"The plugin for {client.TITLE} is gone",
            str(bundle),
            fix,
            client.ID,
            bundle,
        )
    fired = hooks.last_word(case, client)
    detail = fired or "No file on this machine tells whether it was uploaded, nor whether the connector was added."
    return Finding(
        "plugin.ok",
        "info",
        f"The plugin for {client.TITLE} is ready: {bundle}",
        detail,
        "",
        client.ID,
        bundle,
    )


def by_hand(registration: Registration) -> str:
    """Where people take away what no file of ours may touch; empty for everything else."""
    where = registrations.BY_HAND.get(registration.scope)
    return f"Remove “{registration.name}” in Claude under {where}" if where else ""
