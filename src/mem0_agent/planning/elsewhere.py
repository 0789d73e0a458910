"""The other sides of this machine: what we set up is here, and here alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mem0_agent.model import Host

ROOT, RUN = Path("/"), Path("/run")


def sides(host: Host, *, lasting: bool = True) -> Iterator[str]:
    """One sentence for each boundary that this side lies behind; nothing is ever written across one.

    ``lasting`` is whether anything of ours stands here, to go with what it stands in.
    """
    distribution = host.env.get("WSL_DISTRO_NAME", "")
    if distribution or "WSL" in host.names(RUN):
        name = f" ({distribution})" if distribution else ""
        own = "clients that run on Windows keep files of their own, which were not touched"
        yield f"This is the Linux side of WSL{name}: {own}."
    if ".dockerenv" in host.names(ROOT) or ".containerenv" in host.names(RUN):
        gone = ", and what was set up goes with the container" if lasting else ""
        yield f"This is inside a container: only clients in here are concerned{gone}."
    elif host.env.get("SSH_CONNECTION") or host.env.get("SSH_CLIENT"):
        yield "This is the remote side of an ssh connection: the clients on your own machine were not touched."
