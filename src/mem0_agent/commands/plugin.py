"""Which clients take our plugin and which leave it, and both of it done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from mem0_agent import host
from mem0_agent.clients import CLIENTS, shop
from mem0_agent.clients.plugins import SHOPPERS
from mem0_agent.planning import bundle, traces
from mem0_agent.planning.draft import Scene
from mem0_agent.writing import apply, ledger, membership
from mem0_agent.writing.membership import Move

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mem0_agent.commands.options import Job
    from mem0_agent.model import ClientPlan, Files, Host, Kit, Offer, Plan, Receipt
    from mem0_agent.planning.draft import Request


@dataclass(frozen=True, slots=True)
class Moves:
    """Plugins on their way into clients and out of them; ours has to be of ``version``."""

    joining: tuple[Move, ...]
    leaving: tuple[Move, ...]
    version: str = ""

    def __bool__(self) -> bool:
        return bool(self.joining or self.leaving)


def wanted(here: Host, request: Request, kit: Kit, receipt: Receipt | None) -> frozenset[Path]:
    """The files of our marketplace: those that will be there, and those that we have put there."""
    names = bundle.tree(Scene(here, {}, None, request, kit)) if bundled(request) else {}
    return bundle.wants(here, receipt, names)


def bundled(request: Request) -> bool:
    """Whether our own marketplace is needed."""
    return request.mode == "plugin" and not request.listings and any(name in SHOPPERS for name in request.clients)


def moves(job: Job, plan: Plan, known: Files) -> Moves:
    here, request = job.here, job.request
    version = bundle.version(bundle.tree(Scene(here, known, None, request, job.kit))) if bundled(request) else ""
    receipt = ledger.load(here.dirs)
    joining, leaving = list[Move](), list[Move]()
    for part in (part for part in plan.clients if part.client in SHOPPERS):
        wanted = offered(here, request, part, known, receipt) if takes(part) else None
        if wanted and part.presence.program and not SHOPPERS[part.client].taken(here, known, wanted, version):
            joining.append(Move(part.client, part.presence.program, wanted))
        if wanted or (request.mode == "direct" and request.scope == "user"):
            there = traces.present(here, part.client, known, receipt)
            gone = [offer for offer in there if wanted is None or offer.identity != wanted.identity]
            leaving += [Move(part.client, part.presence.program, offer) for offer in gone]
    return Moves(tuple(joining), tuple(leaving), version)


def takes(part: ClientPlan) -> bool:
    return part.mode == "plugin" and bool(part.entry or part.hooks or part.skills)


def offered(here: Host, request: Request, part: ClientPlan, known: Files, receipt: Receipt | None) -> Offer:
    """What the client is to take; a marketplace that it had before us is to stay when the plugin goes."""
    if part.client not in request.listings:
        return shop.own(here)
    offer = request.listings[part.client].offer
    ours = receipt.plugins.get(part.client) if receipt else None
    if ours and ours.market == offer.market:
        return replace(offer, known=ours.known)
    return replace(offer, known=SHOPPERS[part.client].knows(here, known, offer.market))


def commanded(plan: Plan, moving: Moves) -> Plan:
    """``plan`` with the clients' own commands in it."""

    def told(part: ClientPlan) -> ClientPlan:
        coming = (membership.lines(move) for move in moving.joining if move.client == part.client)
        going = (membership.lines(m, out=True) for m in moving.leaving if m.client == part.client and m.program)
        return replace(part, commands=tuple(chain(*coming, *going)))

    return replace(plan, clients=tuple(map(told, plan.clients)))


def seen(here: Host, names: Iterable[str]) -> Files:
    return host.gather([partial(CLIENTS[name].wants, here, None) for name in names])


def left(job: Job, moving: Moves) -> None:
    """Take plugins out of every client that leaves them, and our marketplace away once nobody has ours."""
    here = job.here
    if not moving.leaving:
        return
    for move in moving.leaving:
        membership.leave(here, move, seen(here, [move.client]))
        if not any(other.client == move.client for other in moving.joining):
            membership.remember(here, move.client, None)
    receipt = ledger.load(here.dirs)
    known = host.gather([
        partial(job_wants, here, receipt),
        *(partial(CLIENTS[name].wants, here, None) for name in SHOPPERS),
    ])  # fmt: skip
    changes = [
        change
        for move in moving.leaving
        for change in traces.withdrawals(here, move.client, known, receipt, (move.offer,))
    ]
    leavers = {move.client for move in moving.leaving if shop.is_own(move.offer)}
    if not any(traces.present(here, name, known, None) for name in SHOPPERS if name not in leavers):
        changes += bundle.closing(Scene(here, known, receipt, job.request, job.kit))
    with apply.transaction(changes, here.dirs):
        pass


def job_wants(here: Host, receipt: Receipt | None, known: Files) -> frozenset[Path]:
    return bundle.wants(here, receipt, {}) - known.keys()
