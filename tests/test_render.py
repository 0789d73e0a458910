"""What people see on a terminal, and what a pipe gets."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import subprocess
import sys
import termios
import threading
import time
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mem0_agent.model import Change, Exit, Finding, Report, UserError
from mem0_agent.showing import render, words
from tests.machine import BOTH, SCRIPT
from tests.trees import marks, write_tree

if TYPE_CHECKING:
    from tests.machine import Machine

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def own_terminal() -> None:
    """Make the terminal on standard input the controlling one, so that Ctrl-C means something."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def on_terminal(
    here: Machine, *words: str, types: str = "", columns: int = 80, env: dict[str, str | None] | None = None
) -> tuple[int, str]:
    """The script with a terminal for everything; ``types`` is typed as soon as it asks."""
    leader, follower = pty.openpty()
    variables = here.environment({"TERM": "xterm-256color", "COLUMNS": str(columns), **(env or {})})
    how: dict[str, Any] = {"stdin": follower, "stdout": follower, "stderr": follower, "start_new_session": True}
    how["preexec_fn"] = own_terminal
    with subprocess.Popen([SCRIPT, *words], env=variables, cwd=here.work, **how) as running:
        os.close(follower)
        alarm = threading.Timer(40, running.kill)
        alarm.start()
        shown = b""
        while select.select([leader], [], [], 30)[0]:
            try:
                piece = os.read(leader, 65536)
            except OSError:  # the last writer has closed its end
                break
            shown += piece
            if types and (b"[Y/n] " in shown or b"not shown" in shown):
                time.sleep(0.3)  # as people do: a Ctrl-C between the question and the waiting would be lost on both
                os.write(leader, types.encode())
                types = ""
            if not piece:
                break
        code = running.wait()
        alarm.cancel()
    os.close(leader)
    return code, shown.decode()


@pytest.mark.parametrize("answer", ["y\n", "\n", "yes\n", "YES\n"])
def test_a_yes(here: Machine, answer: str) -> None:
    code, shown = on_terminal(here, "install", "-c", "codex", types=answer)
    assert (code, here.codex.exists()) == (0, True), shown


@pytest.mark.parametrize(("answer", "expected"), [("n\n", {1}), ("what\n", {1}), ("\x04", {1}), ("\x03", {130})])
def test_anything_else_is_no_yes(here: Machine, answer: str, expected: set[int]) -> None:
    before = marks(here.home)
    code, shown = on_terminal(here, "install", *BOTH, types=answer)
    assert code in expected, shown
    assert "Traceback" not in shown
    assert "bug" not in shown
    assert re.search(r"^error: ", ANSI.sub("", shown), re.MULTILINE), "what is said begins on a line of its own"
    assert marks(here.home) == before


def test_what_is_read_is_folded_and_what_is_copied_is_not() -> None:
    prose, line = "They read their servers once, at the start of a session.", "Run: mem0-agent install --client codex"
    assert words.told(prose, 34, 4) == ["They read their servers once,", "at the start of a session."]
    assert words.told(f"{prose}\n{line}", 34, 4)[2:] == [line]
    assert words.told("Look at /srv/a/very/long/path with your own eyes", 20) == [
        "Look at /srv/a/very/long/path with your own eyes"
    ]
    assert words.told(prose, 0) == [prose]


def test_a_report_fits_a_narrow_terminal(here: Machine) -> None:
    code, shown = on_terminal(here, "install", *BOTH, "--yes", env={"SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"})
    rows = [row.rstrip() for row in ANSI.sub("", shown).splitlines()]
    report = rows[next(n for n, row in enumerate(rows) if row.startswith("✓ ")) :]
    assert (code, [row for row in report if len(row) > 80 and not words.COPIED.search(row)]) == (0, []), shown


@pytest.mark.parametrize(
    ("paths", "places"),
    [
        (["/h/.claude/skills/a/x", "/h/.claude/skills/a/y"], {"/h/.claude/skills/a": "why, 2 files"}),
        (["/h/.codex/hooks.json", "/h/.agents/skills/a", "/h/.agents/skills/b"],
         {"/h/.codex/hooks.json": "why", "/h/.agents/skills": "why, 2 files"}),
        (["/h/.claude/a.json", "/h/.claude/plugins/b", "/h/.claude/plugins/c"],
         {"/h/.claude/a.json": "why", "/h/.claude/plugins": "why, 2 files"}),
        (["/h/a", "/etc/b", "/etc/c"], {"/h/a": "why", "/etc": "why, 2 files"}),
        (["/h/.claude.json"], {"/h/.claude.json": "why"}),
    ],
)  # fmt: skip
def test_files_are_named_by_the_folder_that_says_something(paths: list[str], places: dict[str, str]) -> None:
    changes = [Change(Path(path), None, b"x", "why") for path in paths]
    assert dict(words.gathered(changes, "/h")) == places


def test_a_key_is_typed_unseen(here: Machine) -> None:
    words = (
        "install",
        "-c",
        "codex",
        "--yes",
        "--store-key",
        "--backend",
        "platform",
        "--url",
        "http://127.0.0.1:9/mcp",
        "--no-verify",
    )
    code, shown = on_terminal(here, *words, types="m0-typedtypedtyped\n")
    assert code == 0, shown
    assert "m0-typedtypedtyped" not in shown
    assert "m0-typedtypedtyped" in (here.home / ".codex/.env").read_text("utf-8")


def test_colour_and_live_lines_on_a_terminal(here: Machine) -> None:
    code, shown = on_terminal(here, "install", *BOTH, "--yes")
    assert code == 0
    assert "\x1b[32m" in shown
    assert "asking for list_entities" in shown


def test_no_colour_where_it_is_unwelcome(here: Machine) -> None:
    for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        _, shown = on_terminal(here, "install", *BOTH, "--dry-run", env=dict(variables))
        assert not re.search(r"\x1b\[[0-9;]*3[0-9]", shown), variables


def test_doctor_keeps_to_the_width_but_for_what_is_to_be_copied(here: Machine) -> None:
    here.install()
    write_tree(here.home, {".claude/skills/mem0-memory/SKILL.md": "no front matter"})
    _, shown = on_terminal(here, "doctor", columns=80)
    lines = ANSI.sub("", shown).replace("\r", "").splitlines()
    rm = f"    rm {here.home}/.claude/skills/mem0-memory/SKILL.md && mem0-agent install --client claude-code"
    assert len(rm) > 80
    assert [line for line in lines if len(line) > 80] == [rm]
    assert "✓ “mem0” is registered in Claude Code" in lines
    assert str(here.home) not in "\n".join(line for line in lines if line != rm)
    signs = [line[0] for line in lines if line[:1] in "✗!·✓" and line]
    assert signs == sorted(signs, key="✗!·✓".index)


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}], ids=["colour", "plain"])
def test_a_fix_is_a_line_of_its_own_in_any_dress(here: Machine, env: dict[str, str | None]) -> None:
    here.install("--skip", "hooks", "--skip", "skills")
    here.launcher.unlink()
    _, shown = on_terminal(here, "doctor", columns=40, env=env)
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-9]m", shown)) == (not env)
    lines = ANSI.sub("", shown).replace("\r", "").splitlines()
    fixes = [line for line in lines if line.startswith("    ")]
    assert fixes
    assert {line.split()[0] for line in fixes} == {"mem0-agent"}
    assert lines[lines.index(fixes[0]) - 1].startswith("  ")


def test_no_client_is_no_health(here: Machine) -> None:
    assert here.run("doctor").out.endswith("\nNo client is on this machine.\n")


def test_control_characters_of_a_file_do_not_reach_the_terminal(here: Machine) -> None:
    here.codex.parent.mkdir()
    here.codex.write_text("# title \u202e\u200b here\n", "utf-8")
    _, shown = on_terminal(here, "install", "-c", "codex", "--dry-run")
    assert "title  here" in ANSI.sub("", shown)


# From values


class Spoken:
    """A face whose words are kept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, json: bool = False, secrets: tuple[str, ...] = ()) -> None:
        self.stdout, self.stderr = StringIO(), StringIO()
        monkeypatch.setattr(sys, "stdout", self.stdout)
        monkeypatch.setattr(sys, "stderr", self.stderr)
        self.face = render.Face(json=json, secrets=secrets)

    @property
    def out(self) -> str:
        return self.stdout.getvalue()

    @property
    def err(self) -> str:
        return self.stderr.getvalue()


def test_an_error_says_what_where_and_what_next(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken = Spoken(monkeypatch)
    error = UserError(
        "config.invalid", "a [bold]comma[/bold]", hint="mend [it]", path=Path("/a b.json"), line=3, column=7
    )
    spoken.face.report(Report("install", Exit.FAILED, error=error))
    assert (spoken.out, spoken.err) == ("", "error: /a b.json:3:7: a [bold]comma[/bold]\nmend [it]\n")


def test_secrets_are_cleaned_from_texts_but_not_from_the_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = 'k"1'
    for json_wanted, key in ((True, secret), (True, "1"), (False, secret)):
        spoken = Spoken(monkeypatch, json=json_wanted, secrets=(key,))
        error = UserError("x", f"was {key} indeed", hint=key)
        spoken.face.report(Report("install", Exit.FAILED, error=error))
        said = spoken.out + spoken.err
        assert f"was {key}" not in said
        assert json.dumps(secret)[1:-1] not in said
        if json_wanted:
            assert (json.loads(spoken.out)["exit_code"], json.loads(spoken.out)["error"]["hint"]) == (1, "•••")


def test_a_diff_through_a_pipe_keeps_tabs_and_carriage_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken = Spoken(monkeypatch)
    spoken.face.diff(Change(Path("/f"), b"\ta\r\n", b"\ta\r\n\tb [i]\r\n", "why"))
    assert "@@ -1 +1,2 @@\n \ta\r\n+\tb [i]\r\n\n" in spoken.out


def test_nothing_but_the_envelope_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken = Spoken(monkeypatch, json=True)
    spoken.face.say("words")
    spoken.face.line("ok", "words")
    spoken.face.diff(Change(Path("/f"), b"a\n", b"b\n", "why"))
    spoken.face.report(Report("doctor", Exit.DONE))
    assert set(json.loads(spoken.out)) >= {"schema", "data"}
    assert spoken.err == ""


@pytest.mark.parametrize(
    ("severities", "words"),
    [
        ((), "All is well."),
        (("error",), "1 error."),
        (("error", "error", "warning"), "2 errors and 1 warning."),
        (("info", "ok"), "All is well."),
    ],
)
def test_the_tally(monkeypatch: pytest.MonkeyPatch, severities: tuple[str, ...], words: str) -> None:
    spoken = Spoken(monkeypatch)
    findings = tuple(Finding("x", severity, "title", "detail", "fix") for severity in severities)  # type: ignore[arg-type]
    spoken.face.report(Report("doctor", Exit.DONE, findings=findings))
    assert spoken.out.endswith(f"\n{words}\n")
    assert spoken.out.count("\n    fix\n") == sum(s in ("error", "warning") for s in severities)


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken = Spoken(monkeypatch)
    with pytest.raises(UserError, match="no terminal") as caught:
        spoken.face.confirm("Really?")
    assert (caught.value.exit_code, "--yes" in caught.value.hint, spoken.out) == (Exit.USAGE, True, "")
