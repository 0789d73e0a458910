"""Our own marketplace and the one plugin in it; and what another's marketplace offers.

Neither is called mem0: Claude Code 2.1.204 takes `plugin uninstall mem0@ours` for the vendor's mem0 and removes that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mem0_agent.model import Offer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mem0_agent.model import Host, Json

MARKET = "mem0-agent"
PLUGIN = "mem0-agent"
IDENTITY = f"{PLUGIN}@{MARKET}"
CLAUDE_HOOKS = "hooks/hooks.json"
CODEX_HOOKS = "hooks/codex.json"

Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """The plugin of another's marketplace that one client is to take: its server's name and entry as they are read."""

    offer: Offer
    server: str
    entry: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Traces:
    """What one client keeps of a plugin: places in its files, and folders that hold nothing else.

    ``beside`` are files that its commands may write anew without a word about it in them.
    """

    places: tuple[tuple[Path, Keys], ...]
    folders: tuple[Path, ...] = field(default=())
    beside: tuple[Path, ...] = field(default=())

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys([*(path for path, _ in self.places), *self.beside]))


def folder(host: Host) -> Path:
    """Where our marketplace lies; clients hold this path."""
    return host.dirs.data / "marketplace"


def own(host: Host) -> Offer:
    """Our own plugin; clients fetch it from our folder."""
    return Offer(MARKET, PLUGIN, str(folder(host)))


def is_own(offer: Offer) -> bool:
    return (offer.market, offer.plugin) == (MARKET, PLUGIN)


def manifest(host: Host) -> Path:
    """The manifest that tells which version lies there."""
    return folder(host) / PLUGIN / ".codex-plugin" / "plugin.json"
