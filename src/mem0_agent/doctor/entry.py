"""One entry that a client reads: whether it is as we wrote it, what keeps it back, and what it gives away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem0_agent.clients.plugins import PLUGINS
from mem0_agent.doctor import answers
from mem0_agent.doctor.lines import install
from mem0_agent.model import KEY_VARIABLE, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mem0_agent.contract import Client
    from mem0_agent.doctor.case import Case
    from mem0_agent.model import Endpoint, Registration


def findings(case: Case, client: Client, registration: Registration, endpoint: Endpoint) -> Iterator[Finding]:
    yield from edited(case, client, registration)
    yield from forbidden(case, client, registration, endpoint)
    yield from exposed(case, client, registration)
    yield from identity(case, client, registration)
    if waiting := client.approval(case.host, case.files, registration):
        yield waiting
    where = f"{registration.path} ({registration.scope})"
    title = f"“{registration.name}” is registered in {client.TITLE}"
    yield Finding("registration.ok", "ok", title, where, "", client.ID, registration.path)
    yield from answers.findings(case, client, registration, endpoint)


def edited(case: Case, client: Client, registration: Registration) -> Iterator[Finding]:
    record = case.receipt.records.get(registration.path) if case.receipt else None
    for edit in record.edits if record and not registration.plugin else ():
        if edit.op == "put" and edit.keys == registration.keys and edit.value != registration.entry:
            yield Finding(
                "registration.edited",
                "warning",
                f"“{registration.name}” in {client.TITLE} is not as we wrote it",
                "Somebody has edited the entry since; it is used as it stands.",
                install(case, client, "--yes", of=registration, why="writes it anew"),
                client.ID,
                registration.path,
            )


def exposed(case: Case, client: Client, registration: Registration) -> Iterator[Finding]:
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
            install(case, client, "--replace", "--store-key", of=registration),
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
            install(case, client, "--yes", of=registration, why="one user for both, as config.toml says"),
            client.ID,
            registration.path,
        )


def forbidden(case: Case, client: Client, registration: Registration, endpoint: Endpoint) -> Iterator[Finding]:
    """A registration that stands there and is not loaded, because somebody's list says so."""
    if any(finding.severity == "error" for finding in client.policy(case.host, case.files)):
        return
    if banned := PLUGINS[client.ID].server_ban(case.host, case.files, registration, endpoint):
        yield banned
