"""Asks the clients themselves whether they reach the server (``doctor --deep``). They write files of their own as they start."""

from __future__ import annotations

import json
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING

from mem0_agent.model import NAME, Finding, Json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from mem0_agent.model import Host, Presence

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
    return tuple(verdict(name, known[name], *future.result()) for name, future in running.items())


def verdict(name: str, presence: Presence, well: bool, words: str) -> Finding:  # noqa: FBT001 - what a question answers
    if well:
        return Finding("server.ok", "ok", "The client itself reaches the server", words, "", name)
    fix = f"mem0-agent doctor --client {name}   # the findings without --deep say more"
    return Finding("server.unreachable", "error", "The client itself does not reach the server", words, fix, name,
                   presence.program)  # fmt: skip


# Claude Code: its list is a real handshake, and always exits 0


def ask_claude(program: Path, env: Mapping[str, str], project: Path, patience: float) -> tuple[bool, str]:
    try:
        done = subprocess.run(  # noqa: S603 - the user's own client
            [program, "mcp", "list"], env=env, cwd=project, capture_output=True, text=True, timeout=patience,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, f"claude mcp list: {error}"
    line = next((row for row in done.stdout.splitlines() if row.startswith(f"{NAME}: ")), "")
    status = line.rpartition(" - ")[2]
    return "Connected" in status and "failed" not in status, f"claude mcp list: {status or 'no server ' + NAME}"


# Codex: its app server calls the tool with Codex's own configuration, without a model


def ask_codex(program: Path, env: Mapping[str, str], project: Path, patience: float) -> tuple[bool, str]:
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own client
            [program, "app-server"], env=env, cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        return False, f"codex app-server: {error}"
    alarm = threading.Timer(patience, process.kill)
    with process:
        alarm.start()
        try:
            return conversation(process, project)
        except (OSError, ValueError, KeyError, TypeError) as error:
            return False, f"codex app-server gave no usable answer: {str(error) or type(error).__name__}"
        finally:
            alarm.cancel()
            process.kill()


def conversation(process: subprocess.Popen[bytes], project: Path) -> tuple[bool, str]:
    ask_one = asker(process)
    client = {"clientInfo": {"name": "mem0-agent", "version": "1"}, "capabilities": {"experimentalApi": True}}
    ask_one("initialize", client)
    send(process.stdin, {"method": "initialized"})
    thread = ask_one("thread/start", {"cwd": str(project), "ephemeral": True})["thread"]["id"]
    call = {"threadId": thread, "server": NAME, "tool": "list_entities", "arguments": {}}
    answer = ask_one("mcpServer/tool/call", call)
    text = " ".join(str(item.get("text", "")) for item in answer.get("content", []))
    return not answer.get("isError"), f"codex called list_entities: {text[:200]}"


def asker(process: subprocess.Popen[bytes]) -> Callable[[str, Json], Json]:
    numbers = iter(range(1, 1000))
    replies = answers(process.stdout)

    def ask_one(method: str, params: Json) -> Json:
        number = next(numbers)
        send(process.stdin, {"id": number, "method": method, "params": params})
        for message in replies:
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise ValueError(message["error"].get("message", method))
                return message["result"]
        raise ValueError(f"{method} was not answered")

    return ask_one


def send(pipe: IO[bytes] | None, message: Json) -> None:
    if pipe is not None:
        pipe.write(json.dumps(message).encode() + b"\n")
        pipe.flush()


def answers(pipe: IO[bytes] | None) -> Iterator[Json]:
    for line in pipe or ():
        yield json.loads(line)


QUESTIONS: Mapping[str, Callable[[Path, Mapping[str, str], Path, float], tuple[bool, str]]] = {
    "claude-code": ask_claude,
    "codex": ask_codex,
}
