"""After one `mem0-agent install`, the real programs hold one memory together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e import claude, codex
from tests.e2e.dialogue import Call, Turn, prompt
from tests.e2e.product import TOOLS, envelope, install
from tests.e2e.sandbox import Sandbox

OFFERED = {f"mcp__mem0__{tool}" for tool in TOOLS}
NOTE = Call("mem0", "add_memory", {"text": "The office plant is called Ferdinand"})
LIST = Call("mem0", "list_entities")


@pytest.fixture(scope="module")
def box(module_box: Sandbox) -> Sandbox:
    done = install(module_box, "--json")
    told = envelope(done)
    assert (told["ok"], done.exit_code) == (True, 0), done.text
    verified = {each["client"]: each["verification"]["status"] for each in told["data"]["clients"]}
    assert verified == {"claude-code": "ok", "codex": "ok"}
    return module_box


def connected(turn: Turn) -> bool:
    return turn.exit_code == 0 and turn.servers == {"mem0": "connected"} and set(turn.tools) >= OFFERED


def listed(result: str) -> list[dict[str, Any]]:
    """The results in what a tool answered; structured content reaches the model with its text one level down."""
    told = json.loads(result)
    results: list[dict[str, Any]] = (json.loads(told["result"]) if "result" in told else told)["results"]
    return results


def found(turn: Turn) -> list[str]:
    """The memories in the last tool result that the model received."""
    return [each["memory"] for each in listed(turn.results[-1])]


def test_claude_offers_the_tools_and_calls_one(box: Sandbox) -> None:
    (turn,) = claude.session(box, [prompt("who is remembered here?", NOTE, LIST)])
    assert connected(turn), turn
    assert "robin" in [each["name"] for each in listed(turn.results[1])]


def test_claude_itself_finds_the_server_healthy(box: Sandbox) -> None:
    assert claude.mcp_list(box) == {"mem0": "Connected"}


def test_codex_offers_the_tools_and_calls_one(box: Sandbox) -> None:
    (turn,) = codex.turn(box, [prompt("who is remembered here?", NOTE, LIST)])
    assert connected(turn), turn
    assert "robin" in [each["name"] for each in listed(turn.results[1])]


def test_codex_calls_it_without_a_model(box: Sandbox) -> None:
    assert codex.call(box, "mem0", "add_memory", NOTE.arguments)
    assert "robin" in [each["name"] for each in listed(codex.call(box, "mem0", "list_entities"))]


def test_tools_are_in_the_first_request_of_codex_exec(box: Sandbox) -> None:
    turn = codex.exec_turn(box, prompt("who is remembered here?", NOTE, LIST))
    assert set(turn.tools) >= OFFERED
    assert "robin" in [each["name"] for each in listed(turn.results[1])]


def test_what_claude_learns_codex_finds(box: Sandbox) -> None:
    fact = "We moved auth from server sessions to JWT"
    note = Call("mem0", "add_memory", {"text": fact})
    (said,) = claude.session(box, [prompt("remember how auth works now", note)])
    assert len(said.results) == 1
    search = Call("mem0", "search_memories", {"query": "how does auth work"})
    (turn,) = codex.turn(box, [prompt("add refresh token rotation", search)])
    assert fact in found(turn)
    assert fact in found(codex.exec_turn(box, prompt("and in exec", search)))


def test_what_codex_learns_claude_finds(box: Sandbox) -> None:
    fact = "The nightly build runs on the arm64 runner"
    note = Call("mem0", "add_memory", {"text": fact})
    assert len(codex.exec_turn(box, prompt("remember the runner", note)).results) == 1
    (turn,) = claude.session(box, [prompt("?", Call("mem0", "search_memories", {"query": "nightly build runner"}))])
    assert fact in found(turn)


def test_codex_asks_before_anything_is_deleted(box: Sandbox) -> None:
    """Codex runs what reads and what adds; what destroys waits for its user, and in exec nobody is there."""
    fact = "The staging database is restored every Monday"
    codex.exec_turn(box, prompt("remember", Call("mem0", "add_memory", {"text": fact})))
    codex.exec_turn(box, prompt("forget", Call("mem0", "delete_all_memories", {"user_id": "robin"})))
    search = Call("mem0", "search_memories", {"query": "staging database"})
    assert fact in found(codex.exec_turn(box, prompt("look", search)))
