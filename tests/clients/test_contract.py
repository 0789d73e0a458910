"""What holds for every client: a new one joins these tests by being in the dict."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mem0_agent.clients import CLIENTS
from mem0_agent.contract import Client
from mem0_agent.edits import document
from mem0_agent.model import PLATFORM_URL, Backend, Dirs, Edit, Files, Host, Registration, UserError

if TYPE_CHECKING:
    from mem0_agent.model import Scope

HOME = Path("/home/robin")
PROJECT = HOME / "src/project"
LOCAL, PLATFORM = Backend("local"), Backend("platform", PLATFORM_URL)
EVERY = pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)


def machine(platform: str = "linux", **env: str) -> Host:
    dirs = Dirs(HOME / "c", HOME / "d", HOME / "s")
    return Host(HOME, PROJECT, platform, env, "robin", dirs, Path("/usr/bin/python3"), lambda _: None)


def names(client: Client) -> set[str]:
    return {name for name in dir(client) if not name.startswith("_")}


def with_entry(entry: Registration) -> Files:
    """The client's file as an install of ``entry`` leaves it."""
    text, _ = document.perform(entry.path, None, [Edit("put", entry.keys, dict(entry.entry))])
    return {entry.path: text}


@EVERY
def test_it_exports_what_the_protocol_names(client: Client) -> None:
    wanted = {name for name in vars(Client) if not name.startswith("_")}
    assert wanted <= names(client)
    assert CLIENTS[client.ID] is client
    assert client.TITLE
    assert client.RESTART.endswith(".")
    for name in wanted:
        member, promised = getattr(client, name), vars(Client)[name]
        if inspect.isfunction(promised) and inspect.isfunction(member):
            assert [*inspect.signature(promised).parameters][1:] == [*inspect.signature(member).parameters], name


@EVERY
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_it_reads_only_absolute_paths_and_comes_to_an_end(client: Client, platform: str) -> None:
    here = machine(platform)
    known: dict[Path, bytes | None] = {}
    for _ in range(10):
        new = client.wants(here, PROJECT, known) - known.keys()
        known |= dict.fromkeys(new)
    assert not client.wants(here, PROJECT, known) - known.keys()
    assert all(path.is_absolute() or platform == "win32" for path in known)
    assert client.entry(here, LOCAL, "user", None).path in known
    assert client.entry(here, LOCAL, "project", PROJECT).path in known
    assert client.key_edit(here, "k")[0] in known


@EVERY
def test_a_machine_without_it(client: Client) -> None:
    presence = client.presence(machine(), {})
    assert not presence.detected
    assert presence.evidence
    assert client.registrations(machine(), PROJECT, {}) == ()
    assert client.policy(machine(), {}) == ()


@EVERY
@pytest.mark.parametrize("output", ["1.2.3", "codex-cli 1.2.3\n", "1.2.3 (Claude Code)\n", "v1.2.3"])
def test_a_version_is_found_in_what_it_prints(client: Client, output: str) -> None:
    assert client.version(output) == "1.2.3"
    assert client.version("no version") == ""


@EVERY
@pytest.mark.parametrize("backend", [LOCAL, PLATFORM, Backend("self-hosted", "http://localhost:8888/mcp")], ids=str)
@pytest.mark.parametrize("scope", ["user", "project"])
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_what_it_writes_it_reads_back(client: Client, backend: Backend, scope: Scope, platform: str) -> None:
    here = machine(platform, MEM0_API_KEY="the-key", PATH="/bin")
    entry = client.entry(here, backend, scope, PROJECT if scope == "project" else None)
    files = with_entry(entry)
    (held,) = client.registrations(here, PROJECT, files)
    assert (held.name, held.path, held.keys, held.entry) == ("mem0", entry.path, entry.keys, entry.entry)
    endpoint = client.endpoint(here, files, held)
    if backend.kind == "local":
        by_name = entry.path.is_relative_to(PROJECT)
        assert endpoint.command == ("mem0-agent" if by_name else str(here.launcher), "serve")
        assert endpoint.cwd
    if backend.kind == "platform" and endpoint.url:
        assert endpoint.url == backend.url
        assert dict(endpoint.headers)["Authorization"].endswith(" the-key")
        assert endpoint.unset == ()
    assert b"the-key" not in b"".join(filter(None, files.values()))


@EVERY
@pytest.mark.parametrize("value", ["", None])
def test_without_a_key_the_variable_is_named(client: Client, value: str | None) -> None:
    here = machine(**({} if value is None else {"MEM0_API_KEY": value}))
    entry = client.entry(here, PLATFORM, "user", None)
    endpoint = client.endpoint(here, with_entry(entry), entry)
    assert endpoint.unset == (("MEM0_API_KEY",) if endpoint.url else ())


@EVERY
def test_a_stored_key_is_seen_by_its_sessions(client: Client) -> None:
    here = machine()
    path, edit = client.key_edit(here, 'a "quoted" key')
    if path.parent == here.dirs.config:
        pytest.skip("it reads no key by itself: our own program does")
    text, _ = document.perform(path, None, [edit])
    entry = client.entry(here, PLATFORM, "user", None)
    files = {**with_entry(entry), path: text}
    assert client.environment(here, files)["MEM0_API_KEY"] == 'a "quoted" key'
    assert client.endpoint(here, files, entry).unset == ()


@EVERY
def test_user_scope_needs_no_approval_and_a_project_does(client: Client) -> None:
    here = machine()
    user, project = client.entry(here, LOCAL, "user", None), client.entry(here, LOCAL, "project", PROJECT)
    assert client.approval(here, {}, user) is None
    if not project.path.is_relative_to(PROJECT):
        pytest.skip("it has no projects")
    (held,) = client.registrations(here, PROJECT, with_entry(project))
    waiting = client.approval(here, with_entry(project), held)
    assert waiting is not None
    assert (waiting.severity, waiting.client, bool(waiting.fix)) == ("warning", client.ID, True)


@EVERY
@pytest.mark.parametrize("text", [b"\xff\xfe", b"{", b'"', b"= 1"])
def test_a_file_that_does_not_parse_is_named(client: Client, text: bytes) -> None:
    path = client.entry(machine(), LOCAL, "user", None).path
    with pytest.raises(UserError) as caught:
        client.registrations(machine(), PROJECT, {path: text})
    assert (caught.value.code, caught.value.path) == ("config.invalid", path)
    assert caught.value.line is not None


@EVERY
def test_two_homes_two_files(client: Client) -> None:
    here = machine()
    there = replace(here, home=Path("/home/ada"))
    assert client.entry(here, LOCAL, "user", None).path != client.entry(there, LOCAL, "user", None).path
