"""Every event, in both clients: our hook ran, its words are in the request that the model received, and no others are."""

from __future__ import annotations

import pytest

from mem0_agent.memory import identity, words
from tests.e2e import claude, codex
from tests.e2e.dialogue import Call, Say, Turn, prompt
from tests.e2e.evidence import (
    captured,
    contexts,
    counts,
    failures,
    journal,
    patient,
    places,
    recalled,
    settings,
    state,
    strays,
)
from tests.e2e.product import envelope, install, mem0_agent
from tests.e2e.sandbox import Sandbox, sandbox

FACT = "The nightly build runs on the arm64 runner in Turin"
TASK = (
    Call("", "TaskCreate", {"subject": "split the config", "description": "in two files", "activeForm": "splitting"}),
    Call("", "TaskUpdate", {"taskId": "1", "status": "completed"}),
)  # fmt: skip
SAID = "we keep the feature flags in one single file from now on"
SUMMARY = "Goals: one file for the flags. Decisions: flags.toml it is."
RECALL = "where does the nightly build run"
TOOLS = ("mcp__mem0", "TaskCreate", "TaskUpdate", "Write")


@pytest.fixture(scope="module")
def box(module_box: Sandbox) -> Sandbox:
    done = install(module_box, "--trust-hooks", "--json")
    trust = {each["client"]: each["hooks"]["trust"] for each in envelope(done)["data"]["clients"]}
    assert trust == {"claude-code": "not-needed", "codex": "trusted"}, done.text
    patient(settings(module_box))
    return module_box


def note(box: Sandbox) -> Call:
    """What an agent does that was told of the project's name."""
    about = {"metadata": {"type": "environmental"}, "app_id": identity.project(str(box.project))}
    return Call("mem0", "add_memory", {"text": FACT, "infer": False, **about})


@pytest.fixture(scope="module")
def talk(box: Sandbox) -> dict[str, Turn]:
    """One session of Claude Code, a process for each prompt."""
    turns = claude.session(
        box,
        [
            prompt(SAID, note(box)),
            prompt("please finish the task", *TASK),
            prompt("/compact", Say(f"<analysis>hm</analysis>\n<summary>{SUMMARY}</summary>")),
            prompt("ok"),
        ],
        allow=TOOLS,
    )
    return dict(zip(("first", "task", "compact", "after"), turns, strict=True))


@pytest.fixture(scope="module")
def thread(box: Sandbox, talk: dict[str, Turn]) -> dict[str, Turn]:
    """One thread of Codex, afterwards."""
    del talk
    prompts = [
        prompt("what is there to do in this project?"),
        prompt("/compact", Say(SUMMARY)),
        prompt("and now what do I do?"),
    ]
    turns = codex.turn(box, prompts)
    return dict(zip(("first", "compact", "after"), turns, strict=True))


# Claude Code


def test_claude_calls_us_at_every_event(box: Sandbox, talk: dict[str, Turn]) -> None:
    assert [turn.exit_code for turn in talk.values()] == [0] * 4
    assert counts(box, "claude-code") == {
        "SessionStart": 5, "UserPromptSubmit": 3, "PostToolUse": 1, "PreCompact": 1, "PostCompact": 1, "Stop": 3, "SessionEnd": 4,
    }  # fmt: skip
    assert all(hook.ok for turn in talk.values() for hook in turn.hooks)
    told = talk["task"].events()
    assert told == ("SessionStart", "UserPromptSubmit", "PostToolUse", "Stop")


def test_claude_is_told_of_the_memory_when_a_session_starts(talk: dict[str, Turn]) -> None:
    (said,) = contexts(talk["first"].requests[0])
    assert said[0].startswith("messages")
    assert words.PROTOCOL in said[1]
    assert recalled(talk["first"].requests[0]) == []


def test_claude_gets_what_the_prompt_calls_for_and_each_memory_once(box: Sandbox, talk: dict[str, Turn]) -> None:
    (resumed,) = [text for _, text in contexts(talk["task"].requests[0]) if words.SOURCES["resume"] in text]
    assert SAID in resumed
    assert FACT in resumed
    (fresh,) = claude.session(box, [prompt(RECALL)])
    lines = [line for line in recalled(fresh.requests[0]) if FACT in line]
    assert len(lines) == 1, "the start has shown it, so the prompt does not show it again"


def test_claude_is_reminded_when_a_task_is_finished(talk: dict[str, Turn]) -> None:
    turn = talk["task"]
    assert [places_of(request, words.FINISHED) for request in turn.requests] == [0, 0, 1]
    assert len(places(turn, words.FINISHED)) == 1


def test_claude_compacts_by_our_instructions_and_goes_on_from_what_was_saved(
    box: Sandbox, talk: dict[str, Turn]
) -> None:
    turn = talk["compact"]
    assert len(turn.places(words.SUMMARY.strip())) == 1
    kept = captured(box, SUMMARY)
    assert "hm" not in kept["memory"].split()
    (echo,) = [text for _, text in contexts(talk["after"].requests[0]) if words.SUMMARY.strip() in text]
    assert echo.startswith("<local-command-stdout>"), "what the client itself tells of the hook that it ran"
    assert len(talk["after"].places(words.SOURCES["compact"])) == 1
    assert SAID in " ".join(recalled(talk["after"].requests[0]))


def test_nothing_else_of_ours_reaches_the_model(talk: dict[str, Turn], thread: dict[str, Turn]) -> None:
    turns = {
        **{f"claude {name}": turn for name, turn in talk.items()},
        **{f"codex {n}": t for n, t in thread.items()},
    }
    found = {name: strays(request) for name, turn in turns.items() for request in turn.requests}
    assert {name: left for name, left in found.items() if left} == {}


def test_claude_is_reminded_once_after_real_work_and_never_loops(box: Sandbox) -> None:
    writes = [Call("", "Write", {"file_path": str(box.project / f"{n}.txt"), "content": "x"}) for n in range(3)]
    worked, more = claude.session(
        box, [prompt("write three files", *writes), prompt("and a fourth", *writes[:1])], allow=TOOLS
    )
    assert len(worked.requests) == 5, "three writes, the end, and the end once more after the reminder"
    assert [places_of(request, words.STOPPING) for request in worked.requests] == [0, 0, 0, 0, 1]
    assert len(more.requests) == 2


# Codex


def test_codex_calls_us_at_every_event(box: Sandbox, thread: dict[str, Turn]) -> None:
    assert [turn.exit_code for turn in thread.values()] == [0] * 3
    ends = {"SessionEnd": 1} if box.programs.age == "newest" else {}  # the older release knows no such event
    assert counts(box, "codex") == {
        "SessionStart": 2, "UserPromptSubmit": 2, "PreCompact": 1, "PostCompact": 1, "Stop": 2, **ends,
    }  # fmt: skip
    assert {name: turn.events() for name, turn in thread.items()} == {
        "first": ("SessionStart", "UserPromptSubmit", "Stop"),
        "compact": ("PreCompact", "PostCompact"),
        "after": ("SessionStart", "UserPromptSubmit", "Stop"),
    }
    assert all(hook.ok for turn in thread.values() for hook in turn.hooks)


def test_codex_is_told_what_claude_learned(thread: dict[str, Turn]) -> None:
    request = thread["first"].requests[0]
    (said,) = contexts(request)
    assert ".developer." in said[0]
    assert words.PROTOCOL in said[1]
    assert [line for line in recalled(request) if FACT in line]


def test_codex_goes_on_from_what_was_saved_at_the_compaction(box: Sandbox, thread: dict[str, Turn]) -> None:
    assert thread["compact"].places(words.SUMMARY.strip()) == ()
    assert len(thread["after"].places(words.SOURCES["compact"])) == 1
    assert "what is there to do in this project?" in " ".join(recalled(thread["after"].requests[0]))
    captured(box, "and now what do I do?")


def test_codex_exec_carries_them_too(box: Sandbox, thread: dict[str, Turn]) -> None:
    del thread
    before = counts(box, "codex")
    turn = codex.exec_turn(box, prompt(RECALL))
    assert [line for line in recalled(turn.requests[0]) if FACT in line]
    assert strays(turn.requests[0]) == []
    assert counts(box, "codex")["UserPromptSubmit"] == before["UserPromptSubmit"] + 1


def test_nothing_failed_on_the_way(box: Sandbox, talk: dict[str, Turn], thread: dict[str, Turn]) -> None:
    del talk, thread
    assert failures(box) == []


# Without trust


def test_codex_runs_nothing_before_its_user_trusts_it(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> None:
    alone = sandbox(tmp_path_factory.mktemp("untrusted") / "user", box.programs, box.network)
    done = install(alone, "--json")
    told = {each["client"]: each for each in envelope(done)["data"]["clients"]}
    assert told["codex"]["hooks"] == {"installed": True, "trust": "awaiting"}
    (turn,) = codex.turn(alone, [prompt(RECALL)])
    assert (turn.hooks, contexts(turn.requests[0])) == ((), [])
    assert journal(alone, "codex") == {}
    assert not (state(alone) / "hook.log").exists()
    findings = envelope(mem0_agent(alone, "doctor", "--client", "codex", "--json"))["data"]["findings"]
    assert [each["id"] for each in findings if each["severity"] == "error"] == ["hooks.untrusted"]
    plain = install(alone)
    assert "await your trust" in plain.out, plain.text
    assert "mem0-memory hook codex" in plain.out, plain.text


def places_of(request: object, said: str) -> int:
    return sum(said in text for _, text in contexts(request))
