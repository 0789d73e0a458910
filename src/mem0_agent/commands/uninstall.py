"""The flow of uninstall: read, plan the way back, show, ask, undo, sweep what is ours alone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mem0_agent import host
from mem0_agent.clients import CLIENTS
from mem0_agent.clients.desktops import DESKTOPS
from mem0_agent.commands.plugin import Moves, commanded, seen
from mem0_agent.commands.running import busy, refusal
from mem0_agent.model import ClientResult, Exit, Report, UserError
from mem0_agent.planning import traces, uninstall
from mem0_agent.writing import apply, ledger, leftovers, membership
from mem0_agent.writing.disk import there
from mem0_agent.writing.membership import Move

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mem0_agent.model import Change, Files, Host, Plan, Receipt
    from mem0_agent.showing.render import Face

ATTEMPTS = 8


def run(here: Host, request: uninstall.Request, face: Face, *, purge: bool, dry_run: bool) -> Report:
    """Take everything of ours back. Works offline, without the clients and without a receipt."""
    if not dry_run:
        membership.finish(here)
    receipt = ledger.load(here.dirs)
    plan, known = planned(here, receipt, request)
    held = busy(here, plan)
    if held:
        request = replace(request, clients=tuple(name for name in request.clients if name not in held))
        plan, known = planned(here, receipt, request)
    leaving = departures(here, receipt, plan, known) if "user" in request.scopes else ()
    plan = commanded(plan, Moves((), leaving))
    kept = uninstall.remaining(receipt, request)
    sweep = () if kept or held else leftovers.standing(here.dirs, purge=purge)
    face.plan(replace(plan, changes=tuple(c for c in plan.changes if c.client)) if sweep else plan, full=dry_run)
    face.going(sweep)
    if not dry_run and (plan.changes or sweep or leaving):
        if not face.confirm("Take these back?"):
            raise UserError("usage.declined", "Nothing was changed.", exit_code=Exit.FAILED)
        farewell = apply.Farewell(made_folders(here), partial(leftovers.sweep, here.dirs, purge=purge))
        for move in leaving:
            membership.leave(here, move, seen(here, [move.client]))
        plan = undone(here, receipt, request, plan, None if kept or held else farewell)
    results = tuple(ClientResult(part, of_client(plan.changes, part.client)) for part in plan.clients)
    leaves = (*plan.leaves, *uploaded(here, plan), *left(here, kept, purge=purge, keys=receipt))
    consequence = f"nothing of {CLIENTS[held[0]].TITLE} was taken back" if held else ""
    error = refusal(held[0], "uninstall", consequence) if held else None
    code = error.exit_code if error else Exit.DONE
    return Report("uninstall", code, plan.backend, dry_run, None, results, plan.changes, sweep, leaves, error=error)


def departures(here: Host, receipt: Receipt | None, plan: Plan, known: Files) -> tuple[Move, ...]:
    """The plugins that the clients' own commands take out first, in the order that leaves nothing active."""
    return tuple(
        Move(part.client, part.presence.program, offer)
        for part in plan.clients
        for offer in traces.present(here, part.client, known, receipt)
    )


def uploaded(here: Host, plan: Plan) -> Iterator[str]:
    """What only people can take back."""
    going = {change.path for change in plan.changes}
    for desktop in DESKTOPS.values():
        if desktop.bundle_file(here) in going:
            yield f"What you uploaded or connected stays in your account: remove it in {desktop.APP} under Customize"


def planned(here: Host, receipt: Receipt | None, request: uninstall.Request) -> tuple[Plan, Files]:
    known = gathered(here, receipt, request)
    return uninstall.plan(here, known, receipt, request, partial(ledger.restore_bytes, here.dirs)), known


def gathered(here: Host, receipt: Receipt | None, request: uninstall.Request) -> Files:
    recorded = frozenset(receipt.records) if receipt else frozenset()
    clients = tuple(CLIENTS[name] for name in request.clients)
    return host.gather([
        lambda known: recorded - known.keys(),
        *(partial(client.wants, here, request.project) for client in clients),
    ])  # fmt: skip


def undone(here: Host, receipt: Receipt | None, request: uninstall.Request, plan: Plan,
           farewell: apply.Farewell | None) -> Plan:  # fmt: skip
    """Carry the plan out, made anew when another program wrote in between."""
    for attempt in range(ATTEMPTS):
        try:
            with apply.transaction(plan.changes, here.dirs, clients=uninstall.remaining(receipt, request),
                                   forget=uninstall.settled(plan, receipt, request), farewell=farewell):  # fmt: skip
                return plan
        except apply.Moved:
            if attempt == ATTEMPTS - 1:
                raise
            plan, _ = planned(here, receipt, request)
    raise AssertionError  # the loop returns or raises


def made_folders(here: Host) -> tuple[Path, ...]:
    """Every folder that an install had to make, outermost first."""
    journal = ledger.journal_on_disk(here.dirs)
    if journal is None:
        return ()
    former = (pending.previous for pending in journal.pending.values() if pending.previous)
    made = {folder for record in (*journal.receipt.records.values(), *former) for folder in record.folders}
    return tuple(sorted(made.union(journal.folders), key=lambda folder: len(folder.parts)))


def of_client(changes: Iterable[Change], name: str) -> tuple[Change, ...]:
    return tuple(change for change in changes if change.client == name)


def left(here: Host, kept: tuple[str, ...], *, purge: bool, keys: Receipt | None) -> Iterator[str]:
    """What stays behind, and why."""
    memory: Path = here.dirs.data / "memory.db"
    if kept:
        names = " and ".join(CLIENTS[name].TITLE for name in kept)
        yield f"mem0-agent's own files stay: {names} still needs them"
    elif there(memory) and not purge:
        yield f"Your memories stay in {memory}; mem0-agent uninstall --purge removes them"
    if keys and keys.backend.kind != "local":
        yield f"Memories at {keys.backend.url or keys.backend.kind} stay where they are"
