"""The memory server, from the start of its process to its first answers."""

from __future__ import annotations

import json
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks import text
from tests.benchmarks.machine import Machine
from tests.benchmarks.running import BrokenError, Program, Spawner, ratio

AIM_MS = 60
PATIENCE_S = 30.0
HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}


@dataclass
class Started:
    """One way to start the server: seconds to the answer to initialize, and to that of list_entities."""

    label: str
    program: Program
    first: list[float] = field(default_factory=list)
    entities: list[float] = field(default_factory=list)


def section(machine: Machine, spawner: Spawner, filled: Path, *, quick: bool) -> None:
    """``filled`` is a memory of 10,000."""
    rounds = 5 if quick else 25
    empty = machine.install(spawner, machine.home("serve-empty"))
    full = machine.install(spawner, machine.home("serve-full"))
    shutil.copy(filled, full.database)
    launched = Program((str(empty.launcher), "serve"), machine.environment(empty), empty.root)
    ways = [
        Started("directly, no memory yet", machine.installed(empty, "serve")),
        Started("through the launcher, no memory yet", launched),
        Started("directly, 10,000 memories", machine.installed(full, "serve")),
    ]
    bare: list[float] = []
    for number in range(-1, rounds):
        ended = timed(lambda: subprocess.run(machine.bare().argv, env=machine.bare().env, check=True))
        bare.extend([ended] if number >= 0 else [])
        for way in ways:
            first, entities = conversation(way.program)
            if number >= 0:
                way.first.append(first)
                way.entities.append(entities)
    show(ways, bare, rounds)


def show(ways: Sequence[Started], bare: Sequence[float], rounds: int) -> None:
    text.heading(
        "2. Memory server",
        f"Rounds: {rounds}. Milliseconds from the start of the process to the answer to initialize (aim: {AIM_MS}),",
        "and to that of list_entities; the ratio is that of the first answer to a bare interpreter's whole run.",
    )
    rows = [["python3 -I -c pass", text.middle(bare), text.least(bare), "", "", "1.00x"]]
    for way in ways:
        told = [
            text.middle(way.first),
            text.least(way.first),
            text.middle(way.entities),
            text.least(way.entities),
        ]
        rows.append([way.label, *told, text.times(ratio(way.first, bare))])
    text.table(["", "first", "min", "entities", "min", "x bare"], rows)


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def conversation(program: Program) -> tuple[float, float]:
    """Start the server, greet it, call list_entities, end it. Raises BrokenError for any other answer."""
    started = time.perf_counter()
    with subprocess.Popen(
        program.argv, env=dict(program.env), cwd=program.cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        try:
            hello = asked(child, "initialize", HELLO)
            first = time.perf_counter() - started
            told = asked(child, "tools/call", {"name": "list_entities", "arguments": {}})
            entities = time.perf_counter() - started
            if child.stdin:
                child.stdin.close()
            child.wait(PATIENCE_S)
        finally:
            child.kill()
    if "serverInfo" not in hello.get("result", {}) or told.get("result", {}).get("isError", True):
        raise BrokenError(f"the server answered: {hello} {told}")
    return first, entities


def asked(child: subprocess.Popen[bytes], method: str, params: Mapping[str, object]) -> dict[str, dict[str, object]]:
    if child.stdin is None or child.stdout is None:
        raise BrokenError("the server has no pipes")
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    child.stdin.write(line.encode() + b"\n")
    child.stdin.flush()
    answer = child.stdout.readline() if select.select([child.stdout], [], [], PATIENCE_S)[0] else b""
    if not answer:
        raise BrokenError(f"the server gave no answer to {method}")
    told: dict[str, dict[str, object]] = json.loads(answer)
    return told
