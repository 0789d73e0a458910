"""The configured memory over stdio, from this installation instead of through the launcher."""

from __future__ import annotations

from mem0_agent import host
from mem0_agent.memory import server, settings


def serve() -> int:
    dirs = host.current().dirs
    return server.main(settings.load(str(dirs.config), str(dirs.data), str(dirs.state)))
