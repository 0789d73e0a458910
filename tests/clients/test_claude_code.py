"""What is true of Claude Code alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mem0_agent.clients import claude_code
from mem0_agent.model import Backend, Dirs, Files, Host, Registration

HOME, PROJECT = Path("/home/robin"), Path("/home/robin/src/project")
MAIN = HOME / ".claude.json"
SERVERS = {"mcpServers": {"mem0": {"command": "x"}}}


def machine(platform: str = "linux", **env: str) -> Host:
    dirs = Dirs(HOME / "c", HOME / "d", HOME / "s")
    return Host(HOME, PROJECT, platform, env, "robin", dirs, Path("/usr/bin/python3"), lambda _: None)


def at(path: Path, data: Any) -> Files:
    return {path: json.dumps(data).encode()}


def entry(**members: Any) -> Registration:
    return Registration("claude-code", "a", "user", MAIN, ("mcpServers", "a"), members)


@pytest.mark.parametrize(
    ("env", "main", "settings"),
    [
        ({}, MAIN, HOME / ".claude/settings.json"),
        ({"CLAUDE_CONFIG_DIR": "/cc"}, Path("/cc/.claude.json"), Path("/cc/settings.json")),
        ({"CLAUDE_CONFIG_DIR": ""}, MAIN, HOME / ".claude/settings.json"),
    ],
)
def test_places(env: dict[str, str], main: Path, settings: Path) -> None:
    here = machine(**env)
    assert claude_code.entry(here, Backend("local"), "user", None).path == main
    assert claude_code.key_edit(here, "k")[0] == settings


@pytest.mark.parametrize(
    ("platform", "path"),
    [
        ("linux", "/etc/claude-code/managed-mcp.json"),
        ("darwin", "/Library/Application Support/ClaudeCode/managed-mcp.json"),
        ("win32", "C:/Program Files/ClaudeCode/managed-mcp.json"),
    ],
)
def test_an_administrators_file_blocks(platform: str, path: str) -> None:
    here = machine(platform)
    assert Path(path) in claude_code.wants(here, None, {})
    (finding,) = claude_code.policy(here, at(Path(path), {"mcpServers": {}}))
    assert (finding.id, finding.severity, finding.path, bool(finding.fix)) == (
        "policy.blocked",
        "error",
        Path(path),
        True,
    )


@pytest.mark.parametrize(
    ("path", "data", "scope", "live", "project"),
    [
        (MAIN, SERVERS, "user", True, None),
        (MAIN, {"projects": {str(PROJECT): SERVERS}}, "local", True, PROJECT),
        (MAIN, {"projects": {"/elsewhere": SERVERS}}, "local", True, Path("/elsewhere")),
        (PROJECT / ".mcp.json", SERVERS, "project", True, PROJECT),
        (HOME / "src/.mcp.json", SERVERS, "project", True, HOME / "src"),
        (HOME / ".claude/mcp.json", SERVERS, "unread", False, None),
        (HOME / ".claude/settings.json", SERVERS, "unread", False, None),
    ],
)
def test_where_servers_stand(path: Path, data: Any, scope: str, live: bool, project: Path | None) -> None:
    assert path in claude_code.wants(machine(), PROJECT, {})
    (held,) = claude_code.registrations(machine(), PROJECT, at(path, data))
    assert (held.scope, held.live, held.project, held.path) == (scope, live, project, path)


@pytest.mark.parametrize(
    ("text", "env", "filled", "unset"),
    [
        ("Token ${K}", {"K": "v"}, "Token v", ()),
        ("${A}${B:-d}", {"A": "1"}, "1d", ()),
        ("${A:-x}", {"A": "1"}, "1", ()),
        ("${A}", {}, "${A}", ("A",)),
        ("$A ${1}", {"A": "v"}, "$A ${1}", ()),
        ("${MEM0_API_KEY}", {"MEM0_API_KEY": ""}, "${MEM0_API_KEY}", ("MEM0_API_KEY",)),
    ],
)
def test_variables(text: str, env: dict[str, str], filled: str, unset: tuple[str, ...]) -> None:
    endpoint = claude_code.endpoint(machine(**env), {}, entry(type="http", url="https://x", headers={"H": text}))
    assert (dict(endpoint.headers), endpoint.unset) == ({"H": filled}, unset)


def test_settings_are_the_sessions_environment() -> None:
    settings = at(HOME / ".claude/settings.json", {"env": {"K": "theirs", "N": 3}})
    assert claude_code.environment(machine(K="mine", A="1"), settings) == {"K": "theirs", "A": "1"}


def test_a_program_gets_the_whole_environment() -> None:
    endpoint = claude_code.endpoint(machine(A="1"), {}, entry(command="x", args=["${A}"], env={"B": "${A}2"}))
    assert (endpoint.command, dict(endpoint.env), endpoint.cwd) == (("x", "1"), {"A": "1", "B": "12"}, str(PROJECT))


@pytest.mark.parametrize(
    "approving",
    [
        at(HOME / ".claude/settings.json", {"enableAllProjectMcpServers": True}),
        at(PROJECT / ".claude/settings.local.json", {"enabledMcpjsonServers": ["mem0"]}),
        at(MAIN, {"projects": {str(PROJECT): {"enabledMcpjsonServers": ["mem0"]}}}),
    ],
)
def test_an_approved_project_server_does_not_wait(approving: Files) -> None:
    project = claude_code.entry(machine(), Backend("local"), "project", PROJECT)
    held = Registration("claude-code", "mem0", "project", project.path, project.keys, project.entry, project=PROJECT)
    assert claude_code.approval(machine(), approving, held) is None
    assert claude_code.approval(machine(), {}, held) is not None


def test_its_lock_is_beside_its_main_file_alone() -> None:
    assert claude_code.lock(machine(), MAIN) == HOME / ".claude.json.lock"
    assert claude_code.lock(machine(), PROJECT / ".mcp.json") is None


def test_a_version_without_starting_it() -> None:
    program = Path("/npm/@anthropic-ai/claude-code/bin/claude.exe")
    here = Host(
        HOME,
        PROJECT,
        "linux",
        {},
        "robin",
        machine().dirs,
        Path("/p"),
        lambda name: program if name == "claude" else None,
    )
    manifest = at(program.parent.parent / "package.json", {"name": "@anthropic-ai/claude-code", "version": "2.1.329"})
    assert claude_code.presence(here, manifest).version == "2.1.329"
    assert claude_code.presence(here, {program.parent.parent / "package.json": b"{"}).version == ""
    assert claude_code.presence(here, {}).program == program
