"""The harness itself, with a registration made by hand: what it reports of the real programs is what happened."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.e2e import claude, codex
from tests.e2e.dialogue import Call, Say, prompt
from tests.e2e.sandbox import Sandbox

SERVER = Path(__file__).with_name("stdio_server.py")
EXPECTED = ("mcp__mem0__add_memory", "mcp__mem0__list_entities", "mcp__mem0__search_memories")


@pytest.fixture(scope="module")
def box(module_box: Sandbox) -> Sandbox:
    argv = ["-I", str(SERVER), str(module_box.root / "notes.txt")]
    entry = {"mem0": {"type": "stdio", "command": sys.executable, "args": argv}}
    (module_box.home / ".claude.json").write_text(json.dumps({"mcpServers": entry}))
    (module_box.home / ".codex").mkdir()
    (module_box.home / ".codex" / "config.toml").write_text(
        f"[mcp_servers.mem0]\ncommand = {json.dumps(sys.executable)}\nargs = {json.dumps(argv)}\n"
    )
    return module_box


def test_claude_connects_and_calls(box: Sandbox, tmp_path: Path) -> None:
    call = Call("mem0", "add_memory", {"text": "the lighthouse keeper wears a green scarf"})
    turn, compacted = claude.session(
        box,
        [prompt("please note it", call), prompt("/compact", Say("a summary of it all"))],
        probe=tmp_path / "probe",
    )
    assert (turn.exit_code, turn.servers.get("mem0"), turn.answer) == (0, "connected", "done"), turn.stderr
    assert tuple(sorted(turn.tools)) == EXPECTED
    assert turn.results == ("stored",)
    assert [place.split(".")[1] for place in turn.places("please note it")] == ["user"]
    assert turn.places("nobody ever said this") == ()
    events = [payload["hook_event_name"] for payload in claude.fired(tmp_path / "probe")]
    assert [event for event in events if event != "SubagentStop"] == [
        "SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop", "SessionEnd",
        "SessionStart", "PreCompact", "SessionStart", "PostCompact", "SessionEnd",
    ]  # fmt: skip
    assert compacted.session == turn.session


def test_claude_lists_servers(box: Sandbox) -> None:
    assert claude.mcp_list(box) == {"mem0": "Connected"}


def test_codex_connects_and_calls(box: Sandbox) -> None:
    call = Call("mem0", "add_memory", {"text": "the harbour opens at nine"})
    (turn,) = codex.turn(box, [prompt("please note it", call)])
    assert (turn.exit_code, turn.servers, turn.answer) == (0, {"mem0": "connected"}, "done")
    assert set(EXPECTED) <= set(turn.tools)
    assert turn.results == ("stored",)
    assert turn.places("please note it")


def test_codex_calls_without_a_model(box: Sandbox) -> None:
    assert json.loads(codex.call(box, "mem0", "list_entities"))["count"] >= 0


def test_codex_exec_calls(box: Sandbox) -> None:
    turn = codex.exec_turn(box, prompt("look it up", Call("mem0", "search_memories", {"query": "harbour"})))
    assert (turn.exit_code, turn.answer) == (0, "done"), turn.stderr
    assert len(turn.results) == 1


def test_claude_hooks_and_where_their_words_go(box: Sandbox, tmp_path: Path) -> None:
    settings = box.home / ".claude" / "settings.json"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(json.dumps({"hooks": saying(tmp_path / "log")}))
    (turn,) = claude.session(box, [prompt("where is the harbour?")])
    settings.unlink()
    assert {"SessionStart", "UserPromptSubmit"} <= set(turn.events())
    assert turn.places("ZEBRA") == turn.places("ZEBRA-SessionStart") + turn.places("ZEBRA-UserPromptSubmit")
    assert len(turn.places("ZEBRA")) == 2


def test_codex_hooks_run_only_when_trusted(box: Sandbox, tmp_path: Path) -> None:
    (box.home / ".codex" / "hooks.json").write_text(json.dumps({"hooks": saying(tmp_path / "log")}))
    (turn,) = codex.turn(box, [prompt("where is the harbour?")])
    assert (turn.hooks, turn.places("ZEBRA")) == ((), ())
    codex.trust(box)
    said, compacted, after = codex.turn(box, [prompt("where?"), prompt("/compact", Say("a summary")), prompt("and?")])
    assert said.events() == ("SessionStart", "UserPromptSubmit")
    assert ["developer" in place for place in said.places("ZEBRA")] == [True, True]
    assert compacted.events() == ("PreCompact", "PostCompact")
    assert after.events() == ("SessionStart", "UserPromptSubmit")
    sources = [event["source"] for event in claude.fired(tmp_path / "log") if "source" in event]
    assert sources == ["startup", "compact"]


def saying(log: Path) -> dict[str, list[dict[str, object]]]:
    """Hooks that write their payload to ``log`` and say ZEBRA and their event's name."""
    probe = f"{sys.executable} -I {claude.PROBE} {log}"
    spoken = {event: f" ZEBRA-{event}" for event in ("SessionStart", "UserPromptSubmit")}
    events = {**spoken, "PreCompact": "", "PostCompact": ""}
    return {event: [{"hooks": [{"type": "command", "command": probe + words}]}] for event, words in events.items()}


def test_there_is_no_way_out(box: Sandbox) -> None:
    reach = "import urllib.request; urllib.request.urlopen('http://192.0.2.1/', timeout=5)"
    refusal = "Network is unreachable" if box.network.isolated else "Connection refused"
    assert refusal in box.run([sys.executable, "-I", "-c", reach]).err
