"""What is registered in one client: what it reads, what it does not, and what stands beside what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem0_agent.clients.plugins import PLUGINS
from mem0_agent.doctor import apps, entry, plugin
from mem0_agent.doctor.lines import install, noted
from mem0_agent.model import NAME, Backend, Finding
from mem0_agent.planning import registrations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mem0_agent.contract import Client
    from mem0_agent.doctor.case import Case
    from mem0_agent.model import Endpoint, Files, Host, Registration

Held = tuple["Registration", "Endpoint"]


def memories(host: Host, files: Files, project: Path | None, client: Client, backend: str = "") -> list[Held]:
    """The registrations that lead to a Mem0 memory, each with its endpoint; the one that wins first.

    ``backend`` is the address of the memory behind our own server: an entry of any name may lead there.
    """
    pairs = [(held, client.endpoint(host, files, held)) for held in client.registrations(host, project, files)]
    found = [(held, endpoint) for held, endpoint in pairs if registrations.is_memory(host, held, endpoint, backend)]
    return sorted(found, key=lambda pair: registrations.rank(pair[0]))


def findings(case: Case, client: Client) -> Iterator[Finding]:
    held = memories(case.host, case.files, case.project, client, case.facts.backend)
    live = [pair for pair in held if pair[0].live]
    passed_over = [unread(case, client, one, alone=not live) for one, _ in held if not one.live]
    yield from passed_over
    yield from plugin.findings(case, client, held)
    if not live:
        if not any(finding.severity == "warning" for finding in passed_over):
            yield from barred(case, client) or apps.without(case, client, missing(case, client))
        return
    yield from beside(case, client, live)
    yield from hinted(case, client)
    if client.ID in case.facts.stale:
        yield Finding(
            "restart.needed",
            "warning",
            f"{client.TITLE} runs since before it was registered",
            client.RESTART,
            noted(client.PROGRAM, "a new session sees it"),
            client.ID,
        )
    for registration, endpoint in live:
        yield from entry.findings(case, client, registration, endpoint)


def barred(case: Case, client: Client) -> list[Finding]:
    """What forbids the entry that is not there: no install would bring it."""
    backend = case.receipt.backend if case.receipt else Backend("local")
    target = client.entry(case.host, backend, "user", None)
    endpoint = client.endpoint(case.host, case.files, target)
    found = [*client.policy(case.host, case.files), *entry.forbidden(case, client, target, endpoint)]
    return [case.weighed(client.ID, finding) for finding in found if finding.severity == "error"]


def unread(case: Case, client: Client, registration: Registration, *, alone: bool) -> Finding:
    """An entry that is not read; ``alone`` where no other one is, so that the client has no memory at all."""
    if waiting := client.approval(case.host, case.files, registration):
        return waiting
    if registration.plugin:
        return Finding(
            "plugin.disabled",
            "info",
            f"The plugin {registration.plugin} is switched off in {client.TITLE}",
            str(registration.path),
            "",
            client.ID,
            registration.path,
        )
    return Finding(
        "registration.dead",
        "warning" if alone else "info",
        f"{client.TITLE} does not read “{registration.name}” where it stands",
        f"{registration.path} ({registration.scope})",
        install(case, client) if alone else "",
        client.ID,
        registration.path,
    )


def missing(case: Case, client: Client) -> Finding:
    fix = install(case, client)
    for record in case.receipt.records.values() if case.receipt else ():
        ours = record.client == client.ID and record.scope == "user"
        if ours and any(edit.op == "put" and edit.keys[-1] == NAME for edit in record.edits):
            detail = f"It was written to {record.path}; another program has taken it out since."
            return Finding(
                "registration.lost",
                "error",
                f"{client.TITLE} has lost its registration",
                detail,
                fix,
                client.ID,
                record.path,
            )
    return Finding("registration.missing", "warning", f"{client.TITLE} has no Mem0 server", "", fix, client.ID)


def beside(case: Case, client: Client, live: list[Held]) -> Iterator[Finding]:
    """What stands beside the registration that leads: hidden by it, or a second server with the same tools."""
    first, endpoint = live[0]
    presence = case.facts.presences.get(client.ID)
    hiders = registrations.started(live, presence.version if presence else "")
    for duplicate in registrations.duplicates(case.host, first, endpoint, live[1:], backend=case.facts.backend):
        other = duplicate.registration
        hidden = any(found is other and hider for found, hider in hiders)
        places = f"“{first.name}” in {first.path} ({first.scope}), {standing(other)}"
        title = "One registration hides another" if hidden else "The same memory is registered twice"
        yield Finding(
            "registration.shadowed" if hidden else "registration.duplicate",
            "warning" if hidden else "error",
            f"{title} in {client.TITLE}",
            places,
            by_hand(first) or by_hand(other) or install(case, client, "--replace"),
            client.ID,
            other.path,
        )


def by_hand(registration: Registration) -> str:
    """Who takes away what no install of ours may; empty for everything else."""
    if registration.scope in ("managed", "system"):
        return f"Ask the administrator of this machine to take “{registration.name}” out of {registration.path}"
    return apps.by_hand(registration)


def standing(other: Registration) -> str:
    if other.plugin:
        return f"“{other.name}” of the plugin {other.plugin}, switched on in {other.path}"
    return f"“{other.name}” in {other.path} ({other.scope})"


def hinted(case: Case, client: Client) -> Iterator[Finding]:
    for hint in PLUGINS[client.ID].hints(case.host, case.files):
        title = "A connector of claude.ai may bring Mem0 a second time"
        yield Finding(
            "registration.duplicate",
            "warning",
            title,
            hint,
            f"{client.PROGRAM}   # then /mcp, and disable the connector",
            client.ID,
        )
