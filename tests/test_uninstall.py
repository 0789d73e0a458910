"""The way back through the console script: byte for byte, whatever happened in between."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.machine import BOTH, SCRIPT
from tests.test_install import JSON, STYLES, TOML, Style
from tests.trees import marks, read_tree, still, write_tree

if TYPE_CHECKING:
    from pathlib import Path

    from tests.machine import Machine


def own_files(here: Machine) -> list[str]:
    return [name for name in read_tree(here.home) if "mem0-agent" in name]


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_every_byte_mode_and_folder_is_as_before(here: Machine, style: Style) -> None:
    write_tree(here.home, {".claude.json": style.claude, ".codex/config.toml": style.codex})
    here.claude.chmod(0o640)
    before = still(here.home)
    here.install()
    assert still(here.home) != before
    here.uninstall()
    assert still(here.home) == before


def test_a_home_without_anything_is_empty_again(here: Machine) -> None:
    here.install()
    here.uninstall()
    assert read_tree(here.home) == {}


def test_a_skill_that_a_power_cut_emptied_goes_too(here: Machine) -> None:
    here.install()
    for name in (".claude/skills/mem0-memory/SKILL.md", ".agents/skills/mem0-sdk/SKILL.md"):
        assert (here.home / name).read_bytes()
        (here.home / name).write_bytes(b"")
    here.uninstall()
    assert read_tree(here.home) == {}


def test_links_stay_links(here: Machine) -> None:
    write_tree(here.home, {"dot/claude.json": JSON, "dot/codex.toml": TOML, ".codex": None})
    here.claude.symlink_to("dot/claude.json")
    here.codex.symlink_to(here.home / "dot/codex.toml")
    before = still(here.home)
    here.install()
    here.uninstall()
    assert still(here.home) == before


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_what_was_added_by_hand_in_between_stays(here: Machine, style: Style) -> None:
    """Another server joined after ours: what is left is what there would be had we never come."""
    write_tree(here.home, {".claude.json": style.claude, ".codex/config.toml": style.codex})
    here.install()
    claude, codex = here.claude.read_bytes(), here.codex.read_bytes()
    eol = b"\r\n" if b"\r\n" in codex else b"\n"
    here.claude.write_bytes(claude.replace(b"{", b'{"byHand": 1,', 1))
    end = b"" if codex.endswith(b"\n") else eol
    here.codex.write_bytes(codex + end + b"[by_hand]" + eol + b"a = 1" + eol)
    here.uninstall()
    after = json.loads(here.claude.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    assert after.pop("byHand") == 1
    assert after == json.loads(style.claude.removeprefix(b"\xef\xbb\xbf"))
    added = tomllib.loads(here.codex.read_text("utf-8"))
    assert added.pop("by_hand") == {"a": 1}
    assert added == tomllib.loads(style.codex.decode())
    if style.claude != b"{}":
        assert here.claude.read_bytes() == style.claude.replace(b"{", b'{"byHand": 1,', 1)
    assert own_files(here) == []


def test_a_server_added_beside_ours(here: Machine) -> None:
    write_tree(here.home, {".claude.json": JSON, ".codex/config.toml": TOML})
    here.install()
    text = here.claude.read_text("utf-8").replace(
        '"other": {"command": "x"}', '"other": {"command": "x"}, "new": {"command": "n"}'
    )
    here.claude.write_text(text, "utf-8")
    with here.codex.open("a", encoding="utf-8") as file:
        file.write('\n[mcp_servers.new]\ncommand = "n"\n')
    here.uninstall()
    expected = JSON.replace('"other": {"command": "x"}', '"other": {"command": "x"}, "new": {"command": "n"}')
    assert here.claude.read_text("utf-8") == expected
    assert set(tomllib.loads(here.codex.read_text("utf-8"))["mcp_servers"]) == {"other", "new"}
    assert "# mine" in here.codex.read_text("utf-8")


def test_a_file_that_only_we_had_made_but_others_use_by_now(here: Machine) -> None:
    here.install()
    held = json.loads(here.claude.read_bytes())
    here.claude.write_text(json.dumps({**held, "theirs": True}), "utf-8")
    here.uninstall()
    assert json.loads(here.claude.read_bytes()) == {"theirs": True}


def test_an_entry_that_was_edited_is_shown_and_taken_only_with_yes(here: Machine) -> None:
    write_tree(here.home, {".claude.json": JSON, ".codex/config.toml": TOML})
    here.install()
    here.claude.write_text(here.claude.read_text("utf-8").replace('"serve"', '"serve", "--mine"'), "utf-8")
    plan = here.run("uninstall", "--dry-run")
    assert "edited since" in plan.out
    here.uninstall()
    assert here.claude.read_text("utf-8") == JSON


def test_without_a_terminal_it_wants_a_yes(here: Machine) -> None:
    here.install()
    before = marks(here.home)
    done = here.run("uninstall")
    assert (done.code, "--yes" in done.err) == (2, True)
    assert marks(here.home) == before


def test_one_client_goes_and_the_other_stays(here: Machine) -> None:
    write_tree(here.home, {".codex/config.toml": TOML})
    here.install()
    done = here.uninstall("--client", "codex")
    assert "Claude Code still needs them" in done.out
    assert here.codex.read_text("utf-8") == TOML
    assert here.launcher.exists()
    assert here.troubles("--client", "claude-code") == []
    here.uninstall("--client", "claude-code")
    assert read_tree(here.home) == {".codex": None, ".codex/config.toml": TOML.encode()}


def test_nothing_to_do(here: Machine) -> None:
    write_tree(here.home, {".claude.json": JSON})
    before = marks(here.home)
    data = here.ask("uninstall", "--yes")["data"]
    assert ([each["changes"] for each in data["clients"] if each["changes"]], data["removed"]) == ([], [])
    assert marks(here.home) == before


def test_works_without_the_clients_and_without_a_network(here: Machine) -> None:
    here.program("codex", "codex-cli 0.169.0")
    here.program("claude", "2.1.329 (Claude Code)")
    here.install()
    shutil.rmtree(here.bin)
    here.uninstall(env={"HTTPS_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"})
    assert read_tree(here.home) == {}


# Without a receipt


def test_without_a_receipt_exactly_our_own_entries_go(here: Machine) -> None:
    write_tree(here.home, {".claude.json": JSON, ".codex/config.toml": TOML})
    here.install()
    shutil.rmtree(here.dirs.state)
    here.uninstall()
    assert json.loads(here.claude.read_bytes()) == json.loads(JSON)
    assert tomllib.loads(here.codex.read_text("utf-8")) == tomllib.loads(TOML)
    assert not here.launcher.exists()


@pytest.mark.parametrize(
    "entry",
    [
        {"command": "mem0-mcp-server"},
        {"command": "/opt/mem0-agent/bin/mem0-memory", "args": ["serve"]},
        {"type": "http", "url": "https://mcp.mem0.ai/mcp/", "headers": {"Authorization": "Token mine"}},
        {"command": "sh", "args": ["-c", "echo mem0-memory serve"]},
    ],
    ids=str,
)
def test_without_a_receipt_what_only_looks_like_ours_stays(here: Machine, entry: dict[str, object]) -> None:
    write_tree(here.home, {".claude.json": json.dumps({"mcpServers": {"mem0": entry}})})
    before = marks(here.home)
    here.uninstall()
    assert marks(here.home) == before


def test_a_broken_receipt_is_named_and_nothing_done(here: Machine) -> None:
    here.install()
    (here.dirs.state / "receipt.json").write_text("{", "utf-8")
    before = marks(here.home)
    done = here.uninstall(code=1)
    assert str(here.dirs.state / "receipt.json") in done.err
    assert marks(here.home) == before


def test_a_backup_that_was_tampered_with_is_not_put_back(here: Machine) -> None:
    write_tree(here.home, {".claude.json": JSON})
    here.install()
    for backup in (here.dirs.state / "backups").iterdir():
        backup.write_text("evil", "utf-8")
    before = marks(here.home)
    done = here.uninstall(code=1)
    assert "was changed" in done.err
    assert marks(here.home) == before


# What stays


def remembered(here: Machine) -> Path:
    """A memory that holds something."""
    here.install()
    path = here.dirs.data / "memory.db"
    said = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize",
         "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call",
         "params": {"name": "add_memory", "arguments": {"text": "likes tea", "infer": False}}},
    ]  # fmt: skip
    stdin = "".join(json.dumps(message) + "\n" for message in said).encode()
    done = here.run("serve", stdin=stdin)
    assert path.is_file(), done.all
    return path


def test_the_memories_stay_and_this_is_said(here: Machine) -> None:
    memory = remembered(here)
    dry = here.run("uninstall", "--dry-run")
    assert f"Your memories stay in {memory}" in dry.out
    done = here.uninstall()
    assert f"Your memories stay in {memory}" in done.out
    assert "--purge" in done.out
    assert [name for name in own_files(here) if not name.endswith("mem0-agent")] == [
        f".local/share/mem0-agent/{name}" for name in sorted(path.name for path in memory.parent.iterdir())
    ]
    with sqlite3.connect(memory) as connection:
        assert "likes tea" in str(connection.execute("select * from memories").fetchall())
    connection.close()


def test_purge_takes_the_memories_too(here: Machine) -> None:
    memory = remembered(here)
    data = here.ask("uninstall", "--purge", "--yes")["data"]
    assert str(memory) in data["removed"]
    assert read_tree(here.home) == {}


def test_purge_after_an_uninstall_that_kept_them(here: Machine) -> None:
    remembered(here)
    here.uninstall()
    here.uninstall("--purge")
    assert not here.dirs.data.exists()


def test_foreign_files_in_our_folders_stay(here: Machine) -> None:
    here.install()
    write_tree(here.dirs.data, {"notes.txt": "mine"})
    here.uninstall()
    assert (here.dirs.data / "notes.txt").read_text("utf-8") == "mine"


# Scopes


def test_user_scope_leaves_the_project(here: Machine) -> None:
    (here.bin / "mem0-agent").symlink_to(SCRIPT)
    (here.work / ".git").mkdir()
    here.run("install", *BOTH, "--yes", "--scope", "project")
    project = read_tree(here.work)
    here.install(
        "--allow-duplicate", "--scope", "user", code=here.run("install", *BOTH, "--yes", "--allow-duplicate").code
    )
    here.uninstall("--scope", "user")
    assert read_tree(here.work) == project
    here.uninstall("--scope", "project")
    assert read_tree(here.work) == {".git": None}
    assert read_tree(here.home) == {}


# Interrupted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_in_the_middle(here: Machine, number: signal.Signals) -> None:
    write_tree(here.home, {".claude.json": JSON, ".codex/config.toml": TOML})
    before = read_tree(here.home)
    here.install()
    installed = read_tree(here.home)
    running = here.start("uninstall", "--yes")
    while running.poll() is None and here.launcher.exists() and here.claude.read_bytes() != JSON.encode():
        pass
    running.send_signal(number)
    running.communicate(timeout=30)
    assert running.returncode in {0, 130, -signal.SIGKILL}
    if running.returncode == 130:
        assert read_tree(here.home) == installed
    here.uninstall()
    left = {name: data for name, data in read_tree(here.home).items() if data is not None or name in before}
    assert left == before  # a killed run may leave an empty folder
