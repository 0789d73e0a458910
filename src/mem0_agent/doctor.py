"""From files, facts and probe outcomes to findings, worst first. Nothing is read, asked or written here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mem0_agent import registrations
from mem0_agent.clients import CLIENTS
from mem0_agent.model import KEY_VARIABLE, Finding, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mem0_agent.model import Client, Endpoint, Files, Host, Outcome, Presence, Receipt, Registration, Severity

ORDER: tuple[Severity, ...] = ("error", "warning", "info", "ok")
INSTALL = "mem0-agent install"
NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ncpfs"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What only a look at the machine can tell.

    ``presences`` by client; ``unreadable`` errors met while reading; ``outcomes`` of the registrations that were asked, by
    place; ``told`` findings that the clients themselves gave (``--deep``); ``stale`` clients that run since before
    their registration was written.
    """

    presences: Mapping[str, Presence]
    unreadable: Sequence[UserError] = ()
    outcomes: Mapping[tuple[Path, tuple[str, ...]], Outcome] = field(default_factory=dict)
    told: Sequence[Finding] = ()
    stale: frozenset[str] = frozenset()
    runtime: str = ""  # what is wrong with it, as a finding id; empty when it is sound or not needed
    memories: int | None = None
    memory_problem: str = ""
    file_system: str = ""


def examine(host: Host, files: Files, receipt: Receipt | None, project: Path | None, facts: Facts) -> tuple[Finding, ...]:
    """Every finding of this machine, errors first, otherwise in the order of the clients."""
    found = [*machine(host, receipt, facts)]
    for name, presence in facts.presences.items():
        found += one_client(host, files, receipt, project, CLIENTS[name], presence, facts)
    found += facts.told
    return tuple(sorted(found, key=lambda finding: ORDER.index(finding.severity)))


# One client


def one_client(
    host: Host, files: Files, receipt: Receipt | None, project: Path | None, client: Client, presence: Presence, facts: Facts
) -> Iterator[Finding]:
    installed = receipt is not None and any(record.client == client.ID for record in receipt.records.values())
    if not presence.detected and not installed:
        yield Finding("client.absent", "info", f"{client.TITLE} is not on this machine", presence.evidence, "", client.ID)
        return
    version = f" {presence.version}" if presence.version else ""
    yield Finding("client.present", "ok", f"{client.TITLE}{version}", presence.evidence, "", client.ID)
    broken = [error for error in facts.unreadable if error.path in client.wants(host, project, files)]
    yield from (unreadable(client, error) for error in broken)
    if broken:
        return
    try:
        held = memories(host, files, project, client)
    except UserError as error:
        yield unreadable(client, error)
        return
    yield from client.policy(host, files)
    yield from standing(host, files, receipt, client, held, facts)


def unreadable(client: Client, error: UserError) -> Finding:
    fix = error.hint or f"Correct {error.place} by hand"
    return Finding(error.code, "error", f"{error.place}: {error.message}", "", fix, client.ID, error.path)


def memories(
    host: Host, files: Files, project: Path | None, client: Client
) -> list[tuple[Registration, Endpoint]]:
    """The registrations that lead to a Mem0 memory, each with its endpoint."""
    pairs = [(held, client.endpoint(host, files, held)) for held in client.registrations(host, project, files)]
    return [(held, endpoint) for held, endpoint in pairs if registrations.is_memory(host, held, endpoint)]


def standing(
    host: Host, files: Files, receipt: Receipt | None, client: Client,
    held: list[tuple[Registration, Endpoint]], facts: Facts,
) -> Iterator[Finding]:  # fmt: skip
    live = [(registration, endpoint) for registration, endpoint in held if registration.live]
    yield from (unread(client, registration) for registration, _ in held if not registration.live)
    if not live:
        yield missing(client, receipt)
        return
    first, endpoint = live[0]
    yield from beside(host, client, first, endpoint, live[1:])
    if client.ID in facts.stale:
        yield Finding("restart.needed", "warning", f"{client.TITLE} runs since before it was registered",
                      "It reads its servers when it starts.", client.RESTART, client.ID)  # fmt: skip
    for registration, place in live:
        yield from answer(host, files, receipt, client, registration, place, facts)


def unread(client: Client, registration: Registration) -> Finding:
    return Finding(
        "registration.dead", "warning", f"{client.TITLE} does not read “{registration.name}” where it stands",
        f"{registration.path} ({registration.scope})", f"{INSTALL} --client {client.ID}", client.ID, registration.path,
    )  # fmt: skip


def missing(client: Client, receipt: Receipt | None) -> Finding:
    record = next((r for r in receipt.records.values() if r.client == client.ID), None) if receipt else None
    fix = f"{INSTALL} --client {client.ID}"
    if record:
        detail = f"It was written to {record.path}; another program has taken it out since."
        return Finding("registration.lost", "error", f"{client.TITLE} has lost its registration", detail, fix,
                       client.ID, record.path)  # fmt: skip
    return Finding("registration.missing", "warning", f"{client.TITLE} has no Mem0 server", "", fix, client.ID)


def beside(
    host: Host, client: Client, first: Registration, endpoint: Endpoint, others: list[tuple[Registration, Endpoint]]
) -> Iterator[Finding]:
    for duplicate in registrations.duplicates(host, first, endpoint, others):
        other, same_name = duplicate.registration, duplicate.why == "same name"
        places = f"“{first.name}” in {first.path} ({first.scope}), “{other.name}” in {other.path} ({other.scope})"
        title = "One registration hides another" if same_name else "The same memory is registered twice"
        yield Finding(
            "registration.shadowed" if same_name else "registration.duplicate", "warning" if same_name else "error",
            f"{title} in {client.TITLE}", places, f"{INSTALL} --client {client.ID} --replace", client.ID, other.path,
        )  # fmt: skip


def answer(
    host: Host, files: Files, receipt: Receipt | None, client: Client, registration: Registration, endpoint: Endpoint, facts: Facts
) -> Iterator[Finding]:  # fmt: skip
    yield from edited(client, receipt, registration)
    yield from exposed(client, registration)
    if waiting := client.approval(host, files, registration):
        yield waiting
    outcome = facts.outcomes.get(registrations.at(registration))
    if outcome is None:
        return
    where = f"“{registration.name}” in {registration.path} ({registration.scope})"
    yield Finding("registration.ok", "ok", f"{client.TITLE} has one Mem0 server", where, "", client.ID, registration.path)
    yield server(client, registration, endpoint, outcome)


def edited(client: Client, receipt: Receipt | None, registration: Registration) -> Iterator[Finding]:
    record = receipt.records.get(registration.path) if receipt else None
    for edit in record.edits if record else ():
        if edit.op == "put" and edit.keys == registration.keys and edit.value != registration.entry:
            yield Finding(
                "registration.edited", "warning", f"“{registration.name}” in {client.TITLE} is not as we wrote it",
                "Somebody has edited the entry since; it is used as it stands.",
                f"{INSTALL} --client {client.ID} --yes   # writes it anew", client.ID, registration.path,
            )  # fmt: skip


def exposed(client: Client, registration: Registration) -> Iterator[Finding]:
    """A key that stands in the entry itself: everybody who reads the file has it."""
    entry = registration.entry
    headers = {**(entry.get("headers") or {}), **(entry.get("http_headers") or {})}
    values = [str(value) for name, value in headers.items() if name.lower() in ("authorization", "x-api-key")]
    values += [str(value) for name, value in (entry.get("env") or {}).items() if name == KEY_VARIABLE]
    if any(value and "${" not in value for value in values):
        yield Finding(
            "key.exposed", "warning", f"The entry “{registration.name}” holds a key in clear", str(registration.path),
            f"{INSTALL} --client {client.ID} --replace --store-key", client.ID, registration.path,
        )  # fmt: skip


def server(client: Client, registration: Registration, endpoint: Endpoint, outcome: Outcome) -> Finding:
    from mem0_agent import probe

    where = endpoint.url or " ".join(endpoint.command)
    if outcome.ok:
        return Finding("server.ok", "ok", outcome.detail, where, "", client.ID, registration.path)
    return Finding(probe.finding_id(outcome), "error", outcome.detail, where, probe.advice(outcome), client.ID,
                   registration.path)  # fmt: skip


# The machine


def machine(host: Host, receipt: Receipt | None, facts: Facts) -> Iterator[Finding]:
    if facts.runtime:
        what = "is gone" if facts.runtime == "runtime.missing" else "is of another version than this mem0-agent"
        severity: Severity = "error" if facts.runtime == "runtime.missing" else "warning"
        yield Finding(facts.runtime, severity, f"The program behind {host.launcher} {what}", "", INSTALL, None, host.launcher)
    if receipt is None or receipt.backend.kind != "local":
        return
    path = host.dirs.data / "memory.db"
    if facts.memory_problem:
        yield Finding("memory.unwritable", "error", "The memory cannot be written", facts.memory_problem,
                      f"Make {path.parent} writable for yourself: chmod u+rwx {path.parent}", None, path)  # fmt: skip
    elif facts.memories is not None:
        count = f"{facts.memories} {'memory' if facts.memories == 1 else 'memories'}"
        yield Finding("memory.ok", "ok", f"The memory on this machine holds {count}", str(path), "", None, path)
    if facts.file_system in NETWORK:
        yield Finding(
            "memory.network-filesystem", "warning", "The memory lies on a network file system",
            f"SQLite cannot share {path} safely over {facts.file_system}.",
            "export XDG_DATA_HOME=/a/local/folder && mem0-agent install", None, path,
        )  # fmt: skip
