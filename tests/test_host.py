"""This machine as a value."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mem0_agent import host, package
from mem0_agent.model import UserError


def test_current_is_what_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    monkeypatch.chdir(tmp_path)
    here = host.current()
    assert (here.home, here.cwd, here.platform) == (tmp_path, tmp_path, sys.platform)
    assert here.env["HOME"] == str(tmp_path)
    assert len({here.dirs.config, here.dirs.data, here.dirs.state}) == 3
    if sys.platform == "linux":
        assert here.dirs.state == tmp_path / "elsewhere/mem0-agent"
        assert here.launcher == tmp_path / ".local/share/mem0-agent/bin/mem0-memory"


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({}, "is not set"),
        ({"HOME": ""}, "is empty"),
        ({"HOME": "a/b"}, "not an absolute"),
        ({"HOME": "/no/such"}, "not a folder"),
    ],
)
def test_a_home_that_is_none(env: dict[str, str], says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        host.usable_home(env)
    assert (caught.value.code, "HOME" in caught.value.hint) == ("host.home", True)


def test_the_interpreter_outlives_a_virtual_environment() -> None:
    python = host.lasting_python()
    assert python.exists()
    assert sys.prefix == sys.base_prefix or not python.is_relative_to(sys.prefix)


def test_homebrew_is_named_by_the_path_that_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("Cellar/python@3.12/3.12.9/bin", "opt/python@3.12/bin"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "python3.12").touch()
    monkeypatch.setattr(sys, "_base_executable", str(tmp_path / "Cellar/python@3.12/3.12.9/bin/python3.12"))
    assert host.lasting_python() == tmp_path / "opt/python@3.12/bin/python3.12"


def test_gather_asks_until_nobody_wants_more(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("b", "utf-8")
    (tmp_path / "b").write_text("", "utf-8")

    def wants(known: object) -> list[Path]:
        held = known.get(tmp_path / "a") if isinstance(known, dict) else None
        return [tmp_path / "a", *([tmp_path / held.decode()] if held else []), tmp_path / "absent"]

    assert host.gather([wants]) == {tmp_path / "a": b"b", tmp_path / "b": b"", tmp_path / "absent": None}


def test_what_cannot_be_read_is_told_or_collected(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a folder"):
        host.gather([lambda _: [tmp_path]])
    problems: list[UserError] = []
    assert host.gather([lambda _: [tmp_path]], problems=problems) == {tmp_path: None}
    assert [problem.code for problem in problems] == ["config.unreadable"]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo 1.2.3", "1.2.3\n"),
        ("echo $CODEX_HOME", "/nonexistent/mem0-agent\n"),
        ("printf '\\377'", ""),
        ("exit 3", ""),
    ],
)
def test_what_a_program_says(tmp_path: Path, script: str, says: str) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    program.chmod(0o755)
    assert host.says_version(program, {"PATH": os.defpath}) == says


def test_a_program_that_cannot_be_started_says_nothing(tmp_path: Path) -> None:
    assert host.says_version(tmp_path / "absent", {}) == ""


def test_every_template_is_found_and_a_missing_one_is_told() -> None:
    assert b"backend" in package.template("config.toml")
    with pytest.raises(UserError, match=r"templates/no\.such"):
        package.template("no.such")


def test_the_wing_is_whole_and_compiled_once(tmp_path: Path) -> None:
    wing = package.wing()
    assert {"mem0_agent/__init__.py", "mem0_agent/memory/__main__.py", "mem0_agent/memory/server.py"} <= wing.keys()
    for name, source in wing.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(source)
    package.compile_wing(tmp_path, wing, host.lasting_python())
    compiled = sorted(tmp_path.rglob("*.pyc"))
    assert len(compiled) == len(wing)
    times = [path.stat().st_mtime_ns for path in compiled]
    package.compile_wing(tmp_path, wing, host.lasting_python())
    assert [path.stat().st_mtime_ns for path in compiled] == times


def test_a_bug_is_written_down_for_its_finder_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = host.bug_log("the story")
    assert path is not None
    assert (path.read_text("utf-8"), path.stat().st_mode & 0o777) == ("the story", 0o600)
    assert host.bug_log("another") is None


@pytest.mark.skipif(sys.platform != "linux", reason="told by /proc")
def test_processes_that_run_since_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    python = host.lasting_python()
    name = Path(os.path.realpath(python)).name
    env = {"HOME": str(tmp_path)}
    begun = time.time()
    waits = [str(python), "-I", "-c", "print(flush=True); input()"]
    with subprocess.Popen(waits, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout
        running.stdout.readline()  # before that the system may not tell its environment yet
        monkeypatch.setenv("HOME", str(tmp_path))
        assert host.started_before(frozenset({name}), begun + 60) == [running.pid]
        assert host.started_before(frozenset({name}), begun - 60) == []
        assert host.started_before(frozenset({"other"}), begun + 60) == []
        assert abs(host.born(Path("/proc") / str(running.pid)) - begun) < 10
        monkeypatch.setenv("HOME", str(tmp_path / "other"))
        assert host.started_before(frozenset({name}), begun + 60) == []
        running.communicate(b"\n")
