"""MCP over streamable HTTP: one origin, verified TLS, bounded answers, no key in the clear."""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from mem0_agent.asking.mcp_address import diagnosis, loopback, origin, pause, place
from mem0_agent.asking.mcp_link import (
    LIMIT,
    POLITE,
    Deadline,
    Messages,
    ProbeError,
    SessionLostError,
    answer,
    clean,
    complaint,
    result,
    secrets,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from mem0_agent.model import Endpoint, Json

REDIRECTS = 3
WORDS = 200
"""Characters of a refusal that are repeated."""


class HttpLink:
    """A session with one HTTP endpoint."""

    def __init__(self, endpoint: Endpoint, deadline: Deadline) -> None:
        import httpx

        self.deadline, self.messages = deadline, Messages()
        self.url = httpx.URL(endpoint.url)
        self.headers = list(endpoint.headers)
        self.hidden = secrets(endpoint)
        self.session = self.version = ""
        self.aborted = False
        self.sockets: list[socket.socket] = []
        direct: dict[str, None] = {"http://": None, "https://": None, "all://": None}
        self.client = httpx.Client(follow_redirects=False, mounts=direct if loopback(self.url) else None)

    def agree(self, version: str) -> None:
        self.version = version
        if not version:
            self.session = ""

    def ask(self, method: str, params: Json) -> Json:
        request = self.messages.request(method, params)
        with self.posted(request) as response:
            self.session = response.headers.get("mcp-session-id", self.session)
            return result(self.reply(response, request["id"]))

    def tell(self, method: str) -> None:
        with self.posted(self.messages.notification(method)):
            pass

    @contextmanager
    def posted(self, message: Json) -> Iterator[httpx.Response]:
        """Send ``message`` and hand over the answer, unread, if it is a good one."""
        with translated(self):
            for _ in range(REDIRECTS):
                with self.sent("POST", json.dumps(message).encode()) as response:
                    if not response.has_redirect_location:
                        self.judge(response)
                        yield response
                        return
                    self.url = self.next_url(response)
        raise ProbeError("redirected", f"{place(self.url)} sends every request on to somewhere else.")

    @contextmanager
    def sent(self, method: str, body: bytes | None) -> Iterator[httpx.Response]:
        left = self.deadline.left
        if self.aborted or not left:
            raise self.deadline.error()
        with self.client.stream(
            method,
            self.url,
            headers=self.every_header(),
            content=body,
            timeout=left,
            extensions={"trace": self.trace},
        ) as response:
            yield response

    def every_header(self) -> list[tuple[str, str]]:
        ours = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "Accept-Encoding": "identity",
            "MCP-Protocol-Version": self.version,
            "Mcp-Session-Id": self.session,
        }
        names = {name.lower() for name in ours}
        kept = [(name, value) for name, value in self.headers if name.lower() not in names]
        return kept + [(name, value) for name, value in ours.items() if value]

    def next_url(self, response: httpx.Response) -> httpx.URL:
        """Where a redirect leads. Raises ProbeError unless it keeps the method and the origin."""
        import httpx

        try:
            target = self.url.join(response.headers["location"])
        except (httpx.InvalidURL, ValueError):
            raise ProbeError("redirected", "The server redirects to no valid address.") from None
        if response.status_code not in {307, 308} or origin(target) != origin(self.url):
            raise ProbeError(
                "redirected",
                f"The server redirects to {place(target)}; the key is not sent there.",
                response.status_code,
            )
        return target

    def judge(self, response: httpx.Response) -> None:
        """Raise ProbeError or SessionLostError for a status that is not success."""
        status = response.status_code
        if response.is_success:
            return
        if status == 404 and self.session:
            raise SessionLostError
        if status in {401, 403}:
            words = f"The server did not accept the key ({status}){self.own_words(response)}"
            raise ProbeError("key-rejected", words, status)
        if status == 429:
            raise ProbeError("rate-limited", "The server asks for fewer requests" + pause(response), status)
        if status >= 500:
            raise ProbeError("server-error", f"The server failed ({status} {response.reason_phrase}).", status)
        raise ProbeError("not-mcp", f"There is no MCP server at {place(self.url)} ({status}).", status)

    def own_words(self, response: httpx.Response) -> str:
        """What a refusal says for itself, bounded, behind a colon; a full stop where it says nothing."""
        import httpx

        body = bytearray()
        with suppress(httpx.HTTPError, ProbeError):
            for piece in self.pieces(response):
                body += piece
        words = clean(complaint(parsed(bytes(body))), self.hidden, WORDS)
        return f": {words}" if words else "."

    def reply(self, response: httpx.Response, number: int) -> Json:
        """Return the response to request ``number``, out of a JSON body or an event stream."""
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "text/event-stream":
            messages = events(self.pieces(response))
        elif kind == "application/json":
            messages = iter([b"".join(self.pieces(response))])
        else:
            raise self.stranger(f"it answers with {kind or 'no content type'}", response.status_code)
        for message in messages:
            found = answer(parsed(message), number)
            if found is not None:
                return found
        raise self.stranger("its answer is not one of MCP", response.status_code)

    def stranger(self, why: str, status: int) -> ProbeError:
        return ProbeError("not-mcp", f"There is no MCP server at {place(self.url)}: {why}.", status)

    def pieces(self, response: httpx.Response) -> Iterator[bytes]:
        size = 0
        for piece in response.iter_raw():
            size += len(piece)
            if size > LIMIT:
                raise self.stranger(f"its answer is larger than {LIMIT >> 20} MB", response.status_code)
            if not self.deadline.left:
                raise self.deadline.error()
            yield piece

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Keep the sockets, so that ``abort`` can reach them; begin nothing more once it was called."""
        if self.aborted:
            raise self.deadline.error()
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            connected = info["return_value"].get_extra_info("socket")
            if connected is not None:
                self.sockets.append(connected)

    def abort(self) -> None:
        self.aborted = True
        for connected in self.sockets:
            with suppress(OSError):
                socket.socket.shutdown(connected, socket.SHUT_RDWR)

    def close(self) -> None:
        import httpx

        if self.session and not self.aborted:
            self.deadline = Deadline(POLITE)
            with suppress(httpx.HTTPError, OSError, ProbeError), self.sent("DELETE", None):
                pass
        self.client.close()


@contextmanager
def translated(link: HttpLink) -> Iterator[None]:
    """Turn the errors of the HTTP library into ProbeErrors."""
    import httpx

    try:
        yield
    except (httpx.HTTPError, httpx.StreamError) as error:
        if link.aborted or not link.deadline.left or isinstance(error, httpx.TimeoutException):
            raise link.deadline.error() from None
        raise diagnosis(error, link.url) from error


def parsed(text: bytes) -> Json:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def events(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the data of each event of a ``text/event-stream``."""
    rest = b""
    data: list[bytes] = []
    for piece in pieces:
        text, rest = rest + piece, b""
        if text.endswith(b"\r"):  # the other half of a line end may follow
            text, rest = text[:-1], b"\r"
        lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        rest = lines.pop() + rest
        for line in lines:
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
            elif not line and data:
                yield b"\n".join(data)
                data.clear()
    if data:
        yield b"\n".join(data)
