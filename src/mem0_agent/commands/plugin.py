"""Which clients take our plugin and which leave it, and both of it done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from mem0_agent import host
from mem0_agent.clients import CLIENTS
from mem0_agent.clients.plugins import OWN
from mem0_agent.planning import bundle, traces
from mem0_agent.planning.draft import Scene
from mem0_agent.writing import apply, ledger, membership

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mem0_agent.commands.options import Job
    from mem0_agent.model import ClientPlan, Files, Host, Kit, Plan, Receipt
    from mem0_agent.planning.draft import Request


@dataclass(frozen=True, slots=True)
class Moves:
    """Clients that take the plugin, each with its program, in ``version``; and those that leave it."""

    joining: Mapping[str, Path]
    leaving: Mapping[str, Path | None]
    version: str

    def __bool__(self) -> bool:
        return bool(self.joining or self.leaving)


def wanted(here: Host, request: Request, kit: Kit, receipt: Receipt | None) -> frozenset[Path]:
    """The files of our marketplace: those that will be there, and those that we have put there."""
    names = bundle.tree(Scene(here, {}, None, request, kit)) if bundled(request) else {}
    return bundle.wants(here, receipt, names)


def bundled(request: Request) -> bool:
    return request.mode == "plugin" and any(name in OWN for name in request.clients)


def moves(job: Job, plan: Plan, known: Files) -> Moves:
    here, request = job.here, job.request
    version = bundle.version(bundle.tree(Scene(here, known, None, request, job.kit))) if bundled(request) else ""
    parts = [part for part in plan.clients if part.client in OWN]
    joining = {
        part.client: part.presence.program
        for part in parts
        if part.presence.program and takes(part) and not OWN[part.client].joined(here, known, version)
    }
    leaving = {
        part.client: part.presence.program
        for part in parts
        if request.mode == "direct" and request.scope == "user" and traces.present(here, part.client, known)
    }
    return Moves(joining, leaving, version)


def takes(part: ClientPlan) -> bool:
    return part.mode == "plugin" and bool(part.entry or part.hooks or part.skills)


def noted(here: Host, plan: Plan, moving: Moves) -> Plan:
    """``plan`` with the clients' own commands among its notes."""
    lines = {name: OWN[name].JOIN for name in moving.joining} | {name: OWN[name].LEAVE for name in moving.leaving}

    def told(part: ClientPlan) -> ClientPlan:
        words = [membership.line(here, part.client, words) for words in lines.get(part.client, ())]
        return replace(part, notes=(*part.notes, *(f"By its own command: {line}" for line in words)))

    return replace(plan, clients=tuple(map(told, plan.clients)))


def seen(here: Host, names: Iterable[str]) -> Files:
    return host.gather([partial(CLIENTS[name].wants, here, None) for name in names])


def left(job: Job, moving: Moves) -> None:
    """Take the plugin out of every client that leaves it, and our marketplace away once nobody has it."""
    here = job.here
    if not moving.leaving:
        return
    for name, program in moving.leaving.items():
        membership.leave(here, name, program, seen(here, [name]))
    receipt = ledger.load(here.dirs)
    known = host.gather([
        partial(job_wants, here, receipt),
        *(partial(CLIENTS[name].wants, here, None) for name in OWN),
    ])  # fmt: skip
    changes = [c for name in moving.leaving for c in traces.withdrawals(here, name, known, receipt)]
    if not any(traces.present(here, name, known) for name in OWN if name not in moving.leaving):
        changes += bundle.closing(Scene(here, known, receipt, job.request, job.kit))
    with apply.transaction(changes, here.dirs):
        pass


def job_wants(here: Host, receipt: Receipt | None, known: Files) -> frozenset[Path]:
    return bundle.wants(here, receipt, {}) - known.keys()
