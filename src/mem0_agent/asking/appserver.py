"""Codex's own app server over stdio: the way to ask Codex what it sees, and to have it write what is its to write."""

from __future__ import annotations

import json
import subprocess
import threading
from typing import TYPE_CHECKING, Self

from mem0_agent import __version__
from mem0_agent.model import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mem0_agent.model import Json


PARTING = 3.0
"""Seconds that it has to end by itself."""


class AppServer:
    """One running ``codex app-server``, ended with the block. ``patience`` in seconds is for all of it.

    Raises UserError ``codex.app-server`` where it cannot be started, and for an answer that is an error.
    """

    def __init__(self, program: Path, env: Mapping[str, str], cwd: Path, patience: float) -> None:
        try:
            self.process = subprocess.Popen(  # noqa: S603 - the user's own client
                [program, "app-server"],
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise trouble(str(error)) from error
        self.number = 0
        self.alarm = threading.Timer(patience, self.process.kill)

    def __enter__(self) -> Self:
        self.alarm.start()
        about = {"name": "mem0-agent", "version": __version__}
        try:
            self.ask("initialize", {"clientInfo": about, "capabilities": {"experimentalApi": True}})
            self.send({"method": "initialized"})
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.alarm.cancel()
        try:
            self.process.communicate(timeout=PARTING)  # it closes its databases when its input ends
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()

    def ask(self, method: str, params: Json) -> Json:
        """The result of ``method``."""
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        for line in self.process.stdout or ():
            message = parsed(line)
            if message.get("id") == self.number and "method" not in message:
                if "error" in message:
                    raise trouble(f"{method}: {message['error'].get('message', 'refused')}")
                return message.get("result")
        raise trouble(f"{method} was not answered")

    def send(self, message: Json) -> None:
        if self.process.stdin is None:
            return
        try:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()
        except OSError as error:
            raise trouble(str(error)) from error


def parsed(line: bytes) -> Json:
    try:
        message = json.loads(line)
    except ValueError as error:
        raise trouble("an answer that is not JSON") from error
    return message if isinstance(message, dict) else {}


def trouble(words: str) -> UserError:
    return UserError(
        "codex.app-server", f"codex app-server: {words}", hint="Start codex once by hand to see what it says."
    )
