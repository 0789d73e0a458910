"""JSON-RPC 2.0 as lines, and the two dialects of MCP spoken in them."""

from __future__ import annotations

import json

from mem0_agent import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from mem0_agent.memory.protocol import Json, Value

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
UNSUPPORTED_VERSION = -32022

HANDSHAKES = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""Revisions that begin with ``initialize``, oldest first."""

STATELESS = ("2026-07-28",)
"""Revisions that name themselves in the ``_meta`` of every request."""

VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
SERVER_KEY = "io.modelcontextprotocol/serverInfo"
SERVER = {"name": "mem0", "title": "mem0-agent", "version": __version__}
CAPABILITIES: Json = {"tools": {}}
MAX_LINE = 10_000_000
"""Bytes of one line; no call that a memory accepts comes near."""

LIST_TTL_MS = 3_600_000


class Fault(Exception):  # noqa: N818  the word for it in the specification is error, which is taken
    """A request that gets a JSON-RPC error: a code, a message, perhaps data."""

    def __init__(self, code: int, message: str, data: Json | None = None, request_id: Value = None) -> None:
        super().__init__(message)
        self.request_id = request_id
        self.error: Json = {"code": code, "message": message, **({"data": data} if data else {})}


def lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """Yield each line of a stream without its end; None in place of one longer than MAX_LINE."""
    while line := stream.readline(MAX_LINE + 1):
        whole = line.endswith(b"\n") or len(line) <= MAX_LINE
        while not line.endswith(b"\n") and len(line) > MAX_LINE:
            line = stream.readline(MAX_LINE + 1)
        if not whole:
            yield None
        elif line.strip():
            yield line


def parsed(line: bytes | None) -> Value:
    """Read the JSON of a line. Raises Fault for what is none, NaN and Infinity among it, and no messages."""
    if line is None:
        raise Fault(INVALID_REQUEST, f"A message takes at most {MAX_LINE} bytes.")
    try:
        message = json.loads(line, parse_constant=no_constant, parse_float=finite)
    except (ValueError, RecursionError) as error:
        raise Fault(PARSE_ERROR, f"Parse error: {error}") from error
    if message == []:
        raise Fault(INVALID_REQUEST, "A batch must not be empty.")
    return message


def no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def finite(text: str) -> float:
    """Read a number. Raises ValueError for one that would have to be answered as Infinity, which is no JSON."""
    number = float(text)
    if number - number != 0:
        raise ValueError(f"the number {text[:20]} is too large")
    return number


def encoded(message: object) -> bytes:
    """Write a message as one line."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def request(message: Value) -> tuple[Value, str, Json]:
    """Take a message apart: id (None for a notification), method (empty for an answer), params.

    Raises Fault for what is no message.
    """
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise Fault(INVALID_REQUEST, "Invalid request: a JSON-RPC 2.0 message is an object with jsonrpc 2.0.")
    if "method" not in message and ("result" in message or "error" in message):
        return None, "", {}
    if not isinstance(message.get("method"), str) or not ("id" not in message or is_id(message["id"])):
        raise Fault(INVALID_REQUEST, "Invalid request: method must be a string, id a string or a number.")
    return message.get("id"), message["method"], members(message)


def members(message: Json) -> Json:
    params = message.get("params")
    if params is None:
        return {}
    if not isinstance(params, dict):
        raise Fault(INVALID_PARAMS, "params must be an object.", request_id=message.get("id"))
    return params


def answer(request_id: object, result: Json) -> Json:
    return {"jsonrpc": "2.0", "id": request_id, "result": result}


def failure(request_id: object, fault: Fault) -> Json:
    return {
        "jsonrpc": "2.0",
        "id": fault.request_id if request_id is None else request_id,
        "error": fault.error,
    }


def is_id(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def identity(value: object) -> str:
    """Tell request ids apart: 1 is not "1"."""
    return json.dumps(value)


def stateless(params: Json) -> bool:
    """Whether a request names its own revision. Raises Fault for one that we do not speak."""
    meta = params.get("_meta")
    if not isinstance(meta, dict) or VERSION_KEY not in meta:
        return False
    if meta[VERSION_KEY] in (*STATELESS, *HANDSHAKES):
        return meta[VERSION_KEY] in STATELESS
    data = {"supported": [*HANDSHAKES, *STATELESS], "requested": meta[VERSION_KEY]}
    raise Fault(UNSUPPORTED_VERSION, "Unsupported protocol version", data)


def dressed(method: str, result: Json) -> Json:
    """Add what the stateless revision wants of every result, and of those that may be cached."""
    cached = {"ttlMs": LIST_TTL_MS, "cacheScope": "private"} if method in ("tools/list", "server/discover") else {}
    return {**result, **cached, "resultType": "complete", "_meta": {SERVER_KEY: SERVER}}


def initialized(params: Json, instructions: str) -> Json:
    """Answer ``initialize``: the client's revision where we know it, else our newest."""
    asked = params.get("protocolVersion")
    return {
        "protocolVersion": asked if asked in HANDSHAKES else HANDSHAKES[-1],
        "capabilities": CAPABILITIES,
        "serverInfo": SERVER,
        "instructions": instructions,
    }


def discovered(instructions: str) -> Json:
    """Answer ``server/discover``."""
    return {"supportedVersions": list(STATELESS), "capabilities": CAPABILITIES, "instructions": instructions}
