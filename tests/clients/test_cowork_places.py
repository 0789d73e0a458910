"""Claude Desktop on three operating systems, as values: where it is, which version, what brings servers into it."""

from __future__ import annotations

import json
import plistlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mem0_agent.asking import processes
from mem0_agent.clients import cowork, cowork_places
from mem0_agent.model import Backend, Host
from tests.clients.desk import LOCAL, PACKAGE, ROAMING, host, read

MAC = Path("/Users/ann/Library/Application Support")
CONFIG = "claude_desktop_config.json"
SERVED = {"command": "/x", "args": []}


@dataclass(frozen=True)
class Case:
    """A disk, and the folder that Desktop reads on it."""

    platform: str
    disk: tuple[str | Path, ...]
    folder: Path
    detected: bool = True
    env: Mapping[str, str] = field(default_factory=dict)


PLACES = {
    "mac": Case("darwin", (MAC / "Claude/x",), MAC / "Claude"),
    "mac, never started": Case("darwin", ("/Applications/Claude.app",), MAC / "Claude"),
    "mac, in the home": Case("darwin", ("/Users/ann/Applications/Claude.app",), MAC / "Claude"),
    "mac, own inference": Case("darwin", (MAC / "Claude-3p",), MAC / "Claude-3p"),
    "mac, both kinds": Case("darwin", (MAC / "Claude-3p", MAC / "Claude"), MAC / "Claude"),
    "mac, nothing": Case("darwin", (MAC / "Other",), MAC / "Claude", detected=False),
    "windows, package": Case("win32", (PACKAGE / "LocalCache/Roaming/Claude",), PACKAGE / "LocalCache/Roaming/Claude"),
    "windows, package and classic": Case(
        "win32",
        (PACKAGE / "LocalCache/Roaming/Claude", ROAMING / "Claude"),
        PACKAGE / "LocalCache/Roaming/Claude",
    ),
    "windows, package that has not run beside an old folder": Case(
        "win32", (PACKAGE, ROAMING / "Claude"), PACKAGE / "LocalCache/Roaming/Claude"
    ),
    "windows, the vendor's family first": Case(
        "win32",
        (PACKAGE, LOCAL / "Packages/Claude_0aaaaaaaaaaaa"),
        PACKAGE / "LocalCache/Roaming/Claude",
    ),
    "windows, package with own inference": Case(
        "win32", (PACKAGE / "LocalCache/Local/Claude-3p",), PACKAGE / "LocalCache/Local/Claude-3p"
    ),
    "windows, classic": Case("win32", (ROAMING / "Claude",), ROAMING / "Claude"),
    "windows, classic program alone": Case("win32", (LOCAL / "AnthropicClaude/app-1.2.3",), ROAMING / "Claude"),
    "windows, own inference": Case("win32", (LOCAL / "Claude-3p",), LOCAL / "Claude-3p"),
    "windows, nothing": Case("win32", (LOCAL / "Packages/Other_1",), ROAMING / "Claude", detected=False),
    "linux": Case("linux", ("/home/ann/.config/Claude",), Path("/home/ann/.config/Claude")),
    "linux, elsewhere": Case("linux", ("/c/Claude",), Path("/c/Claude"), env={"XDG_CONFIG_HOME": "/c"}),
    "linux, a relative XDG_CONFIG_HOME": Case(
        "linux", ("/home/ann/.config/Claude",), Path("/home/ann/.config/Claude"), env={"XDG_CONFIG_HOME": "c"}
    ),
    "linux, program alone": Case("linux", ("/usr/bin/claude-desktop",), Path("/home/ann/.config/Claude")),
    "linux, own inference": Case("linux", ("/home/ann/.config/Claude-3p",), Path("/home/ann/.config/Claude-3p")),
    "linux, the command line's folder is none": Case(
        "linux", ("/home/ann/.claude", "/usr/bin/claude"), Path("/home/ann/.config/Claude"), detected=False
    ),
}


@pytest.mark.parametrize("case", PLACES.values(), ids=PLACES)
def test_where_it_is(case: Case) -> None:
    machine = host(case.platform, case.disk, case.env)
    presence = cowork.presence(machine, read(machine, cowork, {}))
    assert cowork.main_file(machine) == case.folder / CONFIG
    assert cowork.entry(machine, Backend("local"), "user", None).path == case.folder / CONFIG
    assert presence.detected is case.detected
    assert presence.program is None  # asking Desktop for its version would start it


INFO = {"CFBundleShortVersionString": "2.31226.0"}
STATUS = b"Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: claude-desktop\nStatus: install ok installed\nVersion: 2.9.1-1\nDescription: x\n y\n"
LOG = b'x Starting app { appVersion: "1.1.9", z }\ny Starting app {"appVersion":"2.9939.2"}\n'

VERSIONS = {
    "plist": ("darwin", ("/Applications/Claude.app",), {"/Applications/Claude.app/Contents/Info.plist": plistlib.dumps(INFO)}, "2.31226.0"),
    "binary plist": (
        "darwin", ("/Applications/Claude.app",),
        {"/Applications/Claude.app/Contents/Info.plist": plistlib.dumps(INFO, fmt=plistlib.FMT_BINARY)}, "2.31226.0",
    ),
    "torn plist, log": (
        "darwin", ("/Applications/Claude.app",),
        {"/Applications/Claude.app/Contents/Info.plist": b"<plist", "/Users/ann/Library/Logs/Claude/main.log": LOG}, "2.9939.2",
    ),
    "the newest of two": ("win32", (LOCAL / "AnthropicClaude/app-1.9.0", LOCAL / "AnthropicClaude/app-1.46388.0"), {}, "1.46388.0"),
    "package": ("win32", (PACKAGE, "C:/Program Files/WindowsApps/Claude_2.2553.1.0_x64__pzs8sxrjxfjjc"), {}, "2.2553.1.0"),
    "package's log": ("win32", (PACKAGE,), {PACKAGE / "LocalCache/Roaming/Claude/logs/main.log": LOG}, "2.9939.2"),
    "debian": ("linux", ("/var/lib/dpkg/info/claude-desktop.list", "/usr/bin/claude-desktop"), {"/var/lib/dpkg/status": STATUS}, "2.9.1-1"),
    "removed from debian": (
        "linux", ("/var/lib/dpkg/info/claude-desktop.list", "/home/ann/.config/Claude"),
        {"/var/lib/dpkg/status": STATUS.replace(b"install ok installed", b"deinstall ok config-files")}, "",
    ),
    "linux log": ("linux", ("/home/ann/.config/Claude",), {"/home/ann/.config/Claude/logs/main.log": LOG}, "2.9939.2"),
    "nothing tells": ("linux", ("/home/ann/.config/Claude",), {"/home/ann/.config/Claude/logs/main.log": b"\xff hello"}, ""),
}  # fmt: skip


@pytest.mark.parametrize("case", VERSIONS.values(), ids=VERSIONS)
def test_which_version_without_starting_it(case: tuple[str, tuple[Any, ...], dict[Any, bytes], str]) -> None:
    platform, disk, contents, expected = case
    machine = host(platform, disk)
    files = read(machine, cowork, {Path(path): data for path, data in contents.items()})
    assert cowork.presence(machine, files).version == expected


RUNNING = {
    "mac": ("darwin", "/Applications/Claude.app/Contents/MacOS/Claude", True),
    "mac, the browser's helper": (
        "darwin",
        "/Applications/Claude.app/Contents/Helpers/chrome-native-host",
        False,
    ),
    "mac, the command line's": ("darwin", "/Users/ann/.local/share/claude/versions/2.1.330", False),
    "mac, its own copy of the command line's": ("darwin", f"{MAC}/Claude/claude-code/2.1.9/claude", False),
    "windows, classic": (
        "win32",
        "C:\\Users\\ann\\AppData\\Local\\AnthropicClaude\\app-1.2.3\\Claude.exe",
        True,
    ),
    "windows, package": (
        "win32",
        r"C:\Program Files\WindowsApps\Claude_2.1.0.0_x64__pzs8sxrjxfjjc\app\claude.exe",
        True,
    ),
    "windows, the command line's": ("win32", "C:\\Users\\ann\\.local\\bin\\claude.exe", False),
    "linux": ("linux", "/usr/lib/claude-desktop/claude-desktop", True),
    "linux, community": (
        "linux",
        "/usr/lib/claude-desktop-unofficial/node_modules/electron/dist/electron",
        True,
    ),
    "linux, another's electron": ("linux", "/usr/lib/claude-desktop/app.asar", True),
    "linux, image": ("linux", "/tmp/.mount_claudeX/usr/lib/claude-desktop", True),
    "linux, the command line's": ("linux", "/home/ann/.local/share/claude/versions/2.1.330", False),
    "linux, somebody's editor": ("linux", "/usr/lib/electron/electron", False),
}


@pytest.mark.parametrize(("platform", "path", "expected"), RUNNING.values(), ids=RUNNING)
def test_which_program_is_desktop(platform: str, path: str, expected: bool) -> None:
    patterns = cowork_places.programs(host(platform))
    assert processes.matching([path], patterns, fold=platform == "win32") is expected


# What brings servers


def names(machine: Host, contents: Mapping[Path, bytes]) -> dict[str, tuple[str, bool, str]]:
    held = cowork.registrations(machine, None, read(machine, cowork, contents))
    return {".".join(r.keys): (r.name, r.live, r.scope) for r in held}


def test_its_own_file() -> None:
    machine = host("linux", ["/home/ann/.config/Claude"])
    servers = {
        "a": SERVED,
        "plugin:mem0": SERVED,
        "plugin:mem0:mem0": SERVED,
        "web": {"url": "https://mcp.mem0.ai/mcp"},
        "odd": 3,
    }
    text = json.dumps({"mcpServers": servers}).encode()
    assert names(machine, {cowork.main_file(machine): text}) == {
        "mcpServers.a": ("a", True, "user"),
        "mcpServers.plugin:mem0": ("mem0", True, "user"),  # left behind by a plugin
        "mcpServers.plugin:mem0:mem0": ("mem0", True, "user"),
        "mcpServers.web": ("web", False, "user"),  # only programs are started
    }


def test_the_copy_that_the_package_never_reads() -> None:
    machine = host("win32", [PACKAGE, ROAMING / "Claude" / CONFIG])
    text = json.dumps({"mcpServers": {"mem0": SERVED}}).encode()
    assert names(machine, {ROAMING / "Claude" / CONFIG: text}) == {"mcpServers.mem0": ("mem0", False, "unread")}


def extension(name: str, **entry: Any) -> dict[str, Any]:
    return {"id": name, "manifest": {"name": name, "server": {"mcp_config": entry}}}


def test_extensions() -> None:
    data = Path("/home/ann/.config/Claude")
    machine = host("linux", [data])
    rows = {
        "on": extension("on", command="node", args=["${__dirname}/i.js"]),
        "off": extension("off", command="y"),
        "odd": 3,
    }
    contents = {
        data / "extensions-installations.json": json.dumps({"extensions": rows}).encode(),
        data / "Claude Extensions Settings/off.json": b'{"isEnabled": false}',
        data / "Claude Extensions Settings/on.json": b"torn",
    }
    held = {r.name: r for r in cowork.registrations(machine, None, read(machine, cowork, contents))}
    assert {name: (r.live, r.scope) for name, r in held.items()} == {
        "on": (True, "extension"), "off": (False, "extension"), "odd": (True, "extension"),
    }  # fmt: skip
    assert held["on"].entry["args"] == [f"{data}/Claude Extensions/on/i.js"]


def test_plugins_of_the_account() -> None:
    data = Path("/home/ann/.config/Claude")
    owner = data / "local-agent-mode-sessions/1111/2222/rpm"
    machine = host(
        "linux",
        [owner / "manifest.json", data / "local-agent-mode-sessions/skills-plugin/x/rpm/manifest.json"],
    )
    rows = [
        {"id": "7", "name": "mem0", "marketplaceName": "m"},
        {"id": "../../x", "name": "bad"},
        {"id": "8", "name": "plain"},
    ]
    contents = {
        owner / "manifest.json": json.dumps({"plugins": rows}).encode(),
        owner / "plugin_7/.mcp.json": json.dumps({"mem0": {"command": "${CLAUDE_PLUGIN_ROOT}/s"}}).encode(),
        owner / "plugin_8/.claude-plugin/plugin.json": b"{}",
    }
    (held,) = cowork.registrations(machine, None, read(machine, cowork, contents))
    assert (held.name, held.scope, held.plugin, held.path) == (
        "mem0",
        "account",
        "mem0@m",
        owner / "manifest.json",
    )
    assert held.entry["command"] == f"{owner}/plugin_7/s"
    assert "Cowork has run here" in cowork.presence(machine, {}).evidence


# As Desktop would start it


STARTED = {
    "linux": ("linux", {"HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"}),
    "darwin": ("darwin", {"HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"}),
    "win32": ("win32", {"APPDATA", "LOCALAPPDATA", "PATH"}),
}


@pytest.mark.parametrize(("platform", "expected"), STARTED.values(), ids=STARTED)
def test_the_environment_is_cleared(platform: str, expected: set[str]) -> None:
    env = {
        "SHELL": "/bin/zsh",
        "TERM": "x",
        "MEM0_API_KEY": "m0-secret",
        "PATH": "/mine",
        "XDG_DATA_HOME": "/d",
    }
    machine = host(platform, env=env)
    endpoint = cowork.endpoint(machine, {}, cowork.entry(machine, Backend("platform", "u"), "user", None))
    started = dict(endpoint.env)
    assert set(started) == expected
    assert endpoint.command == (str(machine.launcher), "serve")
    assert platform == "win32" or "/mine" not in started["PATH"]


@pytest.mark.parametrize("kind", ["local", "platform", "self-hosted"])
def test_the_entry_is_the_launcher_and_no_key(kind: Any) -> None:
    machine = host("linux")
    entry = cowork.entry(machine, Backend(kind, "https://mcp.mem0.ai/mcp/"), "project", Path("/p"))
    assert (entry.entry, entry.scope) == ({"command": str(machine.launcher), "args": ["serve"]}, "user")


POLICIES = {
    "linux": ("linux", Path("/etc/claude-desktop/managed-settings.json"), b'{"isLocalDevMcpEnabled": false}', ["error"]),
    "linux, as text": ("linux", Path("/etc/claude-desktop/managed-settings.json"), b'{"isLocalDevMcpEnabled": "False"}', ["error"]),
    "linux, no Cowork": ("linux", Path("/etc/claude-desktop/managed-settings.json"), b'{"secureVmFeaturesEnabled": false}', ["info"]),
    "linux, allowed": ("linux", Path("/etc/claude-desktop/managed-settings.json"), b'{"isLocalDevMcpEnabled": true}', []),
    "linux, torn": ("linux", Path("/etc/claude-desktop/managed-settings.json"), b"{", []),
    "mac, user": (
        "darwin", Path("/Library/Managed Preferences/ann/com.anthropic.claudefordesktop.plist"),
        plistlib.dumps({"isLocalDevMcpEnabled": False}), ["error"],
    ),
    "mac, machine": (
        "darwin", Path("/Library/Managed Preferences/com.anthropic.claudefordesktop.plist"),
        plistlib.dumps({"isLocalDevMcpEnabled": 0}), ["error"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", POLICIES.values(), ids=POLICIES)
def test_policy(case: tuple[str, Path, bytes, list[str]]) -> None:
    platform, path, data, expected = case
    machine = host(platform)
    found = cowork.policy(machine, read(machine, cowork, {path: data}))
    assert [finding.severity for finding in found] == expected
    assert all(finding.path == path and str(path) in finding.detail for finding in found)


@pytest.mark.parametrize(("data", "expected"), [(b'{"userPluginUploadsEnabled": false}', True), (b"{}", False)])
def test_uploads_that_are_forbidden(data: bytes, expected: bool) -> None:
    machine = host("linux")
    (path,) = cowork.policy_files(machine)
    assert (cowork.uploads(machine, {path: data}) is not None) is expected
