"""What the whole thing is for: said in one client, known in the other, days and sessions later, without a network."""

from __future__ import annotations

import pytest

from mem0_agent.memory import identity
from tests.e2e import claude, codex
from tests.e2e.dialogue import Call, Say, Turn, prompt
from tests.e2e.evidence import (
    blocks,
    captured,
    contexts,
    failures,
    memory,
    patient,
    recalled,
    settings,
    states,
    until,
)
from tests.e2e.product import install
from tests.e2e.sandbox import Sandbox

SAID = "we moved auth from sessions to JWT"
ASKED = "add refresh token rotation to the auth system"
LATER = (
    "rename the invoice template to bill",
    "why is the sidebar blue on the phone",
    "bump the linter, please",
)
DELIBERATE = 30


@pytest.fixture
def home(box: Sandbox) -> Sandbox:
    """A user whose memory holds much already, so that the start of a session cannot show all of it."""
    assert install(box, "--trust-hooks").exit_code == 0
    patient(settings(box))
    held = memory(box)
    scope = {"user_id": "robin", "app_id": identity.project(str(box.project))}
    for number in range(DELIBERATE):
        text = f"Report number {number} is made of the {number}th table of the warehouse, and of nothing else at all"
        held.add([{"role": "user", "content": text}], scope, {"type": "decision"}, infer=False)
    held.close()
    return box


def by_prompt(turn: Turn, text: str) -> list[str]:
    """The recalled lines with ``text``, of the block that answered the prompt and not of the one at the start."""
    start, *answered = blocks(turn.requests[-1])
    assert text not in start
    return [line for block in answered for line in block.split("\n") if text in line]


def sessions(box: Sandbox, number: int) -> bool:
    return len(states(box)) == number


def test_said_in_claude_code_and_known_in_codex(home: Sandbox) -> None:
    claude.session(home, [prompt(SAID, Say("Good to know."))])
    captured(home, SAID)
    for count, text in enumerate(LATER, 2):
        claude.session(home, [prompt(text)])
        until(lambda count=count: sessions(home, count), text)  # type: ignore[misc]
    (turn,) = codex.turn(home, [prompt(ASKED)])
    assert by_prompt(turn, SAID), contexts(turn.requests[-1])
    assert not [text for text in LATER if by_prompt(turn, text)]
    assert by_prompt(codex.exec_turn(home, prompt(ASKED)), SAID)
    assert failures(home) == []


def test_said_in_codex_and_known_in_claude_code(home: Sandbox) -> None:
    codex.turn(home, [prompt(SAID, Say("Good to know."))])
    captured(home, SAID)
    for count, text in enumerate(LATER, 2):
        codex.exec_turn(home, prompt(text))
        until(lambda count=count: sessions(home, count), text)  # type: ignore[misc]
    (turn,) = claude.session(home, [prompt(ASKED)])
    assert by_prompt(turn, SAID), contexts(turn.requests[-1])
    assert not [text for text in LATER if by_prompt(turn, text)]
    assert failures(home) == []


def test_stored_by_the_agent_of_one_and_known_in_the_other(box: Sandbox) -> None:
    """The agent is told what the project is called; it stores under that name, and the other client recalls it."""
    assert install(box, "--trust-hooks").exit_code == 0
    patient(settings(box))
    (start,) = claude.session(box, [prompt("hello")])
    app = identity.project(str(box.project))
    assert [text for _, text in contexts(start.requests[0]) if app in text]
    fact = "Tokens are signed with ES256, never with HS256"
    note = {"text": fact, "app_id": app, "infer": False, "metadata": {"type": "decision"}}
    claude.session(box, [prompt("note it", Call("mem0", "add_memory", note))])
    (turn,) = codex.turn(box, [prompt("which algorithm signs the tokens")])
    assert [line for line in recalled(turn.requests[0]) if fact in line]
