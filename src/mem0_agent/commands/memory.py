"""The memory's own program from this installation, for files that name it by its command instead of by the launcher."""

from __future__ import annotations

from mem0_agent import host
from mem0_agent.memory import hook, server, settings
from mem0_agent.model import UserError


def serve() -> int:
    """The configured memory as an MCP server over stdio, until the client hangs up."""
    return server.main(loaded())


def call(client: str) -> int:
    """One event of ``client`` on stdin. Answers 0 whatever comes: a hook must not break a session."""
    try:
        return hook.main(loaded(), client)
    except UserError:
        return 0


def loaded() -> settings.Settings:
    dirs = host.current().dirs
    return settings.load(str(dirs.config), str(dirs.data), str(dirs.state))
