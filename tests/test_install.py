"""Install through the console script: proved before and after, nothing half done, nobody else's byte changed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mem0_agent.model import PLATFORM_URL, TOOLS
from tests.machine import BOTH, SCRIPT, Machine, machine, server_of
from tests.servers import Behaviour, hang, html, serving
from tests.trees import marks, read_tree, write_tree

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "m0-Zq8vR2sT5wY7bN3k"
ODD_KEY = 'odd "quoted" \\ key'

LOCAL = ("--backend", "local")


def platform(url: str) -> tuple[str, ...]:
    return ("--backend", "platform", "--url", url)


def claude_entry(here: Machine, path: Path | None = None) -> Any:
    return server_of(json.loads((path or here.claude).read_bytes().removeprefix(b"\xef\xbb\xbf")), "mcpServers", "mem0")


def codex_entry(here: Machine, path: Path | None = None) -> Any:
    return server_of(tomllib.loads((path or here.codex).read_text("utf-8")), "mcp_servers", "mem0")


def without_traces(here: Machine, key: str) -> bool:
    """Whether no file below the machine's root holds ``key``, as it is or as JSON and TOML write it."""
    needles = (key.encode(), json.dumps(key)[1:-1].encode())
    return not any(needle in (data or b"") for data in read_tree(here.root).values() for needle in needles)


# The local memory


def test_both_clients_get_one_server_that_answers(here: Machine) -> None:
    envelope = here.ask("install", *BOTH, "--yes")
    assert envelope["data"]["backend"] == {"kind": "local", "url": None}
    assert envelope["data"]["receipt"] == str(here.dirs.state / "receipt.json")
    for client in envelope["data"]["clients"]:
        assert client["verification"]["status"] == "ok"
        assert client["verification"]["entities"] == 0
    assert claude_entry(here) == {"type": "stdio", "command": str(here.launcher), "args": ["serve"]}
    assert codex_entry(here) == {"command": str(here.launcher), "args": ["serve"]}
    assert not (here.dirs.data / "memory.db").exists()


def test_every_file_may_be_read_by_its_owner_alone_where_it_may_hold_secrets(here: Machine) -> None:
    here.install()
    for path in (here.claude, here.codex, here.dirs.state / "receipt.json", here.dirs.config / "config.toml"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(here.dirs.state.stat().st_mode) == 0o700
    assert os.access(here.launcher, os.X_OK)


def test_twice_changes_no_byte_and_no_time(here: Machine) -> None:
    here.install()
    before = marks(here.home)
    envelope = here.ask("install", *BOTH, "--yes")
    assert marks(here.home) == before
    for client in envelope["data"]["clients"]:
        assert client["changes"] == []
        assert client["verification"]["status"] == "ok"
    assert envelope["data"]["own_changes"] == []


def test_a_second_client_joins_later(here: Machine) -> None:
    first = here.run("install", "--client", "claude-code", "--yes")
    assert first.code == 0, first.all
    assert not here.codex.exists()
    claude = here.claude.read_bytes()
    second = here.run("install", "--client", "codex", "--yes")
    assert second.code == 0, second.all
    assert (codex_entry(here)["command"], here.claude.read_bytes()) == (str(here.launcher), claude)


def test_detected_clients_are_the_default_and_tell_their_version(here: Machine) -> None:
    here.program("codex", "codex-cli 0.169.0")
    envelope = here.ask("install", "--yes")
    (client,) = envelope["data"]["clients"]
    assert (client["client"], client["detected"], client["version"]) == ("codex", True, "0.169.0")
    assert not here.claude.exists()


def test_a_client_known_by_its_file_alone(here: Machine) -> None:
    write_tree(here.home, {".claude.json": "{}"})
    (client,) = here.ask("install", "--yes")["data"]["clients"]
    assert (client["client"], client["detected"], client["version"]) == ("claude-code", True, None)


def test_no_client_says_where_it_looked(here: Machine) -> None:
    error = here.ask("install", "--yes")["error"]
    assert error["code"] == "client.absent"
    assert str(here.claude) in error["message"]
    assert str(here.codex) in error["message"]
    assert "--client" in error["hint"]
    assert read_tree(here.home) == {}


def test_a_named_client_that_is_absent_is_set_up_with_a_note(here: Machine) -> None:
    for client in here.ask("install", *BOTH, "--yes")["data"]["clients"]:
        assert client["detected"] is False
        assert any("was not found here" in note for note in client["notes"])


@pytest.mark.parametrize("says", ["", "no version at all", "\\377\\376"])
def test_a_program_that_will_not_tell_its_version(here: Machine, says: str) -> None:
    here.program("claude", says).write_text(f"#!/bin/sh\nprintf '{says}'\nexit 3\n", "utf-8")
    (client,) = here.ask("install", "--yes")["data"]["clients"]
    assert (client["detected"], client["version"]) == (True, None)


def test_the_variables_of_this_user(here: Machine) -> None:
    env: dict[str, str | None] = {"MEM0_USER_ID": "ada", "XDG_DATA_HOME": str(here.root / "data")}
    here.install(env=env)
    settings = tomllib.loads((here.dirs.config / "config.toml").read_text("utf-8"))
    assert (settings["user_id"], settings["backend"]) == ("ada", "local")
    assert codex_entry(here)["command"] == str(here.root / "data/mem0-agent/bin/mem0-memory")


def test_peoples_own_settings_stay(here: Machine) -> None:
    here.install()
    config = here.dirs.config / "config.toml"
    mine = config.read_text("utf-8") + "\n# mine\n"
    config.write_text(mine.replace('user_id = "robin"', 'user_id = "other"  # me'), "utf-8")
    edited = config.read_bytes()
    here.install()
    assert config.read_bytes() == edited


# Other people's bytes


@dataclass(frozen=True)
class Style:
    """One way in which a file may be written: the file before, and what must still stand in it afterwards."""

    claude: bytes
    codex: bytes


def big(text: str) -> bytes:
    return text.encode()


JSON = '{\n  "numStartups": 12345678901234567890,\n  "ratio": 1.0,\n  "mcpServers": {\n    "other": {"command": "x"}\n  },\n  "z": "é"\n}\n'
TOML = 'model = "o4"  # mine\n\n[mcp_servers.other]\ncommand = "x"\n\n# the end\n[tui]\nnotify = [ 1,2 ]\n'

STYLES = {
    "plain": Style(big(JSON), big(TOML)),
    "crlf": Style(big(JSON.replace("\n", "\r\n")), big(TOML.replace("\n", "\r\n"))),
    "no final newline": Style(big(JSON.rstrip()), big(TOML.rstrip())),
    "tabs": Style(big(JSON.replace("  ", "\t")), big('[mcp_servers]\n\t[mcp_servers.other]\n\tcommand = "x"\n')),
    "minified": Style(b'{"a":1,"mcpServers":{"other":{"command":"x"}},"b":[]}', b'mcp_servers={other={command="x"}}'),
    "bom": Style(b"\xef\xbb\xbf" + big(JSON), big(TOML)),
    "empty": Style(b"{}", b""),
    "empty object inside": Style(b'{"mcpServers": {}}', b"[mcp_servers]\n"),
    "duplicate keys elsewhere": Style(b'{"a": 1, "a": 2, "mcpServers": {"other": {"command": "x"}}}', big(TOML)),
    "dotted keys": Style(big(JSON), b'mcp_servers.other.command = "x"\n[tui]\na = 1\n'),
    "split tables": Style(
        big(JSON), b'[mcp_servers.a]\ncommand="x"\n[model_x]\na=1\n[mcp_servers.other]\ncommand="x"\n'
    ),
    "quoted": Style(big(JSON), b'["mcp_servers"."ot her"]\ncommand = \'x\'\n[[things]]\na = 1\n'),
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_every_other_byte_is_kept(here: Machine, style: Style) -> None:
    write_tree(here.home, {".claude.json": style.claude, ".codex/config.toml": style.codex})
    here.install()
    for path, before in ((here.claude, style.claude), (here.codex, style.codex)):
        remaining = iter(path.read_bytes())
        kept = before.rstrip() if path == here.codex else before
        assert all(byte in remaining for byte in kept), path  # what stood there is still there, in its order
    assert claude_entry(here)["command"] == str(here.launcher)
    assert codex_entry(here)["command"] == str(here.launcher)
    assert (b"\r\n" in here.claude.read_bytes()) == (b"\r\n" in style.claude)
    assert here.claude.read_bytes().count(b"\n") == here.claude.read_bytes().count(b"\r\n") or b"\r" not in style.claude


def test_links_modes_and_folders_stay(here: Machine) -> None:
    write_tree(here.home, {"dotfiles/claude.json": JSON, "dotfiles/codex.toml": TOML, ".codex": None})
    (here.home / "dotfiles/claude.json").chmod(0o640)
    here.claude.symlink_to("dotfiles/claude.json")
    here.codex.symlink_to("../dotfiles/codex.toml")
    here.install()
    assert str(here.claude.readlink()) == "dotfiles/claude.json"
    assert str(here.codex.readlink()) == "../dotfiles/codex.toml"
    assert stat.S_IMODE((here.home / "dotfiles/claude.json").stat().st_mode) == 0o640
    assert claude_entry(here)["command"] == str(here.launcher)


# Configurations that cannot be read


UNREADABLE: dict[str, tuple[str, bytes, str]] = {
    "json syntax": (".claude.json", b'{\n  "mcpServers": {,}\n}', ":2:18: "),
    "json comment": (".claude.json", b'{\n  // mine\n  "a": 1\n}', ":2:3: "),
    "json trailing comma": (".claude.json", b'{"a": 1,\n}', ":2:1: "),
    "json cut short": (".claude.json", b'{"mcpServers": {"a": ', ":1:"),
    "json not utf-8": (".claude.json", b'{"a": "\xff"}', ":1:"),
    "json empty": (".claude.json", b"", ":"),
    "json no object": (".claude.json", b"[]", ":1:1: "),
    "servers are a list": (".claude.json", b'{"mcpServers": []}', "a list"),
    "servers are a text": (".claude.json", b'{"mcpServers": "none"}', "a text"),
    "servers are null": (".claude.json", b'{"mcpServers": null}', "null"),
    "projects are a list": (".claude.json", b'{"projects": []}', "a list"),
    "settings": (".claude/settings.json", b"{", ":1:"),
    "toml syntax": (".codex/config.toml", b"a = 1\nmodel = \n[mcp_servers]\n", ":2:9: "),
    "toml duplicate table": (".codex/config.toml", b"[a]\n[b]\n[a]\n", ":3:"),
    "toml not utf-8": (".codex/config.toml", b'a = "\xff"\n', ":1:"),
    "toml servers are a text": (".codex/config.toml", b'mcp_servers = "x"\n', "a text"),
    "toml servers are a list": (".codex/config.toml", b"[[mcp_servers]]\na = 1\n", "a list"),
}


@pytest.mark.parametrize("case", UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable_means_nothing_written_anywhere(here: Machine, case: tuple[str, bytes, str]) -> None:
    name, data, says = case
    write_tree(here.home, {name: data})
    before = marks(here.home)
    done = here.run("install", *BOTH, "--yes")
    assert done.code == 1, done.all
    assert str(here.home / name) in done.err
    assert says in done.err
    assert "Traceback" not in done.err
    assert here.ask("install", *BOTH, "--yes")["error"]["path"] == str(here.home / name)
    assert marks(here.home) == before


@pytest.mark.parametrize("name", [".claude.json", ".codex/config.toml"])
@pytest.mark.parametrize("kind", ["folder", "pipe", "dangling"])
def test_what_is_no_file_is_refused_at_once(here: Machine, name: str, kind: str) -> None:
    path = here.home / name
    path.parent.mkdir(exist_ok=True)
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("nowhere")
    done = here.run("install", *BOTH, "--yes")
    assert done.code == 1, done.all
    assert str(path) in done.err
    assert not here.dirs.data.exists()


ODD_ENTRIES: dict[str, dict[str, str]] = {
    "claude: args a number": {".claude.json": '{"mcpServers": {"a": {"command": "x", "args": 3}}}'},
    "claude: args a text": {".claude.json": '{"mcpServers": {"a": {"command": "x", "args": "serve"}}}'},
    "claude: headers a list": {".claude.json": '{"mcpServers": {"a": {"url": "http://x/", "headers": ["a"]}}}'},
    "claude: env a list": {".claude.json": '{"mcpServers": {"a": {"command": "x", "env": ["A=1"]}}}'},
    "claude: url null": {".claude.json": '{"mcpServers": {"a": {"url": null}}}'},
    "claude: entry a text": {".claude.json": '{"mcpServers": {"a": "x"}}'},
    "claude: a project is a number": {".claude.json": '{"projects": {"/x": 3}}'},
    "codex: args a number": {".codex/config.toml": '[mcp_servers.a]\ncommand = "x"\nargs = 3\n'},
    "codex: env_vars odd": {".codex/config.toml": '[mcp_servers.a]\ncommand = "x"\nenv_vars = [{source = "a"}]\n'},
    "codex: env_vars a number": {".codex/config.toml": '[mcp_servers.a]\ncommand = "x"\nenv_vars = 3\n'},
    "codex: projects a number": {".codex/config.toml": "projects = 3\n"},
    "codex: headers a list": {".codex/config.toml": '[mcp_servers.a]\nurl = "http://x/"\nhttp_headers = [1]\n'},
}


@pytest.mark.parametrize("tree", ODD_ENTRIES.values(), ids=ODD_ENTRIES)
def test_odd_entries_of_others_are_no_bug_of_ours(here: Machine, tree: dict[str, Any]) -> None:
    write_tree(here.home, tree)
    installed, doctor = here.run("install", *BOTH, "--yes"), here.run("doctor", "--json")
    assert installed.code in {0, 1}, installed.all
    assert doctor.envelope["error"] is None, doctor.all


# Duplicates


def claude_server(**entry: Any) -> str:
    return json.dumps({"mcpServers": {"memories": {"type": "http", **entry}}})


def wrapped(*args: str, command: str = "npx") -> str:
    return json.dumps({"mcpServers": {"memories": {"command": command, "args": list(args)}}})


TWINS: dict[str, dict[str, str]] = {
    "same name": {"home/.claude.json": '{"mcpServers": {"mem0": {"command": "x"}}}'},
    "another name": {"home/.claude.json": claude_server(url=PLATFORM_URL)},
    "no trailing slash": {"home/.claude.json": claude_server(url=PLATFORM_URL.rstrip("/"))},
    "host in capitals": {"home/.claude.json": claude_server(url="HTTPS://MCP.Mem0.AI/mcp/")},
    "default port": {"home/.claude.json": claude_server(url="https://mcp.mem0.ai:443/mcp")},
    "query": {"home/.claude.json": claude_server(url="https://mcp.mem0.ai/mcp/?user=1")},
    "the old address": {"home/.claude.json": claude_server(url="https://mcp.mem0.ai/sse")},
    "mcp-remote": {
        "home/.claude.json": wrapped("-y", "mcp-remote", PLATFORM_URL, "--header", "Authorization: Token x")
    },
    "the package": {"home/.claude.json": wrapped("mem0-mcp-server", command="uvx")},
    "the package with a version": {"home/.claude.json": wrapped("-y", "@mem0/mcp-server@1.2.3")},
    "the program by its path": {"home/.claude.json": wrapped(command="/opt/venv/bin/mem0-mcp-server")},
    "local scope": {
        "home/.claude.json": json.dumps({"projects": {"WORK": {"mcpServers": {"mem0": {"command": "x"}}}}})
    },
    "project of the folder": {
        "work/.mcp.json": '{"mcpServers": {"m": {"type": "http", "url": "https://mcp.mem0.ai/mcp"}}}'
    },
    "project above": {".mcp.json": '{"mcpServers": {"mem0": {"command": "x"}}}'},
    "codex name": {"home/.codex/config.toml": '[mcp_servers.mem0]\ncommand = "x"\n'},
    "codex url": {"home/.codex/config.toml": '[mcp_servers.m]\nurl = "https://mcp.mem0.ai/mcp"\n'},
    "codex quoted name": {"home/.codex/config.toml": '[mcp_servers."mem0"]\ncommand = "x"\n'},
    "codex inline": {"home/.codex/config.toml": 'mcp_servers = { m = { url = "https://mcp.mem0.ai/mcp/" } }\n'},
    "codex mcp-remote": {
        "home/.codex/config.toml": f'[mcp_servers.m]\ncommand = "npx"\nargs = ["mcp-remote", "{PLATFORM_URL}"]\n'
    },
}

STRANGERS: dict[str, dict[str, str]] = {
    "a name that begins alike": {"home/.claude.json": '{"mcpServers": {"mem0ry": {"command": "x"}, "my-mem0": {"command": "y"}}}'},
    "mem0 in the path of another host": {"home/.claude.json": claude_server(url="https://example.org/mem0/mcp/")},
    "mem0 in a longer host": {"home/.claude.json": claude_server(url="https://mcp.mem0.ai.example.org/mcp/")},
    "mem0 in an argument": {"home/.claude.json": wrapped("server-filesystem", "/src/mem0-mcp-server")},
    "the address in a longer word": {"home/.claude.json": wrapped("fetch", f"--allow={PLATFORM_URL}")},
    "switched off in codex": {"home/.codex/config.toml": f'[mcp_servers.m]\nurl = "{PLATFORM_URL}"\nenabled = false\n'},
    "a file nobody reads": {"home/.claude/mcp.json": '{"mcpServers": {"mem0": {"command": "x"}}}'},
    "an untrusted project of codex": {"work/.codex/config.toml": '[mcp_servers.mem0]\ncommand = "x"\n'},
}  # fmt: skip


def write_case(here: Machine, tree: dict[str, str]) -> None:
    write_tree(here.root, {name: text.replace("WORK", str(here.work)) for name, text in tree.items()})


@pytest.mark.parametrize("tree", TWINS.values(), ids=TWINS)
def test_a_duplicate_is_refused_and_named(here: Machine, tree: dict[str, str]) -> None:
    write_case(here, tree)
    before = marks(here.root)
    envelope = here.ask("install", *BOTH, "--yes")
    assert (envelope["exit_code"], envelope["error"]["code"]) == (4, "registration.duplicate")
    (name,) = tree
    assert [twin["path"] for twin in envelope["error"]["duplicates"]] == [str(here.root / name)]
    assert str(here.root / name) in envelope["error"]["message"]
    assert marks(here.root) == before


@pytest.mark.parametrize("tree", TWINS.values(), ids=TWINS)
def test_replace_leaves_one_and_uninstall_brings_the_other_back(here: Machine, tree: dict[str, str]) -> None:
    write_case(here, tree)
    before = read_tree(here.root)
    here.install("--replace")
    (name,) = tree
    remaining = json.dumps((here.root / name).read_text("utf-8"))
    assert "mcp.mem0.ai" not in remaining
    assert "mem0-mcp" not in remaining
    assert claude_entry(here)["command"] == codex_entry(here)["command"] == str(here.launcher)
    assert not [f for f in here.findings() if f["id"] in {"registration.duplicate", "registration.shadowed"}]
    here.uninstall()
    assert read_tree(here.root) == before


def test_every_duplicate_is_named(here: Machine) -> None:
    write_case(here, {**TWINS["project above"], **TWINS["codex url"], **TWINS["no trailing slash"]})
    message = here.run("install", *BOTH, "--yes").err
    for path in (here.root / ".mcp.json", here.codex, here.claude):
        assert str(path) in message


def test_allow_duplicate_installs_beside(here: Machine) -> None:
    write_case(here, TWINS["another name"])
    here.install("--allow-duplicate")
    servers = json.loads(here.claude.read_bytes())["mcpServers"]
    assert set(servers) == {"memories", "mem0"}


def test_allow_duplicate_cannot_put_two_in_one_place(here: Machine) -> None:
    write_case(here, TWINS["same name"])
    assert here.run("install", *BOTH, "--yes", "--allow-duplicate").code == 4


@pytest.mark.parametrize("tree", STRANGERS.values(), ids=STRANGERS)
def test_a_stranger_is_no_duplicate(here: Machine, tree: dict[str, str]) -> None:
    write_case(here, tree)
    here.install()
    (name,) = tree
    kept = (here.root / name).read_text("utf-8")
    assert set(kept.split()) >= set(tree[name].rstrip("}\n").split()[:1])
    here.uninstall()
    assert (here.root / name).read_text("utf-8") == tree[name]


# The platform


@dataclass(frozen=True)
class Trouble:
    """A way in which the platform does not answer: the finding, and words that tell it from every other."""

    code: str
    says: str
    behaviour: Behaviour
    env: dict[str, str | None]


def troubles() -> dict[str, Trouble]:
    key: dict[str, str | None] = {"MEM0_API_KEY": KEY}
    return {
        "wrong key": Trouble("key.rejected", "key", Behaviour(key="m0-another"), key),
        "unset key": Trouble("key.unset", "not set", Behaviour(key=KEY), {}),
        "empty key": Trouble("key.unset", "", Behaviour(key=KEY), {"MEM0_API_KEY": ""}),
        "not mcp": Trouble("server.not-mcp", "", Behaviour(answers={"*": html}), key),
        "tools missing": Trouble("server.tools-missing", "", Behaviour(tools=frozenset(sorted(TOOLS)[:3])), key),
        "tool error": Trouble("server.tool-error", "", Behaviour(is_error=True, text="boom"), key),
        "error in the text": Trouble("server.tool-error", "", Behaviour(text='{"error": "no such user"}'), key),
        "rate limited": Trouble("server.rate-limited", "", Behaviour(answers={"*": 429}), key),
        "server error": Trouble("server.unreachable", "50", Behaviour(answers={"*": 503}), key),
        "hangs": Trouble("server.timeout", "", Behaviour(answers={"*": hang}), key),
    }


def message_of(here: Machine, trouble: Trouble) -> str:
    with serving(trouble.behaviour) as server:
        before = marks(here.home)
        envelope = here.ask("install", *BOTH, "--yes", *platform(server.url), "--timeout", "1", env=trouble.env)
        assert (envelope["exit_code"], envelope["error"]["code"]) == (5, trouble.code)
        assert trouble.says in envelope["error"]["message"]
        assert envelope["error"]["hint"]
        assert KEY not in json.dumps(envelope)
        assert [client["verification"]["status"] for client in envelope["data"]["clients"]] == ["failed", "failed"]
        assert marks(here.home) == before
        return str(envelope["error"]["message"]).replace(server.url, "URL")


@pytest.mark.parametrize("name", troubles())
def test_trouble_is_named_and_nothing_written(here: Machine, name: str) -> None:
    assert message_of(here, troubles()[name])


def test_every_trouble_has_words_of_its_own(here: Machine) -> None:
    quick = {
        name: trouble for name, trouble in troubles().items() if name not in {"hangs", "empty key", "error in the text"}
    }
    messages = [message_of(here, trouble) for trouble in quick.values()]
    assert len(set(messages)) == len(messages)


def test_the_right_key_is_proved_and_stands_nowhere(here: Machine) -> None:
    with serving(Behaviour(key=KEY)) as server:
        env: dict[str, str | None] = {"MEM0_API_KEY": KEY}
        done = here.install(*platform(server.url), env=env)
        assert KEY not in done.all
        assert "2 entities" in done.out
        assert {r.headers.get("authorization") for r in server.requests if r.method == "POST"} == {
            f"Token {KEY}",
            f"Bearer {KEY}",
        }
        assert server.calls.count("tools/call") >= 2
        assert without_traces(here, KEY)
        assert claude_entry(here) == {
            "type": "http",
            "url": server.url,
            "headers": {"Authorization": "Token ${MEM0_API_KEY}"},
        }
        assert codex_entry(here) == {"url": server.url, "bearer_token_env_var": "MEM0_API_KEY"}
        before = marks(here.home)
        here.install(env=env)  # --backend auto is what the first one chose
        assert marks(here.home) == before
        assert here.troubles(env=env) == []
        assert here.troubles() == ["key.unset", "key.unset"]


def test_a_second_install_does_not_call_a_dead_server_well(here: Machine) -> None:
    env: dict[str, str | None] = {"MEM0_API_KEY": KEY}
    with serving(Behaviour(key=KEY)) as server:
        here.install(*platform(server.url), env=env)
    before = marks(here.home)
    done = here.install(env=env, code=5)
    assert "Nobody answers" in done.err
    assert marks(here.home) == before


def test_no_verify_asks_nobody(here: Machine) -> None:
    with serving() as server:
        envelope = here.ask("install", *BOTH, "--yes", *platform(server.url), "--no-verify")
        assert [client["verification"]["status"] for client in envelope["data"]["clients"]] == ["skipped", "skipped"]
        assert server.requests == []
        assert "verified" not in json.dumps(envelope["data"])


def test_the_backend_can_be_changed_in_place(here: Machine) -> None:
    here.install()
    with serving(Behaviour(key=KEY)) as server:
        here.install(*platform(server.url), env={"MEM0_API_KEY": KEY})
        assert claude_entry(here)["url"] == codex_entry(here)["url"] == server.url
    here.install(*LOCAL)
    assert claude_entry(here)["command"] == codex_entry(here)["command"] == str(here.launcher)
    here.uninstall()
    assert read_tree(here.home) == {}


def test_auto_takes_the_platform_where_there_is_a_key(here: Machine) -> None:
    data = here.ask("install", *BOTH, "--yes", "--no-verify", "--dry-run", env={"MEM0_API_KEY": KEY})["data"]
    assert data["backend"] == {"kind": "platform", "url": PLATFORM_URL}


# Keys that are kept


@pytest.mark.parametrize("key", [KEY, ODD_KEY])
@pytest.mark.parametrize("way", ["environment", "stdin"])
def test_a_stored_key_is_where_each_client_reads_it(here: Machine, key: str, way: str) -> None:
    settings, dotenv = here.home / ".claude/settings.json", here.home / ".codex/.env"
    write_tree(here.home, {".claude/settings.json": '{"env": {"A": "1"}}\n', ".codex/.env": "A=1\n"})
    settings.chmod(0o644)
    dotenv.chmod(0o640)
    before = {name: (path.read_bytes(), path.stat().st_mode) for name, path in (("s", settings), ("d", dotenv))}
    with serving(Behaviour(key=key)) as server:
        words = [*BOTH, "--yes", *platform(server.url), "--store-key"]
        if way == "stdin":
            done = here.run("install", *words, "--api-key-stdin", stdin=key.encode() + b"\n")
        else:
            done = here.run("install", *words, env={"MEM0_API_KEY": key})
        assert done.code == 0, done.all
        assert key not in done.all
        assert json.dumps(key)[1:-1] not in done.all
        assert json.loads(settings.read_bytes())["env"] == {"A": "1", "MEM0_API_KEY": key}
        for path in (settings, dotenv):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        doctor = here.run("doctor", "--client", "claude-code")
        assert (doctor.code, key in doctor.all) == (0, False), doctor.all
        again = here.run("install", *BOTH, "--yes", "--dry-run")
        assert (again.code, key in again.all) == (0, False), again.all
    gone = here.uninstall()
    assert key not in gone.all
    assert json.dumps(key)[1:-1] not in gone.all
    assert {name: (path.read_bytes(), path.stat().st_mode) for name, path in (("s", settings), ("d", dotenv))} == before


@pytest.mark.parametrize(
    ("words", "stdin"),
    [(("--store-key",), b""), (("--store-key", "--api-key-stdin"), b""), (("--store-key", "--api-key-stdin"), b"\n")],
)
def test_no_key_to_keep(here: Machine, words: tuple[str, ...], stdin: bytes) -> None:
    done = here.run("install", *BOTH, "--yes", *platform("http://127.0.0.1:9/mcp"), *words, stdin=stdin)
    assert done.code in {1, 2}, done.all
    assert "key" in done.err
    assert read_tree(here.home) == {}


def test_the_key_is_in_no_argument_list(here: Machine) -> None:
    """Every process that install starts writes down how it was called."""
    here.program("claude", "2.0.0 (Claude Code)").write_text(
        f'#!/bin/sh\necho "$0 $*" >> "{here.root}/calls"\necho "2.0.0 (Claude Code)"\n', "utf-8"
    )
    with serving(Behaviour(key=KEY)) as server:
        done = here.run("install", "--yes", *platform(server.url), "--store-key", env={"MEM0_API_KEY": KEY})
    assert done.code == 0, done.all
    assert (here.root / "calls").read_text("utf-8").splitlines() == [f"{here.bin / 'claude'} --version"]


# Scopes and other homes


@pytest.fixture
def project(here: Machine) -> Path:
    """A repository, from whose own files the program is started by name."""
    (here.bin / "mem0-agent").symlink_to(SCRIPT)
    (here.work / ".git").mkdir()
    (here.work / "deep/er").mkdir(parents=True)
    return here.work


def test_project_scope_writes_into_the_repository_by_reference(here: Machine, project: Path) -> None:
    done = here.run("install", *BOTH, "--yes", "--scope", "project", cwd=project / "deep/er")
    assert done.code == 0, done.all
    assert claude_entry(here, project / ".mcp.json") == {"type": "stdio", "command": "mem0-agent", "args": ["serve"]}
    assert codex_entry(here, project / ".codex/config.toml") == {"command": "mem0-agent", "args": ["serve"]}
    assert not here.claude.exists()
    assert str(here.home) not in (project / ".mcp.json").read_text("utf-8")
    assert stat.S_IMODE((project / ".mcp.json").stat().st_mode) == 0o644
    notes = str(here.ask("install", *BOTH, "--yes", "--scope", "project", cwd=project)["data"])
    assert "approval" in notes
    assert "trust" in notes
    here.uninstall("--project", str(project))
    assert read_tree(project) == {".git": None, "deep": None, "deep/er": None}
    assert read_tree(here.home) == {}


@pytest.mark.parametrize("name", [".mcp.json", ".codex/config.toml", ".codex"])
def test_a_link_out_of_the_project_is_refused(here: Machine, project: Path, name: str) -> None:
    outside = here.root / "outside"
    write_tree(outside, {"file": "{}" if name == ".mcp.json" else "", "config.toml": ""})
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).symlink_to(outside / "file" if "." in name[1:] else outside)
    before = marks(here.root)
    error = here.ask("install", *BOTH, "--yes", "--scope", "project", cwd=project)["error"]
    assert (error["code"], error["path"].startswith(str(project))) == ("project.escapes", True)
    assert marks(here.root) == before


def test_other_homes_of_the_clients(here: Machine) -> None:
    env: dict[str, str | None] = {"CLAUDE_CONFIG_DIR": str(here.root / "cc"), "CODEX_HOME": str(here.root / "cx")}
    here.install(env=env)
    assert claude_entry(here, here.root / "cc/.claude.json")["command"] == str(here.launcher)
    assert codex_entry(here, here.root / "cx/config.toml")["command"] == str(here.launcher)
    assert not {".claude.json", ".claude", ".codex"} & {path.name for path in here.home.iterdir()}
    assert here.troubles(env=env) == []
    here.uninstall(env=env)
    assert read_tree(here.home) == {}
    assert not {"cc", "cx"} & {path.name for path in here.root.iterdir()}


# Dry run


def test_dry_run_touches_nothing_and_shows_a_true_diff(here: Machine) -> None:
    tabs = TOML.replace("[tui]", "[tui]\t# a\tb")
    write_tree(here.home, {".claude.json": JSON.replace("\n", "\r\n").rstrip(), ".codex/config.toml": tabs})
    before = marks(here.root)
    done = here.run("install", *BOTH, "--dry-run")
    assert done.code == 0, done.all
    assert {name: mark for name, mark in marks(here.root).items() if name != "tmp"} == {
        name: mark for name, mark in before.items() if name != "tmp"
    }
    patch = shutil.which("patch")
    if patch is None:
        pytest.skip("there is no patch here")
    shown = here.root / "plan.diff"
    shown.write_bytes(done.raw)
    copy = here.root / "copy"
    shutil.copytree(here.home, copy / here.home.relative_to("/"))
    subprocess.run([patch, "--binary", "-p1", "-d", copy, "-i", shown], check=True, capture_output=True)
    here.install()
    for name in (".claude.json", ".codex/config.toml"):
        assert (copy / here.home.relative_to("/") / name).read_bytes() == (here.home / name).read_bytes()


def test_dry_run_of_uninstall_touches_nothing(here: Machine) -> None:
    here.install()
    before = marks(here.home)
    done = here.run("uninstall", "--dry-run")
    assert done.code == 0, done.all
    assert f"--- {here.claude}\n+++ /dev/null\n" in done.out
    assert marks(here.home) == before


# Interruptions


def stop(here: Machine, number: int, when: Callable[[], bool], *words: str) -> int:
    running = here.start("install", *BOTH, "--yes", *words, env={"MEM0_API_KEY": KEY})
    while running.poll() is None and not when():
        pass
    running.send_signal(number)
    running.communicate(timeout=30)
    return running.returncode


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_what_is_written_is_proved(here: Machine, number: signal.Signals) -> None:
    """The proof after the writing hangs: by then every file stands, and every one must go."""
    write_tree(here.home, {".claude.json": JSON, ".codex/config.toml": TOML})
    before = read_tree(here.home)
    with serving(Behaviour(key=KEY)) as server:

        def written() -> bool:
            if "mem0" in here.claude.read_text("utf-8"):
                server.behaviour.answers["*"] = hang
            return bool(server.behaviour.answers) and "mem0" in here.codex.read_text("utf-8")

        code = stop(here, number, written, *platform(server.url))
    assert code in {0, 130}
    if code == 130:
        assert read_tree(here.home) == before


@pytest.mark.parametrize("delay", range(6))
def test_killed_while_writing_a_plain_rerun_completes(tmp_path: Path, delay: int) -> None:
    """SIGKILL as soon as so many of our own files are there; what is left is whole, and the way back is known."""
    here = machine(tmp_path / "m")
    write_tree(here.home, {".claude.json": JSON, ".codex/config.toml": TOML})
    before = read_tree(here.home)
    runtime = here.dirs.data / "runtime"
    code = stop(here, signal.SIGKILL, lambda: sum(1 for _ in runtime.rglob("*.py")) >= delay * 8, *LOCAL)
    assert code in {0, -signal.SIGKILL}
    assert claude_entry(here) in (None, {"type": "stdio", "command": str(here.launcher), "args": ["serve"]})
    if delay % 2:
        here.install()
        assert here.troubles() == []
    here.uninstall()
    assert read_tree(here.home) == before
