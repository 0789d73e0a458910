"""Trust through Codex's app-server: only ours, only what it computed itself, and believed only when it is read back."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mem0_agent.asking import trust
from mem0_agent.asking.appserver import AppServer
from mem0_agent.model import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

Json = Any
OURS = "mem0-memory hook codex"
SERVER = """\
import json, os, pathlib, sys, time
mood, log = sys.argv[1], pathlib.Path(sys.argv[2])
if mood == "dies":
    sys.exit(3)
hooks = [
    {"key": "h:stop:0:0", "command": "true mine", "currentHash": "sha256:m", "trustStatus": "untrusted"},
    {"key": "h:stop:1:0", "command": "mem0-memory hook codex", "currentHash": "sha256:a", "trustStatus": "untrusted"},
    {"key": "h:stop:2:0", "command": "mem0-memory hook codex", "currentHash": "sha256:b", "trustStatus": "modified"},
    {"key": "m:stop:0:0", "command": "mem0-memory hook codex", "currentHash": "sha256:c", "trustStatus": "managed"},
]
for line in sys.stdin:
    message = json.loads(line)
    with log.open("a") as file:
        file.write(line)
    if "id" not in message:
        continue
    print(json.dumps({"method": "note", "params": {}}), flush=True)
    print(json.dumps({"id": message["id"], "method": "are/you/sure", "params": {}}), flush=True)
    result = {}
    if message["method"] == "hooks/list":
        if mood == "hangs":
            time.sleep(600)
        if mood == "garbage":
            print("{{{", flush=True)
        result = {"data": [{"cwd": message["params"]["cwds"][0], "hooks": [] if mood == "empty" else hooks}]}
    if message["method"] == "config/batchWrite":
        if mood == "refuses":
            print(json.dumps({"id": message["id"], "error": {"code": -1, "message": "read-only"}}), flush=True)
            continue
        for edit in message["params"]["edits"] if mood != "forgets" else []:
            for key, state in edit["value"].items():
                for hook in hooks:
                    if hook["key"] == key and hook["currentHash"] == state["trusted_hash"]:
                        hook["trustStatus"] = "trusted"
    print(json.dumps({"id": message["id"], "result": result}), flush=True)
"""


@pytest.fixture
def codex(tmp_path: Path) -> Callable[[str], Path]:
    """A program that speaks as app-server does, in the mood that it is given."""

    def made(mood: str) -> Path:
        server = tmp_path / "server.py"
        server.write_text(SERVER)
        path = tmp_path / f"codex-{mood}"
        path.write_text(f"#!/bin/sh\nexec {sys.executable} -I {server} {mood} {tmp_path / 'log'}\n")
        path.chmod(0o755)
        return path

    return made


def asked(tmp_path: Path, method: str) -> list[Json]:
    lines = map(json.loads, (tmp_path / "log").read_text().splitlines())
    return [message["params"] for message in lines if message["method"] == method]


def test_exactly_ours_are_trusted_with_the_hashes_that_codex_told(codex: Callable[[str], Path], tmp_path: Path) -> None:
    assert trust.record(codex("well"), dict(os.environ), tmp_path, [OURS])
    (written,) = asked(tmp_path, "config/batchWrite")
    assert written == {"edits": [{
        "keyPath": "hooks.state", "mergeStrategy": "upsert",
        "value": {"h:stop:1:0": {"trusted_hash": "sha256:a"}, "h:stop:2:0": {"trusted_hash": "sha256:b"}},
    }]}  # fmt: skip
    assert len(asked(tmp_path, "hooks/list")) == 2


@pytest.mark.parametrize("mood", ["forgets", "empty"])
def test_only_what_is_read_back_counts(codex: Callable[[str], Path], tmp_path: Path, mood: str) -> None:
    assert not trust.record(codex(mood), dict(os.environ), tmp_path, [OURS])


def test_nothing_is_written_where_nothing_of_ours_waits(codex: Callable[[str], Path], tmp_path: Path) -> None:
    assert not trust.record(codex("well"), dict(os.environ), tmp_path, ["another"])
    assert asked(tmp_path, "config/batchWrite") == []


@pytest.mark.parametrize("mood", ["refuses", "garbage", "dies"])
def test_trouble_is_one_error_that_names_the_program(codex: Callable[[str], Path], tmp_path: Path, mood: str) -> None:
    with pytest.raises(UserError) as caught:
        trust.record(codex(mood), dict(os.environ), tmp_path, [OURS])
    assert caught.value.code == "codex.app-server"
    assert "codex app-server" in caught.value.message


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        trust.statuses(tmp_path / "nowhere", dict(os.environ), tmp_path)
    assert caught.value.code == "codex.app-server"


def test_a_program_that_answers_nothing_is_ended(codex: Callable[[str], Path], tmp_path: Path) -> None:
    with pytest.raises(UserError), AppServer(codex("hangs"), dict(os.environ), tmp_path, 0.5) as server:
        trust.listed(server, tmp_path)
    assert ended(server.process.pid)


def ended(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_the_statuses_of_all_hooks_by_their_keys(codex: Callable[[str], Path], tmp_path: Path) -> None:
    assert trust.statuses(codex("well"), dict(os.environ), tmp_path) == {
        "h:stop:0:0": "untrusted", "h:stop:1:0": "untrusted", "h:stop:2:0": "modified", "m:stop:0:0": "managed",
    }  # fmt: skip
