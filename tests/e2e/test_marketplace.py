"""The vendor's own marketplace, as a repository of git and as a folder, in the real clients."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import claude, codex
from tests.e2e.dialogue import Call, prompt
from tests.e2e.http_server import GOOD, Mem0
from tests.e2e.lasting import differences, ours
from tests.e2e.market import dialect, marketplace, repository
from tests.e2e.product import envelope, install, mem0_agent, uninstall
from tests.e2e.sandbox import Sandbox, tree

Json = Any
FORGE = "mem0ai/mem0"
VENDOR = ("--mode", "plugin", "--marketplace")
ID = "mem0@mem0-plugins"
KEY = {"MEM0_API_KEY": GOOD}
TINY = Path(__file__).with_name("stdio_server.py")


@pytest.fixture
def mem0(used: Sandbox) -> Iterator[Mem0]:
    with Mem0(used.network.listener()) as server:
        yield server


def shelf(box: Sandbox, url: str) -> Path:
    """The vendor's marketplace: a plugin beside the one that matters, and the server in either client's dialect."""
    header = {"Authorization": "Token ${MEM0_API_KEY}"}
    root = marketplace(box.root / "vendor", "mem0-plugins", {
        "theme": {}, "mem0": {"mcpServers": {"mem0": {"type": "http", "url": url, "headers": header}}},
    })  # fmt: skip
    dialect(root, "mem0", mcpServers={"mem0": {"url": url, "bearer_token_env_var": "MEM0_API_KEY"}})
    return root


@pytest.fixture(params=["repository", "folder"])
def source(request: pytest.FixtureRequest, used: Sandbox, mem0: Mem0) -> str:
    root = shelf(used, mem0.endpoint)
    if request.param == "folder":
        return str(root)
    repository(root, used.home, FORGE)
    return FORGE


def joined(box: Sandbox, source: str, *words: str) -> Json:
    told = envelope(install(box, *VENDOR, source, "--json", *words, env=KEY))
    assert told["exit_code"] == 0, told
    return told["data"]


def servers(box: Sandbox) -> tuple[dict[str, str], list[str]]:
    """What the programs themselves say that they have."""
    listed = box.run([box.bin / "codex", "mcp", "list", "--json"])
    return claude.mcp_list(box, env=KEY), [each["name"] for each in json.loads(listed.out)]


def test_both_take_it_have_one_server_and_give_it_back(used: Sandbox, mem0: Mem0, source: str) -> None:
    before = ours(used)
    data = joined(used, source)
    assert [each["verification"]["status"] for each in data["clients"]] == ["ok", "ok"]
    assert set(mem0.calls()) == {"list_entities"}
    reached, listed = servers(used)
    assert (list(reached), listed) == (["plugin:mem0:mem0"], ["mem0"])
    assert "Connected" in reached["plugin:mem0:mem0"]
    (turn,) = codex.turn(used, [prompt("who?", Call("mem0", "list_entities"))], arguments=codex.QUIET[2:], env=KEY)
    assert dict(turn.servers) == {"mem0": "connected"}
    assert [found["id"] for found in findings(used) if found["severity"] in ("error", "warning")] == []
    done = uninstall(used, "--purge")
    assert (done.exit_code, differences(used, before)) == (0, []), done.text
    assert servers(used) == ({}, [])


def findings(box: Sandbox) -> list[Json]:
    clients = ("--client", "claude-code", "--client", "codex")
    found: list[Json] = envelope(mem0_agent(box, "doctor", "--json", *clients, env=KEY))["data"]["findings"]
    return found


def test_from_one_way_to_every_other(used: Sandbox, mem0: Mem0) -> None:
    """Direct, theirs, ours, theirs again, direct: at every rest one registration, at the end what there was."""
    repository(shelf(used, mem0.endpoint), used.home, FORGE)
    before = ours(used)
    direct, own, theirs = (), ("--mode", "plugin"), (*VENDOR, FORGE)
    names = {direct: "mem0", own: "plugin:mem0-agent:mem0", theirs: "plugin:mem0:mem0"}
    for words in (direct, theirs, own, theirs, direct, theirs, direct):
        done = install(used, *words, env=KEY if words == theirs else {})
        assert done.exit_code == 0, done.text
        reached, listed = servers(used)
        assert (list(reached), listed) == ([names[words]], ["mem0"])
        config = tomllib.loads((used.home / ".codex/config.toml").read_text())
        wanted = {theirs: [ID], own: ["mem0-agent@mem0-agent"], direct: []}[words]
        assert list(config.get("plugins", {})) == wanted
        assert ("mem0" in config.get("mcp_servers", {})) == (words == direct)
    done = uninstall(used, "--purge")
    assert (done.exit_code, differences(used, before)) == (0, []), done.text


def test_a_marketplace_that_was_there_stays(used: Sandbox, source: str) -> None:
    for program in ("claude", "codex"):
        done = used.run([used.bin / program, "plugin", "marketplace", "add", source], env=claude.QUIET)
        assert done.exit_code == 0, done.text
    before = ours(used)
    joined(used, source)
    assert uninstall(used, "--purge").exit_code == 0
    assert differences(used, before) == []


def test_a_plugin_that_was_there_is_the_users(used: Sandbox, source: str) -> None:
    for program, word in (("claude", "install"), ("codex", "add")):
        for words in (["marketplace", "add", source], [word, ID]):
            assert used.run([used.bin / program, "plugin", *words], env=claude.QUIET).exit_code == 0
    before = ours(used)
    assert [each["changes"] for each in joined(used, source)["clients"]] == [[], []]
    assert uninstall(used, "--purge").exit_code == 0
    assert differences(used, before) == []


def test_a_second_install_changes_nothing(used: Sandbox, source: str) -> None:
    joined(used, source)
    before = ours(used)
    joined(used, source)
    assert differences(used, before) == []


def test_a_dry_run_touches_nothing(used: Sandbox, source: str) -> None:
    before = tree(used.root)
    done = install(used, *VENDOR, source, "--dry-run", env=KEY)
    assert (done.exit_code, tree(used.root)) == (0, before), done.text
    for line in (f"claude plugin marketplace add {source}", f"claude plugin install {ID}", f"codex plugin add {ID}"):
        assert line in done.out


def test_a_wrong_key_takes_everything_back(used: Sandbox, mem0: Mem0, source: str) -> None:
    del mem0
    before = ours(used)
    told = envelope(install(used, *VENDOR, source, "--json", env={"MEM0_API_KEY": "m0-wrong"}))
    assert (told["exit_code"], differences(used, before)) == (5, [])


def test_a_plugin_without_list_entities_is_not_called_a_success(used: Sandbox) -> None:
    """The vendor's newer plugin has one tool: it is started only once people have agreed, and given back."""
    (used.root / "tiny.py").write_text(TINY.read_text().replace('"list_entities": READS, ', ""))
    entry = {"command": sys.executable, "args": [str(used.root / "tiny.py"), str(used.root / "store")]}
    root = marketplace(used.root / "vendor", "mem0-plugins", {"mem0": {"mcpServers": {"mem0": entry}}})
    before = ours(used)
    told = envelope(install(used, *VENDOR, str(root), "--json"))
    assert (told["exit_code"], told["error"]["code"]) == (5, "server.tools-missing"), told
    assert differences(used, before) == []


def test_the_other_marketplaces_plugin_is_a_duplicate(used: Sandbox, source: str) -> None:
    """One that the user has from elsewhere is named, and with --replace switched off."""
    other = marketplace(
        used.root / "fork", "fork", {"mem0": {"mcpServers": {"mem0": {"url": "https://mcp.mem0.ai/mcp"}}}}
    )
    for words in (["marketplace", "add", other], ["add", "mem0@fork"]):
        assert used.run([used.bin / "codex", "plugin", *words]).exit_code == 0
    before = ours(used)
    told = envelope(install(used, *VENDOR, source, "--json", env=KEY))
    assert (told["exit_code"], [twin["plugin"] for twin in told["error"]["duplicates"]]) == (4, ["mem0@fork"])
    assert differences(used, before) == []
    joined(used, source, "--replace")
    plugins = tomllib.loads((used.home / ".codex/config.toml").read_text())["plugins"]
    assert {name: entry["enabled"] for name, entry in plugins.items()} == {"mem0@fork": False, ID: True}
    assert uninstall(used, "--purge").exit_code == 0
    assert differences(used, before) == []
