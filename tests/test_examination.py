"""The pure part of doctor: from a case, as a value, to findings. What no test machine can be made to have stands here."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mem0_agent.clients import CLIENTS
from mem0_agent.doctor import examination
from mem0_agent.doctor.case import Case, Facts, HookRun
from mem0_agent.model import Backend, Edit, Finding, Outcome, Presence, Receipt, Record
from mem0_agent.package import kit
from tests.clients import desk

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HOST = desk.host("linux")
CLAUDE, ETC = HOST.home / ".claude.json", "/etc/claude-code/managed-mcp.json"
LOCAL = Receipt(Backend("local"), {})
HERE = Facts({"claude-code": Presence(detected=True)})
ENTRY = {"type": "stdio", "command": str(HOST.launcher), "args": ["serve"]}


def case(
    contents: Mapping[Path, Any] | None = None, facts: Facts = HERE, receipt: Receipt | None = LOCAL,
    client: str = "claude-code", project: Path | None = None,
) -> Case:  # fmt: skip
    given = {
        path: text if isinstance(text, bytes) else json.dumps(text).encode() for path, text in (contents or {}).items()
    }
    known = dict(desk.read(HOST, CLIENTS[client], given)) | given
    presences = {client: Presence(detected=True)}
    return Case(HOST, known, receipt, project, kit(), replace(facts, presences=presences))


def found(it: Case, name: str) -> list[Finding]:
    return [finding for finding in examination.examine(it) if finding.id == name]


@pytest.mark.parametrize(
    ("kind", "told"), [("nfs4", True), ("cifs", True), ("9p", True), ("ext4", False), ("apfs", False), ("", False)]
)
def test_a_memory_on_a_network(kind: str, told: bool) -> None:
    findings = found(case(facts=replace(HERE, file_system=kind)), "memory.network-filesystem")
    assert len(findings) == told
    for finding in findings:
        assert (finding.severity, kind in finding.detail) == ("warning", True)
        assert finding.fix.startswith("export XDG_DATA_HOME=")


def test_a_memory_elsewhere_may_lie_anywhere() -> None:
    receipt = replace(LOCAL, backend=Backend("platform", "https://mcp.mem0.ai/mcp/"))
    assert found(case(facts=replace(HERE, file_system="nfs"), receipt=receipt), "memory.network-filesystem") == []


OUTCOMES = {
    "dns": "server.unreachable",
    "refused": "server.unreachable",
    "server-error": "server.unreachable",
    "redirected": "server.not-mcp",
    "insecure": "server.tls",
    "tls": "server.tls",
    "not-started": "server.unreachable",
}


@pytest.mark.parametrize("kind", OUTCOMES)
@pytest.mark.parametrize("url", ["http://mem0.example/mcp", ""])
def test_every_outcome_has_a_line_of_its_own(kind: Any, url: str) -> None:
    entry = {"type": "http", "url": url} if url else ENTRY
    place = (CLAUDE, ("mcpServers", "mem0"))
    edits = (Edit("put", place[1], entry),)
    receipt = Receipt(Backend("platform", url), {CLAUDE: Record(CLAUDE, "claude-code", None, "x", edits)})
    facts = replace(HERE, outcomes={place: Outcome(kind, "It is so.")})
    (finding,) = found(case({CLAUDE: {"mcpServers": {"mem0": entry}}}, facts, receipt), OUTCOMES[kind])
    assert (finding.severity, finding.path) == ("error", CLAUDE)
    words = finding.fix.partition("   #")[0].split()
    assert words[0] in ("mem0-agent", "export", "pipx")
    assert "\n" not in finding.fix
    if kind == "insecure" and url:
        assert words[-1] == "https://mem0.example/mcp"


def test_a_program_of_a_project_is_to_be_on_path() -> None:
    entry = {"command": "mem0-agent", "args": ["serve"]}
    path = HOST.home / "p/.mcp.json"
    facts = replace(HERE, outcomes={(path, ("mcpServers", "mem0")): Outcome("not-started", "No such program.")})
    it = case({path: {"mcpServers": {"mem0": entry}}}, facts, project=path.parent)
    (finding,) = found(it, "server.unreachable")
    assert finding.fix.startswith("pipx install mem0-agent")


def test_what_a_project_lost_is_told_there_alone() -> None:
    path = HOST.home / "p/.mcp.json"
    record = Record(path, "claude-code", None, "x", (Edit("put", ("mcpServers", "mem0"), ENTRY),), scope="project")
    it = case(receipt=replace(LOCAL, records={path: record}))
    assert found(it, "registration.lost") == []
    assert len(found(it, "registration.missing")) == 1


def test_beside_an_administrators_entry_nothing_is_promised() -> None:
    system = {"mcp_servers": {"memory": {"command": str(HOST.launcher), "args": ["serve"]}}}
    text = "".join(
        f'[mcp_servers.{name}]\ncommand = "{HOST.launcher}"\nargs = ["serve"]\n' for name in system["mcp_servers"]
    )
    own = f'[mcp_servers.mem0]\ncommand = "{HOST.launcher}"\nargs = ["serve"]\n'
    path = type(CLAUDE)("/etc/codex/config.toml")
    it = case({HOST.home / ".codex/config.toml": own.encode(), path: text.encode()}, client="codex")
    (finding,) = found(it, "registration.duplicate")
    assert finding.fix == f"Ask the administrator of this machine to take “memory” out of {path}"


@pytest.mark.parametrize("recorded", [True, False])
def test_calls_in_a_users_and_in_a_projects_file(recorded: bool) -> None:
    """One install changes the files of one of the two: the line says which of them to leave."""
    settings, shared = HOST.home / ".claude/settings.json", HOST.home / "p/.claude/settings.json"
    mine, theirs = (
        {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": line}]}]}}
        for line in (f"{HOST.launcher} hook claude-code", "mem0-agent hook claude-code")
    )
    record = Record(shared, "claude-code", None, "x", scope="project")
    receipt = replace(LOCAL, records={shared: record} if recorded else {})
    facts = replace(HERE, runs={f"{HOST.launcher} hook claude-code": HookRun(well=True, detail="")})
    it = case({settings: mine, shared: theirs}, facts, receipt, project=shared.parent.parent)
    (finding,) = found(it, "hooks.duplicated")
    project = f"mem0-agent uninstall --client claude-code --scope project --project {shared.parent.parent}"
    assert finding.fix == (
        project if recorded else f"${{EDITOR:-vi}} {shared}   # take “mem0-agent hook claude-code” out"
    )


@pytest.mark.parametrize("there", [True, False])
def test_a_line_keeps_the_way_by_which_a_client_has_us(there: bool) -> None:
    """Whoever has us as a plugin is not led back to direct mode by the line that mends something else."""
    settings = {"enabledPlugins": {"mem0-agent@mem0-agent": True}} if there else {}
    record = Record(HOST.home / ".claude/settings.json", "claude-code", None, "x")
    receipt = replace(LOCAL, records={record.path: record})
    facts = replace(HERE, runtime="runtime.missing")
    findings = examination.examine(case({HOST.home / ".claude/settings.json": settings}, facts, receipt))
    lines = {finding.id: finding.fix for finding in findings if finding.fix}
    words = " --client claude-code --mode plugin" if there else ""
    assert lines["runtime.missing"] == f"mem0-agent install{words}"
    assert ("plugin.broken" in lines) is there
    assert lines.keys().isdisjoint({"registration.missing", "hooks.missing", "skills.missing"}) is there


BANS: dict[str, tuple[str, str, bytes, set[str]]] = {
    "a list of servers": ("claude-code", ETC, b'{"mcpServers": {}}', {"registration.missing"}),
    "a server denied": (
        "claude-code", "/etc/claude-code/managed-settings.json",
        b'{"deniedMcpServers": [{"serverName": "mem0"}], "allowManagedHooksOnly": true}',
        {"registration.missing", "hooks.missing"},
    ),
    "requirements": ("codex", "/etc/codex/requirements.toml", b"[mcp_servers]\n", {"registration.missing"}),
    "broken requirements": ("codex", "/etc/codex/requirements.toml", b"a = =", {"registration.missing", "hooks.missing"}),
}  # fmt: skip


@pytest.mark.parametrize("name", BANS)
@pytest.mark.parametrize("recorded", [True, False])
def test_what_may_not_be_there_is_not_missed(name: str, recorded: bool) -> None:
    """The line for what is missing would be refused; and a ban stops nobody who never asked for us."""
    client, path, text, silent = BANS[name]
    place = HOST.home / "x"
    receipt = replace(LOCAL, records={place: Record(place, client, None, "x")} if recorded else {})
    findings = examination.examine(case({type(CLAUDE)(path): text}, receipt=receipt, client=client))
    bans = [finding for finding in findings if finding.id == "policy.blocked"]
    assert {(finding.severity, str(finding.path)) for finding in bans} == {("error" if recorded else "warning", path)}
    assert silent.isdisjoint(finding.id for finding in findings)
    assert all(finding.fix for finding in bans)


def test_the_same_finding_is_said_once() -> None:
    text = b"a = = 3\n"
    it = case(
        {type(CLAUDE)("/etc/codex/requirements.toml"): text, HOST.home / ".codex/config.toml": b""}, client="codex"
    )
    findings = examination.examine(it)
    assert len(findings) == len(set(findings))
