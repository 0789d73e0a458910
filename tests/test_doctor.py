"""Doctor through the console script: every finding of registrations, keys, servers, runtime and memory, and no trace."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mem0_agent.model import PLATFORM_URL
from tests.machine import BOTH
from tests.servers import Behaviour, serving
from tests.trees import marks, write_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.machine import Machine

KEY = "m0-Zq8vR2sT5wY7bN3k"
ORDER = ["error", "warning", "info", "ok"]


def edit_claude(here: Machine, change: Callable[[dict[str, Any]], object]) -> None:
    held = json.loads(here.claude.read_bytes())
    change(held)
    here.claude.write_text(json.dumps(held), "utf-8")


def twin(here: Machine) -> None:
    """The same server under another name, in the file that the client has already."""
    entry = {"command": str(here.launcher), "args": ["serve"]}
    edit_claude(here, lambda held: held["mcpServers"].update(again=entry))


def local_twin(here: Machine) -> None:
    local = {str(here.work): {"mcpServers": {"mem0": {"command": str(here.launcher), "args": ["serve"]}}}}
    edit_claude(here, lambda held: held.update(projects=local))


def in_project(here: Machine) -> None:
    entry = {"command": str(here.launcher), "args": ["serve"]}
    write_tree(here.work, {".mcp.json": json.dumps({"mcpServers": {"ours": entry}})})


def exposed(here: Machine) -> None:
    headers = {"Authorization": f"Token {KEY}"}
    entry = {"type": "http", "url": "http://127.0.0.1:9/mcp", "headers": headers}
    edit_claude(here, lambda held: held["mcpServers"].update(mem0=entry))


def unset_key(here: Machine) -> None:
    entry = {"type": "http", "url": PLATFORM_URL, "headers": {"Authorization": "Token ${MEM0_API_KEY}"}}
    edit_claude(here, lambda held: held["mcpServers"].update(mem0=entry))


def never_read(here: Machine) -> None:
    write_tree(here.home, {".claude/mcp.json": '{"mcpServers": {"mem0": {"command": "x"}}}'})


def switched_off(here: Machine) -> None:
    here.codex.write_text(here.codex.read_text("utf-8") + "enabled = false\n", "utf-8")


def outdated(here: Machine) -> None:
    here.launcher.write_text("#!/bin/sh\n# of another version\n" + here.launcher.read_text("utf-8"), "utf-8")


def a_folder(here: Machine) -> None:
    here.claude.unlink()
    here.claude.mkdir()


def a_pipe(here: Machine) -> None:
    here.codex.unlink()
    os.mkfifo(here.codex)


def memory_is_a_text(here: Machine) -> None:
    write_tree(here.dirs.data, {"memory.db": "no database at all\n" * 100})


CASES: dict[str, tuple[str, Callable[[Machine], object]]] = {
    "syntax": ("config.invalid", lambda here: here.claude.write_text('{\n "a": }', "utf-8")),
    "servers are a list": ("config.invalid", lambda here: here.claude.write_text('{"mcpServers": []}', "utf-8")),
    "toml syntax": ("config.invalid", lambda here: here.codex.write_text("a = \n", "utf-8")),
    "a folder": ("config.unreadable", a_folder),
    "a pipe": ("config.unreadable", a_pipe),
    "our entry is gone": ("registration.lost", lambda here: edit_claude(here, lambda held: held["mcpServers"].clear())),
    "the file is gone": ("registration.lost", lambda here: here.claude.unlink()),
    "edited": (
        "registration.edited",
        lambda here: edit_claude(here, lambda h: h["mcpServers"]["mem0"].update(timeout=9)),
    ),
    "twice": ("registration.duplicate", twin),
    "in the project too": ("registration.duplicate", in_project),
    "hidden by local scope": ("registration.shadowed", local_twin),
    "where nobody reads": ("registration.dead", never_read),
    "switched off": ("registration.dead", switched_off),
    "a key in clear": ("key.exposed", exposed),
    "no key": ("key.unset", unset_key),
    "launcher gone": ("runtime.missing", lambda here: here.launcher.unlink()),
    "wing gone": ("runtime.missing", lambda here: shutil.rmtree(here.dirs.data / "runtime")),
    "launcher of another version": ("runtime.outdated", outdated),
    "memory is no database": ("memory.unwritable", memory_is_a_text),
    "approval of a project": ("project.pending-approval", in_project),
    "broken receipt": ("receipt.invalid", lambda here: (here.dirs.state / "receipt.json").write_text("{", "utf-8")),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_finding_with_a_fix_worst_first_and_no_trace(
    here: Machine, case: tuple[str, Callable[[Machine], object]]
) -> None:
    expected, damage = case
    here.install("--skip", "hooks", "--skip", "skills")
    damage(here)
    before = marks(here.home)
    envelope = here.ask("doctor")
    findings = envelope["data"]["findings"]
    assert expected in [finding["id"] for finding in findings]
    severities = [finding["severity"] for finding in findings]
    assert severities == sorted(severities, key=ORDER.index)
    assert envelope["exit_code"] == (1 if "error" in severities else 0)
    for finding in findings:
        assert finding["title"]
        assert finding["fix"] or finding["severity"] in {"ok", "info"}, finding
        assert KEY not in json.dumps(finding)
    assert marks(here.home) == before
    told = here.run("doctor")
    for finding in findings:
        if finding["severity"] in {"error", "warning"}:
            assert f"    {finding['fix']}\n" in told.out
    assert KEY not in told.all


def test_all_well(here: Machine) -> None:
    here.install()
    before = marks(here.home)
    ids = [finding["id"] for finding in here.findings()]
    assert ids.count("registration.ok") == ids.count("server.ok") == ids.count("client.present") == 2
    assert "memory.ok" in ids
    assert here.troubles() == []
    assert marks(here.home) == before


def test_before_any_install(here: Machine) -> None:
    here.program("claude", "2.1.329 (Claude Code)")
    findings = {finding["id"]: finding for finding in here.findings()}
    assert findings["client.present"]["title"] == "Claude Code 2.1.329"
    assert findings["client.absent"]["client"] in {"codex", "cowork"}
    assert findings["registration.missing"]["fix"] == "mem0-agent install --client claude-code"
    assert marks(here.home).keys() == {"."}


def test_nothing_here_at_all(here: Machine) -> None:
    envelope = here.ask("doctor")
    assert envelope["exit_code"] == 0
    assert {finding["id"] for finding in here.findings()} >= {"client.absent"}
    assert marks(here.home).keys() == {"."}


SERVERS: dict[str, tuple[str, Behaviour, str]] = {
    "well": ("server.ok", Behaviour(key=KEY), KEY),
    "rejected": ("key.rejected", Behaviour(key="m0-another"), KEY),
    "tool error": ("server.tool-error", Behaviour(is_error=True, text="boom"), KEY),
    "tools missing": ("server.tools-missing", Behaviour(tools=frozenset({"add_memory"})), KEY),
    "rate limited": ("server.rate-limited", Behaviour(answers={"*": 429}), KEY),
    "unset": ("key.unset", Behaviour(key=KEY), ""),
}


@pytest.mark.parametrize("case", SERVERS.values(), ids=SERVERS)
def test_what_the_platform_answers(here: Machine, case: tuple[str, Behaviour, str]) -> None:
    expected, behaviour, key = case
    env: dict[str, str | None] = {"MEM0_API_KEY": key or None}
    with serving(behaviour) as server:
        words = ("--backend", "platform", "--url", server.url, "--no-verify", "--skip", "hooks", "--skip", "skills")
        here.install(*words, env=env)
        before = marks(here.home)
        findings = here.findings(env=env)
        assert [f["client"] for f in findings if f["id"] == expected] == ["claude-code", "codex"]
        assert KEY not in json.dumps(findings)
        assert marks(here.home) == before


@pytest.mark.parametrize(
    ("home", "says"),
    [
        (None, "is not set"),
        ("", "is empty"),
        ("relative/home", "not an absolute path"),
        ("/no/such/home", "not a folder"),
    ],
)
@pytest.mark.parametrize("command", ["doctor", "install", "uninstall"])
def test_a_home_that_is_none(here: Machine, command: str, home: str | None, says: str) -> None:
    words = [] if command == "doctor" else ["--yes"]
    envelope = here.ask(command, *words, env={"HOME": home})
    assert envelope["exit_code"] == 1
    assert says in envelope["error"]["message"]
    assert "HOME" in envelope["error"]["hint"]
    assert marks(here.work).keys() == {"."}


def test_a_client_that_runs_since_before(here: Machine) -> None:
    """A program of the client's name, started before the install, of this home; one of another home is not told."""
    program = here.bin / "claude"
    shutil.copy(os.path.realpath(shutil.which("sleep") or "/bin/sleep"), program)
    elsewhere = {**here.environment(), "HOME": str(here.root / "work")}
    for env, told in ((here.environment(), True), (elsewhere, False)):
        with subprocess.Popen([program, "60"], env=env) as running:
            try:
                here.run("install", "--client", "claude-code", "--yes", "--backend", "local")
                os.utime(here.claude, (2**31 - 2, 2**31 - 2))
                for path in (here.home / ".claude").rglob("*"):
                    os.utime(path, (2**31 - 2, 2**31 - 2))
                ids = [f["id"] for f in here.findings("--client", "claude-code")]
                assert ("restart.needed" in ids) is told
            finally:
                running.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="told by /proc")
def test_deep_asks_the_client_itself(here: Machine) -> None:
    here.program("claude", "").write_text(
        '#!/bin/sh\nif [ "$1" = mcp ]; then echo "mem0: x serve - ✓ Connected"; else echo 2.1.329; fi\n', "utf-8"
    )
    here.run("install", "--client", "claude-code", "--yes")
    told = [f for f in here.findings("--client", "claude-code", "--deep") if f["title"].startswith("The client itself")]
    assert [f["id"] for f in told] == ["server.ok"]
    here.program("claude", "").write_text(
        '#!/bin/sh\nif [ "$1" = mcp ]; then echo "mem0: x serve - ✗ Failed to connect"; else echo 2.1.329; fi\n',
        "utf-8",
    )
    told = [f for f in here.findings("--client", "claude-code", "--deep") if f["title"].startswith("The client itself")]
    assert [(f["id"], bool(f["fix"])) for f in told] == [("server.unreachable", True)]


def test_both_are_examined_by_default_one_on_demand(here: Machine) -> None:
    here.install()
    assert {f["client"] for f in here.findings()} >= {None, "claude-code", "codex"}
    assert {f["client"] for f in here.findings("--client", "codex")} <= {None, "codex"}
    assert len(here.ask("doctor", "--client", "codex")["data"]["clients"]) == 1
    assert len(BOTH) == 4
