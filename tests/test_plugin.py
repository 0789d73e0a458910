"""Our marketplace as files, and the way of our plugin into documents and out of them, without any client."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mem0_agent import package
from mem0_agent.clients import managed, shop
from mem0_agent.clients.plugins import SHOPPERS
from mem0_agent.edits import document
from mem0_agent.model import Backend, Edit, Record
from mem0_agent.planning import bundle, hooks, traces
from mem0_agent.planning.draft import Request, Scene
from tests.machine import Machine

Json = Any
LOCAL, PLATFORM = Backend("local"), Backend("platform", "https://mcp.mem0.ai/mcp/")
SETTINGS = b'{ "model": "opus",\n  "enabledPlugins": {"kit@tools": true} }\n'


def scene(here: Machine, backend: Backend = LOCAL, *skip: str) -> Scene:
    templates = package.tree(package.template_path("plugin"))
    request = Request(("claude-code", "codex"), backend, mode="plugin", skip=frozenset(skip), bundle=templates)
    return Scene(here.host(), {}, None, request, package.kit())


def manifests(content: dict[str, bytes]) -> tuple[Json, Json]:
    claude, codex = (json.loads(content[f"mem0-agent/.{name}-plugin/plugin.json"]) for name in ("claude", "codex"))
    return claude, codex


@pytest.mark.parametrize("backend", [LOCAL, PLATFORM], ids=lambda backend: backend.kind)
def test_each_client_finds_its_own_dialect(here: Machine, backend: Backend) -> None:
    content = bundle.tree(scene(here, backend))
    claude, codex = manifests(content)
    if backend is LOCAL:
        assert claude["mcpServers"]["mem0"]["command"] == codex["mcpServers"]["mem0"]["command"] == str(here.launcher)
    else:
        assert claude["mcpServers"]["mem0"]["headers"] == {"Authorization": "Token ${MEM0_API_KEY}"}
        assert codex["mcpServers"]["mem0"]["bearer_token_env_var"] == "MEM0_API_KEY"
    for client, name in (("claude-code", "hooks/hooks.json"), ("codex", "hooks/codex.json")):
        events = json.loads(content[f"mem0-agent/{name}"])["hooks"]
        lines = {entry["command"] for groups in events.values() for group in groups for entry in group["hooks"]}
        assert lines == {hooks.command(here.host(), client, "user")}
    assert codex["hooks"] == "./hooks/codex.json"
    assert {"mem0-agent/skills/mem0-memory/SKILL.md", "mem0-agent/skills/mem0-sdk/SKILL.md"} <= content.keys()


@pytest.mark.parametrize("part", ["mcp", "hooks", "skills"])
def test_what_is_skipped_is_not_in_it(here: Machine, part: str) -> None:
    content = bundle.tree(scene(here, LOCAL, part))
    claude, codex = manifests(content)
    assert ("mcpServers" in claude, "mcpServers" in codex) == ((part != "mcp"),) * 2
    assert any("/hooks/" in name for name in content) == (part != "hooks")
    assert any("/skills/" in name for name in content) == (part != "skills")


def test_the_version_tells_the_content(here: Machine) -> None:
    versions = [bundle.version(bundle.tree(scene(here, backend))) for backend in (LOCAL, PLATFORM, LOCAL)]
    assert versions[0] == versions[2] != versions[1]


def test_a_marketplace_that_is_as_it_should_be_is_left_alone(here: Machine) -> None:
    made = scene(here)
    changes = list(bundle.changes(made))
    assert {change.action for change in changes} == {"create"}
    again = replace(made, files={change.path: change.after for change in changes})
    assert list(bundle.changes(again)) == []


def record(path: Path, before: bytes | None, edits: list[Edit]) -> tuple[bytes, Record]:
    after, done = document.perform(path, before, edits)
    return after, Record(path, "claude-code", "x" if before else None, "y", done)


def test_every_trace_goes_and_nothing_else(here: Machine) -> None:
    path = here.home / ".claude/settings.json"
    edits = [
        Edit("put", ("extraKnownMarketplaces", shop.MARKET), {"source": "x"}),
        Edit("put", ("enabledPlugins", shop.IDENTITY), value=True),
        Edit("put", ("env", "KEY"), "k"),
    ]
    after, kept = record(path, SETTINGS, edits)
    touched = after.replace(b'"x"', b'"y"')  # the client has been at it since
    text, rest = traces.freed(here.host(), kept, touched, (shop.own(here.host()),))
    assert (json.loads(text)["enabledPlugins"], "extraKnownMarketplaces" in json.loads(text)) == (
        {"kit@tools": True},
        False,
    )
    assert [edit.keys for edit in rest] == [("env", "KEY")]
    assert document.revert(path, text, rest).text == SETTINGS


@pytest.mark.parametrize(
    ("now", "alike"),
    [
        (b'{"model": "opus", "enabledPlugins": {}, "extraKnownMarketplaces": {}}', True),
        (b'{"model": "opus"}', True),
        (b'{"model": "sonnet"}', False),
        (b"{", False),
        (None, False),
    ],
)
def test_what_a_client_did_meanwhile_is_told_from_what_its_command_did(
    here: Machine, now: bytes | None, alike: bool
) -> None:
    path = here.home / ".claude/settings.json"
    before = b'{"model": "opus", "enabledPlugins": {"mem0-agent@mem0-agent": true}}'
    held = SHOPPERS["claude-code"].traces(here.host(), {path: before}, shop.own(here.host()))
    assert traces.alike(held, path, before, now) is alike


def test_the_trust_of_our_hooks_goes_with_the_plugin(here: Machine) -> None:
    text = (
        b'[hooks.state."mem0-agent@mem0-agent:hooks/codex.json:stop:0:0"]\ntrusted_hash = "a"\n'
        b'[hooks.state."/home/robin/.codex/hooks.json:stop:0:0"]\ntrusted_hash = "b"\n'
        b'[plugins."mem0-agent@mem0-agent"]\nenabled = true\n'
    )
    (change,) = traces.withdrawals(here.host(), "codex", {here.codex: text}, None, (shop.own(here.host()),))
    assert change.after is not None
    left = document.editor(here.codex).parse(change.after)
    assert list(left["hooks"]["state"]) == ["/home/robin/.codex/hooks.json:stop:0:0"]
    assert "mem0-agent@mem0-agent" not in left.get("plugins", {})


def test_a_file_of_the_administrator_that_nobody_may_read_stops_nothing(here: Machine) -> None:
    assert managed.is_managed(here.host(), Path("/etc/claude-code/managed-settings.d/x.json"))
    assert managed.is_managed(here.host(), Path("/etc/codex/requirements.toml"))
    assert not managed.is_managed(here.host(), here.codex)


def test_plugin_mode_is_for_the_user_alone(here: Machine) -> None:
    done = here.run("install", "--client", "codex", "--mode", "plugin", "--scope", "project", "--yes")
    assert (done.code, "--mode plugin" in done.err) == (2, True), done.all


def test_without_the_clients_command_it_says_so(here: Machine) -> None:
    done = here.run("install", "--client", "claude-code", "--mode", "plugin", "--yes", "--json")
    assert (done.code, done.error["code"]) == (1, "plugin.no-program"), done.all
    assert not here.dirs.data.exists()
