"""What is true of Codex alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from mem0_agent.clients import codex
from mem0_agent.model import Backend, Dirs, Files, Host, Registration

HOME, PROJECT = Path("/home/robin"), Path("/home/robin/src/project")
MAIN = HOME / ".codex/config.toml"
SERVER = b'[mcp_servers.mem0]\ncommand = "x"\n'
TRUST = f'[projects."{PROJECT}"]\ntrust_level = "trusted"\n'.encode()


def machine(platform: str = "linux", **env: str) -> Host:
    dirs = Dirs(HOME / "c", HOME / "d", HOME / "s")
    return Host(HOME, PROJECT, platform, env, "robin", dirs, Path("/usr/bin/python3"), lambda _: None)


def entry(**members: object) -> Registration:
    return Registration("codex", "a", "user", MAIN, ("mcp_servers", "a"), members)


@pytest.mark.parametrize(
    ("env", "home"),
    [
        ({}, HOME / ".codex"),
        ({"CODEX_HOME": "/cx"}, Path("/cx")),
        ({"CODEX_HOME": ""}, HOME / ".codex"),
        ({"CODEX_HOME": "rel"}, PROJECT / "rel"),
    ],
)
def test_places(env: dict[str, str], home: Path) -> None:
    here = machine(**env)
    assert codex.entry(here, Backend("local"), "user", None).path == home / "config.toml"
    assert codex.key_edit(here, "k")[0] == home / ".env"


@pytest.mark.parametrize(
    ("text", "live"),
    [
        (SERVER, True),
        (SERVER + b"enabled = false\n", False),
        (SERVER + b"enabled = true\n", True),
        (b'mcp_servers.mem0.command = "x"\n', True),
        (b'mcp_servers = { mem0 = { command = "x", enabled = false } }\n', False),
        (b'["mcp_servers"."mem0"]\ncommand = "x"\n', True),
    ],
)
def test_every_form_of_a_table(text: bytes, live: bool) -> None:
    (held,) = codex.registrations(machine(), None, {MAIN: text})
    assert (held.name, held.scope, held.live) == ("mem0", "user", live)


def test_a_projects_file_is_read_only_where_it_is_trusted() -> None:
    path = PROJECT / ".codex/config.toml"
    assert [r.live for r in codex.registrations(machine(), PROJECT, {path: SERVER})] == [False]
    assert [r.live for r in codex.registrations(machine(), PROJECT, {path: SERVER, MAIN: TRUST})] == [True]
    held = codex.registrations(machine(), PROJECT, {path: SERVER, MAIN: TRUST})[0]
    assert codex.approval(machine(), {MAIN: TRUST}, held) is None


def test_a_program_gets_a_short_list_of_variables() -> None:
    here = machine(HOME="/h", PATH="/bin", MEM0_API_KEY="k", XDG_DATA_HOME="/x", B="2")
    plain = codex.endpoint(here, {}, entry(command="x", args=["serve"]))
    assert dict(plain.env) == {"HOME": "/h", "PATH": "/bin"}
    more = codex.endpoint(
        here, {}, entry(command="x", env={"A": "1"}, env_vars=["B", {"name": "MEM0_API_KEY"}], cwd="/c")
    )
    assert dict(more.env) == {"HOME": "/h", "PATH": "/bin", "A": "1", "B": "2", "MEM0_API_KEY": "k"}
    assert more.cwd == "/c"


@pytest.mark.parametrize(
    ("members", "headers", "unset"),
    [
        ({"bearer_token_env_var": "K"}, {"Authorization": "Bearer v"}, ()),
        ({"bearer_token_env_var": "N"}, {}, ("N",)),
        ({"http_headers": {"A": "1"}, "env_http_headers": {"X-Key": "K"}}, {"A": "1", "X-Key": "v"}, ()),
        ({"env_http_headers": {"X-Key": "N"}}, {}, ("N",)),
        ({"http_headers": {"authorization": "old"}, "bearer_token_env_var": "K"}, {"Authorization": "Bearer v"}, ()),
    ],
    ids=str,
)
def test_headers(members: dict[str, object], headers: dict[str, str], unset: tuple[str, ...]) -> None:
    endpoint = codex.endpoint(machine(K="v"), {}, entry(url="https://x", **members))
    assert (dict(endpoint.headers), endpoint.unset) == (headers, unset)


def test_its_dotenv_is_the_sessions_environment() -> None:
    files: Files = {HOME / ".codex/.env": b'# mine\nexport K="a b"\n'}
    assert codex.environment(machine(K="mine", A="1"), files) == {"K": "a b", "A": "1"}


def test_windows_has_no_system_files() -> None:
    assert codex.system_files(machine("win32")) == ()
    assert Path("/etc/codex/managed_config.toml") in codex.wants(machine(), None, {})
