"""Installs beside the real clients while they add servers of their own, and what is lost of either."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.races import Toll, ended, fresh, weigh
from tests.machine import PATIENCE

if TYPE_CHECKING:
    from tests.machine import Machine

QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1", "NO_COLOR": "1",
    "ANTHROPIC_API_KEY": "not-a-real-key",
}  # fmt: skip
COMMANDS = {
    "claude": ("mcp", "add", "-s", "user", "NAME", "--", "true"),
    "codex": ("mcp", "add", "NAME", "--", "true"),
}
PINS = json.loads(Path(__file__).parents[1].joinpath("e2e/clients.json").read_text("utf-8"))


def program(name: str) -> Path | None:
    """The newest pinned release of the client ``name`` below MEM0_AGENT_CLIENTS."""
    root = os.environ.get("MEM0_AGENT_CLIENTS")
    folder = next(pin["folder"] for pin in PINS if pin["program"] == name)
    path = Path(root).resolve() / folder / "bin" / name if root else None
    return path if path and path.exists() else None


def adding(here: Machine, name: str, path: Path, server: str) -> subprocess.Popen[bytes]:
    words = [server if word == "NAME" else word for word in COMMANDS[name]]
    env = here.environment({**QUIET, "PATH": f"{here.bin}:/usr/local/bin:/usr/bin:/bin"})
    return subprocess.Popen(
        [path, *words],
        env=env,
        cwd=here.work,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def servers(here: Machine, name: str) -> set[str]:
    if name == "claude":
        return set(json.loads(here.claude.read_bytes()).get("mcpServers", {}))
    return set(tomllib.loads(here.codex.read_text("utf-8")).get("mcp_servers", {}))


def race(root: Path, name: str, path: Path, toll: Toll) -> None:
    """One install for both clients beside four adds of the client, one after the other."""
    here = fresh(root)
    installing = [
        here.start("install", "--client", "claude-code", "--client", "codex", "--yes", "--no-verify", "--json")
    ]
    added: list[str] = []
    for number in range(4):
        client = adding(here, name, path, f"theirs{number}")
        client.communicate(timeout=PATIENCE)
        if client.returncode == 0:
            added.append(f"theirs{number}")
    served = ended(installing, toll) | ({"claude-code", "codex"} if not installing[0].returncode else set())
    kept = servers(here, name)
    toll.updates += len(added)
    toll.updates_lost += len([server for server in added if server not in kept])
    weigh(here, toll, served)


def beside_clients(folder: Path, rounds: int) -> Iterator[Toll]:
    """For each client: what was lost in ``rounds`` rounds; no round where it is not found."""
    for name in COMMANDS:
        path = program(name)
        toll = Toll(f"beside {name} mcp add")
        if path is None:
            toll.stories.append(f"{name} not found: run .ci/clients DIR, then set MEM0_AGENT_CLIENTS=DIR")
        for _ in range(rounds):
            if path:
                race(folder, name, path, toll)
        yield toll
