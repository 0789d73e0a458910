"""mem0-agent as its user runs it: the command that was installed beside this interpreter."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.sandbox import Done, Sandbox

Json = Any
SCRIPT = Path(sys.executable).with_name("mem0-agent")
BOTH = ("--client", "claude-code", "--client", "codex")
TOOLS = frozenset({
    "add_memory", "search_memories", "get_memories", "get_memory", "update_memory",
    "delete_memory", "delete_all_memories", "delete_entities", "list_entities",
})  # fmt: skip


def mem0_agent(
    box: Sandbox,
    *words: str,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    cwd: Path | None = None,
) -> Done:
    """Run ``mem0-agent WORDS`` in the sandbox."""
    if not SCRIPT.exists():
        pytest.fail(f"{SCRIPT} is missing: install the package into this environment first", pytrace=False)
    return box.run([SCRIPT, *words], env=env, stdin=stdin, cwd=cwd)


def install(box: Sandbox, *words: str, env: Mapping[str, str] | None = None) -> Done:
    return mem0_agent(box, "install", *BOTH, "--yes", *words, env=env)


def uninstall(box: Sandbox, *words: str, env: Mapping[str, str] | None = None) -> Done:
    return mem0_agent(box, "uninstall", *BOTH, "--yes", *words, env=env)


def envelope(done: Done) -> dict[str, Json]:
    """What ``--json`` printed; its exit code is the process's own."""
    told: dict[str, Json] = json.loads(done.out)
    assert told["exit_code"] == done.exit_code, done.text
    return told
