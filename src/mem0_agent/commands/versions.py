"""Versions that no file tells, asked of the programs themselves, side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mem0_agent import host
from mem0_agent.clients import CLIENTS

if TYPE_CHECKING:
    from mem0_agent.model import ClientPlan, Host, Plan, Presence


def versioned(here: Host, client: str, seen: Presence) -> Presence:
    if seen.version or seen.program is None:
        return seen
    said = host.says_version(seen.program, here.env)
    return replace(seen, version=CLIENTS[client].version(said))


def with_versions(here: Host, plan: Plan) -> Plan:
    if all(part.presence.version or part.presence.program is None for part in plan.clients):
        return plan

    def asked(part: ClientPlan) -> ClientPlan:
        return replace(part, presence=versioned(here, part.client, part.presence))

    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor() as pool:
        return replace(plan, clients=tuple(pool.map(asked, plan.clients)))
