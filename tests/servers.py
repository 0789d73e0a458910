"""Fake MCP servers over HTTP on loopback, well-behaved and not, recording every request."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

from mem0_agent.model import TOOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ENTITIES = {
    "count": 2,
    "results": [{"id": "1", "type": "user", "name": "ann"}, {"id": "2", "type": "app", "name": "x"}],
}


@dataclass
class Request:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any

    @property
    def rpc(self) -> str:
        """The JSON-RPC method, empty where there is none."""
        return str(self.body.get("method", "")) if isinstance(self.body, dict) else ""


@dataclass
class Behaviour:
    """How a fake MCP server answers; the default is a good Mem0 server that wants no key.

    ``key`` is demanded as ``Token <key>`` or ``Bearer <key>``. ``answers`` maps a JSON-RPC method (or "*") to a
    status, or to a function that gets the handler and the request and answers by itself. ``forgets`` sessions are
    answered with 404 after their initialize.
    """

    key: str = ""
    sse: bool = False
    session: bool = True
    slash: bool = False
    protocol: str = ""
    page: int = 0
    forgets: int = 0
    tools: frozenset[str] = TOOLS
    text: str = json.dumps(ENTITIES)
    is_error: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    answers: dict[str, int | Callable[[Handler, Request], None]] = field(default_factory=dict)


@dataclass
class Server:
    """A running fake. ``requests`` grows while it runs."""

    url: str
    port: int
    behaviour: Behaviour
    requests: list[Request] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def calls(self) -> list[str]:
        """The JSON-RPC methods that were received, in order."""
        return [request.rpc for request in self.requests if request.rpc]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: ClassVar[Server]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        pass

    def take(self) -> Request:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = raw
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        self.fake.requests.append(request)
        return request

    def send(self, status: int, body: bytes = b"", kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, **headers, **self.fake.behaviour.headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_json(self, data: Any, **headers: str) -> None:
        """``data`` as one JSON body, or as an event stream with other events before it."""
        text = json.dumps(data)
        if not self.fake.behaviour.sse:
            return self.send(200, text.encode(), **headers)
        noise = '{"jsonrpc": "2.0", "method": "notifications/message", "params": {}}'
        stream = f": hello\r\n\r\nevent: message\r\ndata: {noise}\r\n\r\nevent: message\r\ndata: {text}\r\n\r\n"
        return self.send(200, stream.encode(), "text/event-stream", **headers)

    def do_GET(self) -> None:
        self.take()
        self.send(405)

    def do_DELETE(self) -> None:
        self.take()
        self.send(200)

    def do_POST(self) -> None:
        request, how = self.take(), self.fake.behaviour
        special = how.answers.get(request.rpc, how.answers.get("*"))
        if callable(special):
            return special(self, request)
        if special is not None:
            return self.send(special, b"{}")
        if how.key and request.headers.get("authorization") not in {f"Token {how.key}", f"Bearer {how.key}"}:
            return self.send(401, b'{"detail": "Authentication required"}', www_authenticate="Bearer")
        if how.slash and not self.path.endswith("/"):
            return self.send(307, location=self.path + "/")
        return self.mcp(request)

    def mcp(self, request: Request) -> None:
        how, number = self.fake.behaviour, request.body.get("id")
        if request.rpc == "initialize":
            return self.greet(request, number)
        session = request.headers.get("mcp-session-id", "")
        if how.session and session not in self.fake.sessions:
            return self.send(404, b"{}")
        if number is None:
            return self.send(202)
        if request.rpc == "tools/list":
            return self.send_json({"jsonrpc": "2.0", "id": number, "result": self.listed(request)})
        if request.rpc == "tools/call":
            content = [{"type": "text", "text": how.text}]
            return self.send_json(
                {"jsonrpc": "2.0", "id": number, "result": {"content": content, "isError": how.is_error}}
            )
        return self.send_json({"jsonrpc": "2.0", "id": number, "error": {"code": -32601, "message": "unknown"}})

    def greet(self, request: Request, number: Any) -> None:
        how, name = self.fake.behaviour, f"session-{len(self.fake.requests)}"
        if how.forgets:
            how.forgets -= 1
        else:
            self.fake.sessions.append(name)
        result: dict[str, Any] = {
            "protocolVersion": how.protocol or request.body["params"]["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "fake-mem0", "version": "1"},
        }
        extra = {"mcp_session_id": name} if how.session else {}
        self.send_json({"jsonrpc": "2.0", "id": number, "result": result}, **extra)

    def listed(self, request: Request) -> dict[str, Any]:
        names, size = sorted(self.fake.behaviour.tools), self.fake.behaviour.page or 100
        start = int(request.body.get("params", {}).get("cursor", 0))
        tools = [{"name": name, "inputSchema": {"type": "object"}} for name in names[start : start + size]]
        more = {"nextCursor": str(start + size)} if start + size < len(names) else {}
        return {"tools": tools, **more}


class Threads(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is not news."""


@contextlib.contextmanager
def serving(behaviour: Behaviour | None = None, tls: tuple[Path, Path] | None = None) -> Iterator[Server]:
    """A fake server on an ephemeral port of 127.0.0.1, its MCP at any path; ``tls`` is certificate and key."""
    handler = type("Bound", (Handler,), {})
    listener = Threads(("127.0.0.1", 0), handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        listener.socket = context.wrap_socket(listener.socket, server_side=True)
    port = listener.server_address[1]
    server = Server(f"{'https' if tls else 'http'}://127.0.0.1:{port}/mcp", port, behaviour or Behaviour())
    handler.fake = server  # type: ignore[attr-defined] # made by type() just above
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        listener.shutdown()
        thread.join()
        listener.server_close()


# Bad manners, for ``Behaviour.answers``


def hang(handler: Handler, request: Request) -> None:
    """Say nothing until the test is over."""
    handler.fake.stopping.wait(30)
    handler.close_connection = True


def drip(handler: Handler, request: Request) -> None:
    """Headers at once, then a byte of white space now and then, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
    trickle(handler, b"1\r\n \r\n")


def drip_headers(handler: Handler, request: Request) -> None:
    """Not even the headers come to an end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    trickle(handler, b"x-a: b\r\n")


def trickle(handler: Handler, piece: bytes) -> None:
    handler.close_connection = True
    with contextlib.suppress(OSError):
        while not handler.fake.stopping.is_set():
            handler.wfile.write(piece)
            time.sleep(0.05)


def flood(handler: Handler, request: Request) -> None:
    """More than anybody wants to read."""
    handler.close_connection = True
    handler.send_response(200)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", str(100 << 20))
    handler.end_headers()
    with contextlib.suppress(OSError):
        for _ in range(100):
            handler.wfile.write(b" " * (1 << 20))


def html(handler: Handler, request: Request) -> None:
    handler.send(200, b"<html><title>Welcome</title></html>", "text/html")


def not_rpc(handler: Handler, request: Request) -> None:
    handler.send(200, b'{"hello": "world"}')


def not_http(handler: Handler, request: Request) -> None:
    handler.close_connection = True
    handler.wfile.write(b"220 mail.example ESMTP\r\n\r\n")


def hang_up(handler: Handler, request: Request) -> None:
    handler.close_connection = True


def redirect(location: str, status: int = 307) -> Callable[[Handler, Request], None]:
    """Send every request on to ``location``."""
    return lambda handler, request: handler.send(status, location=location)
