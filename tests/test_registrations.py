"""The one duplicate rule, over values."""

from __future__ import annotations

from pathlib import Path

import pytest

from mem0_agent.model import PLATFORM_URL, Dirs, Endpoint, Host, Registration
from mem0_agent.planning import registrations

HOME = Path("/home/robin")
HOST = Host(
    HOME, HOME, "linux", {}, "robin", Dirs(HOME / "c", HOME / "d", HOME / "s"), Path("/usr/bin/python3"), lambda _: None
)
FILE = HOME / ".claude.json"


def registered(
    name: str = "mem0", *, path: Path = FILE, live: bool = True, project: Path | None = None
) -> Registration:
    return Registration("claude-code", name, "user", path, ("mcpServers", name), {}, live, project)


def found(other: Registration, endpoint: Endpoint, target: Endpoint, *, ours: bool = False) -> list[str]:
    mine = registered()
    places = frozenset({registrations.at(other)}) if ours else frozenset()
    return [d.why for d in registrations.duplicates(HOST, mine, target, [(other, endpoint)], ours=places)]


@pytest.mark.parametrize(
    "url",
    [
        "https://mcp.mem0.ai/mcp/", "https://mcp.mem0.ai/mcp", "HTTPS://MCP.MEM0.AI/mcp//", "https://mcp.mem0.ai:443/mcp/",
        "https://mcp.mem0.ai/mcp/?a=b", "https://mcp.mem0.ai./mcp", " https://mcp.mem0.ai/mcp ", "https://u:p@mcp.mem0.ai/mcp#x",
    ],
)  # fmt: skip
def test_one_address_many_spellings(url: str) -> None:
    assert registrations.normal_url(url) == "https://mcp.mem0.ai/mcp"


@pytest.mark.parametrize(
    "url",
    [
        "https://mcp.mem0.ai/MCP",
        "https://mcp.mem0.ai:8443/mcp",
        "http://mcp.mem0.ai/mcp",
        "https://mem0.ai/mcp",
        "https://mcp.mem0.ai/mcp/v2",
    ],
)
def test_other_addresses(url: str) -> None:
    assert registrations.normal_url(url) not in {"", "https://mcp.mem0.ai/mcp"}


@pytest.mark.parametrize(
    "word", ["", "npx", "/a/b", "file:///x", "ftp://x/y", "https://", "http://[::1", "https://x:port/", "mailto:a@b"]
)
def test_no_address(word: str) -> None:
    assert registrations.normal_url(word) == ""


def test_addresses_of_version_six() -> None:
    assert registrations.normal_url("http://[::1]:80/mcp/") == "http://[::1]/mcp"


PLATFORM = Endpoint(url=PLATFORM_URL)
LOCAL = Endpoint(command=(str(HOST.launcher), "serve"))


@pytest.mark.parametrize(
    ("endpoint", "why"),
    [
        (PLATFORM, "same server"),
        (Endpoint(url="https://mcp.mem0.ai/sse"), "a Mem0 server"),
        (Endpoint(command=("npx", "-y", "mcp-remote", "https://mcp.mem0.ai/mcp")), "same server through a wrapper"),
        (Endpoint(command=("npx", "mcp-remote@0.1", "https://mcp.mem0.ai/other")), "a Mem0 server"),
        (LOCAL, "same server"),
        (Endpoint(command=("mem0-agent", "serve")), "same server"),
        (Endpoint(command=("uvx", "mem0-mcp-server==0.2")), "a Mem0 server"),
        (Endpoint(command=("uvx", "mem0-mcp-server[all]@latest")), "a Mem0 server"),
        (Endpoint(command=("npx", "-y", "@mem0/mcp-server@1.2.3")), "a Mem0 server"),
        (Endpoint(command=("uvx", "--from", "git+https://github.com/mem0ai/mem0-mcp.git@main", "x")), "a Mem0 server"),
        (Endpoint(command=("/opt/v/bin/mem0-mcp-server",)), "a Mem0 server"),
        (Endpoint(command=("C:\\venv\\Scripts\\mem0-mcp.EXE",)), "a Mem0 server"),
    ],
    ids=str,
)
def test_duplicates_under_another_name(endpoint: Endpoint, why: str) -> None:
    assert found(registered("other"), endpoint, PLATFORM) == [why]


@pytest.mark.parametrize(
    "endpoint",
    [
        Endpoint(url="https://example.org/mcp.mem0.ai/mcp"),
        Endpoint(url="https://mcp.mem0.ai.example.org/mcp"),
        Endpoint(url="https://notmcp.mem0.ai/mcp"),
        Endpoint(command=("npx", "server-filesystem", "/home/robin/src/mem0-mcp")),
        Endpoint(command=("python", "mem0-mcp-server.py")),
        Endpoint(command=("mem0-mcp-servers",)),
        Endpoint(command=("mem0-agent", "doctor")),
        Endpoint(command=(str(HOST.launcher), "hook", "codex")),
        Endpoint(command=("sh", "-c", "echo https://mcp.mem0.ai/mcp")),
        Endpoint(),
    ],
    ids=str,
)
def test_strangers(endpoint: Endpoint) -> None:
    assert found(registered("mem0ry"), endpoint, PLATFORM) == []
    assert not registrations.is_memory(HOST, registered("mem0ry"), endpoint)


def test_a_self_hosted_server_is_known_by_its_address() -> None:
    mine = Endpoint(url="http://localhost:8888/mcp")
    assert found(registered("other"), Endpoint(url="http://LOCALHOST:8888/mcp/"), mine) == ["same server"]
    assert found(registered("other"), Endpoint(url="http://localhost:8889/mcp"), mine) == []


def test_the_same_name_whatever_it_leads_to() -> None:
    elsewhere = registered(path=HOME / "other.json")
    assert found(elsewhere, Endpoint(command=("x",)), PLATFORM) == ["same name"]


def test_our_own_entry_is_rewritten_and_anothers_in_its_place_is_not() -> None:
    edited = Registration("claude-code", "mem0", "user", FILE, ("mcpServers", "mem0"), {"edited": True})
    assert found(edited, PLATFORM, PLATFORM, ours=True) == []
    assert found(edited, PLATFORM, PLATFORM) == ["same name"]


def test_what_is_not_live_is_no_duplicate() -> None:
    assert found(registered("other", live=False), PLATFORM, PLATFORM) == []


@pytest.mark.parametrize(
    ("mine", "theirs", "meet"),
    [
        (None, Path("/a"), True), (Path("/a"), None, True), (Path("/a"), Path("/a"), True), (Path("/a/b"), Path("/a"), True),
        (Path("/a"), Path("/b"), False), (Path("/a"), Path("/ab"), False),
    ],
)  # fmt: skip
def test_only_what_one_session_can_see(mine: Path | None, theirs: Path | None, meet: bool) -> None:
    target, other = registered(project=mine), registered("other", project=theirs)
    assert bool(registrations.duplicates(HOST, target, PLATFORM, [(other, PLATFORM)])) is meet


@pytest.mark.parametrize(
    ("name", "endpoint"),
    [("mem0", Endpoint(command=("x",))), ("a", LOCAL), ("a", PLATFORM), ("a", Endpoint(command=("uvx", "mem0-mcp")))],
)
def test_what_doctor_counts_as_a_memory(name: str, endpoint: Endpoint) -> None:
    assert registrations.is_memory(HOST, registered(name), endpoint)
