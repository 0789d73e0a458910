from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.memory.steps import path, sound

from mem0_agent.memory.local import LocalMemory

WRITERS = Path(__file__).with_name("writers.py")
PATIENCE_S = 60


def start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(WRITERS), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def ended(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=PATIENCE_S)
    return process.returncode


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=PATIENCE_S)


def test_nothing_is_lost_among_writers_of_whom_one_is_killed(
    memory: LocalMemory, started: list[subprocess.Popen[str]]
) -> None:
    started += [start("write", str(path(memory)), f"writer{number}", "200") for number in range(8)]
    victim = start("write", str(path(memory)), "victim", "100000")
    started.append(victim)
    assert victim.stdout
    told = [int(victim.stdout.readline()) for _ in range(20)]
    victim.kill()
    told += [int(line) for line in victim.stdout]  # communicate() would miss what readline() has buffered
    assert [ended(process) for process in started[:8]] == [0] * 8
    for number in range(8):
        assert memory.memories({"user_id": f"writer{number}"})["count"] == 200
    assert memory.memories({"user_id": "victim"})["count"] in (len(told), len(told) + 1)
    memory.close()
    sound(path(memory))


def test_nothing_is_lost_when_six_processes_make_the_file_at_once(
    tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    for number in range(20):
        file = tmp_path / f"{number}" / "memory.db"
        group = [start("first", str(file), f"p{one}") for one in range(6)]
        started += group
        for process in group:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        for process in group:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        assert [ended(process) for process in group] == [0] * 6
        started.clear()
        memory = LocalMemory(str(file), "alice")
        assert memory.memories({"user_id": "all"})["count"] == 6
        memory.close()
