"""What the other tests of this folder leave open: clients that only say yes, keys in projects, machines without a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults import hostile
from tests.servers import Behaviour, serving
from tests.trees import read_tree, still, write_tree

if TYPE_CHECKING:
    from tests.machine import Machine

ROOT = Path(__file__).parents[2]
KEY = "m0-Zq8vR2sT5wY7bN3kLmXp"
MENTIONS = ("mem0", "mem0-memory hook claude-code", "/x/mem0-agent/bin/mem0-memory hook claude-code #", "'mem0-memory'")
VERSIONS = {"claude": "2.1.330 (Claude Code)", "codex": "codex-cli 0.169.0"}


@pytest.mark.parametrize(("client", "program"), [("claude-code", "claude"), ("codex", "codex")])
def test_a_client_that_only_says_yes_is_not_believed(here: Machine, client: str, program: str) -> None:
    """Its command ends with 0 and has written nothing: what is read back counts."""
    write_tree(here.home, {".claude.json": "{}", ".codex/config.toml": 'model = "o4"\n'})
    here.program(program, VERSIONS[program])
    before = still(here.home)
    told = here.ask("install", "--client", client, "--mode", "plugin", "--yes", "--no-verify")
    assert (told["exit_code"], told["error"]["code"]) == (1, "plugin.broken"), told
    assert still(here.home) == before


def test_a_projects_files_hold_a_reference_and_no_key(here: Machine) -> None:
    project = here.root / "project"
    write_tree(project, {".git/HEAD": "ref: refs/heads/main\n"})
    with serving(Behaviour(key=KEY)) as server:
        words = ("--backend", "platform", "--url", server.url, "--scope", "project", "--project", str(project))
        told = here.ask("install", "--client", "claude-code", *words, "--yes", env={"MEM0_API_KEY": KEY}, cwd=project)
    assert told["exit_code"] == 0, told
    entry = json.loads((project / ".mcp.json").read_bytes())["mcpServers"]["mem0"]
    assert "${MEM0_API_KEY}" in json.dumps(entry)
    assert not [name for name, data in read_tree(here.root).items() if data and KEY.encode() in data]


@pytest.mark.parametrize("touched", [False, True])
def test_a_hook_of_somebody_elses_that_mentions_us_survives(here: Machine, touched: bool) -> None:
    """Ours is what the receipt records or exactly our own command: a part of a word proves nothing."""
    groups = [{"hooks": [{"type": "command", "command": f"echo {word}"}]} for word in MENTIONS]
    path = here.home / ".claude/settings.json"
    write_tree(here.home, {".claude/settings.json": json.dumps({"hooks": {"SessionStart": groups}})})
    before = path.read_bytes()
    here.install()
    if touched:
        path.write_bytes(path.read_bytes().replace(b"{", b'{"model": "opus", ', 1))
    here.uninstall()
    assert json.loads(path.read_bytes())["hooks"] == {"SessionStart": groups}
    assert touched or path.read_bytes() == before


IMPORT_ALL = """
import importlib, pkgutil, mem0_agent
names = [one.name for one in pkgutil.walk_packages(mem0_agent.__path__, "mem0_agent.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(mem0_agent.__file__, len(names))
"""


def test_the_wheel_is_installed_and_imported_without_a_network(tmp_path: Path) -> None:
    """Every module of it, on a machine that has no route to anywhere and no index of packages."""
    pytest.importorskip("hatchling", reason="the wheel is built by hatchling, which is not here")
    alone = ("unshare", "-rn")
    if not hostile.possible(*alone):
        pytest.skip("this machine does not let us cut its network")
    site, pip = tmp_path / "site", (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir")

    def run(*words: str | Path, path: str = "") -> str:
        env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(tmp_path), "PYTHONPATH": path}
        done = subprocess.run([*alone, *words], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(*pip, "wheel", "-q", "--no-index", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    run(*pip, "install", "-q", "--no-index", "--no-deps", "--target", site, wheel)
    place, count = run(sys.executable, "-c", IMPORT_ALL, path=str(site)).split()
    assert Path(place).is_relative_to(site)
    assert int(count) > 100


REWRITES = """#!/bin/sh
case "$*" in
    "{when}"*) printf 'model = "o4"\\n\\n[marketplaces.mem0-agent]\\nsource = "x"\\n' > "$HOME/.codex/config.toml"
        kill -9 $PPID ;;
esac
echo 'codex-cli 0.169.0'
"""
MINE = b'model   =   "o4"   # mine, and aligned\n'


@pytest.mark.parametrize("when", ["plugin marketplace add", "plugin add"])
@pytest.mark.parametrize("between", [(), ("install", "--client", "codex", "--mode", "direct", "--yes", "--no-verify")])
def test_killed_at_a_clients_own_command_the_very_bytes_come_back(
    here: Machine, when: str, between: tuple[str, ...]
) -> None:
    """The client writes its file in its own style, and we end before we have noted anything of it."""
    write_tree(here.home, {".codex/config.toml": MINE})
    before = still(here.home)
    program = here.program("codex", VERSIONS["codex"])
    program.write_text(REWRITES.format(when=when), "utf-8")
    done = here.run("install", "--client", "codex", "--mode", "plugin", "--yes", "--no-verify")
    assert done.code == -9, done.all
    assert here.codex.read_bytes() != MINE
    program.write_text("#!/bin/sh\necho 'codex-cli 0.169.0'\n", "utf-8")
    if between:
        assert here.run(*between).code == 0
    here.uninstall()
    assert {name: mark for name, mark in still(here.home).items() if not name.startswith(".local")} == before


def test_killed_while_codex_records_trust_the_very_bytes_come_back(here: Machine) -> None:
    write_tree(here.home, {".codex/config.toml": MINE})
    before = still(here.home)
    program = here.program("codex", VERSIONS["codex"])
    program.write_text(REWRITES.format(when="app-server"), "utf-8")
    done = here.run("install", "--client", "codex", "--trust-hooks", "--yes", "--no-verify")
    assert (done.code, b"marketplaces" in here.codex.read_bytes()) == (-9, True), done.all
    program.write_text("#!/bin/sh\necho 'codex-cli 0.169.0'\n", "utf-8")
    here.uninstall()
    assert {name: mark for name, mark in still(here.home).items() if not name.startswith(".local")} == before
