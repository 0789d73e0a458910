"""What only the real clients can mend: doctor's line is pasted, and doctor and the client agree that it is gone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import codex
from tests.e2e.product import SCRIPT, envelope, install, mem0_agent
from tests.e2e.sandbox import Done, Sandbox

Json = Any
DATA = ".local/share/mem0-agent"


def found(box: Sandbox, client: str, name: str) -> list[Json]:
    told = envelope(mem0_agent(box, "doctor", "--client", client, "--json"))
    return [finding for finding in told["data"]["findings"] if finding["id"] == name]


def paste(box: Sandbox, line: str) -> Done:
    """The line in a shell; --yes is what somebody at a terminal would answer."""
    command, _, why = line.partition("   #")
    words = f"PATH={SCRIPT.parent}:$PATH; {command} --yes   #{why}"
    done = box.run(["sh", "-c", words])
    assert done.exit_code == 0, f"{line}\n{done.text}"
    return done


def hooks_file(box: Sandbox) -> Path:
    return box.home / ".codex/hooks.json"


def untrusted(box: Sandbox) -> None:
    assert install(box).exit_code == 0


def modified(box: Sandbox) -> None:
    assert install(box, "--trust-hooks").exit_code == 0
    held = json.loads(hooks_file(box).read_bytes())
    held["hooks"]["Stop"][0]["hooks"][0]["timeout"] = 7
    hooks_file(box).write_text(json.dumps(held))


def market_gone(box: Sandbox) -> None:
    assert install(box, "--mode", "plugin").exit_code == 0
    shutil.rmtree(box.home / DATA / "marketplace")


def copy_gone(box: Sandbox) -> None:
    assert install(box, "--mode", "plugin").exit_code == 0
    shutil.rmtree(box.home / ".codex/plugins/cache/mem0-agent")


def copy_of_before(box: Sandbox) -> None:
    assert install(box, "--mode", "plugin").exit_code == 0
    (manifest,) = (box.home / ".codex/plugins/cache/mem0-agent").glob("*/*/.codex-plugin/plugin.json")
    held = json.loads(manifest.read_bytes())
    manifest.write_text(json.dumps({**held, "version": "0.0.1"}))


CASES: dict[str, tuple[str, str, Callable[[Sandbox], None]]] = {
    "untrusted": ("codex", "hooks.untrusted", untrusted),
    "modified": ("codex", "hooks.modified", modified),
    "Claude Code's marketplace is gone": ("claude-code", "plugin.broken", market_gone),
    "Codex's copy is gone": ("codex", "plugin.broken", copy_gone),
    "Codex's copy is of before": ("codex", "plugin.outdated", copy_of_before),
}


@pytest.mark.parametrize("name", CASES)
def test_the_fix_mends_it(box: Sandbox, name: str) -> None:
    client, what, damage = CASES[name]
    damage(box)
    (finding,) = found(box, client, what)
    assert finding["severity"] in ("error", "warning")
    others = envelope(mem0_agent(box, "doctor", "--client", client, "--json"))["data"]["findings"]
    lines = [each["fix"] for each in others if each["fix"].startswith("mem0-agent install")]
    assert {"--mode plugin" in line for line in lines} == {what.startswith("plugin.")}, "one line would undo the other"
    paste(box, finding["fix"])
    assert found(box, client, what) == []
    if what.startswith("hooks."):
        assert {hook["trustStatus"] for hook in codex.hooks_list(box)} == {"trusted"}


def test_a_second_call_goes_and_the_trust_of_others_stays(box: Sandbox) -> None:
    assert install(box).exit_code == 0
    held = json.loads(hooks_file(box).read_bytes())
    theirs = {"hooks": [{"type": "command", "command": "true theirs"}]}
    held["hooks"]["Stop"] = [held["hooks"]["Stop"][0], theirs, held["hooks"]["Stop"][0], theirs]
    hooks_file(box).write_text(json.dumps(held))
    codex.trust(box)
    assert {hook["trustStatus"] for hook in codex.hooks_list(box)} == {"trusted"}
    (finding,) = found(box, "codex", "hooks.duplicated")
    paste(box, finding["fix"])
    assert found(box, "codex", "hooks.duplicated") == []
    listed = [hook for hook in codex.hooks_list(box) if hook["eventName"].lower() == "stop"]
    assert sorted("mem0" in hook["command"] for hook in listed) == [False, False, True]
    assert {hook["trustStatus"] for hook in listed} == {"trusted"}
