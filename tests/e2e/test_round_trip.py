"""Every byte of the user's files outlives us: twice installed, uninstalled, and with the user's own work in between."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import claude, codex
from tests.e2e.dialogue import Call, prompt
from tests.e2e.product import envelope, install, uninstall
from tests.e2e.sandbox import Sandbox, times, tree

CLAUDE = (
    b'{\r\n\t"numStartups": 7,\r\n\t"big": 12345678901234567890, "float": 1.0,\r\n'
    b'\t"projects": { "/srv/app": {"history": []} },\r\n\t"mcpServers": {\r\n'
    b'\t\t"clock":   {"type": "stdio", "command": "true", "args": []}\r\n\t}\r\n}'
)
CODEX = (
    b'# my own settings\nmodel = "gpt-5.1-codex" # the good one\n\n'
    b'[mcp_servers.clock] # tells the time\ncommand = "true"\nargs = [ ]\n\n[tui]\nnotifications = false'
)
USED = {".claude.json": CLAUDE, ".codex/config.toml": CODEX}
HOMES: dict[str, dict[str, bytes]] = {
    "new": {},
    "used": USED,
    "one server inline": {".claude.json": b'{"mcpServers":{}}', ".codex/config.toml": b"mcp_servers = { }\n"},
    "dotted": {".codex/config.toml": b'mcp_servers.clock.command = "true"\n[features]\nhooks = true\n'},
}


def furnish(box: Sandbox, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        path = box.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o640)


def edit(path: Path, old: bytes, new: bytes) -> None:
    """What a person does with an editor, in place."""
    data = path.read_bytes()
    assert data.count(old) == 1, data
    path.write_bytes(data.replace(old, new))


@pytest.mark.parametrize("files", HOMES.values(), ids=HOMES)
def test_install_and_uninstall_leave_the_tree_as_it_was(box: Sandbox, files: dict[str, bytes]) -> None:
    furnish(box, files)
    before = tree(box.root)
    for word in (install, uninstall):
        done = word(box, *(["--purge"] if word is uninstall else []))
        assert done.exit_code == 0, done.text
    assert tree(box.root) == before


def test_a_second_install_changes_nothing(box: Sandbox) -> None:
    furnish(box, USED)
    assert install(box).exit_code == 0
    before, written = tree(box.root), times(box.home)
    done = install(box, "--json")
    assert [each["changes"] for each in envelope(done)["data"]["clients"]] == [[], []], done.text
    assert done.exit_code == 0
    assert tree(box.root) == before
    assert times(box.home) == written


def test_a_dry_run_touches_nothing(box: Sandbox) -> None:
    furnish(box, USED)
    before, written = tree(box.root), times(box.home)
    done = install(box, "--dry-run")
    assert (done.exit_code, tree(box.root), times(box.home)) == (0, before, written), done.text


def test_servers_added_by_hand_in_between_stay_to_the_byte(box: Sandbox) -> None:
    furnish(box, USED)
    assert install(box).exit_code == 0
    before_us = (b'"clock":   {', b'"radio": {"command": "true"}, "clock":   {')
    behind_us = (
        b"notifications = false",
        b"notifications = false\n\n[mcp_servers.radio]\ncommand = 'true' # mine\n",
    )
    edit(box.home / ".claude.json", *before_us)
    edit(box.home / ".codex" / "config.toml", *behind_us)
    done = uninstall(box, "--purge")
    assert done.exit_code == 0, done.text
    assert (box.home / ".claude.json").read_bytes() == CLAUDE.replace(*before_us)
    assert (box.home / ".codex" / "config.toml").read_bytes() == CODEX.replace(*behind_us)


def test_servers_added_by_the_clients_own_commands_stay(box: Sandbox) -> None:
    """The clients rewrite their files in their own manner; then our entry alone goes, whatever stands around it."""
    furnish(box, USED)
    assert install(box).exit_code == 0
    added = box.run([box.bin / "claude", "mcp", "add", "-s", "user", "radio", "--", "true"])
    assert added.exit_code == 0, added.text
    added = box.run([box.bin / "codex", "mcp", "add", "radio", "--", "true"])
    assert added.exit_code == 0, added.text
    documents = claude_document(box), codex_document(box)
    assert [sorted(servers(document)) for document in documents] == [["clock", "mem0", "radio"]] * 2
    done = uninstall(box, "--purge")
    assert done.exit_code == 0, done.text
    for document in documents:
        servers(document).pop("mem0")
    assert (claude_document(box), codex_document(box)) == documents


def test_only_the_memory_survives_and_is_found_again(box: Sandbox) -> None:
    fact = "The harbour master is called Ines"
    assert install(box).exit_code == 0
    claude.session(box, [prompt("remember", Call("mem0", "add_memory", {"text": fact}))])
    done = uninstall(box)
    assert done.exit_code == 0, done.text
    ours = [path for path in tree(box.home) if "mem0-agent/" in path]
    assert {Path(path).name.removesuffix("-wal").removesuffix("-shm") for path in ours} == {"memory.db"}, ours
    assert claude.mcp_list(box) == {}
    assert install(box).exit_code == 0
    search = Call("mem0", "search_memories", {"query": "harbour master"})
    (turn,) = codex.turn(box, [prompt("who?", search)])
    assert fact in turn.results[0]


def claude_document(box: Sandbox) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((box.home / ".claude.json").read_bytes())
    return document


def codex_document(box: Sandbox) -> dict[str, Any]:
    return tomllib.loads((box.home / ".codex" / "config.toml").read_text())


def servers(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document.get("mcpServers") or document["mcp_servers"]
    return found


BROKEN = {
    "claude-code": (".claude.json", b'{\n  "mcpServers": {,}\n}\n', 2, 18),
    "codex": (".codex/config.toml", b'model = "x"\n[mcp_servers.mem0\n', 2, 18),
}


@pytest.mark.parametrize("client", BROKEN)
def test_a_file_that_does_not_parse_is_named_and_nothing_written(box: Sandbox, client: str) -> None:
    name, data, line, column = BROKEN[client]
    furnish(box, {**USED, name: data})
    before = tree(box.root)
    error = envelope(install(box, "--json"))["error"]
    assert (error["code"], error["path"]) == ("config.invalid", str(box.home / name))
    assert (error["line"], error["column"]) == (line, column)
    done = install(box)
    assert done.exit_code == 1
    assert f"{box.home / name}:{line}:{column}" in (done.out + done.err).replace("\n", "")
    assert tree(box.root) == before
