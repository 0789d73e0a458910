"""Cowork through the console script: Desktop's file only while it is shut, every byte back, the key in one place."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mem0_agent.asking.processes import paths
from mem0_agent.clients import cowork
from mem0_agent.model import TOOLS, Registration
from tests.machine import Machine
from tests.memory.hooks.rest import Rest
from tests.trees import marks, read_tree, still, write_tree

KEY = "m0-Zq8vR2sT5wY7bN3kL4"
ODD_KEY = "odd 'quoted' key"
NAMED = ("--client", "cowork", "--yes")
PLATFORM = ("--backend", "platform")
PLAIN = b'{\n  "mcpServers": {\n    "other": {"command": "x", "args": []}\n  },\n  "preferences": {"ratio": 1.0}\n}\n'


@pytest.fixture
def desktop(here: Machine) -> Machine:
    """A machine on which Claude Desktop has been."""
    write_tree(
        here.home,
        {
            ".config/Claude/claude_desktop_config.json": PLAIN,
            ".config/Claude/logs/main.log": "appVersion: '2.9.1'",
        },
    )
    return here


def file(here: Machine) -> Path:
    return here.home / ".config/Claude/claude_desktop_config.json"


def servers(here: Machine) -> Any:
    return json.loads(file(here).read_bytes())["mcpServers"]


def client(envelope: Any) -> Any:
    (found,) = (each for each in envelope["data"]["clients"] if each["client"] == "cowork")
    return found


def finding(here: Machine, name: str) -> Any:
    found = here.ask("doctor", "-c", "cowork")["data"]["findings"]
    return next((each for each in found if each["id"] == name), None)


@pytest.fixture
def running(desktop: Machine) -> Iterator[Machine]:
    """Desktop runs: a process whose program lies where Desktop's does. It is ended again."""
    program = desktop.home / "apps/claude-desktop/claude-desktop"
    program.parent.mkdir(parents=True)
    shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
    process = subprocess.Popen([program, "60"])
    while str(program) not in paths("linux"):
        assert process.poll() is None
        time.sleep(0.01)
    yield desktop
    process.kill()
    process.wait()


# Direct


def test_it_is_found_and_set_up(desktop: Machine) -> None:
    envelope = desktop.ask("install", "--yes")
    told = client(envelope)
    assert (told["detected"], told["version"], told["mode"]) == (True, "2.9.1", "direct")
    assert told["verification"]["status"] == "ok"
    assert servers(desktop) == {
        "other": {"command": "x", "args": []},
        "mem0": {"command": str(desktop.launcher), "args": ["serve"]},
    }
    words = " ".join(told["notes"])
    assert "cannot prove that a Cowork session sees it" in words
    assert "MCP only" in words
    assert "Open Claude Desktop again" in words


TREES: dict[str, bytes | None] = {
    "plain": PLAIN,
    "crlf": PLAIN.replace(b"\n", b"\r\n"),
    "minified": b'{"preferences":{"a":12345678901234567890},"mcpServers":{}}',
    "no servers": b'{"preferences": {"a": 1.0}}',
    "bom": b"\xef\xbb\xbf" + PLAIN,
    "empty object": b"{}",
    "no file": None,
}


@pytest.mark.parametrize("text", TREES.values(), ids=TREES)
@pytest.mark.parametrize("configured", [False, True])
def test_there_and_back_byte_for_byte(here: Machine, text: bytes | None, configured: bool) -> None:
    env = {"XDG_CONFIG_HOME": str(here.root / "config")} if configured else {}
    place = (here.root / "config" if configured else here.home / ".config") / "Claude/claude_desktop_config.json"
    place.parent.mkdir(parents=True)
    (place.parent / "Preferences").write_text("{}")
    if text is not None:
        place.write_bytes(text)
        place.chmod(0o640)
    before = still(here.root)
    done = here.run("install", *NAMED, env=env)
    assert done.code == 0, done.all
    assert json.loads(place.read_bytes().removeprefix(b"\xef\xbb\xbf"))["mcpServers"]["mem0"]["args"] == ["serve"]
    assert stat.S_IMODE(place.stat().st_mode) == (0o600 if text is None else 0o640)
    undone = here.run("uninstall", "--yes", "--purge", env=env)
    assert undone.code == 0, undone.all
    assert still(here.root) == before


def test_twice_changes_nothing(desktop: Machine) -> None:
    desktop.ask("install", *NAMED)
    before = marks(desktop.home)
    assert client(desktop.ask("install", *NAMED))["changes"] == []
    assert marks(desktop.home) == before


def test_a_dry_run_touches_nothing(desktop: Machine) -> None:
    before = marks(desktop.home)
    done = desktop.run("install", "--client", "cowork", "--dry-run")
    assert (done.code, marks(desktop.home)) == (0, before), done.all
    assert '+    "mem0": {' in done.out


def test_an_absent_desktop_is_set_up_by_name_alone(here: Machine) -> None:
    assert any("was not found here" in note for note in client(here.ask("install", *NAMED))["notes"])
    here.uninstall("--purge")
    assert read_tree(here.home) == {}


def test_no_file_of_a_project(desktop: Machine) -> None:
    error = desktop.ask("install", *NAMED, "--scope", "project")["error"]
    assert (error["code"], "--scope project" in error["message"]) == ("usage", True)
    desktop.program("codex", "codex-cli 0.169.0")
    envelope = desktop.ask("install", "--dry-run", "--scope", "project")
    assert [each["client"] for each in envelope["data"]["clients"]] == ["codex"]


def test_a_wiped_file_is_noticed(desktop: Machine) -> None:
    desktop.ask("install", *NAMED)
    assert finding(desktop, "server.ok") is not None
    file(desktop).write_bytes(PLAIN)  # Desktop wrote back what it held in memory
    lost = finding(desktop, "registration.lost")
    assert (lost["severity"], lost["path"]) == ("error", str(file(desktop)))
    assert "mem0-agent install --client cowork" in lost["fix"]
    desktop.ask("install", *NAMED)
    assert finding(desktop, "server.ok") is not None


def test_broken_file_stops_with_its_line(desktop: Machine) -> None:
    file(desktop).write_text('{"mcpServers": {\n  oops')
    before = marks(desktop.root)
    error = desktop.ask("install", *NAMED)["error"]
    assert (error["code"], error["path"], error["line"]) == ("config.invalid", str(file(desktop)), 2)
    assert marks(desktop.root) == before


def test_the_other_side_of_windows(desktop: Machine) -> None:
    done = desktop.run("install", *NAMED, env={"WSL_DISTRO_NAME": "Ubuntu"})
    assert done.code == 0, done.all
    assert "Linux side" in done.out
    assert "PowerShell" in done.out


# While Desktop runs


def test_a_named_client_is_refused_while_it_runs(running: Machine) -> None:
    before = marks(running.home / ".config")
    envelope = running.ask("install", *NAMED)
    assert (envelope["exit_code"], envelope["error"]["code"]) == (1, "client.running")
    assert "Quit Claude Desktop" in envelope["error"]["hint"]
    assert marks(running.home / ".config") == before
    assert not running.dirs.data.exists()


def test_the_others_go_on(running: Machine) -> None:
    before = file(running).read_bytes()
    done = running.run("install", *NAMED, "--client", "codex")
    assert done.code == 1, done.all
    assert "mem0" in running.codex.read_text()
    assert file(running).read_bytes() == before
    assert "Claude Desktop is running" in done.out


def test_found_while_it_runs_is_left_for_later(running: Machine) -> None:
    running.program("codex", "codex-cli 0.169.0")
    envelope = running.ask("install", "--yes")
    told = client(envelope)
    assert (envelope["exit_code"], told["blocked"]["severity"], told["changes"]) == (0, "warning", [])
    assert "skipped" in told["blocked"]["title"]
    assert "mem0-agent install --client cowork" in told["blocked"]["fix"]
    assert "mem0" in running.codex.read_text()
    assert "mem0" not in servers(running)


def test_nothing_to_do_needs_no_quitting(running: Machine) -> None:
    told = {"command": str(running.launcher), "args": ["serve"]}
    file(running).write_text(json.dumps({"mcpServers": {"mem0": told}}))
    envelope = running.ask("install", *NAMED, "--replace")
    assert (envelope["exit_code"], client(envelope)["verification"]["status"]) == (0, "ok")


def test_without_the_server_there_is_nothing_to_set_up(desktop: Machine) -> None:
    before = file(desktop).read_bytes()
    assert any("MCP only" in note for note in client(desktop.ask("install", *NAMED, "--skip", "mcp"))["notes"])
    assert file(desktop).read_bytes() == before


def test_what_it_wiped_itself_needs_no_quitting_to_forget(running: Machine) -> None:
    told = {"command": str(running.launcher), "args": ["serve"]}
    file(running).write_text(json.dumps({"mcpServers": {"mem0": told}}))
    running.ask("install", *NAMED, "--replace")
    file(running).write_bytes(PLAIN)
    running.uninstall("--purge")
    assert file(running).read_bytes() == PLAIN


def test_doctor_says_when_it_can_be_mended(running: Machine) -> None:
    found = {each["id"]: each for each in running.ask("doctor", "-c", "cowork")["data"]["findings"]}
    assert found["restart.needed"]["fix"].startswith("Quit Claude Desktop")
    assert found["registration.missing"]["fix"].startswith("Quit Claude Desktop")


def test_uninstall_waits_for_it_too(desktop: Machine) -> None:
    desktop.run("install", *NAMED, "--client", "codex")
    program = desktop.home / "apps/claude-desktop/claude-desktop"
    program.parent.mkdir(parents=True)
    shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
    process = subprocess.Popen([program, "60"])
    try:
        while str(program) not in paths("linux"):
            time.sleep(0.01)
        held = file(desktop).read_bytes()
        envelope = desktop.ask("uninstall", "--yes")
        assert (envelope["exit_code"], envelope["error"]["code"]) == (1, "client.running")
        assert file(desktop).read_bytes() == held
        assert desktop.launcher.exists()
        assert not desktop.codex.exists()
    finally:
        process.kill()
        process.wait()
    shutil.rmtree(desktop.home / "apps")
    desktop.uninstall("--purge")
    assert file(desktop).read_bytes() == PLAIN
    assert {name.split("/")[0] for name in read_tree(desktop.home)} == {".config"}


# One registration


def test_a_second_one_is_refused_and_replaced(desktop: Machine) -> None:
    servers_before = {
        "memory": {"command": "npx", "args": ["-y", "mcp-remote", "https://mcp.mem0.ai/mcp"]},
        "plugin:mem0": {"command": "x"},
    }
    file(desktop).write_text(json.dumps({"mcpServers": servers_before}))
    before = still(desktop.home)
    envelope = desktop.ask("install", *NAMED)
    assert (envelope["exit_code"], len(envelope["error"]["duplicates"])) == (4, 2)
    assert still(desktop.home) == before
    assert desktop.ask("install", *NAMED, "--replace")["exit_code"] == 0
    assert list(servers(desktop)) == ["mem0"]
    desktop.uninstall("--purge")
    assert still(desktop.home) == before


@pytest.mark.parametrize("words", [("--replace",), ("--replace", "--allow-duplicate")])
def test_an_extension_is_never_touched(desktop: Machine, words: tuple[str, ...]) -> None:
    rows = {"x.mem0": {"manifest": {"name": "mem0", "server": {"mcp_config": {"command": "node"}}}}}
    held = file(desktop).with_name("extensions-installations.json")
    held.write_text(json.dumps({"extensions": rows}))
    before = held.read_bytes()
    envelope = desktop.ask("install", *NAMED, *words)
    assert envelope["exit_code"] == (0 if "--allow-duplicate" in words else 4)
    if envelope["error"]:
        assert "Settings → Extensions" in envelope["error"]["hint"]
    else:
        assert "Settings → Extensions" in finding(desktop, "registration.shadowed")["fix"]
    assert held.read_bytes() == before


# The platform


@pytest.fixture
def rest(desktop: Machine) -> Iterator[Rest]:
    server = Rest()
    write_tree(desktop.dirs.config, {"config.toml": f'api_url = "{server.url}"\n'})
    yield server
    server.close()


def tools_of(here: Machine) -> set[str]:
    """What the entry lists when it is started as Desktop would start it, and one call through it."""
    held = Registration("cowork", "mem0", "user", file(here), (), servers(here)["mem0"])
    endpoint = cowork.endpoint(here.host(), {}, held)
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
        {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "list_entities", "arguments": {}}},
    ]  # fmt: skip
    done = subprocess.run(
        endpoint.command, env=dict(endpoint.env), cwd=endpoint.cwd, capture_output=True, timeout=30,
        input="".join(json.dumps(message) + "\n" for message in messages).encode(),
    )  # fmt: skip
    answers = {answer["id"]: answer["result"] for answer in map(json.loads, done.stdout.splitlines())}
    assert not answers[3].get("isError"), done.stderr
    return {tool["name"] for tool in answers[2]["tools"]}


@pytest.mark.parametrize("key", [KEY, ODD_KEY])
def test_the_platform_with_the_key_in_our_own_file_alone(desktop: Machine, rest: Rest, key: str) -> None:
    before = still(desktop.root)
    words = ("install", *NAMED, *PLATFORM, "--skip", "hooks", "--store-key", "--api-key-stdin")
    dry = desktop.run(*words[:-1], "--api-key-stdin", "--dry-run", stdin=key.encode())
    assert (dry.code, key in dry.all, still(desktop.root)) == (0, False, before), dry.all
    done = desktop.run(*words, stdin=key.encode())
    assert done.code == 0, done.all
    assert key not in done.all
    assert tools_of(desktop) >= TOOLS
    assert {request["headers"]["authorization"] for request in rest.seen} == {f"Token {key}"}
    held = desktop.dirs.config / "credentials"
    assert (held.read_text(), stat.S_IMODE(held.stat().st_mode)) == (key + "\n", 0o600)
    tree = read_tree(desktop.root)
    assert [name for name, data in tree.items() if key.encode() in (data or b"")] == [
        "home/.config/mem0-agent/credentials"
    ]
    assert "Custom" in done.out or "custom connector" in done.out
    desktop.uninstall("--purge")
    assert not held.exists()
    assert file(desktop).read_bytes() == PLAIN


def test_a_new_key_takes_the_place_of_the_old_one_unseen(desktop: Machine, rest: Rest) -> None:
    words = ("install", *NAMED, *PLATFORM, "--store-key", "--api-key-stdin")
    assert desktop.run(*words, stdin=ODD_KEY.encode()).code == 0
    done = desktop.run(*words, "--dry-run", stdin=KEY.encode())
    assert (done.code, ODD_KEY in done.all, KEY in done.all) == (0, False, False), done.all
    assert desktop.run(*words, stdin=KEY.encode()).code == 0
    assert (desktop.dirs.config / "credentials").read_text() == KEY + "\n"


def test_without_a_stored_key_it_says_what_to_do(desktop: Machine, rest: Rest) -> None:
    env: dict[str, str | None] = {"MEM0_API_KEY": KEY}
    before = still(desktop.root)
    envelope = desktop.ask("install", *NAMED, *PLATFORM, env=env)
    assert (envelope["exit_code"], envelope["error"]["code"]) == (1, "key.unset")
    assert "--store-key" in envelope["error"]["hint"]
    assert still(desktop.root) == before
    found = desktop.ask("install", "--yes", "--backend", "platform", env=env)
    assert (found["exit_code"], client(found)["blocked"]["severity"]) == (0, "warning")


def test_a_rejected_key_writes_nothing(desktop: Machine, rest: Rest) -> None:
    rest.mode = "401"
    before = still(desktop.root)
    done = desktop.run("install", *NAMED, *PLATFORM, "--store-key", "--api-key-stdin", stdin=KEY.encode())
    assert (done.code, KEY in done.all) == (5, False), done.all
    assert still(desktop.root) == before


def test_no_wipe_takes_the_key(desktop: Machine, rest: Rest) -> None:
    desktop.run("install", *NAMED, *PLATFORM, "--store-key", "--api-key-stdin", stdin=KEY.encode())
    file(desktop).write_bytes(PLAIN)
    done = desktop.run("install", *NAMED)
    assert done.code == 0, done.all
    assert tools_of(desktop) >= TOOLS


def test_the_fixture_is_what_it_says(running: Machine) -> None:
    assert os.fspath(running.home / "apps/claude-desktop/claude-desktop") in paths("linux")
