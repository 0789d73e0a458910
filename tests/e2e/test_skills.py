"""Our skills, as both clients list them; and a skill that its user has made their own."""

from __future__ import annotations

import pytest

from tests.e2e import claude, codex
from tests.e2e.dialogue import prompt, strings
from tests.e2e.product import envelope, install, uninstall
from tests.e2e.sandbox import Sandbox

NAMES = {"mem0-memory", "mem0-sdk"}


def offered(request: object) -> set[str]:
    """Our skills that a model is told of, with the words that say when to use them."""
    return {name for name in NAMES for _, text in strings(request) if f"- {name}: " in text}


def listed(box: Sandbox) -> dict[str, bool]:
    """Our skills as Codex lists them: whether each is on."""
    with codex.app(box) as server:
        data = server.call("skills/list", {"cwds": [str(box.project)]})["data"]
    assert [each["errors"] for each in data] == [[]]
    return {skill["name"]: skill["enabled"] for each in data for skill in each["skills"] if skill["name"] in NAMES}


def test_both_clients_list_them_and_tell_the_model(box: Sandbox) -> None:
    assert install(box).exit_code == 0
    (turn,) = claude.session(box, [prompt("hello")])
    assert offered(turn.requests[0]) == NAMES
    assert listed(box) == dict.fromkeys(NAMES, True)
    (turn,) = codex.turn(box, [prompt("hello")])
    assert offered(turn.requests[0]) == NAMES
    assert uninstall(box).exit_code == 0
    (turn,) = claude.session(box, [prompt("hello")])
    assert offered(turn.requests[0]) == set()
    assert listed(box) == {}


@pytest.mark.parametrize("release", ["newest"], indirect=True)
def test_a_skill_that_was_edited_stays_its_users(box: Sandbox) -> None:
    assert install(box).exit_code == 0
    edited = [box.home / folder / "skills/mem0-memory/SKILL.md" for folder in (".claude", ".agents")]
    for path in edited:
        path.write_text(path.read_text().replace("description: ", "description: Mine. "))
    mine = [path.read_text() for path in edited]
    done = install(box, "--json")
    told = envelope(done)["data"]["clients"]
    assert [[note for note in each["notes"] if "stays as it is" in note] for each in told] == [
        [f"{path} is not as we wrote it and stays as it is."] for path in edited
    ]
    done = uninstall(box, "--json")
    assert [path.read_text() for path in edited] == mine
    assert all(any(str(path) in leaf for leaf in envelope(done)["data"]["leaves"]) for path in edited)
    assert not (box.home / ".claude/skills/mem0-sdk").exists()
    assert listed(box) == {"mem0-memory": True}
