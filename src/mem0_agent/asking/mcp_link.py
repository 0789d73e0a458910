"""What both ways to an MCP server share: messages, failures, and keeping the key out of every word."""

from __future__ import annotations

import itertools
import json
import re
import time
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mem0_agent.model import Endpoint, Json, OutcomeKind

PROTOCOL = "2025-11-25"
LIMIT = 4 * 1024 * 1024
"""Bytes that one answer may have."""

POLITE = 1.0
"""Seconds for saying goodbye."""

LENGTH = 300
"""Characters of a server's own words that are repeated to people."""

CONTROL = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
"""Terminal sequences, control characters, and the invisible ones that turn the direction of writing."""

IN_URL = re.compile(r"(?<==)[^&#]+|(?<=//)[^/?#]+(?=@)")
"""Query values, user and password."""

SECRET = re.compile("KEY|TOKEN|SECRET|PASS|AUTH|CREDENTIAL", re.IGNORECASE)


class ProbeError(Exception):
    """Why the question was not answered; ``detail`` is one sentence for people."""

    def __init__(self, kind: OutcomeKind, detail: str, status: int | None = None) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.status = kind, detail, status


class SessionLostError(Exception):
    """The server has forgotten the session; a new one may be opened."""


class Link(Protocol):
    """A way to one MCP server. Every method but ``abort`` and ``close`` raises ProbeError."""

    def ask(self, method: str, params: Json) -> Json:
        """Send a request and answer its result."""

    def tell(self, method: str) -> None:
        """Send a notification."""

    def agree(self, version: str) -> None:
        """Remember the protocol version that the server chose; empty to begin anew."""

    def abort(self) -> None:
        """Make whatever blocks fail at once; called from another thread."""

    def close(self) -> None:
        """End the session politely and free what it holds."""


class Deadline:
    """One moment in time that everything together must meet."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        return max(0.0, self.end - time.monotonic())

    def error(self) -> ProbeError:
        return ProbeError("timeout", f"No complete answer within {self.seconds:g} s.")


class Messages:
    """JSON-RPC requests with their numbers."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)

    def request(self, method: str, params: Json) -> Json:
        return {"jsonrpc": "2.0", "id": next(self.numbers), "method": method, "params": params}

    @staticmethod
    def notification(method: str) -> Json:
        return {"jsonrpc": "2.0", "method": method}


def answer(message: Json, number: int) -> Json | None:
    """Return the response to request ``number`` in ``message`` or batch, None where it is something else."""
    for item in message if isinstance(message, list) else [message]:
        if isinstance(item, dict) and item.get("id") == number and ("result" in item or "error" in item):
            return item
    return None


def result(response: Json) -> Json:
    """Return what a response holds. Raises ProbeError ``tool-error`` for a JSON-RPC error."""
    error = response.get("error")
    if error is not None:
        words = error.get("message") if isinstance(error, dict) else error
        raise ProbeError("tool-error", f"The server answered with an error: {words}")
    if not isinstance(response["result"], dict):
        raise ProbeError("not-mcp", "The server's answer is not one of MCP.")
    return response["result"]


def complaint(data: Json) -> str:
    if not isinstance(data, dict):
        return ""
    parts = [data[key] for key in ("error", "detail", "message") if data.get(key)]
    return ": ".join(part if isinstance(part, str) else json.dumps(part) for part in parts)


def clean(text: str, hidden: Iterable[str], length: int = LENGTH) -> str:
    """``text`` on one line, without control characters, without ``hidden``, not too long."""
    line = " ".join(CONTROL.sub("", text).split())
    for secret in sorted(hidden, key=len, reverse=True):
        line = line.replace(secret, "***")
    return line if len(line) <= length else line[: length - 1] + "…"


def secrets(endpoint: Endpoint) -> frozenset[str]:
    """Return what must never be repeated to anybody."""
    held = [value for _, value in endpoint.headers]
    held += [value for name, value in endpoint.env if SECRET.search(name)]
    held += [unquote(value) for value in IN_URL.findall(endpoint.url)]
    words = [word for value in held for word in (value.strip(), *value.split())]
    return frozenset(word for word in words if len(word) >= 6)
