"""Where the real programs are: under MEM0_AGENT_CLIENTS, as .ci/clients leaves them, or on PATH."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

PINS = json.loads(Path(__file__).with_name("clients.json").read_text())
AGES = ("newest", "older")


@dataclass(frozen=True)
class Programs:
    """One release of each client, side by side."""

    claude: Path
    codex: Path
    age: str


def pins(program: str) -> list[dict[str, str]]:
    """The pinned releases of ``program``, newest first."""
    return [pin for pin in PINS if pin["program"] == program]


def program(name: str, age: str) -> Path | None:
    """The program ``name`` of that age; the newest may also be the one on PATH."""
    root = os.environ.get("MEM0_AGENT_CLIENTS")
    if root:
        path = Path(root).resolve() / pins(name)[AGES.index(age)]["folder"] / "bin" / name
        return path if path.exists() else None
    found = shutil.which(name) if age == "newest" else None
    return Path(found).resolve() if found else None


def programs(age: str) -> Programs:
    """Both programs of that age; without them the test is skipped, or fails where MEM0_AGENT_E2E=required."""
    claude, codex = program("claude", age), program("codex", age)
    if claude and codex:
        return Programs(claude, codex, age)
    absent = [name for name, path in (("claude", claude), ("codex", codex)) if path is None]
    wanted = " and ".join(f"{name} {pins(name)[AGES.index(age)]['version']}" for name in absent)
    reason = f"{wanted} not found: run `.ci/clients DIR`, then set MEM0_AGENT_CLIENTS=DIR"
    if os.environ.get("MEM0_AGENT_E2E") == "required":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
