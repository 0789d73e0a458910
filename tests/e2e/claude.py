"""The real Claude Code, print mode, against a fake model."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.e2e.anthropic import MessagesApi, tool_results
from tests.e2e.dialogue import Fired, Prompt, Turn
from tests.e2e.sandbox import Done, Sandbox

Json = Any
PROBE = Path(__file__).with_name("hook_probe.py")
EVENTS = (
    "SessionStart", "SessionEnd", "UserPromptSubmit", "PreToolUse", "PostToolUse", "PreCompact", "PostCompact",
    "Stop", "SubagentStart", "SubagentStop", "TaskCreated", "TaskCompleted",
)  # fmt: skip
QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "ANTHROPIC_API_KEY": "not-a-real-key",
}
STATUS = re.compile(r"^(?P<name>\S+): .* - \S+ (?P<status>.+)$", re.MULTILINE)


def session(
    box: Sandbox,
    prompts: Sequence[Prompt],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    allow: Sequence[str] = ("mcp__mem0",),
    probe: Path | None = None,
    resume: str = "",
) -> list[Turn]:
    """One session, a process for each prompt (``/compact`` and ``/clear`` are prompts too).

    ``allow`` are tools that need no permission; ``probe`` is a file that gets one JSON line for every hook event,
    for which see ``fired``; ``resume`` continues an earlier session.
    """
    turns: list[Turn] = []
    with MessagesApi(box.network.listener()) as api:
        surroundings = {**QUIET, "ANTHROPIC_BASE_URL": api.url, **(env or {})}
        for prompt in prompts:
            api.replies.clear()
            api.replies.extend(prompt.replies)
            known = len(api.bodies())
            argv = command(box, prompt.text, allow, probe, turns[-1].session if turns else resume)
            done = box.run(argv, cwd=cwd, env=surroundings)
            turns.append(turn(prompt.text, done, api.bodies()[known:]))
    return turns


def command(box: Sandbox, text: str, allow: Sequence[str], probe: Path | None, resume: str) -> list[str]:
    argv = [
        str(box.bin / "claude"),
        "-p",
        text,
        "--output-format",
        "stream-json",
        "--verbose",
        "--include-hook-events",
    ]
    argv += ["--allowedTools", ",".join(allow)] if allow else []
    argv += ["--settings", json.dumps(probing(probe))] if probe else []
    return argv + (["--resume", resume] if resume else [])


def probing(log: Path) -> dict[str, Json]:
    """Settings that write down every event."""
    entry = {
        "type": "command",
        "command": sys.executable,
        "args": ["-I", str(PROBE), str(log)],
        "timeout": 20,
    }
    return {"hooks": {event: [{"hooks": [entry]}] for event in EVENTS}}


def turn(text: str, done: Done, bodies: Sequence[Json]) -> Turn:
    """What the program printed and what the model received, as one value."""
    messages = [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]
    first: Json = next((m for m in messages if m.get("subtype") == "init"), {})
    last: Json = next((m for m in reversed(messages) if m.get("type") == "result"), {})
    hooks = [m for m in messages if m.get("subtype") == "hook_response"]
    return Turn(
        prompt=text,
        exit_code=done.exit_code,
        servers={server["name"]: server["status"] for server in first.get("mcp_servers", [])},
        tools=tuple(name for name in first.get("tools", []) if name.startswith("mcp__")),
        hooks=tuple(Fired(m["hook_event"], m.get("stdout", ""), m.get("outcome") == "success") for m in hooks),
        requests=tuple(bodies),
        results=tool_results(bodies[-1]) if bodies else (),
        answer=last.get("result", ""),
        session=last.get("session_id") or first.get("session_id", ""),
        stderr=done.err,
    )


def mcp_list(box: Sandbox, *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """What ``claude mcp list`` says of each server after really connecting to it; ``Connected`` is the good one."""
    # Without an API to refuse it at once, the program tries for 17 seconds to reach its own.
    nowhere = {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{box.network.dead_port()}"}
    done = box.run([box.bin / "claude", "mcp", "list"], cwd=cwd, env={**QUIET, **nowhere, **(env or {})})
    return {found["name"]: found["status"] for found in STATUS.finditer(done.out)}


def fired(log: Path) -> list[dict[str, Json]]:
    """The payloads that a probe wrote down, in the order of the events."""
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
