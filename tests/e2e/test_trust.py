"""Hooks of the user's own around ours: they stay, to the byte, and Codex trusts after us what it trusted before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import codex
from tests.e2e.dialogue import prompt
from tests.e2e.product import envelope, install, mem0_agent, uninstall
from tests.e2e.sandbox import Sandbox

Json = Any
ODD = """{ "description": "my hooks",
\t"hooks" : {"Stop":[ {"hooks":[{"type":"command","command":"true first","timeout":5}]} ,
   {"matcher": "", "hooks": [ {"command": "true second", "type": "command"},
{"type":"command","command":"true third"} ]}],
  "PreToolUse": [{"matcher":"Bash","hooks":[{"type":"command","command":"true tool","x-mine": 1.0}]}] }
}"""
INLINE = """model = "gpt-5.1-codex" # mine

[[hooks.Stop]] # one
[[hooks.Stop.hooks]]
type = "command"
command = 'true first'

[[hooks.Stop]]
hooks = [ { type = "command", command = "true second", timeout = 5 }, { type = "command", command = "true third" } ]
"""
NEWEST = pytest.mark.parametrize("release", ["newest"], indirect=True)
"""For what is the same in both releases."""


def write(box: Sandbox, name: str, text: str) -> Path:
    path = box.home / ".codex" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def trusted(box: Sandbox) -> dict[str, str]:
    """The trust of every hook that is not ours, by its command, as Codex itself tells it."""
    found = codex.hooks_list(box)
    return {hook["command"]: hook["trustStatus"] for hook in found if not mine(hook)}


def mine(hook: dict[str, Json]) -> bool:
    return "mem0-memory" in hook["command"]


def ours(box: Sandbox) -> list[str]:
    return [hook["trustStatus"] for hook in codex.hooks_list(box) if mine(hook)]


def append(box: Sandbox, event: str, *commands: str) -> None:
    """What a person does in an editor: one more group behind all others."""
    path = box.home / ".codex/hooks.json"
    held = json.loads(path.read_text())
    entries = [{"type": "command", "command": command} for command in commands]
    held["hooks"].setdefault(event, []).append({"hooks": entries})
    path.write_text(json.dumps(held, indent=1))


def all_trusted(*commands: str) -> dict[str, str]:
    return dict.fromkeys(commands, "trusted")


@pytest.mark.parametrize(("name", "text"), [("hooks.json", ODD), ("config.toml", INLINE)], ids=["odd style", "inline"])
def test_hooks_before_ours_stay_trusted_and_come_back_to_the_byte(box: Sandbox, name: str, text: str) -> None:
    path = write(box, name, text)
    codex.trust(box)
    before, bytes_before = trusted(box), path.read_bytes()
    assert set(before.values()) == {"trusted"}
    assert len(before) >= 3
    for _ in range(2):
        assert install(box, "--trust-hooks").exit_code == 0
        assert trusted(box) == before
        assert set(ours(box)) == {"trusted"}
    done = uninstall(box)
    assert done.exit_code == 0, done.text
    assert trusted(box) == before
    assert ours(box) == []
    assert path.read_bytes() == bytes_before


def test_hooks_behind_ours_keep_their_trust_when_we_go(box: Sandbox) -> None:
    write(box, "hooks.json", ODD)
    assert install(box, "--trust-hooks").exit_code == 0
    append(box, "Stop", "true fourth", "true fifth")
    append(box, "SessionStart", "true start")
    codex.trust(box)
    before = trusted(box)
    assert set(before.values()) == {"trusted"}
    assert {
        "true first",
        "true third",
        "true fourth",
        "true fifth",
        "true start",
        "true tool",
    } <= before.keys()
    assert install(box, "--trust-hooks").exit_code == 0
    assert trusted(box) == before
    done = uninstall(box)
    assert done.exit_code == 0, done.text
    assert trusted(box) == before, done.text
    assert ours(box) == []
    (turn,) = codex.turn(box, [prompt("are they run?")])
    assert [event for event in turn.events() if event == "Stop"] == ["Stop"] * 5


def test_a_hook_put_into_our_group_stays_when_we_go(box: Sandbox) -> None:
    assert install(box, "--trust-hooks").exit_code == 0
    path = box.home / ".codex/hooks.json"
    held = json.loads(path.read_text())
    theirs = {"type": "command", "command": "true inside"}
    held["hooks"]["Stop"][0]["hooks"].append(theirs)
    held["hooks"]["SessionStart"][0]["hooks"].insert(0, {**theirs, "command": "true ahead"})
    path.write_text(json.dumps(held, indent=4))
    append(box, "Stop", "true behind")
    codex.trust(box)
    before = trusted(box)
    assert before == all_trusted("true inside", "true ahead", "true behind")
    assert envelope(install(box, "--json"))["data"]["clients"][1]["changes"] == []
    done = uninstall(box)
    assert done.exit_code == 0, done.text
    assert trusted(box) == before, done.text
    assert json.loads(path.read_text())["hooks"] == {
        "SessionStart": [{"hooks": [{**theirs, "command": "true ahead"}]}],
        "Stop": [{"hooks": [theirs]}, {"hooks": [{**theirs, "command": "true behind"}]}],
    }
    assert ours(box) == []


def test_a_hook_behind_ours_inline(box: Sandbox) -> None:
    path = write(box, "config.toml", INLINE)
    assert install(box, "--trust-hooks").exit_code == 0
    more = '\n[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = "command"\ncommand = "true fourth"\n'
    path.write_text(path.read_text() + more)
    codex.trust(box)
    before = trusted(box)
    assert before == all_trusted("true first", "true second", "true third", "true fourth")
    done = uninstall(box)
    assert done.exit_code == 0, done.text
    assert trusted(box) == before, done.text
    assert ours(box) == []
    assert "mem0" not in path.read_text()


def test_trust_given_in_the_dialogue_is_enough(box: Sandbox) -> None:
    """Whatever release: where its user accepted all that Codex lists, nothing awaits trust any more."""
    assert install(box).exit_code == 0
    codex.trust(box)
    done = install(box, "--json")
    told = {each["client"]: each["hooks"]["trust"] for each in envelope(done)["data"]["clients"]}
    assert told["codex"] == "trusted", done.text
    findings = envelope(mem0_agent(box, "doctor", "--client", "codex", "--json"))["data"]["findings"]
    assert [each["id"] for each in findings if each["severity"] == "error"] == []


@NEWEST
def test_only_our_own_hooks_are_trusted_by_us(box: Sandbox) -> None:
    write(box, "hooks.json", ODD)
    assert install(box, "--trust-hooks").exit_code == 0
    assert set(trusted(box).values()) == {"untrusted"}
    assert set(ours(box)) == {"trusted"}


# The vendor's former hooks

FORMER = "bash /opt/plugins/mem0-plugin/scripts/on_{event}.sh"


@NEWEST
def test_the_vendors_former_hooks_are_found_taken_out_and_brought_back(box: Sandbox) -> None:
    old = [{"hooks": [{"type": "command", "command": FORMER.format(event="stop")}]}]
    own = [{"hooks": [{"type": "command", "command": "true own"}]}]
    path = write(box, "hooks.json", json.dumps({"hooks": {"Stop": old + own}}))
    settings = box.home / ".claude/settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"hooks": {"Stop": old + own}, "model": "opus"}))
    codex.trust(box)
    before = {each: each.read_bytes() for each in (path, settings)}
    assert install(box, "--trust-hooks").exit_code == 0
    assert former(box) == ["claude-code", "codex"]
    assert install(box, "--trust-hooks", "--replace").exit_code == 0
    assert former(box) == []
    assert trusted(box) == all_trusted("true own")
    done = uninstall(box)
    assert done.exit_code == 0, done.text
    assert {each: each.read_bytes() for each in before} == before
    assert trusted(box) == all_trusted(FORMER.format(event="stop"), "true own")


def former(box: Sandbox) -> list[str]:
    findings = envelope(mem0_agent(box, "doctor", "--json"))["data"]["findings"]
    return sorted(each["client"] for each in findings if each["id"] == "hooks.legacy")


# Claude Code


@NEWEST
def test_hooks_of_claude_codes_user_stay_to_the_byte(box: Sandbox) -> None:
    settings = box.home / ".claude/settings.json"
    settings.parent.mkdir()
    settings.write_text(
        '{\r\n  "hooks" : { "PostToolUse":[{"matcher":"TaskUpdate","hooks":[{"type":"command","command":"true mine"}]}]\r\n }}'
    )
    before = settings.read_bytes()
    assert install(box).exit_code == 0
    held = json.loads(settings.read_bytes())
    assert [len(group["hooks"]) for group in held["hooks"]["PostToolUse"]] == [1, 1]
    inside = {"type": "command", "command": "true inside"}
    held["hooks"]["PostToolUse"][1]["hooks"].append(inside)
    held["hooks"]["Stop"].append({"hooks": [inside]})
    settings.write_text(json.dumps(held))
    assert envelope(install(box, "--json"))["data"]["clients"][0]["changes"] == []
    assert uninstall(box).exit_code == 0
    assert json.loads(settings.read_bytes()) == {
        "hooks": {
            "PostToolUse": [
                json.loads(before)["hooks"]["PostToolUse"][0],
                {"matcher": "TaskUpdate", "hooks": [inside]},
            ],
            "Stop": [{"hooks": [inside]}],
        }
    }
