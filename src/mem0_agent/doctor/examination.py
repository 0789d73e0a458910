"""From a case to findings, worst first. Nothing is read, asked or written here."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from mem0_agent.clients import CLIENTS, programs
from mem0_agent.clients.managed import is_managed
from mem0_agent.doctor import hooks, registration, skills
from mem0_agent.doctor.case import ORDER
from mem0_agent.doctor.lines import anything, noted
from mem0_agent.model import Finding, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mem0_agent.contract import Client
    from mem0_agent.doctor.case import Case
    from mem0_agent.model import Presence, Severity

COMMANDS = ("mv ", "rm ", "cp ", "chmod ", "mem0-agent ")
"""How hints begin that are lines to paste as they stand."""
BROUGHT = frozenset({"registration.missing", "hooks.missing", "skills.missing"})
"""What is not there where the plugin that brings it is broken."""
NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ncpfs"})


def examine(case: Case) -> tuple[Finding, ...]:
    """Every finding of this machine, errors first, otherwise in the order of the clients."""
    found = [*program(case), *memory(case)]
    for name, presence in case.facts.presences.items():
        found += causes([*one_client(case, CLIENTS[name], presence)])
    found += [unreadable(None, error) for error in case.facts.unreadable if error.code == "receipt.invalid"]
    return tuple(sorted(dict.fromkeys((*found, *case.facts.told)), key=lambda finding: ORDER.index(finding.severity)))


def causes(found: list[Finding]) -> list[Finding]:
    """``found`` without what a broken plugin explains: it alone brings all of that, and its line mends it."""
    broken = any(finding.id == "plugin.broken" for finding in found)
    return [finding for finding in found if not (broken and finding.id in BROUGHT)]


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
    managed = [error for error in broken if error.path and is_managed(case.host, error.path)]
    yield from (closed(client, error) for error in managed)
    if len(broken) > len(managed):
        yield from (unreadable(client, error) for error in broken if error not in managed)
        return
    try:
        yield from (case.weighed(client.ID, finding) for finding in client.policy(case.host, case.files))
        yield from [*registration.findings(case, client)]
        yield from [*hooks.findings(case, client), *skills.findings(case, client)]
    except UserError as error:
        yield unreadable(client, error)


def unreadable(client: Client | None, error: UserError) -> Finding:
    title = f"{error.place}: {error.message}" if error.place else error.message
    name = client.ID if client else None
    if error.path is None or error.hint.startswith(COMMANDS):
        return Finding(error.code, "error", title, "", error.hint or f"Correct {error.place} by hand", name, error.path)
    closed = error.code == "config.unreadable"
    fix = f"ls -ld {shlex.quote(str(error.path))}" if closed else programs.opened(error.path, spot(error))
    return Finding(error.code, "error", title, error.hint, fix, name, error.path)


def spot(error: UserError) -> str:
    known = [f"{word} {n}" for word, n in (("line", error.line), ("column", error.column)) if n is not None]
    return ", ".join(known) or "correct it"


def closed(client: Client, error: UserError) -> Finding:
    """An administrator's file that we may not read, and that the client may read or not: what it says is not known."""
    title = f"A policy of {client.TITLE} could not be read: {error.path}"
    detail = f"{error.message}. If it forbids this, only the client's own behaviour tells."
    fix = noted(f"sudo ls -ld {shlex.quote(str(error.path))}", "or ask the administrator of this machine")
    return Finding("config.unreadable", "warning", title, detail, fix, client.ID, error.path)


# What clients start


def program(case: Case) -> Iterator[Finding]:
    if not case.facts.runtime:
        return
    gone = case.facts.runtime == "runtime.missing"
    what = "is gone" if gone else "is of another version than this mem0-agent"
    launcher = case.host.launcher
    title = f"The program behind the launcher {what}"
    fix = anything(case)
    yield Finding(case.facts.runtime, "error" if gone else "warning", title, str(launcher), fix, None, launcher)


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
        title = "The memory cannot be written"
        yield Finding("memory.unwritable", "error", title, facts.memory_problem, facts.memory_fix, None, path)
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
            "export XDG_DATA_HOME=/a/local/folder && mem0-agent install   # and in the shell's own start-up file",
            None,
            path,
        )
