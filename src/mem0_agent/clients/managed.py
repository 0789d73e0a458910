"""Which files are an administrator's: nobody else may write them, and some may not even be read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mem0_agent.clients import CLIENTS, claude_places, codex_policy, cowork

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mem0_agent.model import ClientPlan, Files, Host, Plan


def is_managed(host: Host, path: Path) -> bool:
    """Whether ``path`` is an administrator's. One that cannot be read forbids what it forbids; the proof will tell."""
    folders = (claude_places.managed_root(host), codex_policy.REQUIREMENTS.parent)
    return path in cowork.policy_files(host) or any(path.is_relative_to(folder) for folder in folders)


def noted(host: Host, plan: Plan, files: Files, closed: Sequence[Path]) -> Plan:
    """``plan`` with a warning for each policy of its clients that could not be read, or not be understood."""

    def told(part: ClientPlan) -> ClientPlan:
        client = CLIENTS[part.client]
        theirs = client.wants(host, None, {})
        known = part.blocked.path if part.blocked else None
        silent = [path for path in dict.fromkeys(closed) if path in theirs and path != known]
        words = [f"{path} could not be read; if it forbids this, the proof will tell." for path in silent]
        words += [f"{found.title}." for found in client.policy(host, files) if found.id == "config.invalid"]
        return replace(part, notes=(*(f"Warning: {line}" for line in words), *part.notes))

    return replace(plan, clients=tuple(map(told, plan.clients)))
