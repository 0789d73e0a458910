"""Every other route to a Mem0 that can be made offline: refused by name, resolved to exactly one in the client itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import claude, codex
from tests.e2e.dialogue import Call, Turn, prompt
from tests.e2e.http_server import GOOD, Mem0
from tests.e2e.market import marketplace, write
from tests.e2e.product import TOOLS, envelope, mem0_agent
from tests.e2e.sandbox import Sandbox, tree

Json = Any
Setting = Callable[[Sandbox, str], object]
LOOK = prompt("who is remembered?", Call("mem0", "list_entities"))
VENDOR = "mem0@mem0-plugins"


@contextmanager
def server(box: Sandbox) -> Iterator[Mem0]:
    with Mem0(box.network.listener()) as mem0:
        yield mem0


def install(box: Sandbox, client: str, url: str, *words: str) -> Json:
    chosen = ("--client", client, "--backend", "platform", "--url", url)
    return envelope(mem0_agent(box, "install", *chosen, "--yes", "--json", *words, env={"MEM0_API_KEY": GOOD}))


def plain(url: str) -> Json:
    return {"type": "http", "url": url, "headers": {"Authorization": "Token ${MEM0_API_KEY}"}}


def program(box: Sandbox, name: str, *words: str | Path) -> None:
    done = box.run([box.bin / name, *words], env=claude.QUIET)
    assert done.exit_code == 0, done.text


# Claude Code


def claude_servers(box: Sandbox, entries: dict[str, Json], **more: Json) -> None:
    write(box.home / ".claude.json", {"numStartups": 3, "mcpServers": entries, **more})


def claude_plugins(box: Sandbox, market: str, plugins: dict[str, dict[str, Json]]) -> None:
    root = marketplace(box.root / market, market, plugins)
    program(box, "claude", "plugin", "marketplace", "add", root)
    for name in plugins:
        program(box, "claude", "plugin", "install", f"{name}@{market}")


def search_only(box: Sandbox, url: str) -> None:
    """The vendor's plugin from 0.3 on: one tool over stdio, from a program in its own folder."""
    del url
    entry = {"command": "python3", "args": ["${CLAUDE_PLUGIN_ROOT}/core/mcp_server.py"]}
    claude_plugins(box, "mem0-plugins", {"mem0": {"version": "0.3.1", "mcpServers": {"mem0": entry}}})


def plugin_and_entry(box: Sandbox, url: str) -> None:
    vendor(box, url)
    program(box, "claude", "mcp", "add", "-s", "user", "-t", "http", "memory", url)


def local(box: Sandbox, **entry: Json) -> Json:
    """What Claude Code keeps of this project."""
    return {str(box.project): entry}


def vendor(box: Sandbox, url: str) -> None:
    claude_plugins(box, "mem0-plugins", {"mem0": {"mcpServers": {"mem0": plain(url)}}})


def vendor_and(box: Sandbox, url: str, **more: Json) -> None:
    """The vendor's plugin, and what else stands in Claude Code's own file."""
    vendor(box, url)
    path = box.home / ".claude.json"
    write(path, {**json.loads(path.read_text()), **more})


def vendor_and_declined(box: Sandbox, url: str) -> None:
    write(box.project / ".mcp.json", {"mcpServers": {"memory": plain(url)}})
    vendor_and(box, url, projects=local(box, disabledMcpjsonServers=["memory"]))


def vendor_and_waiting(box: Sandbox, url: str) -> None:
    write(box.project / ".mcp.json", {"mcpServers": {"memory": plain(url)}})
    vendor(box, url)


def three_of_one_name(box: Sandbox, url: str) -> None:
    write(box.project / ".mcp.json", {"mcpServers": {"mem0": plain(url)}})
    claude_servers(box, {"mem0": plain(url)}, projects=local(box, mcpServers={"mem0": plain(url)}))


CLAUDE: dict[str, tuple[Setting, list[str]]] = {
    "by hand under our name, and another": (
        lambda box, url: claude_servers(box, {"mem0": {"type": "http", "url": url}, "mem0-mcp": plain(url)}),
        ["mem0", "mem0-mcp"],
    ),
    "to the letter ours, and another": (
        lambda box, url: claude_servers(box, {"mem0": plain(url), "mem0-mcp": plain(url)}),
        ["mem0-mcp"],
    ),
    "three of one name": (three_of_one_name, ["mem0", "mem0"]),
    "other letters, a query, another transport": (
        lambda box, url: claude_servers(
            box, {"a": plain(url.replace("http", "HTTP")), "b": plain(f"{url}?x=1"), "c": {"type": "sse", "url": url}}
        ),
        ["a", "b", "c"],
    ),
    "a plugin, and an entry that waits": (vendor_and_waiting, ["memory", VENDOR]),
    "a plugin, and an entry that was declined": (vendor_and_declined, [VENDOR]),
    "a plugin, and an entry that is off here": (
        lambda box, url: vendor_and(
            box, url, mcpServers={"memory": plain(url)}, projects=local(box, disabledMcpServers=["memory"])
        ),
        ["memory", VENDOR],
    ),
    "a plugin that is off here": (
        lambda box, url: vendor_and(box, url, projects=local(box, disabledMcpServers=["plugin:mem0:mem0"])),
        [VENDOR],
    ),
    "another name": (lambda box, url: claude_servers(box, {"mem0-mcp": plain(url)}), ["mem0-mcp"]),
    "two other names": (
        lambda box, url: claude_servers(box, {"memory": plain(url), "mem0-mcp": plain(url)}),
        ["memory", "mem0-mcp"],
    ),
    "in the project": (
        lambda box, url: write(box.project / ".mcp.json", {"mcpServers": {"memory": plain(url)}}),
        ["memory"],
    ),
    "the same name in the project": (
        lambda box, url: write(box.project / ".mcp.json", {"mcpServers": {"mem0": plain(url)}}),
        ["mem0"],
    ),
    "for this project alone": (
        lambda box, url: claude_servers(box, {}, projects={str(box.project): {"mcpServers": {"mem0": plain(url)}}}),
        ["mem0"],
    ),
    "with a default": (lambda box, url: claude_servers(box, {"m": plain(f"${{NOWHERE:-{url}}}")}), ["m"]),
    "wrapped": (
        lambda box, url: claude_servers(box, {"m": {"type": "stdio", "command": "true", "args": ["mcp-remote", url]}}),
        ["m"],
    ),
    "the vendor's plugin": (
        vendor,
        [VENDOR],
    ),
    "the vendor's plugin, no slash": (
        lambda box, url: claude_plugins(box, "mem0-plugins", {"mem0": {"mcpServers": {"x": plain(url.rstrip("/"))}}}),
        [VENDOR],
    ),
    "the vendor's plugin of one tool": (search_only, [VENDOR]),
    "somebody else's plugin": (
        lambda box, url: claude_plugins(box, "tools", {"kit": {"mcpServers": {"memory": plain(f"{url}?x=1")}}}),
        ["kit@tools"],
    ),
    "two plugins": (
        lambda box, url: claude_plugins(
            box, "tools", {"kit": {"mcpServers": {"m": plain(url)}}, "mem0": {"mcpServers": {"m": plain(url)}}}
        ),
        ["kit@tools", "mem0@tools"],
    ),
    "a plugin and an entry": (
        plugin_and_entry,
        ["memory", VENDOR],
    ),
}


def claude_session(box: Sandbox) -> Turn:
    env = {"MEM0_API_KEY": GOOD, "ENABLE_TOOL_SEARCH": "false"}
    (turn,) = claude.session(box, [LOOK], env=env)
    return turn


@pytest.mark.parametrize("name", CLAUDE)
def test_claude_code_ends_with_one(box: Sandbox, name: str) -> None:
    setting, names = CLAUDE[name]
    with server(box) as mem0:
        setting(box, mem0.endpoint)
        before = tree(box.home)
        refused = install(box, "claude-code", mem0.endpoint)
        assert (refused["exit_code"], tree(box.home)) == (4, before), refused
        assert sorted(named(refused)) == sorted(names)
        replaced = install(box, "claude-code", mem0.endpoint, "--replace")
        assert replaced["exit_code"] == 0, replaced
        turn = claude_session(box)
        assert dict(turn.servers) == {"mem0": "connected"}
        assert Counter(turn.tools) == Counter(f"mcp__mem0__{tool}" for tool in TOOLS)
        again = install(box, "claude-code", mem0.endpoint)
        assert (again["exit_code"], again["data"]["clients"][0]["changes"]) == (0, []), again


@pytest.mark.parametrize("name", ["another name", "the vendor's plugin", "a plugin and an entry", "in the project"])
def test_claude_code_gets_the_others_back(box: Sandbox, name: str) -> None:
    setting, _ = CLAUDE[name]
    with server(box) as mem0:
        setting(box, mem0.endpoint)
        before = tree(box.root)
        assert install(box, "claude-code", mem0.endpoint, "--replace")["exit_code"] == 0
        done = mem0_agent(box, "uninstall", "--yes")
        assert (done.exit_code, tree(box.root)) == (0, before), done.text


def test_claude_code_keeps_both_on_purpose(box: Sandbox) -> None:
    with server(box) as mem0:
        claude_plugins(box, "mem0-plugins", {"mem0": {"mcpServers": {"mem0": plain(f"{mem0.url}/other/")}}})
        assert install(box, "claude-code", mem0.endpoint, "--allow-duplicate")["exit_code"] == 0
        assert {name: state == "connected" for name, state in claude_session(box).servers.items()} == {
            "mem0": True,
            "plugin:mem0:mem0": True,
        }


def test_a_switched_off_plugin_is_no_duplicate(box: Sandbox) -> None:
    with server(box) as mem0:
        claude_plugins(box, "mem0-plugins", {"mem0": {"mcpServers": {"mem0": plain(mem0.endpoint)}}})
        program(box, "claude", "plugin", "disable", VENDOR)
        assert install(box, "claude-code", mem0.endpoint)["exit_code"] == 0


def test_who_is_used_today_is_what_claude_code_shows(box: Sandbox) -> None:
    """An entry that is there already hides a plugin of the same address; a slash more made two of them once."""
    with server(box) as mem0:
        write(box.home / ".claude.json", {"mcpServers": {"memory": plain(mem0.endpoint)}})
        claude_plugins(box, "mem0-plugins", {"mem0": {"mcpServers": {"m": plain(mem0.endpoint.rstrip("/"))}}})
        refused = install(box, "claude-code", mem0.endpoint)["error"]["duplicates"]
        (turn,) = claude.session(box, [prompt("hello")], env={"MEM0_API_KEY": GOOD})
        said = {f"plugin:mem0:{twin['name']}" if twin["plugin"] else twin["name"]: twin["used"] for twin in refused}
        assert {name for name, used in said.items() if used} == set(turn.servers)


def test_what_is_switched_off_in_a_project_is_said(box: Sandbox) -> None:
    """Registered, proved, and still not started: only the client's own note of this project says so."""
    with server(box) as mem0:
        claude_servers(box, {}, projects=local(box, disabledMcpServers=["mem0"]))
        done = install(box, "claude-code", mem0.endpoint)
        assert done["exit_code"] == 0, done
        assert any("switched off in this project" in note for note in done["data"]["clients"][0]["notes"])
        assert claude_session(box).servers.get("mem0") != "connected"
        found = doctor(box)["registration.dead"]
        assert (found["severity"], str(box.project) in found["fix"]) == ("warning", True)
        claude_servers(box, {"mem0": plain(mem0.endpoint)}, projects=local(box, disabledMcpServers=[]))
        assert "registration.dead" not in doctor(box)
        assert dict(claude_session(box).servers) == {"mem0": "connected"}


def test_doctor_tells_who_hides_whom(box: Sandbox) -> None:
    """A broken entry silences a plugin that works; a plugin of another address doubles the tools."""
    with server(box) as mem0:
        claude_plugins(box, "mem0-plugins", {"mem0": {"mcpServers": {"mem0": plain(mem0.endpoint)}}})
        write(box.home / ".claude.json", {"mcpServers": {"mem0": {**plain(mem0.endpoint), "headers": {}}}})
        found = doctor(box)
        assert found["registration.shadowed"]["fix"] == "mem0-agent install --client claude-code --replace"
        assert VENDOR in found["registration.shadowed"]["detail"]
        assert "key.rejected" in found
        assert "registration.duplicate" not in found
        write(box.home / ".claude.json", {"mcpServers": {"mem0": plain(f"{mem0.url}/other/")}})
        assert "registration.duplicate" in doctor(box)
        program(box, "claude", "plugin", "disable", VENDOR)
        assert {"registration.duplicate", "registration.shadowed"}.isdisjoint(doctor(box))
        assert VENDOR in doctor(box)["plugin.disabled"]["title"]


def doctor(box: Sandbox) -> dict[str, Json]:
    done = mem0_agent(box, "doctor", "--client", "claude-code", "--json", env={"MEM0_API_KEY": GOOD})
    return {finding["id"]: finding for finding in envelope(done)["data"]["findings"]}


def named(refused: Json) -> list[str]:
    return [twin["plugin"] or twin["name"] for twin in refused["error"]["duplicates"]]


# Codex


def toml_server(name: str, url: str) -> str:
    return f'[mcp_servers.{name}]\nurl = "{url}"\nbearer_token_env_var = "MEM0_API_KEY"\n'


def codex_file(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def bearer(url: str) -> Json:
    return {"url": url, "bearer_token_env_var": "MEM0_API_KEY"}


def codex_plugins(box: Sandbox, market: str, plugins: dict[str, dict[str, Json]]) -> Path:
    root = marketplace(box.root / market, market, plugins)
    (box.home / ".codex").mkdir(exist_ok=True)
    program(box, "codex", "plugin", "marketplace", "add", root)
    for name in plugins:
        program(box, "codex", "plugin", "add", f"{name}@{market}")
    return root


def without_marketplace(box: Sandbox, url: str) -> None:
    codex_plugins(box, "mem0-plugins", {"mem0": {"mcpServers": {"mem0": bearer(url)}}})
    program(box, "codex", "plugin", "marketplace", "remove", "mem0-plugins")


def trusted_project(box: Sandbox, url: str) -> None:
    codex_file(box.home / ".codex/config.toml", f'[projects."{box.project}"]\ntrust_level = "trusted"\n')
    codex_file(box.project / ".codex/config.toml", toml_server("memory", url))


def codex_vendor(box: Sandbox, url: str, *texts: str) -> None:
    """The vendor's plugin, and more text behind it in the user's own file."""
    codex_plugins(box, "mem0-plugins", {"mem0": {"mcpServers": {"mem0": bearer(url)}}})
    path = box.home / ".codex/config.toml"
    path.write_text("\n".join([path.read_text(), *texts]))


def trusting(box: Sandbox) -> str:
    return f'[projects."{box.project}"]\ntrust_level = "trusted"\n'


def same_name_in_project(box: Sandbox, url: str) -> None:
    codex_file(box.home / ".codex/config.toml", trusting(box) + toml_server("mem0", f"{url}x"))
    codex_file(box.project / ".codex/config.toml", toml_server("mem0", url))


def vendor_and_project(box: Sandbox, url: str) -> None:
    codex_vendor(box, url, trusting(box))
    codex_file(box.project / ".codex/config.toml", toml_server("mem0", url))


def plugin_off_and_entry(box: Sandbox, url: str) -> None:
    codex_vendor(box, url, toml_server("memory", url))
    path = box.home / ".codex/config.toml"
    path.write_text(path.read_text().replace("enabled = true", "enabled = false"))


CODEX: dict[str, tuple[Setting, list[str]]] = {
    "a plugin, and our name by hand": (
        lambda box, url: codex_vendor(box, url, toml_server("mem0", f"{url}x")),
        ["mem0", VENDOR],
    ),
    "a plugin, and another name": (
        lambda box, url: codex_vendor(box, url, toml_server("mem0-mcp", url)),
        ["mem0-mcp", VENDOR],
    ),
    "a plugin, hidden by an entry that is off": (
        lambda box, url: codex_vendor(box, url, toml_server("mem0", url) + "enabled = false\n"),
        [VENDOR],
    ),
    "a plugin that is off, and an entry": (plugin_off_and_entry, ["memory"]),
    "two plugins, one name": (
        lambda box, url: codex_plugins(
            box, "tools", {"kit": {"mcpServers": {"mem0": bearer(url)}}, "mem0": {"mcpServers": {"mem0": bearer(url)}}}
        ),
        ["kit@tools", "mem0@tools"],
    ),
    "two plugins, two names": (
        lambda box, url: codex_plugins(
            box, "tools", {"kit": {"mcpServers": {"m": bearer(url)}}, "mem0": {"mcpServers": {"mem0": bearer(url)}}}
        ),
        ["kit@tools", "mem0@tools"],
    ),
    "two other names, one in capitals": (
        lambda box, url: codex_file(
            box.home / ".codex/config.toml", toml_server("Mem0", url) + toml_server("memory", f"{url}?a=b")
        ),
        ["Mem0", "memory"],
    ),
    "one name, for the user and in a trusted project": (same_name_in_project, ["mem0", "mem0"]),
    "a plugin, and a trusted project": (vendor_and_project, ["mem0", VENDOR]),
    "another name": (
        lambda box, url: codex_file(box.home / ".codex/config.toml", toml_server("mem0-mcp", url.rstrip("/"))),
        ["mem0-mcp"],
    ),
    "in a trusted project": (trusted_project, ["memory"]),
    "in a profile": (lambda box, url: codex_file(box.home / ".codex/work.config.toml", toml_server("m", url)), ["m"]),
    "the vendor's plugin": (
        lambda box, url: codex_plugins(box, "mem0-plugins", {"mem0": {"mcpServers": {"mem0": bearer(url)}}}),
        [VENDOR],
    ),
    "somebody else's plugin, inline": (
        lambda box, url: codex_plugins(box, "tools", {"kit": {"mcpServers": {"memory": bearer(url)}}}),
        ["kit@tools"],
    ),
    "its marketplace is gone": (without_marketplace, [VENDOR]),
}


@pytest.mark.parametrize("name", CODEX)
def test_codex_ends_with_one(box: Sandbox, name: str) -> None:
    setting, names = CODEX[name]
    with server(box) as mem0:
        setting(box, mem0.endpoint)
        before = tree(box.home)
        refused = install(box, "codex", mem0.endpoint)
        assert (refused["exit_code"], tree(box.home)) == (4, before), refused
        assert sorted(named(refused)) == sorted(names)
        assert install(box, "codex", mem0.endpoint, "--replace")["exit_code"] == 0
        env = {"MEM0_API_KEY": GOOD}
        (turn,) = codex.turn(box, [prompt("hello")], env=env, arguments=codex.QUIET[2:])
        assert dict(turn.servers) == {"mem0": "connected"}
        ours = [tool for tool in turn.tools if tool.startswith("mcp__")]
        assert sorted(ours) == sorted(f"mcp__mem0__{tool}" for tool in TOOLS)
        assert install(box, "codex", mem0.endpoint)["exit_code"] == 0


def test_what_codex_does_not_read_is_no_duplicate(box: Sandbox) -> None:
    with server(box) as mem0:
        codex_file(box.project / ".codex/config.toml", toml_server("memory", mem0.endpoint))
        assert install(box, "codex", mem0.endpoint)["exit_code"] == 0
        (turn,) = codex.turn(box, [prompt("hello")], env={"MEM0_API_KEY": GOOD}, arguments=codex.QUIET[2:])
        assert dict(turn.servers) == {"mem0": "connected"}


def test_one_table_twice_is_no_file_that_codex_reads(box: Sandbox) -> None:
    with server(box) as mem0:
        path = box.home / ".codex/config.toml"
        codex_file(path, toml_server("memory", mem0.endpoint) * 2)
        before = path.read_bytes()
        told = install(box, "codex", mem0.endpoint)
        assert (told["exit_code"], told["error"]["code"], told["error"]["line"]) == (1, "config.invalid", 4)
        assert path.read_bytes() == before


def test_codex_gets_the_others_back(box: Sandbox) -> None:
    with server(box) as mem0:
        without_marketplace(box, mem0.endpoint)
        before = tree(box.root)
        assert install(box, "codex", mem0.endpoint, "--replace")["exit_code"] == 0
        done = mem0_agent(box, "uninstall", "--yes")
        assert (done.exit_code, tree(box.root)) == (0, before), done.text


def test_a_connector_of_the_account_warns_and_refuses_nothing(box: Sandbox) -> None:
    with server(box) as mem0:
        (box.home / ".claude.json").write_text(json.dumps({"claudeAiMcpEverConnected": ["claude.ai Mem0", "Linear"]}))
        done = install(box, "claude-code", mem0.endpoint)
        notes = " ".join(done["data"]["clients"][0]["notes"])
        assert (done["exit_code"], "“claude.ai Mem0”" in notes, "Linear" in notes) == (0, True, False)
