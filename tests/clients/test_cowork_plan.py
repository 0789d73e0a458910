"""What a plan for Cowork holds on other systems and under an administrator's rules, as values."""

from __future__ import annotations

import plistlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mem0_agent import package
from mem0_agent.clients import CLIENTS, cowork
from mem0_agent.model import Backend, Host, Plan
from mem0_agent.planning import install
from mem0_agent.planning.draft import Request, Scene
from tests.clients.desk import PACKAGE, ROAMING, host, read

LOCAL = Backend("local")
PLATFORM = Backend("platform", "https://mcp.mem0.ai/mcp/")
RULES = Path("/etc/claude-desktop/managed-settings.json")


def planned(
    machine: Host, contents: Mapping[Path, bytes] | None = None, backend: Backend = LOCAL, **words: Any
) -> Plan:
    clients = words.pop("clients", ("cowork",))
    files = {path: data for name in clients for path, data in read(machine, CLIENTS[name], contents or {}).items()}
    return install.plan(Scene(machine, files, None, Request(clients, backend, **words), package.kit()))


def written(plan: Plan, client: str = "cowork") -> list[Path]:
    return [change.path for change in plan.changes if change.client == client]


FILES = {
    "mac": (host("darwin"), Path("/Users/ann/Library/Application Support/Claude/claude_desktop_config.json")),
    "windows, package": (host("win32", [PACKAGE, ROAMING / "Claude"]), PACKAGE / "LocalCache/Roaming/Claude/claude_desktop_config.json"),
    "windows, classic": (host("win32", [ROAMING / "Claude"]), ROAMING / "Claude/claude_desktop_config.json"),
    "linux": (host("linux"), Path("/home/ann/.config/Claude/claude_desktop_config.json")),
}  # fmt: skip


@pytest.mark.parametrize(("machine", "path"), FILES.values(), ids=FILES)
def test_one_file_is_written(machine: Host, path: Path) -> None:
    plan = planned(machine)
    assert written(plan) == [path]
    (part,) = plan.clients
    assert part.entry is not None
    assert part.entry.entry["command"] == str(machine.launcher)
    assert any("cannot prove" in note for note in part.notes)


def test_on_windows_nothing_is_promised() -> None:
    (part,) = planned(host("win32", [PACKAGE])).clients
    assert any("nobody has tried it" in note for note in part.notes)
    assert any("may keep apart" in note for note in part.notes)


@pytest.mark.parametrize(("folder", "expected"), [("Claude", True), ("Claude-3p", False)])
def test_the_steps_for_a_connector_where_there_are_connectors(folder: str, expected: bool) -> None:
    machine = host("linux", [f"/home/ann/.config/{folder}"])
    (part,) = planned(machine, {cowork.key_file(machine): b"k"}, PLATFORM).clients
    assert any("Add custom connector" in note for note in part.notes) is expected


@pytest.mark.parametrize("running", [frozenset(), frozenset({"cowork"})])
def test_a_rule_keeps_us_from_this_client_alone(running: frozenset[str]) -> None:
    plan = planned(
        host("linux"),
        {RULES: b'{"isLocalDevMcpEnabled": false}'},
        clients=("codex", "cowork"),
        running=running,
    )
    other, part = plan.clients
    assert part.blocked is not None
    assert (part.blocked.id, part.blocked.path, part.entry) == ("policy.blocked", RULES, None)
    assert "isLocalDevMcpEnabled" in part.blocked.detail
    assert (written(plan), other.blocked, bool(written(plan, "codex"))) == ([], None, True)


def test_a_rule_against_uploads_keeps_us_from_the_plugin() -> None:
    plan = planned(host("linux"), {RULES: b'{"userPluginUploadsEnabled": "false"}'}, mode="plugin")
    (part,) = plan.clients
    assert part.blocked is not None
    assert (part.blocked.id, written(plan)) == ("policy.blocked", [])


MACHINE, USER = (f"{root}\\SOFTWARE\\Policies\\Claude" for root in ("HKLM", "HKCU"))


@pytest.mark.parametrize(
    ("registry", "blocked"),
    [
        ({MACHINE: {"isLocalDevMcpEnabled": 0}}, True),
        ({USER: {"isLocalDevMcpEnabled": "false"}}, True),
        ({MACHINE: {"isLocalDevMcpEnabled": 1}, USER: {"isLocalDevMcpEnabled": 0}}, False),
        ({MACHINE: {"other": 0}, USER: {"isLocalDevMcpEnabled": "0"}}, True),
        ({MACHINE: {"isLocalDevMcpEnabled": 1}}, False),
        ({}, False),
    ],
)
def test_what_stands_in_windows_registry(registry: dict[str, dict[str, Any]], blocked: bool) -> None:
    """The machine's word comes before the user's."""
    machine = replace(host("win32", [PACKAGE]), registry=registry)
    (part,) = planned(machine).clients
    assert (part.blocked is not None, bool(part.entry)) == (blocked, not blocked)
    if part.blocked:
        assert part.blocked.path is None
        assert "SOFTWARE\\Policies\\Claude" in part.blocked.detail
        assert "SOFTWARE\\Policies\\Claude" in part.blocked.fix
    assert written(planned(machine)) == (
        [] if blocked else [PACKAGE / "LocalCache/Roaming/Claude" / "claude_desktop_config.json"]
    )


def test_uploads_that_windows_registry_forbids() -> None:
    machine = replace(host("win32", [PACKAGE]), registry={USER: {"userPluginUploadsEnabled": 0}})
    (part,) = planned(machine, mode="plugin").clients
    assert part.blocked is not None
    assert part.blocked.id == "policy.blocked"


PROPERTIES = Path("/Library/Managed Preferences/ann/com.anthropic.claudefordesktop.plist")


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_what_stands_in_managed_preferences(form: Any) -> None:
    data = plistlib.dumps({"isLocalDevMcpEnabled": False}, fmt=form)
    (part,) = planned(host("darwin"), {PROPERTIES: data}).clients
    assert part.blocked is not None
    assert (part.blocked.id, part.blocked.path, part.entry) == ("policy.blocked", PROPERTIES, None)


def test_the_runtime_comes_wherever_the_launcher_is_started() -> None:
    machine = host("linux")
    held = {cowork.key_file(machine): b"m0-key\n"}
    alone = planned(machine, held, PLATFORM, skip=frozenset({"hooks"}))
    assert machine.launcher in {change.path for change in alone.changes}
    other = planned(machine, backend=PLATFORM, clients=("codex",), skip=frozenset({"hooks"}))
    assert machine.launcher not in {change.path for change in other.changes}


def test_a_client_that_runs_gets_no_byte() -> None:
    plan = planned(host("linux"), clients=("codex", "cowork"), running=frozenset({"cowork"}), named=False)
    _, part = plan.clients
    assert part.blocked is not None
    assert (part.blocked.id, part.blocked.severity, written(plan)) == ("client.running", "warning", [])


def test_the_plugin_does_not_wait_for_it_to_be_shut() -> None:
    machine = host("linux")
    plan = planned(machine, mode="plugin", running=frozenset({"cowork"}))
    assert written(plan) == [cowork.bundle_file(machine)]
