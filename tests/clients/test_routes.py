"""Plugins, profiles and policy as values: what the two clients hold on disk, read without a disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mem0_agent.clients import CLIENTS, bundles, claude_code, claude_policy, codex, codex_policy
from mem0_agent.clients.plugins import PLUGINS
from mem0_agent.model import Endpoint, Files, Host, Registration
from mem0_agent.planning import elsewhere, registrations
from tests.machine import Machine

Json = Any
URL = "https://mcp.mem0.ai/mcp/"
HTTP = {"type": "http", "url": URL}
ID = "mem0@mem0-plugins"


def disk(tree: dict[Path, Json]) -> Files:
    return {path: text.encode() if isinstance(text, str) else json.dumps(text).encode() for path, text in tree.items()}


def listing(host: Host, files: Files) -> Host:
    """``host`` with folders as ``files`` make them."""

    def names(folder: Path) -> tuple[str, ...]:
        inside = {path.relative_to(folder).parts[0] for path in files if path.is_relative_to(folder) and path != folder}
        return tuple(sorted(inside))

    return replace(host, names=names)


def held(host: Host, client: str, files: Files, project: Path | None = None) -> list[Registration]:
    """What the client holds, having asked for everything that it takes to know."""
    host, known = listing(host, files), dict[Path, bytes | None]()
    while new := CLIENTS[client].wants(host, project, known) - known.keys():
        known |= {path: files.get(path) for path in new}
    return [r for r in CLIENTS[client].registrations(host, project, known) if r.plugin or r.scope == "profile"]


# Claude Code


def installed(here: Machine, *rows: Json, settings: Json = None, more: dict[Path, Json] | None = None) -> Files:
    config = here.home / ".claude"
    return disk({
        config / "plugins/installed_plugins.json": {"version": 2, "plugins": {ID: list(rows)}},
        config / "settings.json": {"enabledPlugins": {ID: True}} if settings is None else settings,
        **(more or {}),
    })  # fmt: skip


def copy(here: Machine, version: str = "0.2.13") -> Path:
    return here.home / ".claude/plugins/cache/mem0-plugins/mem0" / version


SHAPES: dict[str, dict[str, Json]] = {
    "inline": {".claude-plugin/plugin.json": {"name": "mem0", "mcpServers": {"mem0": HTTP}}},
    "in the usual file": {".claude-plugin/plugin.json": {"name": "mem0"}, ".mcp.json": {"mcpServers": {"mem0": HTTP}}},
    "in the usual file, bare": {".mcp.json": {"mem0": HTTP}},
    "in a named file": {
        ".claude-plugin/plugin.json": {"mcpServers": "./x/servers.json"},
        "x/servers.json": {"mem0": HTTP},
    },
    "in a list": {".claude-plugin/plugin.json": {"mcpServers": ["./servers.json"]}, "servers.json": {"mem0": HTTP}},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_plugin_of_claude_code(here: Machine, shape: str) -> None:
    more = {copy(here) / name: text for name, text in SHAPES[shape].items()}
    (found,) = held(here.host(), "claude-code", installed(here, {"installPath": str(copy(here))}, more=more))
    assert (found.name, found.plugin, found.live, found.entry) == ("mem0", ID, True, HTTP)
    assert (found.path, found.keys) == (here.home / ".claude/settings.json", ("enabledPlugins", ID))


def test_a_plugin_is_read_from_its_own_folder_where_the_marketplace_is_one(here: Machine) -> None:
    market = here.root / "market"
    known = {"mem0-plugins": {"source": {"source": "directory", "path": str(market)}, "installLocation": str(market)}}
    more: dict[Path, Json] = {
        here.home / ".claude/plugins/known_marketplaces.json": known,
        market / ".claude-plugin/marketplace.json": {"plugins": [{"name": "mem0", "source": "./integrations/plugin"}]},
        market / "integrations/plugin/.mcp.json": {
            "mcpServers": {"here": {"command": "python3", "args": ["${CLAUDE_PLUGIN_ROOT}/s.py"]}}
        },
        copy(here) / ".mcp.json": {"mcpServers": {"there": HTTP}},
    }
    (found,) = held(here.host(), "claude-code", installed(here, {"installPath": str(copy(here))}, more=more))
    assert (found.name, found.entry["args"]) == ("here", [f"{market}/integrations/plugin/s.py"])


@pytest.mark.parametrize(
    ("said", "live", "where"),
    [
        ({"user": True}, True, "user"),
        ({"user": False}, False, "user"),
        ({}, False, "user"),
        ({"user": True, "project": False}, False, "project"),
        ({"user": False, "project": True}, True, "project"),
        ({"user": True, "project": False, "local": True}, True, "local"),
    ],
)
def test_the_switch_that_decides(here: Machine, said: dict[str, bool], live: bool, where: str) -> None:
    places = {
        "user": here.home / ".claude/settings.json",
        "project": here.work / ".claude/settings.json",
        "local": here.work / ".claude/settings.local.json",
    }
    more: dict[Path, Json] = {
        path: {"enabledPlugins": {ID: said[name]} if name in said else {}} for name, path in places.items()
    }
    more[copy(here) / ".mcp.json"] = {"mem0": HTTP}
    (found,) = held(here.host(), "claude-code", installed(here, {"installPath": str(copy(here))}, more=more), here.work)
    assert (found.live, found.path) == (live, places[where])


def test_what_an_administrator_switched_on_is_theirs(here: Machine) -> None:
    managed = Path("/etc/claude-code/managed-settings.json")
    more: dict[Path, Json] = {managed: {"enabledPlugins": {ID: True}}, copy(here) / ".mcp.json": {"mem0": HTTP}}
    files = installed(here, {"installPath": str(copy(here))}, settings={"enabledPlugins": {ID: False}}, more=more)
    (found,) = held(here.host(), "claude-code", files)
    assert (found.scope, found.path, found.live) == ("managed", managed, True)


@pytest.mark.parametrize(
    "manifest", ["{", "[]", '{"mcpServers": 3}', '{"mcpServers": "../../secrets.json"}', '{"mcpServers": {"a": 1}}']
)
def test_a_plugin_that_cannot_be_read_brings_nothing(here: Machine, manifest: str) -> None:
    more = {copy(here) / ".claude-plugin/plugin.json": manifest, copy(here).parents[1] / "secrets.json": {"x": HTTP}}
    assert held(here.host(), "claude-code", installed(here, {"installPath": str(copy(here))}, more=more)) == []


def test_a_plugin_of_one_project_is_of_no_other(here: Machine) -> None:
    more = {copy(here) / ".mcp.json": {"mem0": HTTP}}
    row = {"installPath": str(copy(here)), "scope": "project", "projectPath": "/srv/app"}
    (found,) = held(here.host(), "claude-code", installed(here, row, more=more))
    target = claude_code.entry(here.host(), registrations_backend(), "project", here.work)
    assert found.project == Path("/srv/app")
    assert not registrations.reaches(target, found)


def registrations_backend() -> Any:
    from mem0_agent.model import Backend

    return Backend("platform", URL)


# Codex


def codex_disk(here: Machine, config: str, cached: dict[str, Json]) -> Files:
    home = here.home / ".codex"
    place = home / "plugins/cache/mem0-plugins/mem0/0.3.4"
    return disk({home / "config.toml": config, **{place / name: text for name, text in cached.items()}})


@pytest.mark.parametrize(
    "cached",
    [
        {".codex-plugin/plugin.json": {"mcpServers": {"mem0": {"url": URL}}}},
        {".codex-plugin/plugin.json": {"mcpServers": "./m.json"}, "m.json": {"mcpServers": {"mem0": {"url": URL}}}},
        {".claude-plugin/plugin.json": {"name": "mem0"}, ".mcp.json": {"mem0": {"url": URL}}},
        {
            ".codex-plugin/plugin.json": {"mcpServers": {"mem0": {"url": URL}}},
            ".claude-plugin/plugin.json": {"mcpServers": {"other": {"url": URL}}},
        },
    ],
)
@pytest.mark.parametrize(("switch", "live"), [("enabled = true", True), ("", True), ("enabled = false", False)])
def test_a_plugin_of_codex(here: Machine, cached: dict[str, Json], switch: str, live: bool) -> None:
    (found,) = held(here.host(), "codex", codex_disk(here, f'[plugins."{ID}"]\n{switch}\n', cached))
    assert (found.name, found.live, found.plugin, dict(found.entry)) == ("mem0", live, ID, {"url": URL})
    assert (found.path, found.keys) == (here.codex, ("plugins", ID, "enabled"))


def test_a_server_of_a_codex_plugin_runs_in_its_own_folder(here: Machine) -> None:
    entry = {"command": "python3", "args": ["${PLUGIN_ROOT}/core/mcp_server.py"], "cwd": "."}
    files = codex_disk(here, f'[plugins."{ID}"]\n', {".codex-plugin/plugin.json": {"mcpServers": {"mem0": entry}}})
    (found,) = held(here.host(), "codex", files)
    root = here.home / ".codex/plugins/cache/mem0-plugins/mem0/0.3.4"
    endpoint = codex.endpoint(here.host(), files, found)
    assert (endpoint.command, Path(endpoint.cwd)) == (("python3", f"{root}/core/mcp_server.py"), root)


def test_a_plugin_without_a_copy_brings_nothing(here: Machine) -> None:
    assert held(here.host(), "codex", codex_disk(here, f'[plugins."{ID}"]\nenabled = true\n', {})) == []


def test_a_profile_of_codex(here: Machine) -> None:
    profile = here.home / ".codex/work.config.toml"
    (found,) = held(here.host(), "codex", disk({profile: f'[mcp_servers.m]\nurl = "{URL}"\n'}))
    assert (found.name, found.scope, found.path) == ("m", "profile", profile)


# Which of several a client starts


def registration(client: str, name: str, scope: str, plugin: str = "", *, live: bool = True) -> Registration:
    return Registration(client, name, scope, Path(f"/{scope}"), (name,), {}, live, plugin=plugin)


def started(version: str, *pairs: tuple[Registration, str]) -> list[str]:
    found = registrations.started([(r, Endpoint(url=url)) for r, url in pairs], version)
    return [f"{r.scope}:{r.name}" for r, hider in found if hider is None]


A, SLASH, OTHER = "https://h/mcp", "https://H/mcp/", "https://h/other"


@pytest.mark.parametrize(
    ("version", "mine", "plugin", "starts"),
    [
        ("2.1.330", A, A, ["user:mem0"]),
        ("2.1.204", A, A, ["user:mem0"]),
        ("2.1.330", A, SLASH, ["user:mem0"]),
        ("", A, SLASH, ["user:mem0"]),
        ("2.1.204", A, SLASH, ["user:mem0", "plugin:mem0"]),
        ("2.1.330", A, OTHER, ["user:mem0", "plugin:mem0"]),
    ],
)
def test_an_entry_and_a_plugin_in_claude_code(version: str, mine: str, plugin: str, starts: list[str]) -> None:
    own = registration("claude-code", "mem0", "user")
    assert started(version, (own, mine), (registration("claude-code", "mem0", "plugin", ID), plugin)) == starts


def test_entries_of_one_name_in_claude_code() -> None:
    scopes = [(registration("claude-code", "mem0", scope), A) for scope in ("user", "project", "local")]
    assert started("", *scopes) == ["local:mem0"]
    assert started("", *scopes[:2]) == ["project:mem0"]
    assert started("", scopes[0], (registration("claude-code", "m", "user"), A)) == ["user:mem0", "user:m"]


def test_two_plugins_of_one_address_in_claude_code() -> None:
    rows = [(registration("claude-code", name, "plugin", f"{name}@x"), A) for name in ("one", "two")]
    assert started("", *rows) == ["plugin:one"]


@pytest.mark.parametrize(
    ("name", "live", "starts"),
    [("mem0", True, ["user:mem0"]), ("mem0", False, []), ("m", True, ["user:m", "plugin:mem0"])],
)
def test_an_entry_and_a_plugin_in_codex(name: str, live: bool, starts: list[str]) -> None:
    """The name decides there, and an entry that is switched off hides the plugin's as well."""
    own = registration("codex", name, "user", live=live)
    assert started("", (own, A), (registration("codex", "mem0", "plugin", ID), OTHER)) == starts


def test_a_plugin_called_mem0_is_one_whatever_it_serves(here: Machine) -> None:
    target = claude_code.entry(here.host(), registrations_backend(), "user", None)
    stdio = Endpoint(command=("python3", "/x/core/mcp_server.py"))
    rows = [(registration("claude-code", "search", "plugin", ID), stdio)]
    (found,) = registrations.duplicates(here.host(), target, Endpoint(url=URL), rows)
    assert found.why == "a Mem0 plugin"
    others = [(registration("claude-code", "mem0", "plugin", "kit@x"), stdio)]
    assert registrations.duplicates(here.host(), target, Endpoint(url=URL), others) == ()


# What is forbidden

MANAGED, REQUIREMENTS = Path("/etc/claude-code/managed-settings.json"), Path("/etc/codex/requirements.toml")
ANY = {"serverUrl": "https://*.mem0.ai/*"}


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({}, ""),
        ({"allowedMcpServers": [{"serverName": "mem0"}]}, ""),
        ({"allowedMcpServers": [ANY]}, ""),
        ({"allowedMcpServers": [{"serverName": "x"}, ANY]}, ""),
        ({"allowedMcpServers": [{"serverName": "mem0"}, {"serverUrl": "https://x/*"}]}, "allowedMcpServers"),
        ({"allowedMcpServers": []}, "allowedMcpServers"),
        ({"deniedMcpServers": [ANY]}, "deniedMcpServers"),
        ({"deniedMcpServers": [{"serverName": "mem0"}], "allowedMcpServers": [ANY]}, "deniedMcpServers"),
        ({"deniedMcpServers": [{"serverUrl": "https://mem0.ai/*"}]}, ""),
        ({"deniedMcpServers": [{"serverCommand": ["mem0"]}]}, ""),
        ({"strictPluginOnlyCustomization": True}, "strictPluginOnlyCustomization"),
        ({"strictPluginOnlyCustomization": ["hooks"]}, ""),
    ],
)
def test_servers_that_claude_code_may_have(here: Machine, settings: Json, key: str) -> None:
    target = claude_code.entry(here.host(), registrations_backend(), "user", None)
    files = disk({MANAGED: settings})
    found = PLUGINS["claude-code"].server_ban(
        here.host(), files, target, claude_code.endpoint(here.host(), files, target)
    )
    assert (found.path if found else None) == (MANAGED if key else None)
    assert key in (found.detail if found else "")


def test_the_users_own_list_counts_unless_the_administrators_alone_does(here: Machine) -> None:
    own = here.home / ".claude/settings.json"
    target = claude_code.entry(here.host(), registrations_backend(), "user", None)
    lists = {own: {"allowedMcpServers": [ANY]}, MANAGED: {"allowedMcpServers": [{"serverName": "x"}]}}
    endpoint = Endpoint(url=URL)
    assert claude_policy.server_ban(here.host(), disk(lists), target, endpoint) is None
    lists[MANAGED]["allowManagedMcpServersOnly"] = True  # type: ignore[assignment]  # a bool among lists
    found = claude_policy.server_ban(here.host(), disk(lists), target, endpoint)
    assert found is not None
    assert (found.id, found.path) == ("policy.blocked", MANAGED)


def test_an_administrators_broken_file_forbids_nothing(here: Machine) -> None:
    """Claude Code ignores it as well."""
    target = claude_code.entry(here.host(), registrations_backend(), "user", None)
    assert claude_policy.server_ban(here.host(), disk({MANAGED: "{"}), target, Endpoint(url=URL)) is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", ""),
        ("[mcp_servers]\n", "mcp_servers"),
        (f'[mcp_servers.mem0.identity]\nurl = "{URL}"\n', ""),
        ('[mcp_servers.mem0.identity]\nurl = "https://x"\n', "mcp_servers.mem0.identity"),
        ('[mcp_servers.mem0.identity]\ncommand = "mem0"\n', "mcp_servers.mem0.identity"),
    ],
)
def test_servers_that_codex_may_have(here: Machine, text: str, key: str) -> None:
    target = codex.entry(here.host(), registrations_backend(), "user", None)
    found = codex_policy.server_ban(disk({REQUIREMENTS: text}), target, Endpoint(url=URL))
    assert (found.path if found else None) == (REQUIREMENTS if key else None)
    assert key in (found.detail if found else "")


# Hints, and other sides


def test_a_connector_that_was_there_once_is_a_hint(here: Machine) -> None:
    files = disk({here.claude: {"claudeAiMcpEverConnected": ["claude.ai Mem0", "claude.ai memory0", 3]}})
    (hint,) = PLUGINS["claude-code"].hints(here.host(), files)
    assert "“claude.ai Mem0”" in hint


@pytest.mark.parametrize(
    ("env", "names", "words"),
    [
        ({}, {}, []),
        ({"WSL_DISTRO_NAME": "Ubuntu"}, {}, ["WSL (Ubuntu)"]),
        ({}, {"/run": ("WSL",)}, ["WSL"]),
        ({}, {"/": (".dockerenv",)}, ["container"]),
        ({"SSH_CONNECTION": "a b"}, {"/run": (".containerenv",)}, ["container"]),
        ({"SSH_CONNECTION": "a b"}, {}, ["ssh"]),
    ],
)
def test_the_side_that_was_set_up(
    here: Machine, env: dict[str, str], names: dict[str, tuple[str, ...]], words: list[str]
) -> None:
    host = replace(here.host(**env), names=lambda folder: names.get(str(folder), ()))
    said = list(elsewhere.sides(host))
    assert [word in sentence for word, sentence in zip(words, said, strict=True)] == [True] * len(words)


def test_nothing_goes_with_a_container_that_holds_nothing(here: Machine) -> None:
    host = replace(here.host(), names=lambda folder: (".dockerenv",) if str(folder) == "/" else ())
    assert "goes with the container" in next(elsewhere.sides(host))
    assert next(elsewhere.sides(host, lasting=False)).endswith("only clients in here are concerned.")


def test_variables_are_filled_in_wherever_they_stand() -> None:
    value = {"args": ["${R}/a", 3], "env": {"X": "${R}${S}"}}
    assert bundles.filled(value, {"R": "/r"}) == {"args": ["/r/a", 3], "env": {"X": "/r${S}"}}
