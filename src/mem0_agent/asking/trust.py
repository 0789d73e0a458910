"""Trust for our own hooks in Codex, recorded by Codex itself and read back from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem0_agent.asking.appserver import AppServer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mem0_agent.model import Json

PATIENCE = 30.0
RUNS = frozenset({"trusted", "managed"})


def listed(server: AppServer, cwd: Path) -> list[Mapping[str, Json]]:
    """Every hook that Codex knows for sessions in ``cwd``: key, command, trustStatus, currentHash and more."""
    answer = server.ask("hooks/list", {"cwds": [str(cwd)]})
    return [hook for place in answer.get("data", []) for hook in place.get("hooks", [])]


def statuses(program: Path, env: Mapping[str, str], cwd: Path) -> dict[str, str]:
    """The trust status of every hook by its key, from Codex itself. Raises UserError where it cannot be asked."""
    with AppServer(program, env, cwd, PATIENCE) as server:
        return {str(hook.get("key")): str(hook.get("trustStatus")) for hook in listed(server, cwd)}


def record(program: Path, env: Mapping[str, str], cwd: Path, commands: Sequence[str]) -> bool:
    """Have Codex record trust for exactly the hooks that run one of ``commands``; whether it trusts them all now.

    The hash is the one that Codex computes for what it has read; nothing but our own keys is written.
    """
    with AppServer(program, env, cwd, PATIENCE) as server:
        ours = [hook for hook in listed(server, cwd) if hook.get("command") in commands]
        wanting = {
            hook["key"]: {"trusted_hash": hook["currentHash"]} for hook in ours if hook.get("trustStatus") not in RUNS
        }
        if wanting:
            edit = {"keyPath": "hooks.state", "mergeStrategy": "upsert", "value": wanting}
            server.ask("config/batchWrite", {"edits": [edit]})
            ours = [hook for hook in listed(server, cwd) if hook.get("command") in commands]
        return bool(ours) and all(hook.get("trustStatus") in RUNS for hook in ours)
