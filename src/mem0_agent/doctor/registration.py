"""What is registered in one client, what stands in its way, and what its server answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem0_agent.asking import outcomes
from mem0_agent.clients.plugins import PLUGINS
from mem0_agent.doctor import apps, plugin
from mem0_agent.doctor.case import INSTALL
from mem0_agent.model import KEY_VARIABLE, Finding
from mem0_agent.planning import registrations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mem0_agent.contract import Client
    from mem0_agent.doctor.case import Case
    from mem0_agent.model import Endpoint, Files, Host, Registration

Held = tuple["Registration", "Endpoint"]


def memories(host: Host, files: Files, project: Path | None, client: Client) -> list[Held]:
    """The registrations that lead to a Mem0 memory, each with its endpoint; the one that wins first."""
    pairs = [(held, client.endpoint(host, files, held)) for held in client.registrations(host, project, files)]
    found = [(held, endpoint) for held, endpoint in pairs if registrations.is_memory(host, held, endpoint)]
    return sorted(found, key=lambda pair: registrations.rank(pair[0]))


def findings(case: Case, client: Client) -> Iterator[Finding]:
    held = memories(case.host, case.files, case.project, client)
    live = [pair for pair in held if pair[0].live]
    yield from (unread(client, registration) for registration, _ in held if not registration.live)
    yield from plugin.findings(case, client, held)
    if not live:
        yield from apps.without(case, client, missing(case, client))
        return
    yield from beside(case, client, live)
    yield from hinted(case, client)
    if client.ID in case.facts.stale:
        yield Finding(
            "restart.needed",
            "warning",
            f"{client.TITLE} runs since before it was registered",
            "It reads its servers when it starts.",
            client.RESTART,
            client.ID,
        )
    for registration, endpoint in live:
        yield from one(case, client, registration, endpoint)


def unread(client: Client, registration: Registration) -> Finding:
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
        "warning",
        f"{client.TITLE} does not read “{registration.name}” where it stands",
        f"{registration.path} ({registration.scope})",
        f"{INSTALL} --client {client.ID}",
        client.ID,
        registration.path,
    )


def missing(case: Case, client: Client) -> Finding:
    fix = f"{INSTALL} --client {client.ID}"
    for record in case.receipt.records.values() if case.receipt else ():
        if record.client == client.ID and any(edit.op == "put" and edit.keys[-1] == "mem0" for edit in record.edits):
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
    for duplicate in registrations.duplicates(case.host, first, endpoint, live[1:]):
        other = duplicate.registration
        hidden = any(found is other and hider for found, hider in hiders)
        places = f"“{first.name}” in {first.path} ({first.scope}), {standing(other)}"
        title = "One registration hides another" if hidden else "The same memory is registered twice"
        yield Finding(
            "registration.shadowed" if hidden else "registration.duplicate",
            "warning" if hidden else "error",
            f"{title} in {client.TITLE}",
            places,
            apps.by_hand(other) or f"{INSTALL} --client {client.ID} --replace",
            client.ID,
            other.path,
        )


def standing(other: Registration) -> str:
    if other.plugin:
        return f"“{other.name}” of the plugin {other.plugin}, switched on in {other.path}"
    return f"“{other.name}” in {other.path} ({other.scope})"


def forbidden(case: Case, client: Client, registration: Registration, endpoint: Endpoint) -> Iterator[Finding]:
    """A registration that stands there and is not loaded, because somebody's list says so."""
    if client.policy(case.host, case.files):
        return
    if banned := PLUGINS[client.ID].server_ban(case.host, case.files, registration, endpoint):
        yield banned


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


def one(case: Case, client: Client, registration: Registration, endpoint: Endpoint) -> Iterator[Finding]:
    yield from edited(case, client, registration)
    yield from forbidden(case, client, registration, endpoint)
    yield from exposed(client, registration)
    yield from identity(case, client, registration)
    if waiting := client.approval(case.host, case.files, registration):
        yield waiting
    where = f"{registration.path} ({registration.scope})"
    title = f"“{registration.name}” is registered in {client.TITLE}"
    yield Finding("registration.ok", "ok", title, where, "", client.ID, registration.path)
    yield from server(case, client, registration, endpoint)


def edited(case: Case, client: Client, registration: Registration) -> Iterator[Finding]:
    record = case.receipt.records.get(registration.path) if case.receipt else None
    for edit in record.edits if record and not registration.plugin else ():
        if edit.op == "put" and edit.keys == registration.keys and edit.value != registration.entry:
            yield Finding(
                "registration.edited",
                "warning",
                f"“{registration.name}” in {client.TITLE} is not as we wrote it",
                "Somebody has edited the entry since; it is used as it stands.",
                f"{INSTALL} --client {client.ID} --yes   # writes it anew",
                client.ID,
                registration.path,
            )


def exposed(client: Client, registration: Registration) -> Iterator[Finding]:
    """A key that stands in the entry itself: everybody who reads the file has it."""
    entry = registration.entry
    tables = [entry.get(name) for name in ("headers", "http_headers", "env")]
    pairs = [(name, text) for table in tables if isinstance(table, dict) for name, text in table.items()]
    secret = {"authorization", "x-api-key", KEY_VARIABLE.lower()}
    if any(name.lower() in secret and isinstance(text, str) and text and "${" not in text for name, text in pairs):
        yield Finding(
            "key.exposed",
            "warning",
            f"The entry “{registration.name}” holds a key in clear",
            str(registration.path),
            f"{INSTALL} --client {client.ID} --replace --store-key",
            client.ID,
            registration.path,
        )


def identity(case: Case, client: Client, registration: Registration) -> Iterator[Finding]:
    """The server and the hooks must speak of the same user."""
    env = registration.entry.get("env")
    names = ("MEM0_USER_ID", "MEM0_DEFAULT_USER_ID")
    served = next((str(env[name]) for name in names if isinstance(env, dict) and env.get(name)), "")
    users = {run.user_id for run in case.facts.runs.values() if run.user_id}
    for user in users - {served} if served else ():
        yield Finding(
            "identity.mismatch",
            "error",
            f"The server stores for “{served}”, the hooks for “{user}”",
            str(registration.path),
            f"{INSTALL} --client {client.ID} --yes   # one user for both, as config.toml says",
            client.ID,
            registration.path,
        )


def server(case: Case, client: Client, registration: Registration, endpoint: Endpoint) -> Iterator[Finding]:
    outcome = case.facts.outcomes.get(registrations.at(registration))
    if outcome is None:
        return
    where = endpoint.url or " ".join(endpoint.command)
    if outcome.ok:
        yield Finding("server.ok", "ok", outcome.detail, where, "", client.ID, registration.path)
    else:
        fix = outcomes.advice(outcome, endpoint)
        yield Finding(outcomes.finding_id(outcome), "error", outcome.detail, where, fix, client.ID, registration.path)
