"""The apps among the clients that run at this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem0_agent.asking import processes
from mem0_agent.clients import CLIENTS
from mem0_agent.clients.desktops import DESKTOPS
from mem0_agent.model import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mem0_agent.model import Host, Plan


def running(here: Host, clients: Iterable[str]) -> frozenset[str]:
    apps = (name for name in clients if name in DESKTOPS)
    return frozenset(name for name in apps if processes.running(here.platform, DESKTOPS[name].programs(here)))


def busy(here: Host, plan: Plan) -> tuple[str, ...]:
    """The apps that run and whose own file ``plan`` would change: they would write theirs back from memory."""
    touched = {change.path for change in plan.changes}
    apps = (part.client for part in plan.clients if part.client in DESKTOPS)
    return tuple(sorted(running(here, (name for name in apps if CLIENTS[name].main_file(here) in touched))))


def refusal(name: str, command: str, consequence: str) -> UserError:
    """What to say of an app in the way of ``command``."""
    desktop = DESKTOPS[name]
    return UserError(
        "client.running",
        f"{desktop.APP} is running and rewrites its file from memory: {consequence}",
        hint=f"{desktop.QUIT}, then run: mem0-agent {command} --client {name}",
    )
