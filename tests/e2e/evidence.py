"""What our hooks leave behind: in their journal, in the local memory, and in the requests that a model received."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from mem0_agent.memory import words
from mem0_agent.memory.local import LocalMemory
from mem0_agent.memory.protocol import SESSION_STATE
from mem0_agent.memory.server import INSTRUCTIONS
from tests.e2e.dialogue import Turn, strings
from tests.e2e.sandbox import Sandbox

Json = Any
T = TypeVar("T")
PATIENCE_S = 20
"""How long a detached process may take on a busy machine; only a failing test waits so long."""
FENCE = re.compile(r"<(mem0-memories-[0-9a-f]{16})>\n(?P<lines>.*?)\n</\1>", re.DOTALL)
CLIENTS_OWN = re.compile(
    r"^\s*(- mem0-(memory|sdk)|mcp__mem0__|## mem0$)|^<tools-used-before-summary>|^(<local-command-stdout>Compacted )?P\w+Compact \[.*\] completed successfully"
)
"""Lines that a client itself writes about a skill, a tool, a server, or the hook that it ran before it compacted."""
SERVER = re.compile(re.escape(INSTRUCTIONS).replace(r"\{user!r\}", ".*?").replace(r"\{project!r\}", ".*?"))
"""What our MCP server says of itself, which the clients pass on."""
SPOKEN = (words.PROTOCOL, words.RECALLED, words.SUMMARY.strip(), words.FINISHED, words.STOPPING)
"""Everything that the hooks say in words of their own, apart from one sentence for each kind of start."""


def patient(config: Path) -> None:
    """Give the hooks more time than a busy machine ever takes: what is tested is what they say, not how fast."""
    path = config / "config.toml"
    text = path.read_text("utf-8")
    assert "\nlocal_budget_ms = 150\n" in text
    path.write_text(text.replace("\nlocal_budget_ms = 150\n", "\nlocal_budget_ms = 9000\n"), "utf-8")


def settings(box: Sandbox) -> Path:
    return box.home / ".config/mem0-agent"


def state(box: Sandbox) -> Path:
    return box.home / ".local/state/mem0-agent"


def journal(box: Sandbox, client: str) -> dict[str, dict[str, Json]]:
    """The records of ``client``'s events, by event."""
    found = [json.loads(path.read_bytes()) for path in sorted((state(box) / "hooks").glob("*.json"))]
    return {record["event"]: record for record in found if record["client"] == client}


def counts(box: Sandbox, client: str) -> dict[str, int]:
    """How often each event of ``client`` called us; captures, which happen by themselves, are left out."""
    return {event: record["count"] for event, record in journal(box, client).items() if event != "Capture"}


def failures(box: Sandbox) -> list[Json]:
    """Every record with a failure, and the log."""
    log = state(box) / "hook.log"
    bad = [record for client in ("claude-code", "codex") for record in journal(box, client).values()]
    return [record for record in bad if record["failures"]] + (log.read_text().splitlines() if log.exists() else [])


def memory(box: Sandbox) -> LocalMemory:
    """The memory of this user, opened as another process opens it."""
    return LocalMemory(str(box.home / ".local/share/mem0-agent/memory.db"), "robin")


def states(box: Sandbox) -> list[dict[str, Json]]:
    """Every captured session."""
    held = memory(box)
    try:
        found = held.memories({"AND": [{"user_id": "robin"}, {"metadata": {"type": SESSION_STATE}}]})["results"]
    finally:
        held.close()
    return list(found)


def captured(box: Sandbox, text: str) -> dict[str, Json]:
    """The captured session that holds ``text``, awaited: a process that survives its client writes it."""
    return until(lambda: next((row for row in states(box) if text in row["memory"]), None), text)


def until(look: Callable[[], T | None], what: str) -> T:
    for _ in range(PATIENCE_S * 20):
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"this never came: {what}")


def contexts(request: Json) -> list[tuple[str, str]]:
    """Every string of a request that holds something which a hook of ours says, with its place."""
    return [(place, text) for place, text in strings(request) if any(said in text for said in SPOKEN)]


def blocks(request: Json) -> list[str]:
    """The lines of every fenced block of memories in a request."""
    found = [match["lines"] for _, text in contexts(request) for match in FENCE.finditer(text)]
    return [block.removeprefix(words.RECALLED).strip() for block in found]


def recalled(request: Json) -> list[str]:
    """The lines of memories, in their order."""
    return [line for block in blocks(request) for line in block.split("\n")]


def strays(request: Mapping[str, Json]) -> list[tuple[str, str]]:
    """What is ours in a request and neither said by a hook as it should be, nor a tool, nor a skill's description."""
    rest = {name: value for name, value in request.items() if name != "tools"}
    return [(place, left) for place, text in strings(rest) for left in remains(text) if "mem0" in left.lower()]


def remains(text: str) -> Iterator[str]:
    """The lines of ``text`` without our own words, the names of tools and the lines about skills."""
    text = FENCE.sub("", text)
    for said in SPOKEN:
        text = text.replace(said, "")
    text = SERVER.sub("", text)
    yield from (line for line in text.split("\n") if not CLIENTS_OWN.search(line))


def places(turn: Turn, said: str) -> list[str]:
    """The places of ``said`` in the last request of a turn, without the numbers."""
    return [re.sub(r"\[\d+\]", "", place) for place in turn.places(said)]
