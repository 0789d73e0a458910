"""Plugin mode in the real clients: their own validators, one server, hooks, skills, and nothing left of it at the end."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections import Counter
from typing import Any

import pytest

from tests.e2e import claude, codex
from tests.e2e.appserver import AppServer
from tests.e2e.dialogue import Call, Turn, prompt
from tests.e2e.http_server import GOOD, Mem0
from tests.e2e.lasting import differences, ours
from tests.e2e.market import marketplace
from tests.e2e.product import TOOLS, envelope, install, mem0_agent, uninstall
from tests.e2e.sandbox import Sandbox, tree

Json = Any
PLUGIN = ("--mode", "plugin")
ID = "mem0-agent@mem0-agent"


def joined(box: Sandbox, *words: str) -> Json:
    told = envelope(install(box, *PLUGIN, "--json", *words))
    assert told["exit_code"] == 0, told
    return told["data"]


def claude_turn(box: Sandbox, server: str = "plugin_mem0-agent_mem0", **env: str) -> Turn:
    asked = prompt("who is remembered?", Call(server, "list_entities"))
    surroundings = {"ENABLE_TOOL_SEARCH": "false", **env}
    (turn,) = claude.session(box, [asked], allow=(f"mcp__{server}",), env=surroundings)
    return turn


def codex_turn(box: Sandbox, **env: str) -> Turn:
    asked = prompt("who is remembered?", Call("mem0", "list_entities"))
    (turn,) = codex.turn(box, [asked], arguments=codex.QUIET[2:], env=env)
    return turn


def mcp_tools(turn: Turn) -> Counter[str]:
    return Counter(tool.rsplit("__", 1)[1] for tool in turn.tools if tool.startswith("mcp__"))


def test_both_take_it_and_have_one_server(used: Sandbox) -> None:
    joined(used, "--trust-hooks")
    turn = claude_turn(used)
    assert dict(turn.servers) == {"plugin:mem0-agent:mem0": "connected"}
    assert set(mcp_tools(turn)) >= TOOLS
    assert set(mcp_tools(turn).values()) == {1}
    assert ["total_users" in result for result in turn.results] == [True]
    assert {"SessionStart", "UserPromptSubmit", "Stop"} <= set(turn.events())
    turn = codex_turn(used)
    assert dict(turn.servers) == {"mem0": "connected"}
    assert set(mcp_tools(turn)) >= TOOLS
    assert set(mcp_tools(turn).values()) == {1}
    assert ["total_users" in result for result in turn.results] == [True]
    assert {"SessionStart", "UserPromptSubmit", "Stop"} <= set(turn.events())


def test_skills_and_hooks_are_listed(used: Sandbox) -> None:
    data = joined(used)
    assert [client["skills"] for client in data["clients"]] == [["mem0-memory", "mem0-sdk"]] * 2
    assert [client["hooks"]["trust"] for client in data["clients"]] == ["not-needed", "awaiting"]
    listed = plugin_hooks(used)
    assert len(listed) in {5, 6}  # SessionEnd is younger than the older release
    assert set(listed.values()) == {"untrusted"}
    with AppServer(used, codex.QUIET[2:]) as server:
        skills = server.call("skills/list", {"cwds": [str(used.project)]})["data"]
    assert {"mem0-agent:mem0-memory", "mem0-agent:mem0-sdk"} <= {
        skill["name"] for each in skills for skill in each["skills"]
    }
    (turn,) = claude.session(used, [prompt("hello")])
    assert turn.places("mem0-agent:mem0-memory")


def plugin_hooks(box: Sandbox) -> dict[str, str]:
    with AppServer(box, codex.QUIET[2:]) as server:
        found = server.call("hooks/list", {"cwds": [str(box.project)]})["data"]
    return {hook["key"]: hook["trustStatus"] for each in found for hook in each["hooks"]}


def test_the_validators_pass(used: Sandbox) -> None:
    joined(used)
    market = used.home / ".local/share/mem0-agent/marketplace"
    for folder in (market, market / "mem0-agent"):
        done = used.run([used.bin / "claude", "plugin", "validate", "--strict", folder], env=claude.QUIET)
        assert done.exit_code == 0, done.text
    listed = used.run([used.bin / "codex", "plugin", "list", "--json"])
    assert [row["pluginId"] for row in json.loads(listed.out)["installed"]] == [ID]


def test_uninstall_leaves_nothing(used: Sandbox) -> None:
    before = ours(used)
    joined(used, "--trust-hooks")
    done = uninstall(used, "--purge")
    assert done.exit_code == 0, done.text
    assert differences(used, before) == []
    assert claude.mcp_list(used) == {}
    assert dict(codex_turn(used).servers) == {}


def test_uninstall_works_without_the_programs(used: Sandbox) -> None:
    before = ours(used)
    joined(used)
    for name in ("claude", "codex"):
        (used.bin / name).rename(used.bin / f"{name}.away")
    done = uninstall(used, "--purge")
    assert (done.exit_code, differences(used, before)) == (0, [])


@pytest.mark.parametrize("programs", [True, False], ids=["with the programs", "without them"])
@pytest.mark.parametrize("receipt", ["gone", "behind"])
def test_uninstall_when_the_receipt_does_not_know(used: Sandbox, receipt: str, programs: bool) -> None:
    """Somebody lost it, or a run was ended after the clients had written and before we had."""
    joined(used)
    path = used.home / ".local/state/mem0-agent/receipt.json"
    known = json.loads(path.read_text())
    if receipt == "gone":
        path.unlink()
    else:
        path.write_text(
            json.dumps({**known, "records": [record for record in known["records"] if not record["client"]]})
        )
    for name in () if programs else ("claude", "codex"):
        (used.bin / name).rename(used.bin / f"{name}.away")
    done = uninstall(used, "--purge")
    assert done.exit_code == 0, done.text
    for name in () if programs else ("claude", "codex"):
        (used.bin / f"{name}.away").rename(used.bin / name)
    assert claude.mcp_list(used) == {}
    assert json.loads(used.run([used.bin / "codex", "mcp", "list", "--json"]).out) == []
    for name in (".claude/settings.json", ".codex/config.toml", ".claude/plugins/installed_plugins.json"):
        assert "mem0-agent" not in (used.home / name).read_text()


def test_uninstall_after_the_user_went_on(used: Sandbox) -> None:
    """Another plugin, another server: they stay, and nothing of ours is left."""
    joined(used)
    root = marketplace(used.root / "tools", "tools", {"kit": {}})
    for name, *words in (["claude", "plugin", "marketplace", "add", str(root)], ["claude", "plugin", "install", "kit@tools"],
                         ["codex", "plugin", "marketplace", "add", str(root)], ["codex", "plugin", "add", "kit@tools"]):  # fmt: skip
        assert used.run([used.bin / name, *words], env=claude.QUIET).exit_code == 0
    done = uninstall(used, "--purge")
    assert done.exit_code == 0, done.text
    settings = json.loads((used.home / ".claude/settings.json").read_bytes())
    assert settings["enabledPlugins"] == {"kit@tools": True}
    assert list(settings["extraKnownMarketplaces"]) == ["tools"]
    config = tomllib.loads((used.home / ".codex/config.toml").read_text())
    assert (list(config["plugins"]), list(config["marketplaces"])) == (["kit@tools"], ["tools"])
    for name in ("installed_plugins.json", "known_marketplaces.json"):
        assert "mem0-agent" not in (used.home / ".claude/plugins" / name).read_text()


def test_from_direct_to_plugin_and_back(used: Sandbox) -> None:
    before = ours(used)
    for words, server in (
        ((), "mem0"),
        (PLUGIN, "plugin:mem0-agent:mem0"),
        ((), "mem0"),
        (PLUGIN, "plugin:mem0-agent:mem0"),
        ((), "mem0"),
    ):
        done = install(used, *words)
        assert done.exit_code == 0, done.text
        assert set(claude.mcp_list(used)) == {server}
        codex_lists = json.loads(used.run([used.bin / "codex", "mcp", "list", "--json"]).out)
        assert [each["name"] for each in codex_lists] == ["mem0"]
        on = tomllib.loads((used.home / ".codex/config.toml").read_text())
        assert (ID in on.get("plugins", {}), "mem0" in on.get("mcp_servers", {})) == (bool(words), not words)
        twice = [
            f
            for f in findings(used)
            if f["id"] in ("hooks.duplicated", "registration.duplicate", "registration.shadowed")
        ]
        assert twice == []
    done = uninstall(used, "--purge")
    assert (done.exit_code, differences(used, before)) == (0, [])


def findings(box: Sandbox) -> list[Json]:
    found: list[Json] = envelope(mem0_agent(box, "doctor", "--json"))["data"]["findings"]
    return found


def test_a_stored_key_stays_where_it_is(used: Sandbox) -> None:
    before = ours(used)
    with Mem0(used.network.listener()) as mem0:
        words = ("--backend", "platform", "--url", mem0.endpoint)
        for more in (("--store-key",), PLUGIN, (*PLUGIN, "--store-key"), ()):
            done = install(used, *words, *more, env={"MEM0_API_KEY": GOOD})
            assert done.exit_code == 0, done.text
            assert json.loads((used.home / ".claude/settings.json").read_bytes())["env"]["MEM0_API_KEY"] == GOOD
            assert (used.home / ".claude/settings.json").stat().st_mode & 0o77 == 0
            assert list(
                claude_turn(used, "mem0" if not set(PLUGIN) & set(more) else "plugin_mem0-agent_mem0").servers.values()
            ) == ["connected"]
    done = uninstall(used, "--purge")
    assert (done.exit_code, differences(used, before)) == (0, [])


def test_doctor_sees_what_became_of_it(used: Sandbox) -> None:
    joined(used, "--client", "codex")
    assert [found["client"] for found in findings(used) if found["id"] == "plugin.ok"] == ["claude-code", "codex"]
    manifest = used.home / ".local/share/mem0-agent/marketplace/mem0-agent/.codex-plugin/plugin.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "version": "9.9.9"}))
    assert [found["client"] for found in findings(used) if found["id"] == "plugin.outdated"] == ["codex"]
    shutil.rmtree(used.home / ".local/share/mem0-agent/marketplace")
    shutil.rmtree(used.home / ".codex/plugins/cache/mem0-agent")
    shutil.rmtree(used.home / ".claude/plugins/cache/mem0-agent")
    assert [found["client"] for found in findings(used) if found["id"] == "plugin.broken"] == ["claude-code", "codex"]
    joined(used)
    assert [found["client"] for found in findings(used) if found["id"] == "plugin.ok"] == ["claude-code", "codex"]
    assert set(claude.mcp_list(used)) == {"plugin:mem0-agent:mem0"}


def test_a_second_install_changes_nothing(used: Sandbox) -> None:
    joined(used)
    before = ours(used)
    data = joined(used)
    assert ([client["changes"] for client in data["clients"]], data["own_changes"]) == ([[], []], [])
    assert differences(used, before) == []


def test_what_was_switched_off_comes_back_on(used: Sandbox) -> None:
    joined(used)
    before = ours(used)
    assert used.run([used.bin / "claude", "plugin", "disable", ID], env=claude.QUIET).exit_code == 0
    path = used.home / ".codex/config.toml"
    path.write_text(path.read_text().replace("enabled = true", "enabled = false"))
    assert [found["client"] for found in findings(used) if found["id"] == "plugin.disabled"] == ["claude-code", "codex"]
    joined(used)
    assert set(claude.mcp_list(used)) == {"plugin:mem0-agent:mem0"}
    assert dict(codex_turn(used).servers) == {"mem0": "connected"}
    done = uninstall(used, "--purge")
    assert done.exit_code == 0, done.text
    assert claude.mcp_list(used) == {}
    assert {name for name, _, _ in differences(used, before) if name.startswith(".claude/skills")} == set()


def test_another_memory_reaches_both_copies(used: Sandbox) -> None:
    """The plugin is upgraded in place: Codex reads a copy of its own, which has to follow."""
    joined(used, "--trust-hooks")
    with Mem0(used.network.listener()) as mem0:
        words = ("--backend", "platform", "--url", mem0.endpoint, "--json")
        told = envelope(install(used, *PLUGIN, *words, env={"MEM0_API_KEY": GOOD}))
        assert told["exit_code"] == 0, told
        says = {"trusted": {"trusted"}, "modified": {"modified"}}[told["data"]["clients"][1]["hooks"]["trust"]]
        assert set(plugin_hooks(used).values()) == says, "the newest release wants to be asked again"
        for turn in (claude_turn(used, MEM0_API_KEY=GOOD), codex_turn(used, MEM0_API_KEY=GOOD)):
            assert list(turn.servers.values()) == ["connected"]
            assert ["robin" in result for result in turn.results] == [True]
    versions = list((used.home / ".codex/plugins/cache/mem0-agent/mem0-agent").iterdir())
    assert len(versions) == 1


def test_the_vendors_plugin_is_in_the_way(used: Sandbox) -> None:
    entry = {"type": "http", "url": "https://mcp.mem0.ai/mcp/"}
    root = marketplace(used.root / "vendor", "mem0-plugins", {"mem0": {"mcpServers": {"mem0": entry}}})
    for words in (["plugin", "marketplace", "add", root], ["plugin", "install", "mem0@mem0-plugins"]):
        assert used.run([used.bin / "claude", *words], env=claude.QUIET).exit_code == 0
    before = ours(used)
    told = envelope(install(used, *PLUGIN, "--json"))
    assert (told["exit_code"], [twin["plugin"] for twin in told["error"]["duplicates"]]) == (4, ["mem0@mem0-plugins"])
    assert differences(used, before) == []
    joined(used, "--replace")
    assert set(claude.mcp_list(used)) == {"plugin:mem0-agent:mem0"}
    done = uninstall(used, "--purge")
    assert (done.exit_code, differences(used, before)) == (0, [])


def test_folders_of_the_users_own_choice(used: Sandbox) -> None:
    """What both programs are told by variables decides every place; nothing of it appears at the usual ones."""
    before = ours(used)
    (used.root / "codex").mkdir()
    env = {"CLAUDE_CONFIG_DIR": str(used.root / "claude"), "CODEX_HOME": "../codex"}
    done = install(used, *PLUGIN, env=env)
    assert done.exit_code == 0, done.text
    assert {name for name, _, _ in differences(used, before) if name.startswith((".claude", ".codex"))} == set()
    assert set(claude.mcp_list(used, env=env)) == {"plugin:mem0-agent:mem0"}
    listed = used.run([used.bin / "codex", "mcp", "list", "--json"], env=env)
    assert [each["name"] for each in json.loads(listed.out)] == ["mem0"]
    done = uninstall(used, "--purge", env=env)
    assert done.exit_code == 0, done.text
    assert differences(used, before) == []
    assert claude.mcp_list(used, env=env) == {}
    listed = used.run([used.bin / "codex", "mcp", "list", "--json"], env=env)
    assert json.loads(listed.out) == []


def test_without_the_program_it_says_so(used: Sandbox) -> None:
    (used.bin / "codex").unlink()
    before = ours(used)
    told = envelope(mem0_agent(used, "install", "--client", "codex", *PLUGIN, "--yes", "--json"))
    assert (told["exit_code"], told["error"]["code"], ours(used)) == (1, "plugin.no-program", before)


def test_a_client_that_takes_nothing_leaves_everything_as_it_was(used: Sandbox) -> None:
    """A program that only says yes proves nothing."""
    assert install(used).exit_code == 0
    (used.bin / "codex").unlink()
    (used.bin / "codex").write_text("#!/bin/sh\necho 'codex-cli 0.169.0'\n")
    (used.bin / "codex").chmod(0o755)
    before = ours(used)
    told = envelope(install(used, *PLUGIN, "--json"))
    assert (told["exit_code"], told["error"]["code"]) == (1, "plugin.broken")
    assert differences(used, before) == []
    assert set(claude.mcp_list(used)) == {"mem0"}


def test_a_dry_run_touches_nothing(used: Sandbox) -> None:
    before = tree(used.root)
    done = install(used, *PLUGIN, "--dry-run")
    assert (done.exit_code, tree(used.root)) == (0, before), done.text
    assert "claude plugin install mem0-agent@mem0-agent" in done.out
    assert "codex plugin add mem0-agent@mem0-agent" in done.out
