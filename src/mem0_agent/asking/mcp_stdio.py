"""MCP over the pipes of a child process, which never outlives the question."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
from collections import deque
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from mem0_agent.asking.mcp_link import LIMIT, Messages, ProbeError, answer, result

if TYPE_CHECKING:
    from mem0_agent.asking.mcp_link import Deadline
    from mem0_agent.model import Endpoint, Json

GRACE = 0.5
"""Seconds that a child gets to end by itself at each step."""

TAIL = 4096
"""Bytes of stderr that are remembered."""


class StdioLink:
    """A child that speaks MCP, with exactly the environment of its endpoint."""

    def __init__(self, endpoint: Endpoint, deadline: Deadline) -> None:
        self.deadline, self.messages = deadline, Messages()
        self.lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.tail: deque[bytes] = deque()
        self.noise = self.greeted = self.aborted = False
        self.ended = threading.Event()
        self.child = started(endpoint)
        self.readers = [
            threading.Thread(target=self.hear, args=(self.child.stdout,), daemon=True),
            threading.Thread(target=self.overhear, args=(self.child.stderr,), daemon=True),
        ]
        for reader in self.readers:
            reader.start()

    # What the child says

    def hear(self, stdout: IO[bytes]) -> None:
        size = 0
        with suppress(OSError, ValueError):
            while (line := stdout.readline(LIMIT)) and size <= LIMIT:
                size += len(line)
                self.lines.put(line)
        self.ended.set()
        self.lines.put(None)

    def overhear(self, stderr: IO[bytes]) -> None:
        with suppress(OSError, ValueError):
            while piece := os.read(stderr.fileno(), TAIL):
                self.tail.append(piece)
                while len(self.tail) > 2:
                    self.tail.popleft()

    @property
    def last_words(self) -> str:
        """The last line that the child wrote to stderr."""
        lines = b"".join(self.tail)[-TAIL:].decode("utf-8", "replace").strip().splitlines()
        return lines[-1].strip() if lines else ""

    # Link

    def agree(self, version: str) -> None:
        self.greeted = bool(version)

    def ask(self, method: str, params: Json) -> Json:
        request = self.messages.request(method, params)
        self.send(request)
        while True:
            try:
                line = self.lines.get(timeout=self.deadline.left)
            except queue.Empty:
                raise self.silence() from None
            if line is None:
                raise self.end()
            found = answer(self.message(line), request["id"])
            if found is not None:
                return result(found)

    def tell(self, method: str) -> None:
        self.send(self.messages.notification(method))

    def send(self, message: Json) -> None:
        stdin = self.child.stdin
        if self.aborted or stdin is None:
            raise self.deadline.error()
        with suppress(BrokenPipeError, ValueError):  # it has ended: the next line read will say so
            stdin.write(json.dumps(message).encode() + b"\n")
            stdin.flush()

    def message(self, line: bytes) -> Json:
        try:
            return json.loads(line)
        except (ValueError, RecursionError):
            self.noise = self.noise or bool(line.strip())
            return None

    def silence(self) -> ProbeError:
        if self.noise and not self.greeted:
            return ProbeError("not-mcp", "The program writes to its output, but not MCP.")
        return self.deadline.error()

    def end(self) -> ProbeError:
        """Tell what to say of a child that has closed its output."""
        if self.aborted:
            return self.deadline.error()
        with suppress(subprocess.TimeoutExpired):
            self.child.wait(GRACE)
        self.readers[1].join(GRACE)
        status = self.child.returncode
        how = "closed its output" if status is None else farewell(status)
        words = f": {self.last_words}" if self.last_words else ""
        if self.noise and status == 0 and not self.greeted:
            return ProbeError("not-mcp", f"The program {how} without speaking MCP{words}.")
        return ProbeError("not-started", f"The server {how} before it answered{words}.")

    def abort(self) -> None:
        self.aborted = True
        self.kill(getattr(signal, "SIGKILL", signal.SIGTERM))

    def close(self) -> None:
        """End the child and all that it started, and collect it, whatever state it is in."""
        with suppress(OSError):
            if self.child.stdin is not None:
                self.child.stdin.close()
        if not self.aborted and not self.ended.wait(GRACE):
            self.kill(signal.SIGTERM)
            self.ended.wait(GRACE)
        self.kill(getattr(signal, "SIGKILL", signal.SIGTERM))
        self.child.wait()
        for reader, pipe in zip(self.readers, (self.child.stdout, self.child.stderr), strict=True):
            reader.join(GRACE)
            if pipe is not None and not reader.is_alive():
                pipe.close()

    def kill(self, number: int) -> None:
        """Signal the whole group of the child, where there are groups."""
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self.child.pid, number)
            else:
                self.child.kill()


def started(endpoint: Endpoint) -> subprocess.Popen[bytes]:
    """Start the child. Raises ProbeError ``not-started`` with the reason."""
    program = endpoint.command[0]
    try:
        return subprocess.Popen(  # noqa: S603 - the very command that the client would start
            endpoint.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(endpoint.env),
            cwd=endpoint.cwd or None,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        what = getattr(error, "filename", None) or program
        raise ProbeError("not-started", f"{what} cannot be started: {reason}.") from error


def farewell(status: int) -> str:
    if status >= 0:
        return f"ended with exit status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
