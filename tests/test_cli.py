"""The console script as people and programs meet it: exit codes, one envelope, plain words, completion."""

from __future__ import annotations

import json
import re
import signal
from typing import TYPE_CHECKING, Any

import pytest

from mem0_agent import __version__
from mem0_agent.clients import CLIENTS
from mem0_agent.model import Exit
from tests.machine import BOTH
from tests.servers import Behaviour, hang, serving
from tests.trees import marks, write_tree

if TYPE_CHECKING:
    from tests.machine import Done, Machine

ENVELOPE = {"schema", "command", "version", "ok", "exit_code", "dry_run", "data", "error"}
CHANGE_DATA = {"backend", "receipt", "clients", "own_changes", "removed", "leaves"}
CLIENT = {
    "client", "detected", "version", "mode", "scope", "changes", "verification", "hooks", "skills", "notes", "blocked",
    "commands",
}  # fmt: skip
VERIFICATION = {"status", "detail", "entities", "elapsed_ms"}
ERROR = {"code", "message", "hint", "path", "line", "column"}
FINDING = {"id", "client", "severity", "title", "detail", "fix", "path"}

BROKEN = {"home/.claude.json": '{\n  "mcpServers": {,}\n}'}
TAKEN = {"home/.claude.json": '{"mcpServers": {"mem0": {"type": "http", "url": "https://mcp.mem0.ai/mcp/"}}}'}


def platform(url: str, *words: str) -> tuple[str, ...]:
    return ("install", *BOTH, "--yes", "--backend", "platform", "--url", url, *words)


@pytest.fixture
def broken_library(here: Machine) -> dict[str, str | None]:
    """An environment in which one of our libraries fails in a way that nobody foresaw."""
    write_tree(here.root / "broken", {"httpx/__init__.py": "raise ZeroDivisionError('nobody foresaw this')\n"})
    return {"PYTHONPATH": str(here.root / "broken"), "MEM0_API_KEY": "m0-abcdefghijkl"}


# Exit codes, one by one


def test_0_done_and_nothing_to_do(here: Machine) -> None:
    assert here.install().code == Exit.DONE
    assert here.install().code == Exit.DONE
    assert here.run("doctor", "--client", "claude-code").code == Exit.DONE
    assert here.uninstall().code == Exit.DONE
    assert here.uninstall().code == Exit.DONE


def test_1_a_known_failure_says_what_where_and_what_next(here: Machine) -> None:
    write_tree(here.root, BROKEN)
    done = here.run("install", *BOTH, "--yes")
    assert done.code == Exit.FAILED
    assert f"error: {here.claude}:2:18: " in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["install", "--bogus"], "--bogus"),
        (["bogus"], "bogus"),
        (["install", "--client", "claud"], "Did you mean claude-code?"),
        (["doctor", "--client", "codexx"], "Did you mean codex?"),
        (["uninstall", "--client", "emacs"], "Clients: claude-code, codex, cowork"),
        (["install", "--scope", "planet"], "planet"),
        (["install", "--timeout", "never"], "never"),
        (["install", "--backend", "self-hosted"], "--url"),
        (["install", "--backend", "local", "--url", "http://x"], "--url"),
        (["install", "--api-key-stdin"], "--store-key"),
        (["install", "--skip", "nonsense"], "nonsense"),
        (["install", *BOTH, "--project", "no/such/folder"], "no/such/folder"),
        (["install", *BOTH], "--yes"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_2_usage_for_people_and_for_programs(here: Machine, words: list[str], says: str) -> None:
    before = marks(here.home)
    done = here.run(*words)
    assert (done.code, done.out if "--yes" not in says else "") == (Exit.USAGE, ""), done.all
    assert says in done.err
    envelope = here.ask(*words)
    assert (envelope["exit_code"], envelope["ok"]) == (Exit.USAGE, False)
    assert says in envelope["error"]["message"] + envelope["error"]["hint"]
    assert set(envelope["error"]) == ERROR
    assert marks(here.home) == before


def test_3_a_bug_of_ours_is_told_with_its_log_and_without_the_key(
    here: Machine, broken_library: dict[str, str | None]
) -> None:
    envelope = here.ask(*platform("http://127.0.0.1:9/mcp"), env=broken_library)
    assert (envelope["exit_code"], envelope["error"]["code"]) == (Exit.BUG, "bug")
    (log,) = (here.root / "tmp").iterdir()
    assert envelope["error"]["path"] == str(log)
    assert log.stat().st_mode & 0o777 == 0o600
    story = log.read_text("utf-8")
    assert "ZeroDivisionError: nobody foresaw this" in story
    assert "m0-abcdefghijkl" not in story
    done = here.run(*platform("http://127.0.0.1:9/mcp"), env=broken_library)
    assert (done.code, "Traceback" in done.err) == (Exit.BUG, False)


def test_4_refused(here: Machine) -> None:
    write_tree(here.root, TAKEN)
    before = marks(here.home)
    done = here.run("install", *BOTH, "--yes")
    assert done.code == Exit.REFUSED
    assert str(here.claude) in done.err
    assert "--replace" in done.err
    assert marks(here.home) == before
    error = here.ask("install", *BOTH, "--yes")["error"]
    assert (error["code"], error["path"]) == ("registration.duplicate", str(here.claude))
    assert [twin["name"] for twin in error["duplicates"]] == ["mem0"]


def test_5_not_verified(here: Machine) -> None:
    before = marks(here.home)
    done = here.run(*platform("http://127.0.0.1:9/mcp"), env={"MEM0_API_KEY": "m0-abcdefghijkl"})
    assert done.code == Exit.NOT_VERIFIED
    assert "Nothing was written" in done.err
    assert marks(here.home) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_130_interrupted_while_probing(here: Machine, number: signal.Signals) -> None:
    before = marks(here.home)
    with serving(Behaviour(answers={"*": hang})) as server:
        running = here.start(*platform(server.url, "--json"), env={"MEM0_API_KEY": "m0-abcdefghijkl"})
        while not server.requests and running.poll() is None:
            pass
        running.send_signal(number)
        out, err = running.communicate(timeout=30)
    assert running.returncode == Exit.INTERRUPTED, (out, err)
    assert json.loads(out)["error"]["code"] == "interrupted"
    assert err == b""
    assert marks(here.home) == before
    assert list((here.root / "tmp").iterdir()) == []


def test_a_reader_that_hangs_up_is_no_bug(here: Machine) -> None:
    running = here.start("install", *BOTH, "--dry-run")
    assert running.stdout is not None
    running.stdout.close()
    assert running.wait(timeout=30) in {Exit.DONE, Exit.FAILED}
    assert running.stderr is not None
    assert b"Traceback" not in running.stderr.read()
    running.stderr.close()
    assert list((here.root / "tmp").iterdir()) == []


# One envelope


def check_shape(envelope: dict[str, Any], command: str) -> None:
    assert set(envelope) == ENVELOPE
    assert (envelope["schema"], envelope["command"], envelope["version"]) == (1, command, __version__)
    assert envelope["ok"] is (envelope["exit_code"] == 0)


@pytest.mark.parametrize(
    "words", [["install", *BOTH, "--yes"], ["install", *BOTH, "--dry-run"], ["uninstall", "--yes"]]
)
def test_the_keys_of_install_and_uninstall(here: Machine, words: list[str]) -> None:
    if words[0] == "uninstall":
        here.install()
    envelope = here.ask(*words)
    check_shape(envelope, words[0])
    assert envelope["dry_run"] is ("--dry-run" in words)
    assert set(envelope["data"]) == CHANGE_DATA
    concerned = list(CLIENTS) if words[0] == "uninstall" else ["claude-code", "codex"]
    assert [client["client"] for client in envelope["data"]["clients"]] == concerned
    for client in envelope["data"]["clients"]:
        assert set(client) == CLIENT
        assert set(client["verification"]) == VERIFICATION
        assert set(client["hooks"]) >= {"installed", "trust"}
        assert {frozenset(change) for change in client["changes"]} <= {frozenset({"path", "action", "reason"})}
    assert envelope["error"] is None


def test_the_keys_of_doctor(here: Machine) -> None:
    here.install()
    envelope = here.ask("doctor")
    check_shape(envelope, "doctor")
    assert set(envelope["data"]) == {"clients", "findings"}
    assert {frozenset(client) for client in envelope["data"]["clients"]} == {
        frozenset({"client", "detected", "version"})
    }
    assert {frozenset(finding) for finding in envelope["data"]["findings"]} == {frozenset(FINDING)}


@pytest.mark.parametrize("command", ["install", "doctor", "uninstall"])
@pytest.mark.parametrize("trouble", ["usage", "known", "home"])
def test_errors_have_the_same_keys(here: Machine, command: str, trouble: str) -> None:
    write_tree(here.root, BROKEN)
    words = ["--bogus"] if trouble == "usage" else [] if command == "doctor" else ["--yes"]
    env: dict[str, str | None] = {"HOME": "" if trouble == "home" else str(here.home)}
    envelope = here.ask(command, *words, env=env)
    check_shape(envelope, command)
    assert envelope["exit_code"] == (2 if trouble == "usage" else 1)
    if command != "doctor" or trouble != "known":
        assert set(envelope["error"]) == ERROR
        assert envelope["error"]["message"]
        assert envelope["error"]["hint"]


def test_paths_that_are_no_unicode_stay_json(here: Machine) -> None:
    strange = here.root / "caf\udce9"
    strange.mkdir()
    done = here.run("install", *BOTH, "--yes", "--no-verify", "--json", env={"CLAUDE_CONFIG_DIR": str(strange)})
    (change,) = [c for c in done.data["clients"][0]["changes"] if c["path"].endswith(".claude.json")]
    assert change["path"] == str(strange / ".claude.json")
    assert done.raw.decode("utf-8")


# Where it is said, and how


def test_results_on_stdout_progress_and_errors_on_stderr(here: Machine) -> None:
    done = here.install()
    assert "list_entities answered in" in done.err
    assert "list_entities answered with 0 entities" in done.out
    assert "+++ " in done.out
    failed = here.run("install", "--client", "nobody")
    assert failed.out == ""
    assert failed.err.startswith("error: ")


@pytest.mark.parametrize(
    "env", [{}, {"TERM": "xterm-256color"}, {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"CI": "true"}], ids=str
)
def test_plain_when_piped(here: Machine, env: dict[str, str | None]) -> None:
    done = here.run("install", *BOTH, "--yes", env=env)
    doctor = here.run("doctor", env=env)
    for word in (done.out, done.err, doctor.out, doctor.err):
        assert "\x1b" not in word
        assert "\r" not in word


def test_nothing_is_folded_when_piped(here: Machine) -> None:
    """A path, a command or a fix that is broken over two lines cannot be pasted."""
    here.install(env={"COLUMNS": "40"})
    here.launcher.unlink()
    done = here.run("doctor", env={"COLUMNS": "40"})
    assert "    mem0-agent install\n" in done.out
    assert f"  {here.claude} (user)\n" in done.out
    assert not [line for line in done.out.splitlines() if line != line.rstrip()]


def test_help_fits_80_columns(here: Machine) -> None:
    for words in ([], ["install"], ["doctor"], ["uninstall"], ["serve"]):
        done = here.run(*words, "--help", env={"COLUMNS": "80"})
        assert done.code == 0, done.all
        assert max(map(len, done.out.splitlines())) <= 80
        assert done.err == ""


LOCALES: list[dict[str, str | None]] = [
    {"LANG": "C"},
    {"LANG": None},
    {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "latin-1"},
]


@pytest.mark.parametrize("env", LOCALES, ids=str)
def test_any_locale_gets_words_and_never_a_traceback(here: Machine, env: dict[str, str | None]) -> None:
    home = here.root / ('home "$x"' if env.get("PYTHONUTF8") == "0" else "h\u00f6me \u2014 \u6f22")
    home.mkdir()
    env = {**env, "HOME": str(home)}
    installed = here.run("install", *BOTH, "--yes", env=env)
    runs = [
        installed,
        here.run("doctor", "--client", "claude-code", env=env),
        here.run("install", "--client", "claud", env=env),
        here.run("uninstall", "--yes", env=env),
    ]
    assert [done.code for done in runs] == [0, 0, 2, 0], [done.all for done in runs]
    for done in runs:
        assert "Traceback" not in done.out + done.err


@pytest.mark.parametrize("env", LOCALES, ids=str)
def test_any_locale_gets_json(here: Machine, env: dict[str, str | None]) -> None:
    def parsed(done: Done) -> Any:
        return json.loads(done.raw.decode("ascii" if "ascii" in str(env) else "utf-8"))

    assert parsed(here.run("install", *BOTH, "--yes", "--json", env=env))["ok"] is True
    assert parsed(here.run("doctor", "-c", "claude-code", "--json", env=env))["ok"] is True
    assert "claud" in parsed(here.run("install", "--client", "claud", "--json", env=env))["error"]["message"]


# Help, version, completion


def test_version_and_help(here: Machine) -> None:
    assert here.run("--version").out == f"{__version__}\n"
    listed = here.run("--help").out
    assert re.findall(r"^  (install|doctor|uninstall|serve) ", listed, re.MULTILINE) == [
        "install", "doctor", "uninstall", "serve",
    ]  # fmt: skip


def test_without_a_word_it_helps(here: Machine) -> None:
    done = here.run()
    assert done.code in {Exit.DONE, Exit.USAGE}
    assert "Usage: mem0-agent" in done.out + done.err
    assert "error:" not in done.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(here: Machine, shell: str) -> None:
    done = here.run(env={"_MEM0_AGENT_COMPLETE": f"source_{shell}"})
    assert done.code == 0, done.all
    assert "mem0-agent" in done.out


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("mem0-agent install --client ", {"claude-code", "codex", "cowork"}),
        ("mem0-agent doctor -c cod", {"codex"}),
        ("mem0-agent ", {"install", "doctor", "uninstall", "serve"}),
        ("mem0-agent install --backend ", {"auto", "platform", "local", "self-hosted"}),
    ],
)
def test_completion_offers(here: Machine, line: str, offered: set[str]) -> None:
    words = line.split(" ")
    env: dict[str, str | None] = {
        "_MEM0_AGENT_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1),
    }  # fmt: skip
    done = here.run(env=env)
    assert set(done.out.split()) == offered
