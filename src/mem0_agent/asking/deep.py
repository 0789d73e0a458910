"""Asks the clients themselves whether they reach the server (``doctor --deep``); they write files as they start."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from mem0_agent.asking.appserver import AppServer
from mem0_agent.model import NAME, Finding, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mem0_agent.model import Host, Presence

LISTED = re.compile(rf"(?:plugin:\S+:)?{NAME}: ")
"""How the list begins the line of our server, or of one that a plugin brings."""
PATIENCE = 20.0
"""Seconds on top of the server's own time: a client has to start as well."""


def ask(host: Host, presences: Mapping[str, Presence], project: Path, timeout: float) -> tuple[Finding, ...]:
    """One finding for each client that is here and can be asked, all asked side by side."""
    known = {name: presence for name, presence in presences.items() if presence.program and name in QUESTIONS}
    with ThreadPoolExecutor() as pool:
        running = {
            name: pool.submit(QUESTIONS[name], presence.program, dict(host.env), project, timeout + PATIENCE)
            for name, presence in known.items()
            if presence.program
        }
    return tuple(
        verdict(name, known[name], words, well=well)
        for name, future in running.items()
        for well, words in [future.result()]
    )


def verdict(name: str, presence: Presence, words: str, *, well: bool) -> Finding:
    if well:
        return Finding("server.ok", "ok", "The client itself reaches the server", words, "", name)
    fix = f"mem0-agent doctor --client {name}   # the findings without --deep say more"
    return Finding(
        "server.unreachable", "error", "The client itself does not reach the server", words, fix, name, presence.program
    )


# Claude Code: its list is a real handshake, and always exits 0


def ask_claude(program: Path, env: Mapping[str, str], project: Path, patience: float) -> tuple[bool, str]:
    try:
        done = subprocess.run(  # noqa: S603 - the user's own client
            [program, "mcp", "list"],
            env=env,
            cwd=project,
            capture_output=True,
            text=True,
            timeout=patience,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, f"claude mcp list: {error}"
    line = next((row for row in done.stdout.splitlines() if LISTED.match(row)), "")
    status = line.rpartition(" - ")[2]
    return "Connected" in status and "failed" not in status, f"claude mcp list: {status or 'no server ' + NAME}"


# Codex: its app server calls the tool with Codex's own configuration, without a model


def ask_codex(program: Path, env: Mapping[str, str], project: Path, patience: float) -> tuple[bool, str]:
    try:
        with AppServer(program, env, project, patience) as server:
            thread = server.ask("thread/start", {"cwd": str(project), "ephemeral": True})["thread"]["id"]
            call = {"threadId": thread, "server": NAME, "tool": "list_entities", "arguments": {}}
            answer = server.ask("mcpServer/tool/call", call)
    except UserError as error:
        return False, error.message
    text = " ".join(str(item.get("text", "")) for item in answer.get("content", []))
    return not answer.get("isError"), f"codex called list_entities: {text[:200]}"


QUESTIONS: Mapping[str, Callable[[Path, Mapping[str, str], Path, float], tuple[bool, str]]] = {
    "claude-code": ask_claude,
    "codex": ask_codex,
}
