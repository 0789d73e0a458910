"""The plugin for Cowork: the same bytes every time, valid for the client itself, hooks that can harm nobody."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from mem0_agent import __version__, package
from mem0_agent.memory.local import LocalMemory
from mem0_agent.model import Dirs, Host
from mem0_agent.planning import cowork_zip
from tests.clients.desk import host
from tests.e2e.releases import programs
from tests.machine import Machine, machine
from tests.memory.hooks.helpers import claude_lines, until
from tests.memory.hooks.rest import Rest
from tests.trees import still, write_tree

KEY = "m0-Zq8vR2sT5wY7bN3kL4"
NAMED = ("--client", "cowork", "--yes", "--mode", "plugin")
CONFIG = b'{\n  "mcpServers": {},\n  "preferences": {"a": 1.0}\n}\n'


def packed(machine_of: Host, *, hooks: bool = True) -> bytes:
    return cowork_zip.bundle(machine_of, package.kit().skills, hooks=hooks)


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def desktop(here: Machine) -> Machine:
    write_tree(here.home, {".config/Claude/claude_desktop_config.json": CONFIG})
    return here


def bundle(here: Machine) -> Path:
    return here.dirs.data / "cowork/mem0-plugin.zip"


def file(here: Machine) -> Path:
    return here.home / ".config/Claude/claude_desktop_config.json"


# What is in it


def test_the_same_bytes_every_time() -> None:
    machine_of = host("linux")
    assert packed(machine_of) == packed(machine_of)
    with zipfile.ZipFile(io.BytesIO(packed(machine_of))) as archive:
        assert {(info.date_time, info.external_attr >> 16) for info in archive.infolist()} == {
            ((1980, 1, 1, 0, 0, 0), 0o100644)
        }


def test_layout() -> None:
    content = opened(packed(host("linux")))
    manifest = json.loads(content[".claude-plugin/plugin.json"])
    assert isinstance(manifest["author"], dict)  # a text crashes the page of plugins
    assert (manifest["name"], manifest["version"]) == ("mem0-agent", __version__)
    assert {"skills/mem0-memory/SKILL.md", "skills/mem0-sdk/SKILL.md", "hooks/hooks.json"} < set(content)
    assert not any("mcp" in name.lower() for name in content)
    assert "mcpServers" not in manifest


@pytest.mark.e2e
@pytest.mark.parametrize("age", ["newest", "older"])
def test_the_client_itself_finds_it_valid(tmp_path: Path, age: str) -> None:
    claude = programs(age).claude
    with zipfile.ZipFile(io.BytesIO(packed(host("linux")))) as archive:
        archive.extractall(tmp_path / "plugin")
    (tmp_path / "home").mkdir()
    env = {
        "HOME": str(tmp_path / "home"),
        "PATH": os.defpath,
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
    strict = ["--strict"] if age == "newest" else []
    done = subprocess.run(
        [claude, "plugin", "validate", *strict, tmp_path / "plugin"],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# Its hooks


def hook(machine_of: Host, shell: str, text: str, **env: str) -> subprocess.CompletedProcess[str]:
    groups = json.loads(opened(packed(machine_of))["hooks/hooks.json"])["hooks"]
    (line,) = {entry["command"] for event in groups.values() for group in event for entry in group["hooks"]}
    return subprocess.run([shell, "-c", line], input=text, env=env, capture_output=True, text=True, timeout=30)


def shells() -> list[str]:
    return [shell for shell in ("sh", "dash", "bash") if shutil.which(shell)]


@pytest.mark.parametrize("shell", shells())
def test_where_the_launcher_is_not_a_hook_does_nothing(tmp_path: Path, shell: str) -> None:
    """As in the cloud: another machine, no file of ours, and a failing hook would block what the user does."""
    odd = host("linux")
    path = Path('/nowhere/it\'s a "folder" ü')
    done = hook(
        Host(odd.home, odd.cwd, "linux", {}, "x", Dirs(path, path, path), odd.python, lambda _: None),
        shell,
        "{}",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("status", [1, 2, 127])
@pytest.mark.parametrize("shell", shells())
def test_a_launcher_that_fails_blocks_nothing(tmp_path: Path, shell: str, status: int) -> None:
    here = machine(tmp_path / "it's here")
    write_tree(here.dirs.data, {"bin/mem0-memory": f"#!/bin/sh\nexit {status}\n"})
    here.launcher.chmod(0o755)
    assert hook(here.host(), shell, "{}").returncode == 0


def test_on_this_machine_a_hook_recalls(tmp_path: Path) -> None:
    here = machine(tmp_path / "it's here")
    write_tree(here.home, {".config/Claude/claude_desktop_config.json": CONFIG})
    assert here.run("install", *NAMED).code == 0
    event = {"hook_event_name": "Mem0AgentCheck", "session_id": "", "cwd": str(here.work)}
    done = hook(here.host(), "sh", json.dumps(event), HOME=str(here.home), PATH=os.defpath)
    assert json.loads(done.stdout)["mem0_agent"]["version"] == __version__


def test_what_a_hook_stores_and_notes_is_coworks(tmp_path: Path) -> None:
    """The same events and session files as Claude Code's, and a name of its own in the memory and for doctor."""
    here = machine(tmp_path / "m")
    write_tree(here.home, {".config/Claude/claude_desktop_config.json": CONFIG})
    assert here.run("install", *NAMED, "--backend", "local").code == 0
    said = tmp_path / "session.jsonl"
    said.write_text(claude_lines(("user", "always sign tokens with RS256"), ("assistant", "Done.")))
    event = {
        "hook_event_name": "Stop", "session_id": "s1", "cwd": str(here.work), "transcript_path": str(said),
        "stop_hook_active": False, "last_assistant_message": "Done.",
    }  # fmt: skip
    done = hook(here.host(), "sh", json.dumps(event), HOME=str(here.home), PATH=os.defpath)
    assert (done.returncode, done.stderr) == (0, "")
    noted = here.dirs.state / "hooks/cowork.Capture.json"
    until(noted.exists)
    memory = LocalMemory(str(here.dirs.data / "memory.db"), "robin")
    (stored,) = memory.memories({"AND": [{"agent_id": "cowork"}]}, page=1, page_size=9)["results"]
    memory.close()
    assert "RS256" in stored["memory"]
    assert stored["metadata"]["client"] == "cowork"
    assert [path.name for path in (here.dirs.state / "hooks").glob("claude-code.*")] == []
    found = {each["id"]: each for each in here.ask("doctor", "-c", "cowork")["data"]["findings"]}
    assert found["plugin.ok"]["detail"].startswith("The last hook fired on")


def test_no_hooks_where_nobody_knows_the_shell() -> None:
    assert "hooks/hooks.json" not in opened(packed(host("win32")))
    assert "hooks/hooks.json" not in opened(packed(host("linux"), hooks=False))


# Through the console script


def told(here: Machine, *words: str, **more: Any) -> Any:
    (found,) = here.ask("install", *words, **more)["data"]["clients"]
    return found


def test_steps_are_printed(desktop: Machine) -> None:
    before = file(desktop).read_bytes()
    done = desktop.run("install", *NAMED, "--backend", "platform", "--store-key", "--api-key-stdin", stdin=KEY.encode())
    assert done.code == 0, done.all
    for words in (
        "Upload plugin",
        str(bundle(desktop)),
        "Add custom connector",
        "https://mcp.mem0.ai/mcp",
        "list_entities",
    ):
        assert words in done.out
    assert KEY.encode() not in bundle(desktop).read_bytes()
    assert file(desktop).read_bytes() == before


def test_a_second_run_changes_nothing(desktop: Machine) -> None:
    first = told(desktop, *NAMED)
    assert (first["mode"], first["skills"], first["verification"]["status"]) == (
        "plugin",
        ["mem0-memory", "mem0-sdk"],
        "skipped",
    )
    data = bundle(desktop).read_bytes()
    assert told(desktop, *NAMED)["changes"] == []
    assert bundle(desktop).read_bytes() == data == packed(desktop.host())


def test_doctor_promises_nothing(desktop: Machine) -> None:
    told(desktop, *NAMED)
    found = {each["id"]: each for each in desktop.ask("doctor", "-c", "cowork")["data"]["findings"]}
    assert found["plugin.ok"]["severity"] == "info"
    assert "No file on this machine tells" in found["plugin.ok"]["detail"]
    bundle(desktop).unlink()
    found = {each["id"]: each for each in desktop.ask("doctor", "-c", "cowork")["data"]["findings"]}
    assert "--mode plugin" in found["plugin.broken"]["fix"]


def test_direct_and_plugin_and_back(desktop: Machine) -> None:
    """On the platform the connector takes the entry's place: never two at rest, and at the end nothing of ours."""
    server = Rest()
    write_tree(desktop.dirs.config, {"config.toml": f'api_url = "{server.url}"\n'})
    before = still(desktop.home / ".config/Claude")
    words = ("--client", "cowork", "--yes", "--backend", "platform")
    try:
        done = desktop.run("install", *words, "--store-key", "--api-key-stdin", stdin=KEY.encode())
        assert done.code == 0, done.all
        told(desktop, *words, "--mode", "plugin")
        assert (bundle(desktop).exists(), "mem0" in json.loads(file(desktop).read_bytes())["mcpServers"]) == (
            True,
            False,
        )
        told(desktop, *words)
        assert (bundle(desktop).exists(), "mem0" in json.loads(file(desktop).read_bytes())["mcpServers"]) == (
            False,
            True,
        )
        told(desktop, *words, "--mode", "plugin")
    finally:
        server.close()
    desktop.uninstall("--purge")
    assert still(desktop.home / ".config/Claude") == before
    assert sorted(path.name for path in desktop.home.iterdir()) == [".config"]


def test_the_local_memory_keeps_its_only_way(desktop: Machine) -> None:
    told(desktop, "--client", "cowork", "--yes")
    notes = " ".join(told(desktop, *NAMED)["notes"])
    assert "mem0" in json.loads(file(desktop).read_bytes())["mcpServers"]
    assert "--mode direct" in notes
    assert "custom connector" not in notes


def test_uninstall_takes_it(desktop: Machine) -> None:
    before = still(desktop.home)
    told(desktop, *NAMED)
    assert "remove it in Claude Desktop" in desktop.uninstall("--purge").out
    assert still(desktop.home) == before
