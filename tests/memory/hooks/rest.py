"""REST servers on loopback: one that records what it is sent, and the ways in which a server can be bad."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MEMORY = {
    "id": "123e4567-e89b-42d3-a456-426614174000",
    "memory": "Auth uses JWT, not sessions.",
    "score": 0.8,
    "user_id": "alice",
    "app_id": "github.com/acme/widgets",
    "run_id": "elsewhere",
    "metadata": {"type": "decision"},
    "created_at": "2026-11-18T10:00:00Z",
    "updated_at": "2026-11-18T10:00:00Z",
}


class Rest:
    """``mode`` is ok, hang, drip, redirect, huge, html, empty, or a status as a number. ``seen`` are the requests."""

    def __init__(self, mode: str = "ok", answers: Callable[[str, str, Any], Any] | None = None) -> None:
        self.mode, self.seen = mode, list[dict[str, Any]]()
        self.answers = answers or (lambda method, path, body: answer(method, path))
        self.ended = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def bodies(self) -> str:
        return "\n".join(json.dumps(request, ensure_ascii=False) for request in self.seen)

    def paths(self) -> list[str]:
        return [f"{request['method']} {request['path']}" for request in self.seen]

    def close(self) -> None:
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()


def answer(method: str, path: str) -> Any:
    """What the platform and the self-hosted server say where nobody asked for anything else."""
    if path.startswith("/v3/memories/add") or (method == "POST" and path == "/memories"):
        return {"event_id": "e", "status": "PENDING", "results": []}
    if path.startswith(("/v1/memories/1", "/memories/1")):
        return MEMORY if method == "GET" else {"message": "Done.", **MEMORY}
    return {"count": 1, "next": None, "previous": None, "results": [MEMORY]}


def handler(rest: Rest) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name in the library
            pass

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:
                self.close_connection = True

        def serve(self) -> None:
            data = self.rfile.read(int(self.headers.get("content-length") or 0))
            body = json.loads(data) if data else None
            headers = {name.lower(): value for name, value in self.headers.items()}
            rest.seen.append({"method": self.command, "path": self.path, "body": body, "headers": headers})
            getattr(self, rest.mode, self.status)()

        do_GET = do_POST = do_PUT = do_DELETE = serve  # noqa: N815  their names in the library

        def ok(self) -> None:
            body = rest.seen[-1]["body"]
            self.reply(200, json.dumps(rest.answers(self.command, self.path, body)).encode())

        def reply(self, status: int, data: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def status(self) -> None:
            self.reply(int(rest.mode), json.dumps({"detail": f"no: {self.headers.get('authorization')}"}).encode())

        def html(self) -> None:
            self.reply(200, b"<html>hello</html>")

        def empty(self) -> None:
            self.reply(200, b"{}")

        def redirect(self) -> None:
            self.reply(307, b"", Location=f"{rest.url}/elsewhere")

        def hang(self) -> None:
            rest.ended.wait(60)

        def drip(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not rest.ended.is_set():
                self.wfile.write(b"x-slow: yes\r\n")
                self.wfile.flush()
                time.sleep(0.05)

        def huge(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(100_000_000))
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b" " * 1_000_000)

    return Handler
