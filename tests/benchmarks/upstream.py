"""The vendor's own hook scripts for the same events, from a checkout, without a network."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.benchmarks import data
from tests.benchmarks.machine import Machine
from tests.benchmarks.running import BrokenError, Case, Program

PLUGIN = Path("integrations") / "mem0-plugin"


def cases(machine: Machine, checkout: Path, project: Path) -> list[Case]:
    """Skipped prompt, searching prompt, session start. With a key, as its users have one; its requests fail at once."""
    source = checkout / PLUGIN
    if not (source / "scripts" / "on_user_prompt.sh").is_file():
        raise BrokenError(f"{source} holds no scripts/on_user_prompt.sh")
    plugin = machine.root / "upstream"
    shutil.copytree(source, plugin)
    home = machine.home("upstream")
    key = {
        "MEM0_API_KEY": "m0-none",
        "CLAUDE_PLUGIN_ROOT": str(plugin),
        "CLAUDE_PLUGIN_DATA": str(home.root / "data"),
    }
    env = machine.environment(home, **key)

    def case(label: str, script: str, name: str, **fields: str) -> Case:
        def prepare(number: int) -> Program:
            event = {
                "session_id": f"upstream-{number}",
                "cwd": str(project),
                "hook_event_name": name,
                **fields,
            }
            argv = ("/usr/bin/env", "bash", str(plugin / "scripts" / script))
            return Program(argv, env, project, json.dumps(event).encode())

        return Case(label, prepare)

    return [
        case("vendor: prompt, skipped", "on_user_prompt.sh", "UserPromptSubmit", prompt="go on"),
        case("vendor: prompt, search fails", "on_user_prompt.sh", "UserPromptSubmit", prompt=data.PROMPT),
        case("vendor: session start", "on_session_start.sh", "SessionStart", source="startup"),
    ]
