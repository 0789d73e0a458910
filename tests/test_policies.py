"""An administrator's files that cannot be read, or not be understood: told, and followed as the clients follow them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from mem0_agent import windows
from mem0_agent.clients import CLIENTS
from mem0_agent.clients.managed import is_managed
from mem0_agent.doctor import examination
from mem0_agent.doctor.case import Case, Facts
from mem0_agent.model import Presence, UserError
from mem0_agent.package import kit
from tests.clients import desk
from tests.machine import BOTH, PATIENCE, SCRIPT
from tests.trees import write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.machine import Machine

KEPT = ("passwd", "group", "hosts", "nsswitch.conf", "ld.so.cache", "localtime")
SETTINGS, SERVERS = "claude-code/managed-settings.json", "claude-code/managed-mcp.json"
REQUIREMENTS, DESKTOP = "codex/requirements.toml", "claude-desktop/managed-settings.json"
FOLDER = None
"""A file that nobody can read, not even root: it is none."""


def ask(here: Machine, etc: Mapping[str, str | None], *words: str) -> Any:
    """What the script answers on this machine with ``etc`` among its /etc."""
    place = here.root / "etc"
    for name in KEPT:
        if Path("/etc", name).exists():
            place.mkdir(exist_ok=True)
            shutil.copy(Path("/etc", name), place / name)
    write_tree(place, etc)
    prefix = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"']
    done = subprocess.run(
        [*prefix, place, SCRIPT, *words, "--json"], cwd=here.work, capture_output=True, timeout=PATIENCE,
        env=here.environment({"PATH": f"{here.bin}:/usr/sbin:/usr/bin:/sbin:/bin"}), stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.fixture
def mounts() -> None:
    words = ["unshare", "--user", "--map-root-user", "--mount", "mount", "--bind", "/tmp", "/mnt"]
    if (
        sys.platform != "linux"
        or shutil.which("unshare") is None
        or subprocess.run(words, capture_output=True).returncode
    ):
        pytest.skip("this machine allows no private /etc")


CLOSED = {"claude-code": SETTINGS, "codex": REQUIREMENTS, "cowork": DESKTOP}


@pytest.mark.usefixtures("mounts")
@pytest.mark.parametrize("client", CLOSED)
def test_a_policy_that_cannot_be_read_is_named(here: Machine, client: str) -> None:
    etc = {CLOSED[client]: FOLDER}
    told = ask(here, etc, "install", "--client", client, "--yes")
    (part,) = told["data"]["clients"]
    assert (told["exit_code"], part["verification"]["status"]) == (0, "ok")
    warning = f"Warning: /etc/{CLOSED[client]} could not be read; if it forbids this, the proof will tell."
    assert warning in part["notes"]
    found = ask(here, etc, "doctor", "--client", client)["data"]["findings"]
    (closed,) = [finding for finding in found if finding["id"] == "config.unreadable"]
    assert (closed["severity"], closed["client"], closed["path"]) == ("warning", client, f"/etc/{CLOSED[client]}")
    assert closed["fix"].startswith(f"sudo ls -ld /etc/{CLOSED[client]}")
    assert "server.ok" in [finding["id"] for finding in found]


@pytest.mark.usefixtures("mounts")
@pytest.mark.parametrize(
    ("client", "name", "content"),
    [
        ("claude-code", SERVERS, "{ broken"),
        ("claude-code", SERVERS, FOLDER),
        ("codex", REQUIREMENTS, "a = = 3\n"),
    ],
)
def test_what_the_client_itself_does_not_go_past(here: Machine, client: str, name: str, content: str | None) -> None:
    told = ask(here, {name: content}, "install", *BOTH, "--yes")
    assert (told["exit_code"], told["error"]["code"], told["error"]["path"]) == (1, "policy.blocked", f"/etc/{name}")
    (blocked,) = [part for part in told["data"]["clients"] if part["blocked"]]
    (other,) = [part for part in told["data"]["clients"] if not part["blocked"]]
    assert (blocked["client"], other["verification"]["status"]) == (client, "ok")
    assert not any("register" in change["reason"] for change in blocked["changes"])
    found = ask(here, {name: content}, "doctor", "--client", client)["data"]["findings"]
    assert ("policy.blocked", f"/etc/{name}") in [(finding["id"], finding["path"]) for finding in found]


@pytest.mark.usefixtures("mounts")
def test_settings_that_are_no_json_forbid_nothing_and_are_told(here: Machine) -> None:
    etc = {SETTINGS: '{"deniedMcpServers": [{"serverName": "mem0"}]'}
    told = ask(here, etc, "install", "--client", "claude-code", "--yes")
    (part,) = told["data"]["clients"]
    assert (told["exit_code"], part["verification"]["status"]) == (0, "ok")
    assert any(note.startswith(f"Warning: /etc/{SETTINGS}:1:") for note in part["notes"])
    found = ask(here, etc, "doctor", "--client", "claude-code")["data"]["findings"]
    (broken,) = [finding for finding in found if finding["id"] == "config.invalid"]
    assert (broken["severity"], broken["path"], bool(broken["fix"])) == ("warning", f"/etc/{SETTINGS}", True)


PLACES = {
    "linux": ["/etc/claude-code/managed-settings.d/1.json", "/etc/codex/requirements.toml", f"/etc/{DESKTOP}"],
    "darwin": [
        "/Library/Application Support/ClaudeCode/managed-mcp.json",
        "/Library/Managed Preferences/ann/com.anthropic.claudefordesktop.plist",
    ],
    "win32": ["C:/Program Files/ClaudeCode/managed-mcp.json"],
}


@pytest.mark.parametrize("platform", PLACES)
def test_whose_a_file_is(platform: str) -> None:
    machine = desk.host(platform)
    assert [path for path in PLACES[platform] if not is_managed(machine, Path(path))] == []
    own = {path for client in CLIENTS.values() for path in [client.main_file(machine)]}
    assert not any(is_managed(machine, path) for path in own)


@pytest.mark.parametrize("platform", PLACES)
def test_doctor_goes_on_past_a_closed_policy(platform: str) -> None:
    """By value, for systems that this one is not."""
    machine, path = desk.host(platform), Path(PLACES[platform][0])
    files = dict.fromkeys(desk.read(machine, CLIENTS["claude-code"], {})) | {path: None}
    error = UserError("config.unreadable", f"{path} cannot be read: Permission denied", path=path)
    presences = {"claude-code": Presence(detected=True)}
    facts = Facts(presences, unreadable=[error])
    found = examination.examine(Case(machine, files, None, None, kit(), facts))
    told = {finding.id: finding for finding in found}
    known = path in CLIENTS["claude-code"].wants(machine, None, files)
    assert ("config.unreadable" in told) is known
    assert "registration.missing" in told


# Windows' registry


class Registry:
    """Windows' own interface, as far as it is used, over a dict."""

    HKEY_LOCAL_MACHINE, HKEY_CURRENT_USER, KEY_READ, KEY_WOW64_64KEY = "HKLM", "HKCU", 1, 256

    def __init__(self, held: dict[str, dict[str, Any]]) -> None:
        self.held = held

    def OpenKey(self, root: str, name: str, reserved: int, access: int) -> Key:  # noqa: N802 - its name there
        if f"{root}\\{name}" not in self.held:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        assert (reserved, access) == (0, 257)
        return Key(self.held[f"{root}\\{name}"])

    def QueryInfoKey(self, key: Key) -> tuple[int, int, int]:  # noqa: N802
        return 0, len(key.values), 0

    def EnumValue(self, key: Key, number: int) -> tuple[str, Any, int]:  # noqa: N802
        return (*list(key.values.items())[number], 4)


class Key:
    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.values = {}


MACHINE, USER = (f"{root}\\SOFTWARE\\Policies\\Claude" for root in ("HKLM", "HKCU"))


@pytest.mark.parametrize(
    "held",
    [{}, {USER: {"a": 0}}, {MACHINE: {"isLocalDevMcpEnabled": 0, "x": "false"}, USER: {"isLocalDevMcpEnabled": 1}}],
)
def test_the_registry_as_values(held: dict[str, dict[str, Any]]) -> None:
    assert windows.policies(Registry(held)) == held
    assert list(windows.policies(Registry(held))) == list(held)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has one")
def test_other_systems_have_none() -> None:
    assert windows.registry() == {}
