"""With the platform as backend nothing is written before list_entities answered, and every trouble has its own words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e import claude, codex
from tests.e2e.dialogue import Call, prompt
from tests.e2e.http_server import EXPIRED, GOOD, Mem0
from tests.e2e.product import envelope, install
from tests.e2e.sandbox import Done, Sandbox, tree

PLATFORM = ("--backend", "platform", "--url")

# what is wrong -> the server's ways, the key that the user exported, the code of the error, words that tell it
TROUBLES = {
    "wrong key": ("", "m0-wrong", "key.rejected", "Invalid API key"),
    "expired key": ("", EXPIRED, "key.rejected", "expired"),
    "no key": ("", None, "key.unset", "MEM0_API_KEY"),
    "nobody there": ("dead", GOOD, "server.unreachable", "refused"),
    "not an MCP server": ("html", GOOD, "server.not-mcp", "MCP"),
    "a server in trouble": ("boom", GOOD, "server.unreachable", "500"),
    "no tools": ("no-tools", GOOD, "server.tools-missing", "list_entities"),
    "a tool that fails": ("tool-error", GOOD, "server.tool-error", "on fire"),
    "a tool that hides its failure": ("error-text", GOOD, "server.tool-error", "index is gone"),
}


@contextmanager
def serving(box: Sandbox, ways: str) -> Iterator[str]:
    """The address of a server with these ways."""
    if ways == "dead":
        yield f"http://127.0.0.1:{box.network.dead_port()}/mcp/"
        return
    with Mem0(box.network.listener(), ways) as server:
        yield server.endpoint


@dataclass(frozen=True)
class Telling:
    """What one install said, and whether it left everything as it was."""

    done: Done
    untouched: bool

    @property
    def error(self) -> dict[str, Any]:
        error: dict[str, Any] = envelope(self.done)["error"]
        return error


@pytest.fixture(scope="module")
def tellings(module_box: Sandbox) -> dict[str, Telling]:
    """One install for each trouble; as none of them writes anything, one home serves them all."""
    told = {}
    before = tree(module_box.root)
    for trouble, (ways, key, _, _) in TROUBLES.items():
        with serving(module_box, ways) as url:
            env = {"MEM0_API_KEY": key} if key else {}
            done = install(module_box, "--json", *PLATFORM, url, env=env)
        told[trouble] = Telling(done, tree(module_box.root) == before)
    return told


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_is_named_and_nothing_written(tellings: dict[str, Telling], trouble: str) -> None:
    _, key, code, words = TROUBLES[trouble]
    told = tellings[trouble]
    assert (told.done.exit_code, told.error["code"], told.untouched) == (5, code, True), told.done.text
    assert words in told.error["message"]
    assert told.error["hint"]
    assert not key or key not in told.done.out + told.done.err


def test_every_trouble_has_its_own_words(tellings: dict[str, Telling]) -> None:
    messages = {re.sub(r"http://\S+", "", told.error["message"]) for told in tellings.values()}
    assert len(messages) == len(TROUBLES), messages


def test_the_right_key_is_proved_and_the_clients_use_it(box: Sandbox) -> None:
    """Claude Code sends the key as ``Token``, Codex as ``Bearer``; the key itself is in no file."""
    key = {"MEM0_API_KEY": GOOD}
    look = prompt("who is remembered?", Call("mem0", "list_entities"))
    with Mem0(box.network.listener()) as server:
        done = install(box, *PLATFORM, server.endpoint, env=key)
        assert done.exit_code == 0, done.text
        assert server.calls().count("list_entities") >= 2
        assert {f"Token {GOOD}", f"Bearer {GOOD}"} == set(server.authorizations)
        assert not [path for path, (_, data) in tree(box.root).items() if GOOD.encode() in data]
        server.requests.clear()
        (turn,) = claude.session(box, [look], env=key)
        assert (turn.servers, set(server.authorizations)) == ({"mem0": "connected"}, {f"Token {GOOD}"})
        assert "robin" in turn.results[0]
        server.requests.clear()
        (turn,) = codex.turn(box, [look], env=key)
        assert (turn.servers, set(server.authorizations)) == ({"mem0": "connected"}, {f"Bearer {GOOD}"})
        assert "robin" in turn.results[0]


def test_a_stored_key_reaches_clients_that_were_started_without_it(box: Sandbox) -> None:
    look = prompt("who is remembered?", Call("mem0", "list_entities"))
    with Mem0(box.network.listener()) as server:
        done = install(box, *PLATFORM, server.endpoint, "--store-key", env={"MEM0_API_KEY": GOOD})
        assert done.exit_code == 0, done.text
        assert GOOD not in done.out + done.err
        holders = {path: mode & 0o777 for path, (mode, data) in tree(box.home).items() if GOOD.encode() in data}
        assert set(holders.values()) == {0o600}, holders
        (turn,) = claude.session(box, [look])
        assert "robin" in turn.results[0]
        (turn,) = codex.turn(box, [look])
        assert "robin" in turn.results[0]
