"""From a case to findings, worst first. Nothing is read, asked or written here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem0_agent.clients import CLIENTS
from mem0_agent.doctor import hooks, registration, skills
from mem0_agent.doctor.case import INSTALL, ORDER
from mem0_agent.model import Finding, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mem0_agent.contract import Client
    from mem0_agent.doctor.case import Case
    from mem0_agent.model import Presence, Severity

NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ncpfs"})


def examine(case: Case) -> tuple[Finding, ...]:
    """Every finding of this machine, errors first, otherwise in the order of the clients."""
    found = [*program(case), *memory(case)]
    for name, presence in case.facts.presences.items():
        found += one_client(case, CLIENTS[name], presence)
    found += [unreadable(None, error) for error in case.facts.unreadable if error.code == "receipt.invalid"]
    return tuple(sorted((*found, *case.facts.told), key=lambda finding: ORDER.index(finding.severity)))


def one_client(case: Case, client: Client, presence: Presence) -> Iterator[Finding]:
    if not presence.detected and not case.recorded(client.ID):
        yield Finding(
            "client.absent", "info", f"{client.TITLE} is not on this machine", presence.evidence, "", client.ID
        )
        return
    version = f" {presence.version}" if presence.version else ""
    yield Finding("client.present", "ok", f"{client.TITLE}{version}", presence.evidence, "", client.ID)
    wanted = client.wants(case.host, case.project, case.files)
    broken = [error for error in case.facts.unreadable if error.path in wanted]
    if broken:
        yield from (unreadable(client, error) for error in broken)
        return
    try:
        yield from [*client.policy(case.host, case.files), *registration.findings(case, client)]
        yield from [*hooks.findings(case, client), *skills.findings(case, client)]
    except UserError as error:
        yield unreadable(client, error)


def unreadable(client: Client | None, error: UserError) -> Finding:
    fix = error.hint or f"Correct {error.place} by hand"
    title = f"{error.place}: {error.message}" if error.place else error.message
    return Finding(error.code, "error", title, "", fix, client.ID if client else None, error.path)


# What clients start


def program(case: Case) -> Iterator[Finding]:
    if not case.facts.runtime:
        return
    gone = case.facts.runtime == "runtime.missing"
    what = "is gone" if gone else "is of another version than this mem0-agent"
    launcher = case.host.launcher
    title = f"The program behind the launcher {what}"
    yield Finding(case.facts.runtime, "error" if gone else "warning", title, str(launcher), INSTALL, None, launcher)


def memory(case: Case) -> Iterator[Finding]:
    """The embedded memory, where it is the one in use; and what waits for a remote one."""
    facts, path = case.facts, case.host.dirs.data / "memory.db"
    if facts.waiting:
        yield Finding(
            "memory.waiting",
            "info",
            f"{facts.waiting} captured items wait for the memory to take them",
            "A later hook sends them.",
        )
    if case.receipt is None or case.receipt.backend.kind != "local":
        return
    if facts.memory_problem:
        fix = f"Make {path.parent} writable for yourself: chmod u+rwx '{path.parent}'"
        yield Finding(
            "memory.unwritable", "error", "The memory cannot be written", facts.memory_problem, fix, None, path
        )
    elif facts.memories is not None:
        count = f"{facts.memories} {'memory' if facts.memories == 1 else 'memories'}"
        yield Finding("memory.ok", "ok", f"The memory on this machine holds {count}", str(path), "", None, path)
    if facts.file_system in NETWORK:
        severity: Severity = "warning"
        yield Finding(
            "memory.network-filesystem",
            severity,
            "The memory lies on a network file system",
            f"SQLite cannot share {path} safely over {facts.file_system}.",
            "export XDG_DATA_HOME=/a/local/folder && mem0-agent install",
            None,
            path,
        )
