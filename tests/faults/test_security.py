"""What a key may never do, and what a project's files may never decide."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults import hostile
from tests.machine import BOTH, SCRIPT, Machine, machine
from tests.servers import Behaviour, serving
from tests.trees import marks, read_tree, write_tree

if TYPE_CHECKING:
    from tests.machine import Done

KEY = "m0-Zq8vR2sT5wY7bN3kLmXp"
ODD_KEY = 'o\u00e9d "quoted" \\ $(id) `id` %41 & key'
ENV: dict[str, str | None] = {"MEM0_API_KEY": KEY}
INSTALL = ("install", *BOTH, "--yes")


def platform(url: str) -> tuple[str, ...]:
    return ("--backend", "platform", "--url", url)


def without(done: Done, key: str = KEY) -> None:
    for needle in (key, json.dumps(key)[1:-1], repr(key)[1:-1]):
        assert needle not in done.all


# The key


class Watcher:
    """Looks at the argument lists and nothing else of every process, again and again."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self) -> None:
        while not self.over.is_set():
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit():
                    self.look(entry / "cmdline")
            time.sleep(0.001)

    def look(self, path: Path) -> None:
        try:
            self.seen.add(path.read_bytes())
        except OSError:  # it has ended
            return


@contextmanager
def watching() -> Iterator[Watcher]:
    watcher = Watcher()
    watcher.thread.start()
    try:
        yield watcher
    finally:
        watcher.over.set()
        watcher.thread.join()


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="this system shows no argument lists")
def test_the_key_is_in_no_argument_list_of_ours_or_of_a_child(here: Machine) -> None:
    here.program("codex", "codex-cli 0.169.0")
    with serving(Behaviour(key=KEY)) as server, watching() as watcher:
        runs = [
            hostile.run(here, *INSTALL, *platform(server.url), "--store-key", env=ENV),
            hostile.run(here, "doctor", env=ENV),
            hostile.run(here, "uninstall", "--yes", env=ENV),
        ]
    assert [done.code for done in runs][::2] == [0, 0], runs[0].all + runs[2].all
    assert any(str(SCRIPT).encode() in line and b"install" in line for line in watcher.seen)
    assert not [line for line in watcher.seen if KEY.encode() in line]


WAYS: dict[str, tuple[str, ...]] = {
    "install": INSTALL,
    "json": (*INSTALL, "--json"),
    "dry run": (*INSTALL, "--dry-run"),
    "store": (*INSTALL, "--store-key"),
    "store, dry run": (*INSTALL, "--store-key", "--dry-run"),
    "store, json": (*INSTALL, "--store-key", "--json"),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("accepted", [True, False])
def test_the_key_is_in_nothing_that_is_said(here: Machine, way: tuple[str, ...], accepted: bool) -> None:
    with serving(Behaviour(key=KEY if accepted else "another")) as server:
        done = hostile.run(here, *way, *platform(server.url), env=ENV)
        without(done)
        assert done.code == (0 if accepted else 5), done.all
        without(hostile.run(here, "doctor", env=ENV))
        without(hostile.run(here, "doctor", "--json", env=ENV))
        without(hostile.run(here, "uninstall", "--dry-run", env=ENV))
        without(hostile.run(here, "uninstall", "--yes", "--json", env=ENV))
    assert not [name for name, data in read_tree(here.root).items() if data and KEY.encode() in data]


def test_a_server_that_repeats_the_key_is_not_repeated(here: Machine) -> None:
    def echo(handler: Any, request: Any) -> None:
        handler.send(401, json.dumps({"detail": f"no such key: {request.headers.get('authorization')}"}).encode())

    with serving(Behaviour(answers={"*": echo})) as server:
        for words in (INSTALL, (*INSTALL, "--json")):
            done = hostile.run(here, *words, *platform(server.url), env=ENV)
            assert done.code == 5, done.all
            assert "no such key" in done.all
            without(done)


BUG = """
import os
import mem0_agent.writing.ledger

def broken(*words):
    key = os.environ["MEM0_API_KEY"]
    raise RuntimeError(f"a bug that holds {key}")

mem0_agent.writing.ledger.load = broken
"""


@pytest.mark.parametrize("words", [INSTALL, (*INSTALL, "--json"), ("doctor",), ("uninstall", "--yes")])
def test_a_bug_of_ours_keeps_the_key_to_itself(here: Machine, words: tuple[str, ...]) -> None:
    write_tree(here.root / "broken", {"sitecustomize.py": BUG})
    done = hostile.run(here, *words, env={**ENV, "PYTHONPATH": str(here.root / "broken")})
    assert done.code == 3, done.all
    without(done)
    (log,) = (here.root / "tmp").glob("mem0-agent-bug-*.log")
    assert "a bug that holds" in log.read_text("utf-8")
    assert KEY not in log.read_text("utf-8")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_stored_key_stands_where_only_its_owner_reads_it(here: Machine) -> None:
    """Whatever the umask, and in no backup and no receipt; with its file it goes."""
    write_tree(here.home, {".claude/settings.json": "{}", ".codex/.env": "A=1\n"})
    before = read_tree(here.home)
    with serving(Behaviour(key=KEY)) as server:
        mask = os.umask(0)
        try:
            done = hostile.run(here, *INSTALL, *platform(server.url), "--store-key", env=ENV)
        finally:
            os.umask(mask)
        assert done.code == 0, done.all
    holders = {p for p in here.root.rglob("*") if p.is_file() and KEY.encode() in p.read_bytes()}
    clients = {here.home / ".claude/settings.json", here.home / ".codex/.env"}
    assert clients <= holders
    for path in (*holders, *(p for p in here.dirs.state.rglob("*") if p.is_file())):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for folder in (here.dirs.state, *(p for p in here.dirs.state.rglob("*") if p.is_dir())):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
    here.uninstall()
    assert read_tree(here.home) == before


def test_no_literal_key_goes_into_a_repository(here: Machine) -> None:
    project = here.root / "project"
    write_tree(project, {".git/HEAD": "ref: refs/heads/main\n"})
    with serving(Behaviour(key=KEY)) as server:
        words = (
            *INSTALL,
            *platform(server.url),
            "--scope",
            "project",
            "--project",
            str(project),
            "--store-key",
        )
        done = hostile.run(here, *words, env=ENV, cwd=project)
        without(done)
        assert done.code == 0, done.all
    assert KEY.encode() in (here.home / ".claude/settings.json").read_bytes()
    assert not [name for name, data in read_tree(project).items() if data and KEY.encode() in data]


# The way to the server


PLAIN = {
    "another host": "http://127.0.0.1.evil.example/mcp",
    "a user that looks like a host": "http://localhost@evil.example/mcp",
    "an address that is mapped": "http://[::ffff:10.0.0.1]/mcp",
    "a longer name": "http://localhost.evil.example/mcp",
    "decimal": "http://2130706433.evil.example/mcp",
}


@pytest.mark.parametrize("url", PLAIN.values(), ids=PLAIN)
def test_a_key_never_goes_over_plain_http(here: Machine, url: str) -> None:
    before = marks(here.home)
    done = hostile.run(here, *INSTALL, *platform(url), "--json", env=ENV)
    assert done.code in {1, 2, 5}, done.all
    assert done.error["code"] in {"server.tls", "usage"}, done.all
    assert "https" in done.error["message"] + done.error["hint"]
    without(done)
    assert marks(here.home) == before


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_origin_is_an_error_and_gets_no_request(here: Machine, status: int) -> None:
    with serving() as elsewhere:
        from tests.servers import redirect

        with serving(Behaviour(answers={"*": redirect(elsewhere.url, status)})) as server:
            done = hostile.run(here, *INSTALL, *platform(server.url), "--json", env=ENV)
        assert (done.code, done.error["code"]) == (5, "server.not-mcp"), done.all
        assert elsewhere.requests == []
        without(done)


def test_a_certificate_of_ones_own_fails_and_no_option_says_otherwise(here: Machine, tmp_path: Path) -> None:
    tool = shutil.which("openssl")
    if tool is None:
        pytest.skip("no openssl to make a certificate with")
    made = (tmp_path / "cert.pem", tmp_path / "key.pem")
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-out", str(made[0]), "-keyout", str(made[1])]
    subprocess.run([tool, *words, *names], check=True, capture_output=True)
    with serving(tls=made) as server:
        done = hostile.run(here, *INSTALL, *platform(server.url), "--json", env=ENV)
    assert (done.code, done.error["code"]) == (5, "server.tls"), done.all
    assert server.requests == []
    for command in ("install", "doctor", "uninstall"):
        told = hostile.run(here, command, "--help").out.lower()
        assert not [word for word in ("insecure", "no-check", "verify-tls", "ssl") if word in told]


# A project's files


TRAP = "import pathlib, os\npathlib.Path(os.environ['TRAP']).write_text('sprung')\nraise SystemExit(7)\n"
NAMES = (
    "json",
    "sitecustomize",
    "usercustomize",
    "sqlite3",
    "mem0_agent",
    "httpx",
    "typer",
    "tomllib",
    "mem0",
)
PROJECT: dict[str, bytes | str | None] = {
    ".env": "MEM0_API_KEY=m0-of-the-project\nMEM0_API_URL=http://evil.example\nMEM0_USER_ID=mallory\n",
    "config.toml": 'backend = "self-hosted"\nurl = "http://evil.example"\nuser_id = "mallory"\n',
    "mem0-agent/config.toml": 'backend = "self-hosted"\nurl = "http://evil.example"\n',
    ".mem0/config.json": '{"api_key": "m0-of-the-project", "host": "http://evil.example"}',
    "pyproject.toml": '[tool.mem0-agent]\nurl = "http://evil.example"\n',
    **{f"{name}.py": TRAP for name in NAMES},
}


def event(project: Path) -> bytes:
    return json.dumps(
        {"hook_event_name": "SessionStart", "session_id": "s", "cwd": str(project), "source": "startup"}
    ).encode()


def test_a_projects_files_are_trusted_for_nothing(here: Machine) -> None:
    """Install, doctor, the hook and the server, each started in a project that wants to be obeyed."""
    project, trap = here.root / "project", here.root / "sprung"
    write_tree(project, PROJECT)
    env: dict[str, str | None] = {"TRAP": str(trap)}
    done = hostile.run(here, *INSTALL, env=env, cwd=project)
    assert done.code == 0, done.all
    settings = (here.dirs.config / "config.toml").read_text("utf-8")
    assert "evil" not in settings
    assert "mallory" not in settings
    done = hostile.run(here, "doctor", "--json", env=env, cwd=project)
    assert "evil" not in done.all
    for words, said in ((("hook", "claude-code"), event(project)), (("serve",), b"")):
        ended = subprocess.run(
            [here.launcher, *words],
            input=said,
            cwd=project,
            env=here.environment(env),
            capture_output=True,
            timeout=60,
        )
        assert ended.returncode == 0, ended.stderr
        assert b"mallory" not in ended.stdout
        assert b"evil" not in ended.stdout
    assert not trap.exists()
    found = read_tree(project)
    assert {name for name, data in found.items() if data is not None} == set(PROJECT)


# The command that clients run


ODD_NAMES = [
    "a b",
    "a'b",
    'a"b',
    "a$HOME",
    "a`touch sprung`",
    "a\nb",
    "a;touch sprung;",
    "a&b",
    "-n",
    "a\\b",
    "~",
    "*",
]


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("client", ["claude-code", "codex"])
def test_hooks_of_odd_places_run_exactly_the_program(tmp_path: Path, name: str, client: str) -> None:
    here = machine(tmp_path / name)
    done = hostile.run(here, "install", "--client", client, "--yes", "--no-verify")
    assert done.code == 0, done.all
    path = here.home / (".claude/settings.json" if client == "claude-code" else ".codex/hooks.json")
    groups = json.loads(path.read_bytes())["hooks"]["SessionStart"]
    (command,) = {hook["command"] for group in groups for hook in group["hooks"]}
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        input=event(here.work),
        cwd=here.work,
        env=here.environment(),
        capture_output=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert "SessionStart" in ended.stdout.decode()
    assert list(tmp_path.rglob("sprung")) == []


# Nothing from outside


def test_neither_importing_nor_installing_needs_a_network(here: Machine) -> None:
    prefix = ("unshare", "-rn")
    if not hostile.possible(*prefix):
        pytest.skip("this machine does not let us cut its network")
    done = hostile.run(here, *INSTALL, prefix=prefix)
    assert done.code == 0, done.all
    assert hostile.run(here, "uninstall", "--yes", prefix=prefix).code == 0


def test_a_workflow_names_what_it_runs_by_commit() -> None:
    """An action by a tag is whatever its owner makes of that tag tomorrow."""
    root = Path(__file__).parents[2]
    for path in sorted((root / ".github").rglob("*.y*ml")):
        for line in path.read_text("utf-8").splitlines():
            used = line.strip().removeprefix("- ").partition("uses:")[2].split("#")[0].strip()
            assert not used or used.startswith("./") or len(used.partition("@")[2]) == 40, f"{path}: {line}"
    assert sys.version_info >= (3, 11)
