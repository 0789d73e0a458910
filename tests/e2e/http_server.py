"""A Mem0 over streamable HTTP that demands a key, and its many ways to be broken."""

from __future__ import annotations

import json
import socket
from typing import Any

from tests.e2e.loopback import Answer, Request, Server
from tests.e2e.product import TOOLS

Json = Any
GOOD, EXPIRED = "m0-right", "m0-expired"
LISTED = {"count": 1, "results": [{"id": "robin", "name": "robin", "type": "user"}]}
REFUSALS = {EXPIRED: "This API key has expired."}


class Mem0(Server):
    """``ways`` names what is wrong with it: html, no-tools, tool-error, error-text, boom. ``authorizations`` are all
    that were sent, in order."""

    def __init__(self, listener: socket.socket, ways: str = "") -> None:
        super().__init__(listener, self.respond)
        self.ways = ways

    @property
    def endpoint(self) -> str:
        return f"{self.url}/mcp/"

    @property
    def authorizations(self) -> list[str]:
        return [r.headers.get("authorization", "") for r in self.requests if r.method == "POST"]

    def calls(self) -> list[str]:
        """The tools that were called with the right key."""
        bodies = [r.body for r in self.requests if r.method == "POST" and refusal(r) is None]
        return [body["params"]["name"] for body in bodies if body and body.get("method") == "tools/call"]

    def respond(self, request: Request) -> Answer:
        if self.ways == "html":
            return Answer(body=b"<!doctype html><title>A shop</title>", kind="text/html")
        if self.ways == "boom":
            return Answer(500, {"detail": "boom"})
        if request.method != "POST":
            return Answer(405 if request.path.startswith("/mcp") else 404, {"detail": "not here"})
        refused = refusal(request)
        if refused is not None:
            return refused
        if "id" not in request.body:
            return Answer(202)
        identity = {"jsonrpc": "2.0", "id": request.body["id"]}
        return Answer(body={**identity, **self.outcome(request.body["method"], request.body.get("params") or {})})

    def outcome(self, method: str, params: dict[str, Json]) -> dict[str, Json]:
        if method == "initialize":
            about = {"name": "mem0", "version": "1"}
            said = {
                "protocolVersion": params["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": about,
            }
            return {"result": said}
        if method == "tools/list":
            return {"result": {"tools": [] if self.ways == "no-tools" else [tool(name) for name in sorted(TOOLS)]}}
        if method == "tools/call":
            return {"result": self.called()}
        return {"error": {"code": -32601, "message": "unknown method"}}

    def called(self) -> dict[str, Json]:
        if self.ways == "tool-error":
            return {"content": [{"type": "text", "text": "the database is on fire"}], "isError": True}
        found = {"error": "the index is gone", "status": None} if self.ways == "error-text" else LISTED
        return {"content": [{"type": "text", "text": json.dumps(found)}], "isError": False}


def refusal(request: Request) -> Answer | None:
    """401, unless the key is the right one under either scheme."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme in ("Token", "Bearer") and key == GOOD:
        return None
    detail = REFUSALS.get(key, "Invalid API key.")
    return Answer(401, {"detail": detail}, headers={"www-authenticate": "Bearer"})


def tool(name: str) -> dict[str, Json]:
    reads = name.startswith(("get", "list", "search"))
    schema = {"type": "object", "properties": {}}
    return {"name": name, "description": name, "inputSchema": schema, "annotations": {"readOnlyHint": reads}}
