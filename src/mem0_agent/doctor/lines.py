"""Lines that can be pasted: a command, and behind the # what people should know."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from mem0_agent.clients import CLIENTS, shop
from mem0_agent.clients.desktops import DESKTOPS
from mem0_agent.planning import traces

if TYPE_CHECKING:
    from mem0_agent.contract import Client
    from mem0_agent.doctor.case import Case
    from mem0_agent.model import Offer, Registration

INSTALL = "mem0-agent install"


def install(case: Case, client: Client, *words: str, of: Registration | None = None, why: str = "") -> str:
    """The install that mends something of ``client`` in the mode that it has; in a project's own files that of them."""
    if of and of.scope == "project" and of.project and not of.plugin:
        words = ("--scope", "project", "--project", shlex.quote(str(of.project)), *words)
    else:
        words = (*mode(case, client), *words)
    return noted(" ".join((INSTALL, "--client", client.ID, *words)), why)


def mode(case: Case, client: Client) -> tuple[str, ...]:
    """What keeps an install in plugin mode where that is how the client has us."""
    if client.ID in DESKTOPS:
        made = DESKTOPS[client.ID].bundle_file(case.host)
        return ("--mode", "plugin") if case.receipt and made in case.receipt.records else ()
    offers = traces.present(case.host, client.ID, case.files, case.receipt)
    return by_plugin(offers[-1]) if offers else ()


def by_plugin(offer: Offer) -> tuple[str, ...]:
    return ("--mode", "plugin", *(() if shop.is_own(offer) else ("--marketplace", shlex.quote(offer.source))))


def anything(case: Case) -> str:
    """The install that brings back what all clients share; through one of them where they have us by different ways."""
    here = [CLIENTS[name] for name in case.facts.presences if case.recorded(name)]
    apart = next((client for client in here if mode(case, client)), None)
    return install(case, apart) if apart else INSTALL


def doctor(client: Client, *words: str, why: str = "") -> str:
    return noted(" ".join(("mem0-agent doctor --client", client.ID, *words)), why)


def noted(line: str, why: str) -> str:
    return f"{line}   # {why}" if why else line
