"""What doctor looks at: one value that every examination takes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mem0_agent.model import (
        Files,
        Finding,
        Host,
        Json,
        Kit,
        Outcome,
        Presence,
        Receipt,
        Severity,
        UserError,
    )

ORDER: tuple[Severity, ...] = ("error", "warning", "info", "ok")


@dataclass(frozen=True, slots=True)
class HookRun:
    """What came of running one stored command through a shell. ``user_id`` and ``problem`` are the hook's words."""

    well: bool
    detail: str
    user_id: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What only a look at the machine can tell.

    ``presences`` by client; ``unreadable`` errors met while reading; ``outcomes`` of the registrations that were asked,
    by place; ``told`` findings that the clients themselves gave (``--deep``); ``trust`` what Codex itself says of each
    hook's key (``--deep``); ``stale`` clients that run since before their registration was written; ``running`` those
    whose app runs; ``runs`` by command; ``notes`` what hooks left behind, each ``{"client", "event", "last", "ms",
    "count", "failures", "error"}``; ``used`` the clients that were used after our hooks were written, as far as their
    files tell; ``runtime`` what is wrong with the program that clients start, as a finding's id; ``waiting`` how many
    captured items a remote memory has not taken yet; ``backend`` the address of the memory behind our own server, empty
    for the local one; ``memory_fix`` the line that mends what keeps that one from being written.
    """

    presences: Mapping[str, Presence]
    unreadable: Sequence[UserError] = ()
    outcomes: Mapping[tuple[Path, tuple[str, ...]], Outcome] = field(default_factory=dict)
    told: Sequence[Finding] = ()
    trust: Mapping[str, str] = field(default_factory=dict)
    stale: frozenset[str] = frozenset()
    running: frozenset[str] = frozenset()
    runs: Mapping[str, HookRun] = field(default_factory=dict)
    notes: Sequence[Mapping[str, Json]] = ()
    used: frozenset[str] = frozenset()
    runtime: str = ""
    memories: int | None = None
    memory_problem: str = ""
    memory_fix: str = ""
    file_system: str = ""
    waiting: int = 0
    backend: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One machine, as far as it was read and looked at."""

    host: Host
    files: Files
    receipt: Receipt | None
    project: Path | None
    kit: Kit
    facts: Facts

    def recorded(self, client: str) -> bool:
        """Whether anything of this client's stands in the receipt."""
        return self.receipt is not None and any(r.client == client for r in self.receipt.records.values())

    def weighed(self, client: str, ban: Finding) -> Finding:
        """``ban`` as it weighs: it stops nobody where nothing of ours was asked for."""
        return ban if self.recorded(client) or ban.severity != "error" else replace(ban, severity="warning")

    def has_theirs(self, client: str) -> bool:
        """Whether the client has another's plugin by our doing: hooks and skills are that plugin's business then."""
        return self.receipt is not None and client in self.receipt.plugins
