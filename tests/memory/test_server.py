from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.memory.peer import PATIENCE_S, Serve, command, initialize

from mem0_agent.memory import rpc
from mem0_agent.memory.local import LocalMemory


@pytest.mark.parametrize(
    ("asked", "answered"),
    [(version, version) for version in rpc.HANDSHAKES]
    + [("2024-10-07", "2025-11-25"), ("2026-07-28", "2025-11-25"), ("x", "2025-11-25")],
)
def test_the_version_is_the_clients_or_our_newest(serve: Serve, asked: str, answered: str) -> None:
    reply = initialize(serve(), asked)
    assert reply["protocolVersion"] == answered
    assert reply["capabilities"] == {"tools": {}}
    assert reply["serverInfo"]["name"] == "mem0"
    assert "'alice'" in reply["instructions"]


def test_a_session_ends_with_stdin_and_prints_nothing_else(serve: Serve) -> None:
    peer = serve()
    initialize(peer)
    peer.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert peer.ask("ping") == {}
    assert peer.finish() == (0, b"", b"")


@pytest.mark.parametrize("data", [b"", b"\n\n \n"])
def test_a_client_that_says_nothing_hears_nothing(serve: Serve, data: bytes) -> None:
    peer = serve()
    peer.raw(data)
    assert peer.finish() == (0, b"", b"")


def test_a_last_line_without_its_end_is_answered(serve: Serve) -> None:
    peer = serve()
    peer.raw(b'{"jsonrpc":"2.0","id":"a","method":"ping"}')
    code, out, _ = peer.finish()
    assert (code, json.loads(out)) == (0, {"jsonrpc": "2.0", "id": "a", "result": {}})


@pytest.mark.parametrize(
    ("line", "number", "code"),
    [
        (b"garbage", None, -32700),
        (b'{"jsonrpc": "2.0", "id": 1', None, -32700),
        (b"\xff\xfe", None, -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"n":NaN}}', None, -32700),
        (b"[" * 100_000, None, -32700),
        (b"9" * 5000, None, -32700),
        (b"3", None, -32600),
        (b"null", None, -32600),
        (b'"ping"', None, -32600),
        (b"[]", None, -32600),
        (b"{}", None, -32600),
        (b'{"id":1,"method":"ping"}', None, -32600),
        (b'{"jsonrpc":"2.0","id":1}', None, -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":7}', None, -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', None, -32600),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', None, -32600),
        (b'{"jsonrpc":"2.0","id":[1],"method":"ping"}', None, -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}', 1, -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"nope"}', 1, -32601),
        (b'{"jsonrpc":"2.0","id":"x","method":"resources/list"}', "x", -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"prompts/list"}', 1, -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call"}', 1, -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"rm"}}', 1, -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["add_memory"]}}', 1, -32602),
    ],
)
def test_a_bad_line_is_answered_and_the_loop_goes_on(serve: Serve, line: bytes, number: object, code: int) -> None:
    peer = serve()
    peer.raw(line + b"\n")
    reply = peer.receive()
    assert (reply["jsonrpc"], reply["id"], reply["error"]["code"]) == ("2.0", number, code)
    assert peer.ask("ping") == {}
    assert peer.finish()[0] == 0


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "method": "notifications/unknown", "params": {}},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 77}},
        {"jsonrpc": "2.0", "method": "notifications/cancelled"},
        {"jsonrpc": "2.0", "id": 9, "result": {}},
        {"jsonrpc": "2.0", "id": 9, "error": {"code": 1, "message": "x"}},
        [{"jsonrpc": "2.0", "method": "notifications/initialized"}],
    ],
)
def test_what_wants_no_answer_gets_none(serve: Serve, message: object) -> None:
    peer = serve()
    peer.send(message)
    assert peer.ask("ping") == {}


@pytest.mark.parametrize("size", [rpc.MAX_LINE + 1, 3 * rpc.MAX_LINE])
def test_a_huge_line_is_refused_and_the_loop_goes_on(serve: Serve, size: int) -> None:
    peer = serve()
    head = b'{"jsonrpc":"2.0","id":1,"method":"'
    peer.raw(head + b"x" * (size - len(head)) + b"\n")
    assert peer.receive()["error"]["code"] == -32600
    assert peer.ask("ping") == {}


def test_the_largest_line_is_read(serve: Serve) -> None:
    peer = serve()
    head, tail = b'{"jsonrpc":"2.0","id":1,"method":"ping","x":"', b'"}'
    peer.raw(head + b"x" * (rpc.MAX_LINE - len(head) - len(tail)) + tail + b"\n")
    assert peer.receive() == {"jsonrpc": "2.0", "id": 1, "result": {}}


def test_a_batch_is_answered_as_one(serve: Serve) -> None:
    peer = serve()
    arguments = {"name": "add_memory", "arguments": {"text": "in a batch"}}
    peer.send(
        [
            {"jsonrpc": "2.0", "id": 1, "method": "ping"},
            {"jsonrpc": "2.0", "method": "notifications/initialized"},
            {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": arguments},
            {"jsonrpc": "2.0", "id": 3, "method": "nope"},
            4,
        ]
    )
    reply = peer.receive()
    assert [(one["id"], "result" in one) for one in reply] == [
        (1, True),
        (2, True),
        (3, False),
        (None, False),
    ]


def test_a_ping_does_not_wait_and_a_cancelled_call_gets_no_answer(serve: Serve, home: Path) -> None:
    peer = serve()
    peer.call("add_memory", text="so that there is a file")
    holder = sqlite3.connect(home / "data" / "memory.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    running = peer.post("tools/call", {"name": "add_memory", "arguments": {"text": "running when cancelled"}})
    queued = peer.post("tools/call", {"name": "add_memory", "arguments": {"text": "queued when cancelled"}})
    assert peer.ask("ping") == {}
    for number in (running, queued):
        peer.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number}})
    assert peer.ask("ping") == {}
    holder.execute("ROLLBACK")
    holder.close()
    _, listed = peer.call("get_memories")
    assert "queued when cancelled" not in [one["memory"] for one in listed["results"]]
    assert peer.finish() == (0, b"", b"")


def test_calls_are_carried_out_before_the_end(serve: Serve, home: Path) -> None:
    peer = serve()
    for number in range(50):
        peer.post("tools/call", {"name": "add_memory", "arguments": {"text": f"number {number}"}})
    code, out, _ = peer.finish()
    assert code == 0
    assert [json.loads(line)["id"] for line in out.splitlines()] == list(range(1, 51))
    memory = LocalMemory(str(home / "data" / "memory.db"), "alice")
    assert memory.memories({"user_id": "alice"})["count"] == 50
    memory.close()


@pytest.mark.parametrize("method", ["ping", "tools/call"])
def test_a_client_that_reads_no_more_ends_it_quietly(serve: Serve, method: str) -> None:
    peer = serve()
    initialize(peer)
    peer.stdout.close()
    peer.post(method, {"name": "list_entities"})
    assert peer.process.wait(PATIENCE_S) == 0
    assert peer.process.stderr
    assert peer.process.stderr.read() == b""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_without_a_word(serve: Serve, number: signal.Signals) -> None:
    peer = serve()
    peer.call("list_entities")
    peer.process.send_signal(number)
    assert peer.process.wait(PATIENCE_S) == -number
    assert peer.finish()[1:] == (b"", b"")


def test_a_closed_stdin_is_an_end(home: Path) -> None:
    shell = ["sh", "-c", 'exec "$@" <&-', "sh", *command(home)]
    done = subprocess.run(shell, capture_output=True, timeout=PATIENCE_S)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def enveloped(version: str) -> dict[str, Any]:
    prefix = "io.modelcontextprotocol/"
    return {f"{prefix}protocolVersion": version, f"{prefix}clientInfo": {"name": "t", "version": "1"}}


def test_the_stateless_revision_dresses_its_results(serve: Serve) -> None:
    peer = serve()
    meta = {"_meta": enveloped("2026-07-28")}
    found = peer.ask("server/discover", meta)
    assert found["supportedVersions"] == ["2026-07-28"]
    assert (found["resultType"], found["cacheScope"], found["ttlMs"] > 0) == ("complete", "private", True)
    assert {"tools", "resultType", "ttlMs", "cacheScope", "_meta"} == set(peer.ask("tools/list", meta))
    called = peer.ask("tools/call", {"name": "list_entities", "arguments": {}, **meta})
    assert (called["isError"], called["resultType"]) == (False, "complete")
    assert set(peer.ask("tools/list")) == {"tools"}


def test_an_unknown_stateless_revision_is_told_what_there_is(serve: Serve) -> None:
    error = serve().ask("server/discover", {"_meta": enveloped("2031-01-01")})
    assert error["code"] == -32022
    assert error["data"] == {"supported": [*rpc.HANDSHAKES, *rpc.STATELESS], "requested": "2031-01-01"}
