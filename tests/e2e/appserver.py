"""A JSON-RPC client of ``codex app-server``: one line, one message."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.e2e.sandbox import Sandbox

Json = Any
DECLINED = {"code": -32000, "message": "nobody is here to be asked"}


class AppServerError(Exception):
    """The server answered with an error, or not at all."""


class AppServer:
    """A running app-server; a context manager. ``notes`` are the notifications so far, ``asked`` what it wanted to
    know from the user, which is always declined."""

    def __init__(
        self,
        box: Sandbox,
        arguments: Sequence[str] = (),
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.process = box.start([box.bin / "codex", "app-server", *arguments], cwd=cwd, env=env)
        self.incoming: queue.Queue[Json] = queue.Queue()
        self.notes: list[dict[str, Json]] = []
        self.asked: list[dict[str, Json]] = []
        self.sent = 0
        self.reader = threading.Thread(target=self.read)

    def __enter__(self) -> Self:
        self.reader.start()
        name = {"name": "end-to-end", "version": "0"}
        self.call("initialize", {"clientInfo": name, "capabilities": {"experimentalApi": True}})
        self.send({"method": "initialized"})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
        self.reader.join(10)
        self.process.stdout.close()

    def read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.incoming.put(json.loads(line))
        self.incoming.put(None)

    def send(self, message: Mapping[str, Json]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def receive(self, timeout: float) -> dict[str, Json]:
        """The next message; notifications and questions are dealt with on the way out."""
        try:
            message: dict[str, Json] | None = self.incoming.get(timeout=timeout)
        except queue.Empty:
            message = None
        if message is None:
            raise AppServerError("no answer from codex app-server")
        if "method" in message and "id" in message:
            self.asked.append(message)
            self.send({"id": message["id"], "error": DECLINED})
        elif "method" in message:
            self.notes.append(message)
        return message

    def call(self, method: str, params: Mapping[str, Json], timeout: float = 30) -> Json:
        """The result of one request; AppServerError where it is refused or ``timeout`` seconds pass in silence."""
        self.sent += 1
        number = self.sent
        self.send({"id": number, "method": method, "params": params})
        while True:
            message = self.receive(timeout)
            if message.get("id") == number and "method" not in message:
                break
        if "error" in message:
            raise AppServerError(f"{method}: {message['error']['message']}")
        return message["result"]

    def wait_for(self, method: str, since: int = 0, timeout: float = 60) -> dict[str, Json]:
        """The first notification ``method`` among ``notes[since:]``, awaited where it has not come yet."""
        while True:
            for note in self.notes[since:]:
                if note["method"] == method:
                    return note
            self.receive(timeout)
