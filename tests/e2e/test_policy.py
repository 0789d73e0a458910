"""What an administrator or the user's own settings forbid: nothing is written for that surface, file and key are named."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import claude
from tests.e2e.market import write
from tests.e2e.product import BOTH, SCRIPT, envelope, mem0_agent
from tests.e2e.sandbox import Done, Sandbox

Json = Any
KEPT = ("passwd", "group", "hosts", "nsswitch.conf", "resolv.conf", "ld.so.cache", "localtime")
SETTINGS, SERVERS = "claude-code/managed-settings.json", "claude-code/managed-mcp.json"
REQUIREMENTS = "codex/requirements.toml"
MEM0 = {"serverName": "mem0"}


def etc(box: Sandbox, name: str, content: Json) -> list[str]:
    """The words before a command that make it see an /etc with this one file of an administrator's in it."""
    place = box.root / "etc"
    place.mkdir(exist_ok=True)
    for kept in KEPT:
        if Path("/etc", kept).exists():
            shutil.copy(Path("/etc", kept), place / kept)
    if isinstance(content, str):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(content)
    else:
        write(place / name, content)
    own = ["unshare", *([] if box.network.isolated else ["--user", "--map-root-user"]), "--mount"]
    return [*own, "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', str(place)]


@pytest.fixture(autouse=True)
def mounts(box: Sandbox) -> None:
    try:
        possible = box.run([*etc(box, "nothing", {}), "true"]).exit_code == 0
    except (OSError, subprocess.SubprocessError):
        possible = False
    if not possible:
        pytest.skip("this machine allows no private /etc")


def install(box: Sandbox, prefix: list[str], *words: str) -> tuple[Done, Json]:
    done = box.run([*prefix, SCRIPT, "install", *BOTH, "--yes", "--json", *words])
    return done, envelope(done)


def servers(box: Sandbox) -> Json:
    path = box.home / ".claude.json"
    return json.loads(path.read_bytes()).get("mcpServers", {}) if path.exists() else {}


CLAUDE: dict[str, tuple[str, Json, str]] = {
    "denied by name": (SETTINGS, {"deniedMcpServers": [MEM0]}, "deniedMcpServers"),
    "denied by address": (SETTINGS, {"deniedMcpServers": [{"serverUrl": "https://MCP.mem0.ai/*"}]}, "deniedMcpServers"),
    "none allowed": (SETTINGS, {"allowedMcpServers": []}, "allowedMcpServers"),
    "others allowed": (SETTINGS, {"allowedMcpServers": [MEM0, {"serverUrl": "https://x.test/*"}]}, "allowedMcpServers"),
    "in the folder beside": (
        "claude-code/managed-settings.d/50-mcp.json",
        {"allowedMcpServers": [{"serverName": "x"}]},
        "allowedMcpServers",
    ),
    "a list of the administrator's": (SERVERS, {"mcpServers": {}}, "mcpServers"),
    "plugins only": (SETTINGS, {"strictPluginOnlyCustomization": ["mcp"]}, "strictPluginOnlyCustomization"),
}


@pytest.mark.parametrize("name", CLAUDE)
def test_a_server_that_claude_code_may_not_have(box: Sandbox, name: str) -> None:
    file, content, key = CLAUDE[name]
    prefix = etc(box, file, content)
    done, told = install(box, prefix, "--backend", "platform", "--no-verify")
    assert (told["exit_code"], told["error"]["code"]) == (1, "policy.blocked"), done.text
    assert told["error"]["path"] == f"/etc/{file}"
    assert key in told["error"]["message"]
    assert servers(box) == {}
    ours, other = told["data"]["clients"]
    assert ours["hooks"]["installed"]
    assert (other["blocked"], bool(other["changes"])) == (None, True)
    write(box.home / ".claude.json", {"mcpServers": {"mem0": {"type": "http", "url": "https://mcp.mem0.ai/mcp/"}}})
    nowhere = {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{box.network.dead_port()}"}
    listed = box.run([*prefix, box.bin / "claude", "mcp", "list"], env={**claude.QUIET, **nowhere})
    assert "mem0" not in listed.out, "Claude Code itself would have taken it"


@pytest.mark.parametrize("key", ["allowManagedHooksOnly", "disableAllHooks"])
def test_hooks_that_claude_code_may_not_run(box: Sandbox, key: str) -> None:
    done, told = install(box, etc(box, SETTINGS, {key: True}))
    assert (told["exit_code"], told["error"]["code"]) == (1, "policy.blocked"), done.text
    assert (told["error"]["path"], key in told["error"]["message"]) == (f"/etc/{SETTINGS}", True)
    assert list(servers(box)) == ["mem0"]
    assert not (box.home / ".claude/settings.json").exists()
    assert [client["verification"]["status"] for client in told["data"]["clients"]] == ["ok", "ok"]


CODEX: dict[str, tuple[str, str]] = {
    "others allowed": ('[mcp_servers.docs.identity]\nurl = "https://x.test/mcp"\n', "mcp_servers"),
    "another one of that name": (
        '[mcp_servers.mem0.identity]\nurl = "https://x.test/mcp"\n',
        "mcp_servers.mem0.identity",
    ),
}


@pytest.mark.parametrize("name", CODEX)
def test_a_server_that_codex_may_not_have(box: Sandbox, name: str) -> None:
    content, key = CODEX[name]
    prefix = etc(box, REQUIREMENTS, content)
    done, told = install(box, prefix)
    assert (told["exit_code"], told["error"]["code"]) == (1, "policy.blocked"), done.text
    assert (told["error"]["path"], key in told["error"]["message"]) == (f"/etc/{REQUIREMENTS}", True)
    assert not (box.home / ".codex/config.toml").exists()
    assert list(servers(box)) == ["mem0"]


@pytest.mark.parametrize("content", ["[features]\nhooks = false\n", "allow_managed_hooks_only = true\n"])
def test_hooks_that_codex_may_not_run(box: Sandbox, content: str) -> None:
    done, told = install(box, etc(box, REQUIREMENTS, content))
    assert (told["exit_code"], told["error"]["code"]) == (1, "policy.blocked"), done.text
    assert "hooks" in told["error"]["message"]
    assert not (box.home / ".codex/hooks.json").exists()
    assert (box.home / ".codex/config.toml").exists()


def test_a_server_that_the_administrator_allows_is_set_up(box: Sandbox) -> None:
    launcher = str(box.home / ".local/share/mem0-agent/bin/mem0-memory")
    done, told = install(box, etc(box, REQUIREMENTS, f'[mcp_servers.mem0.identity]\ncommand = "{launcher}"\n'))
    assert told["exit_code"] == 0, done.text


def test_a_list_that_has_our_marketplace_lets_it_in(box: Sandbox) -> None:
    market = {"source": "directory", "path": str(box.home / ".local/share/mem0-agent/marketplace")}
    done, told = install(box, etc(box, SETTINGS, {"strictKnownMarketplaces": [market]}), "--mode", "plugin")
    assert told["exit_code"] == 0, done.text
    assert "mem0-agent@mem0-agent" in (box.home / ".claude/plugins/installed_plugins.json").read_text()


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ({"strictKnownMarketplaces": []}, "strictKnownMarketplaces"),
        ({"enabledPlugins": {"mem0-agent@mem0-agent": False}}, "enabledPlugins"),
        ({"deniedMcpServers": [MEM0]}, "deniedMcpServers"),
    ],
)
def test_a_plugin_that_claude_code_may_not_have(box: Sandbox, content: Json, key: str) -> None:
    done, told = install(box, etc(box, SETTINGS, content), "--mode", "plugin")
    assert (told["exit_code"], told["error"]["code"]) == (1, "policy.blocked"), done.text
    assert (told["error"]["path"], key in told["error"]["message"]) == (f"/etc/{SETTINGS}", True)
    assert not (box.home / ".claude/plugins/installed_plugins.json").exists()
    assert "mem0-agent@mem0-agent" in (box.home / ".codex/config.toml").read_text()


@pytest.mark.parametrize("content", [{}, "a = = 3\n"], ids=["closed", "broken"])
def test_codex_itself_does_not_start_with_requirements_that_it_cannot_read(box: Sandbox, content: Json) -> None:
    """Broken ones forbid it; with closed ones we go on and warn, for another user may start Codex with them."""
    prefix = etc(box, REQUIREMENTS, content) if content else closed(box, REQUIREMENTS)
    done, told = install(box, prefix)
    assert told["exit_code"] == (1 if content else 0), done.text
    if content:
        assert (told["error"]["code"], told["error"]["path"]) == ("policy.blocked", f"/etc/{REQUIREMENTS}")
    else:
        assert any(note.startswith("Warning: ") for note in told["data"]["clients"][1]["notes"])
    assert box.run([*prefix, box.bin / "codex", "mcp", "list"]).exit_code != 0
    assert list(servers(box)) == ["mem0"]


@pytest.mark.parametrize("release", ["newest"], indirect=True)
@pytest.mark.parametrize("content", [{}, "{ broken"], ids=["closed", "broken"])
def test_a_list_of_the_administrators_rules_also_when_it_cannot_be_read(box: Sandbox, content: Json) -> None:
    prefix = etc(box, SERVERS, content) if content else closed(box, SERVERS)
    done, told = install(box, prefix)
    assert (told["exit_code"], told["error"]["code"]) == (1, "policy.blocked"), done.text
    assert (told["error"]["path"], servers(box)) == (f"/etc/{SERVERS}", {})
    write(box.home / ".claude.json", {"mcpServers": {"mem0": {"type": "stdio", "command": "true"}}})
    listed = box.run([*prefix, box.bin / "claude", "mcp", "list"], env=claude.QUIET)
    assert "mem0" not in listed.out.replace(str(box.home), ""), "Claude Code itself would have taken it"


def closed(box: Sandbox, name: str) -> list[str]:
    """Like etc, with a folder where the file should be: nobody can read that, not even root."""
    prefix = etc(box, "nothing", {})
    (box.root / "etc" / name).mkdir(parents=True)
    return prefix


def test_what_the_user_denies_themselves(box: Sandbox) -> None:
    write(box.home / ".claude/settings.json", {"deniedMcpServers": [MEM0]})
    told = envelope(mem0_agent(box, "install", "--client", "claude-code", "--yes", "--json"))
    assert (told["exit_code"], told["error"]["code"]) == (1, "policy.blocked")
    assert told["error"]["path"] == str(box.home / ".claude/settings.json")
    assert servers(box) == {}
