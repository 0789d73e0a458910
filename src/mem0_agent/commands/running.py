"""The apps among the clients that run at this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem0_agent import processes
from mem0_agent.clients.desktops import DESKTOPS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mem0_agent.model import Host


def running(here: Host, clients: Iterable[str]) -> frozenset[str]:
    apps = (name for name in clients if name in DESKTOPS)
    return frozenset(name for name in apps if processes.running(here.platform, DESKTOPS[name].programs(here)))
