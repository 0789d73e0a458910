from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.memory.peer import PATIENCE_S, PROGRAM, Serve, command, initialize


def configured(home: Path, text: str) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text(text)


def test_the_user_of_the_configuration(serve: Serve, home: Path) -> None:
    configured(home, 'user_id = "carol"')
    assert "'carol'" in initialize(serve())["instructions"]


def test_a_broken_configuration_is_said_and_does_not_stop_it(serve: Serve, home: Path) -> None:
    configured(home, "what is this")
    peer = serve()
    assert "is not valid TOML" in initialize(peer)["instructions"]
    assert peer.call("list_entities")[0] is False
    assert b"is not valid TOML" in peer.finish()[2]


@pytest.mark.parametrize("url", ["http://memory.example", "https://"])
def test_a_backend_that_cannot_be_used_is_an_error_of_the_call(serve: Serve, home: Path, url: str) -> None:
    configured(home, f'backend = "self-hosted"\nurl = "{url}"')
    peer = serve()
    initialize(peer)
    assert peer.ask("tools/list")["tools"][0]["annotations"]["openWorldHint"] is True
    failed, answer = peer.call("list_entities")
    assert failed is True
    assert set(answer) == {"error", "detail"}
    assert peer.finish()[0] == 0


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["serve"],
        ["--home", "a", "b", "c"],
        ["--home", "a", "b", "c", "dance"],
        ["--home", "a", "b", "c", "hook"],
    ],
)
def test_unknown_words_get_the_usage(words: list[str]) -> None:
    done = subprocess.run([sys.executable, "-I", "-S", str(PROGRAM), *words], capture_output=True, timeout=PATIENCE_S)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"usage: ")


def test_the_working_directory_and_its_modules_do_not_matter(home: Path, tmp_path: Path) -> None:
    for name in ("json", "sqlite3", "mem0_agent"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the project')")
    request = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_entities"}}\n'
    environment = {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        command(home), input=request, capture_output=True, cwd=tmp_path, env=environment, timeout=PATIENCE_S
    )
    assert json.loads(done.stdout)["result"]["isError"] is False


DRIVER = """
import sys
sys.path.insert(0, sys.argv[1])
from mem0_agent.memory import server, settings
{patch}
code = server.main(settings.load(*sys.argv[2:5]))
print(sorted(sys.modules), file=sys.stderr)
raise SystemExit(code)
"""


def driven(home: Path, requests: list[dict[str, Any]], patch: str = "") -> tuple[list[Any], str]:
    """Run the server in a program of ours; answer what it wrote, and its stderr."""
    words = [str(PROGRAM.parents[2]), *(str(home / name) for name in ("config", "data", "state"))]
    lines = b"".join(json.dumps({"jsonrpc": "2.0", **request}).encode() + b"\n" for request in requests)
    program = [sys.executable, "-I", "-S", "-c", DRIVER.format(patch=patch), *words]
    done = subprocess.run(program, input=lines, capture_output=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr.decode()


SLOW = {
    "argparse", "asyncio", "contextlib", "dataclasses", "email", "hashlib", "http", "importlib.metadata", "inspect",
    "logging", "pathlib", "shutil", "site", "socket", "ssl", "subprocess", "tempfile", "tomllib", "traceback",
    "typing", "urllib", "uuid",
}  # fmt: skip


@pytest.mark.parametrize(
    ("requests", "without"),
    [
        (
            [{"id": 1, "method": "initialize"}, {"id": 2, "method": "ping"}],
            SLOW | {"sqlite3", "threading", "datetime"},
        ),
        ([{"id": 1, "method": "tools/list"}], SLOW | {"sqlite3", "threading", "datetime"}),
        ([{"id": 1, "method": "tools/call", "params": {"name": "list_entities"}}], SLOW),
    ],
)
def test_nothing_slow_is_imported(home: Path, requests: list[dict[str, Any]], without: set[str]) -> None:
    replies, loaded = driven(home, requests)
    assert [reply["id"] for reply in replies] == [request["id"] for request in requests]
    modules = set(loaded.strip("[]\n").replace("'", "").split(", "))
    assert "mem0_agent.memory.server" in modules
    assert modules & without == set()


def test_a_call_that_breaks_is_answered_and_the_next_goes_on(home: Path) -> None:
    broken = (
        "from mem0_agent.memory.local import LocalMemory\n"
        "class Broken(LocalMemory):\n"
        "    def events(self): print('stray'); return 1 / 0\n"
        "server.open_memory = lambda settings: Broken(settings.database, 'alice')\n"
    )
    bad, good = {"name": "list_events"}, {"name": "list_entities"}
    replies, error = driven(
        home,
        [{"id": n, "method": "tools/call", "params": params} for n, params in enumerate((bad, good, bad, good))],
        broken,
    )
    assert [(reply["id"], reply.get("error", {}).get("code")) for reply in replies] == [
        (0, -32603),
        (1, None),
        (2, -32603),
        (3, None),
    ]
    assert "ZeroDivisionError" in error
    assert error.splitlines().count("stray") == 2
