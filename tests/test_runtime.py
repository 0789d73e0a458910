"""What clients start: the launcher's text on every system, and the launcher itself, really run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

import pytest

from mem0_agent import host, package
from mem0_agent.model import Dirs, Host
from mem0_agent.planning import runtime
from mem0_agent.writing import apply, ledger
from tests.machine import BOTH

if TYPE_CHECKING:
    from tests.machine import Machine

HOSTILE = [
    "a space",
    "quo'te",
    'double"quote',
    "$HOME",
    "`id`",
    "line\nfeed",
    "caf\u00e9 \u6f22",
    "-n",
    "*",
    "\\back",
    "%PATH%",
]
INITIALIZE = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}  # fmt: skip


def placed(root: Path, python: Path | None = None) -> Host:
    """The wing and its launcher below ``root``, as an install leaves them."""
    dirs = Dirs(root / "config", root / "data", root / "state")
    made = Host(root, root, "linux", {}, "robin", dirs, python or host.lasting_python(), lambda _: None)
    for change in runtime.changes(made, {}, package.wing()):
        change.path.parent.mkdir(parents=True, exist_ok=True)
        change.path.write_bytes(change.after or b"")
        change.path.chmod(change.mode)
    return made


def launch(made: Host, *words: str, stdin: str = "", path: str = "/nonexistent") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [made.launcher, *words], input=stdin, capture_output=True, text=True, timeout=30,
        env={"PATH": path, "HOME": str(made.home), "LANG": "C.UTF-8"},
    )  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_it_serves_from_any_folder(tmp_path: Path, name: str) -> None:
    done = launch(placed(tmp_path / name), "serve", stdin=json.dumps(INITIALIZE) + "\n")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[0])["result"]["capabilities"]["tools"] is not None


def test_a_wing_in_hostile_hands_is_not_imported(tmp_path: Path) -> None:
    """Neither the current folder nor PYTHONPATH can put a module in front of ours."""
    made = placed(tmp_path / "m")
    (tmp_path / "json.py").write_text("raise SystemExit('hijacked')\n", "utf-8")
    done = subprocess.run(
        [made.launcher, "serve"], input=json.dumps(INITIALIZE) + "\n", capture_output=True, text=True, cwd=tmp_path, timeout=30,
        env={"PYTHONPATH": str(tmp_path), "PYTHONSTARTUP": str(tmp_path / "json.py"), "PATH": ""},
    )  # fmt: skip
    assert "hijacked" not in done.stdout + done.stderr
    assert '"result"' in done.stdout


def test_with_its_interpreter_gone_it_takes_another(tmp_path: Path) -> None:
    made = placed(tmp_path / "m", python=tmp_path / "gone/python3")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").symlink_to(host.lasting_python())
    done = launch(made, "serve", stdin=json.dumps(INITIALIZE) + "\n", path=str(tmp_path / "bin"))
    assert (done.returncode, '"result"' in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize("missing", ["python", "wing"])
def test_with_nothing_left_a_hook_is_silent_and_a_server_says_what_to_do(tmp_path: Path, missing: str) -> None:
    made = placed(tmp_path / "m", python=tmp_path / "gone/python3" if missing == "python" else None)
    if missing == "wing":
        shutil.rmtree(made.dirs.data / "runtime")
    hook = launch(made, "hook", "codex", stdin="{}")
    assert (hook.returncode, hook.stdout, hook.stderr) == (0, "", "")
    serve = launch(made, "serve")
    assert (serve.returncode, serve.stdout) == (127, "")
    assert "mem0-agent install" in serve.stderr


def test_it_survives_the_environment_that_installed_it(here: Machine) -> None:
    """The launcher names no file of the virtual environment that the tests run in."""
    here.install()
    text = here.launcher.read_text("utf-8")
    assert sys.prefix == sys.base_prefix or sys.prefix not in text
    assert str(Path(runtime.__file__).parent) not in text


def test_windows_text() -> None:
    dirs = Dirs(*(Path(f"C:\\Users\\A b\\{name}") for name in ("c", "d", "s")))
    made = Host(
        Path("C:\\Users\\A b"), Path(), "win32", {}, "robin", dirs, Path("C:\\Python\\python.exe"), lambda _: None
    )
    assert made.launcher.name == "mem0-memory.cmd"
    text = runtime.launcher(made, Path("C:\\Users\\A b\\d\\runtime")).decode()
    assert '"C:\\Python\\python.exe" -I -S "C:\\Users\\A b\\d\\runtime' in text
    assert text.count("\n") == text.count("\r\n")
    assert 'if "%1"=="hook" exit /b 0' in text
    assert PureWindowsPath(made.dirs.data).drive == "C:"


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_posix_text(tmp_path: Path, platform: str) -> None:
    made = replace(placed(tmp_path / "m"), platform=platform)
    assert made.launcher.name == "mem0-memory"
    assert runtime.launcher(made, tmp_path).startswith(b"#!/bin/sh\n")
    assert PurePosixPath(made.launcher).is_absolute()


def test_another_wing_gets_another_folder_and_the_same_launcher_path(tmp_path: Path) -> None:
    made = placed(tmp_path / "m")
    wing = package.wing()
    other = {**wing, "mem0_agent/__init__.py": b"# newer\n"}
    assert runtime.root(made, wing) != runtime.root(made, other)
    assert runtime.changes(made, {path: path.read_bytes() for path in runtime.wants(made, wing)}, wing) == ()
    changed = {path: path.read_bytes() if path.exists() else None for path in runtime.wants(made, other)}
    newer = runtime.changes(made, changed, other)
    assert [change.path for change in newer][-1] == made.launcher
    assert {change.action for change in newer[:-1]} == {"create"}


def upgraded(here: Machine, word: str) -> Path:
    """A version of the wing as an earlier release would have installed and compiled it: its folder."""
    wing = {**package.wing(), "mem0_agent/__init__.py": f"# {word}\n".encode()}
    made = here.host()
    known = {path: path.read_bytes() if path.exists() else None for path in runtime.wants(made, wing)}
    with apply.transaction(runtime.changes(made, known, wing), here.dirs):
        package.compile_wing(runtime.root(made, wing), wing, host.lasting_python())
    return runtime.root(made, wing)


def test_of_the_former_versions_the_last_stays(here: Machine) -> None:
    """A server that was started from it may still have to import something; what is older nobody runs any more."""
    here.install("--skip", "hooks", "--skip", "skills")
    current = runtime.root(here.host(), package.wing())
    older, last = upgraded(here, "older"), upgraded(here, "last")
    shown = here.run("install", "--client", "codex", "--dry-run", "--skip", "hooks", "--skip", "skills")
    assert str(older / "mem0_agent/memory/hook.py") in shown.out
    assert older.exists()
    here.install("--skip", "hooks", "--skip", "skills")
    assert set((here.dirs.data / "runtime").iterdir()) == {current, last}
    held = ledger.load(here.dirs)
    assert held is not None
    assert not any(path.is_relative_to(older) for path in held.records)
    assert here.ask("install", *BOTH, "--skip", "hooks", "--skip", "skills", "--yes")["data"]["own_changes"] == []
    assert here.troubles() == []
    here.uninstall("--purge")
    assert list(here.home.iterdir()) == []


def test_one_former_version_is_left_alone(here: Machine) -> None:
    former = upgraded(here, "former")
    here.install("--skip", "hooks", "--skip", "skills")
    assert former.exists()
    assert here.ask("install", *BOTH, "--skip", "hooks", "--skip", "skills", "--yes")["data"]["own_changes"] == []
