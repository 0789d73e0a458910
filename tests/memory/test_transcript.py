from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.memory.hooks.helpers import assistant_uses, claude_lines, codex_lines, sent, user

from mem0_agent.memory import transcript

TURNS = (("user", "we moved auth from sessions to JWT"), ("assistant", "Done."), ("user", "now the tests"))


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_claude_code_says_what_was_said_and_nothing_of_its_bookkeeping(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", claude_lines(*TURNS, edits=("/p/a.py", "/p/b.py", "/p/a.py")))

    found = transcript.read(path, "claude-code")

    assert found.turns == list(TURNS)
    assert found.files == ["/p/a.py", "/p/b.py"]
    assert (found.edits, found.stored) == (3, False)
    assert found.end == Path(path).stat().st_size


@pytest.mark.parametrize("form", ["item", "event", "sent"])
def test_codex_says_the_same_in_each_form_of_its_files(tmp_path: Path, form: str) -> None:
    edits = () if form == "sent" else ("/p/a.py",)
    path = write(tmp_path / "s.jsonl", codex_lines(*TURNS, edits=edits, form=form))

    found = transcript.read(path, "codex")

    assert found.turns == list(TURNS)
    assert found.files == list(edits)


@pytest.mark.parametrize(
    "name", ["mcp__mem0__add_memory", "mcp__plugin_mem0_mem0__add_memory", "mcp__mem0__update_memory"]
)
def test_what_the_agent_stored_by_itself_is_noticed_in_claude_code(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "s.jsonl", claude_lines(*TURNS, tools=(name,)))

    assert transcript.read(path, "claude-code").stored


@pytest.mark.parametrize(
    "row",
    [
        {
            "type": "event_msg",
            "payload": {"type": "item_completed", "item": {"type": "McpToolCall", "tool": "add_memory"}},
        },
        {
            "type": "response_item",
            "payload": {"type": "function_call", "name": "mem0__add_memory", "arguments": "{}"},
        },
    ],
)
def test_what_the_agent_stored_by_itself_is_noticed_in_codex(tmp_path: Path, row: object) -> None:
    path = write(tmp_path / "s.jsonl", json.dumps(row) + "\n")

    assert transcript.read(path, "codex").stored


BROKEN = [
    "",
    "not json\n",
    "{\n}\n",
    '"user"\n[1, 2]\nnull\n',
    '{"type":"user"}\n{"type":"user","message":null}\n{"type":"user","message":{"content":7}}\n',
    '{"type":"user","message":{"content":[{"type":"text"},{"type":"text","text":5},3,null]}}\n',
    '{"type":"assistant","message":{"content":[{"type":"tool_use","name":"Write","input":"x"}]}}\n',
    '{"type":"assistant","message":{"content":[{"type":"tool_use","name":"Write","input":{"file_path":{"a":1}}}]}}\n',
    '{"type":"event_msg"}\n{"type":"event_msg","payload":[]}\n{"type":"event_msg","payload":{"type":"item_completed"}}\n',
    '{"type":"event_msg","payload":{"type":"item_completed","item":{"type":"FileChange","changes":["x"]}}}\n',
    '{"type":"event_msg","payload":{"type":"patch_apply_end","changes":7}}\n',
    '{"type":"user","message":' + "[" * 20_000 + "\n",
    "\x00\x00\x00\n\ufffd\n",
]


@pytest.mark.parametrize("text", BROKEN)
@pytest.mark.parametrize("client", ["claude-code", "codex"])
def test_broken_and_unknown_lines_are_passed_over(tmp_path: Path, client: str, text: str) -> None:
    said = claude_lines(TURNS[0]) if client == "claude-code" else codex_lines(TURNS[0])
    path = write(tmp_path / "s.jsonl", text + said)

    assert transcript.read(path, client).turns == [TURNS[0]]


def test_a_line_that_is_still_being_written_waits_for_the_next_time(tmp_path: Path) -> None:
    whole, half = claude_lines(TURNS[0]), json.dumps(user("and one more thing")).replace(" ", "", 1)
    path = write(tmp_path / "s.jsonl", whole + half[:20])

    first = transcript.read(path, "claude-code")
    write(tmp_path / "s.jsonl", whole + half + "\n")
    second = transcript.read(path, "claude-code", first.end)

    assert first.turns == [TURNS[0]]
    assert second.turns == [("user", "and one more thing")]


def test_only_what_came_since_is_read_and_a_new_file_from_its_start(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", claude_lines(TURNS[0]))
    end = transcript.read(path, "claude-code").end
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(claude_lines(TURNS[2]))

    assert transcript.read(path, "claude-code", end).turns == [TURNS[2]]
    assert transcript.read(path, "claude-code", end * 100).turns == [TURNS[0], TURNS[2]]


def test_of_fifty_megabytes_the_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    filler = json.dumps({"type": "attachment", "text": "x" * 99_000}) + "\n"
    with path.open("w", encoding="utf-8") as file:
        file.write(claude_lines(TURNS[0]))
        for _ in range(510):
            file.write(filler)
        file.write(claude_lines(TURNS[2]))
    assert path.stat().st_size > 50_000_000

    found = transcript.read(str(path), "claude-code")

    assert found.turns == [TURNS[2]]
    assert found.end == path.stat().st_size


def test_a_single_line_larger_than_what_is_read_is_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", claude_lines(TURNS[0]) + json.dumps(user("x" * 5000)) + "\n")

    assert transcript.read(path, "claude-code", limit=1000).turns == []


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "device"])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "s.jsonl"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to(os.devnull)

    with pytest.raises(OSError, match=r"regular|directory|exist|such"):
        transcript.read(str(path), "claude-code")


def test_reminders_inside_a_message_are_not_the_users_words(tmp_path: Path) -> None:
    text = "fix <system-reminder>not said</system-reminder>it <system-reminder>not said"
    path = write(tmp_path / "s.jsonl", json.dumps(user(text)) + "\n")

    assert transcript.read(path, "claude-code").turns == [("user", "fix it")]


def test_the_helpers_speak_as_the_clients_do() -> None:
    assert sent("user", "input_text", "x")["payload"]["type"] == "message"
    assert assistant_uses("Write", {})["message"]["content"][0]["type"] == "tool_use"
