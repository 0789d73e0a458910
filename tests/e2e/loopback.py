"""A recording HTTP server on a given listening socket: what every fake of this folder is made of."""

from __future__ import annotations

import json
import socket
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

Json = Any


@dataclass(frozen=True)
class Request:
    """One request as it came: ``headers`` in lower case, ``body`` decoded from JSON, None where it is not JSON."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Json


@dataclass(frozen=True)
class Answer:
    """What to send back. A ``body`` of bytes goes as it is, everything else as JSON."""

    status: int = 200
    body: Json = b""
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def event_stream(events: list[tuple[str, Mapping[str, Json]]]) -> Answer:
    """Server-sent events, each with its own name repeated as ``type``, as both model APIs do."""
    text = "".join(f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n" for name, data in events)
    return Answer(body=text.encode(), kind="text/event-stream")


class Server(ThreadingHTTPServer):
    """Answers every request by ``reply`` and keeps it in ``requests``; a context manager that stops at its end."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, listener: socket.socket, reply: Callable[[Request], Answer]) -> None:
        super().__init__(listener.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_name, self.server_port = listener.getsockname()
        self.reply = reply
        self.requests: list[Request] = []
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up early is part of the test."""

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.thread.join()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Requests are recorded, not printed."""

    def incoming(self) -> Request:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("content-encoding") == "gzip":
            raw = zlib.decompress(raw, 31)
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = None
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, urlsplit(self.path).path, headers, body)

    def answer(self) -> None:
        request = self.incoming()
        self.server.requests.append(request)
        answer = self.server.reply(request)
        self.send_response(answer.status)
        self.send_header("content-type", answer.kind)
        self.send_header("content-length", str(len(answer.data)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.data)

    do_GET = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815 - the names are the base class's
