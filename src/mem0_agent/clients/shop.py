"""Our own marketplace and the one plugin in it; the marketplace's name keeps it apart from the vendor's."""

from __future__ import annotations

from mem0_agent.model import NAME

MARKET = "mem0-agent"
IDENTITY = f"{NAME}@{MARKET}"
