"""A client of the server that can do what no polite client does."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mem0_agent.memory

PROGRAM = Path(next(iter(mem0_agent.memory.__path__))) / "__main__.py"
PATIENCE_S = 30.0


def command(home: Path) -> list[str]:
    folders = [str(home / name) for name in ("config", "data", "state")]
    return [sys.executable, "-I", "-S", str(PROGRAM), "--home", *folders, "serve"]


class Peer:
    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"LOGNAME": "alice", **environment},
        )
        assert self.process.stdin
        assert self.process.stdout
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        self.buffer = b""
        self.number = 0

    def raw(self, data: bytes) -> None:
        self.stdin.write(data)
        self.stdin.flush()

    def send(self, message: object) -> None:
        self.raw(json.dumps(message).encode() + b"\n")

    def receive(self) -> Any:
        """Read the next line as JSON; fails the test where none comes."""
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.stdout], [], [], PATIENCE_S)
            assert ready, "no answer"
            data = os.read(self.stdout.fileno(), 1 << 16)
            assert data, "the server ended"
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def post(self, method: str, params: object = None) -> int:
        """Send a request and answer its id without waiting."""
        self.number += 1
        message = {"jsonrpc": "2.0", "id": self.number, "method": method}
        self.send(message if params is None else {**message, "params": params})
        return self.number

    def ask(self, method: str, params: object = None) -> Any:
        """Send a request and answer its result, or its error."""
        number = self.post(method, params)
        reply = self.receive()
        assert reply["id"] == number
        return reply.get("result", reply.get("error"))

    def call(self, tool: str, **arguments: object) -> tuple[bool, Any]:
        """Call a tool and answer whether it failed, and the JSON in its text."""
        result = self.ask("tools/call", {"name": tool, "arguments": arguments})
        assert [item["type"] for item in result["content"]] == ["text"]
        return result["isError"], json.loads(result["content"][0]["text"])

    def finish(self) -> tuple[int, bytes, bytes]:
        """End stdin and answer exit status, the rest of stdout, stderr."""
        out, error = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, self.buffer + out, error

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream and not stream.closed:
                try:
                    stream.close()
                except BrokenPipeError:
                    continue
        self.process.wait(PATIENCE_S)


def initialize(peer: Peer, version: str = "2025-11-25") -> Any:
    info = {"name": "test", "version": "1"}
    return peer.ask("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": info})


Serve = Callable[..., Peer]
"""Starts a server with these variables in its environment."""
