"""What an install says at its end where it did nothing: no promise of what was not done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.machine import BOTH
from tests.servers import Behaviour, serving

if TYPE_CHECKING:
    from tests.machine import Machine

KEY = {"MEM0_API_KEY": "m0-Zq8vR2sT5wY7bN3k"}


@pytest.mark.parametrize("there", [True, False])
def test_a_failed_proof_promises_nothing(here: Machine, there: bool) -> None:
    if there:
        here.program("claude", "2.1.330 (Claude Code)")
    words = ("--backend", "platform", "--url", "http://127.0.0.1:9/mcp", "--yes")
    told = here.ask("install", *BOTH, *words, env=KEY)
    assert (told["exit_code"], told["error"]["code"]) == (5, "server.unreachable")
    for part in told["data"]["clients"]:
        assert (part["notes"], part["changes"], part["skills"]) == ([], [], [])
        assert not part["hooks"]["installed"]
    assert not any("set up" in sentence for sentence in told["data"]["leaves"])
    done = here.run("install", *BOTH, *words, env=KEY)
    assert "set up" not in done.out + done.err
    assert "Nothing was written." in done.err
    assert list(here.home.iterdir()) == []


def test_what_stands_is_still_told_when_the_server_fails(here: Machine) -> None:
    """Nothing was to be written: hooks and skills are there, whatever the server says."""
    behaviour = Behaviour(key=KEY["MEM0_API_KEY"])
    with serving(behaviour) as server:
        here.install("--backend", "platform", "--url", server.url, env=KEY)
        behaviour.answers["*"] = 500
        told = here.ask("install", *BOTH, "--yes", env=KEY)
    assert told["exit_code"] == 5
    assert [part["hooks"]["installed"] for part in told["data"]["clients"]] == [True, True]
    assert all(part["skills"] for part in told["data"]["clients"])


def test_a_failed_change_of_the_memory_tells_of_hooks_that_stand(here: Machine) -> None:
    here.install("--backend", "local", "--skip", "skills")
    words = ("--backend", "platform", "--url", "http://127.0.0.1:9/mcp", "--yes")
    told = here.ask("install", *BOTH, *words, env=KEY)
    assert told["exit_code"] == 5
    assert [part["hooks"]["installed"] for part in told["data"]["clients"]] == [True, True]
    assert [part["skills"] for part in told["data"]["clients"]] == [[], []]
    assert "http://127.0.0.1:9" not in json.dumps(here.claude.read_text("utf-8"))
