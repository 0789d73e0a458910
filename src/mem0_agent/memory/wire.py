"""One HTTP request to a REST API: bounded in time and size, never redirected, its failures as Refused."""

from __future__ import annotations

import json
import time

from mem0_agent.memory.protocol import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from http.client import HTTPConnection, HTTPResponse
    from typing import Any

ANSWER_BYTES = 8_000_000
"""The largest answer that is read."""
LOCAL_NAMES = frozenset({"localhost", "::1"})


class Wire:
    """The way to one REST API. ``headers`` carry the key, which goes to this base and nowhere else."""

    __slots__ = ("base", "headers", "host", "path", "port", "safe", "seconds")

    def __init__(self, base: str, headers: dict[str, str], seconds: float = 30.0) -> None:
        """``seconds`` bound each request as a whole.

        Refused where the address is none, or would show the key.
        """
        self.base, self.headers, self.seconds = base, headers, seconds
        self.safe, self.host, self.port, self.path = address(base)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401  it is JSON
        """Answer the JSON that was answered (None for an empty body).

        Refused for every status but 2xx and every failure.
        """
        from http.client import HTTPException

        try:
            status, data = self.exchange(method, path, body)
        except TimeoutError:
            raise Refused("timeout", f"{self.host} did not answer in time.", 0) from None
        except (OSError, HTTPException, ValueError) as error:
            raise Refused("unreachable", f"{self.host} cannot be reached: {self.bare(str(error))}.", 0) from None
        if 300 <= status < 400:
            raise Refused("redirected", f"{self.host} answered with a redirect, which is not followed.", status)
        if status >= 400:
            raise Refused(code(status), self.detail(status, data), status)
        try:
            return json.loads(data) if data.strip() else None
        except (ValueError, RecursionError):
            raise Refused("not_json", f"{self.host} answered with something that is not JSON.", status) from None

    def exchange(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, bytes]:
        """Answer the status and the body of one answer."""
        deadline = time.monotonic() + self.seconds
        connection = self.connection()
        sent = {
            "Accept": "application/json",
            "User-Agent": "mem0-agent",
            "Connection": "close",
            **self.headers,
        }
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, self.path + path, data, sent)
            with connection.getresponse() as response:
                return response.status, self.whole(response, connection, deadline)
        finally:
            connection.close()

    def whole(self, response: HTTPResponse, connection: HTTPConnection, deadline: float) -> bytes:
        """Answer the body, as far as it comes in time and is not too large."""
        parts: list[bytes] = []
        size = 0
        while part := response.read1(65536):
            size += len(part)
            if size > ANSWER_BYTES:
                raise Refused("too_large", f"{self.host} answered with more than {ANSWER_BYTES} bytes.", 0)
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            if connection.sock is not None:
                connection.sock.settimeout(left)
            parts.append(part)
        return b"".join(parts)

    def connection(self) -> HTTPConnection:
        from http.client import HTTPConnection, HTTPSConnection

        if not self.safe:
            return HTTPConnection(self.host, self.port, timeout=self.seconds)
        import ssl

        return HTTPSConnection(self.host, self.port, timeout=self.seconds, context=ssl.create_default_context())

    def detail(self, status: int, data: bytes) -> str:
        """One bounded sentence about a refusal, in the server's words where it has any, the key taken out."""
        said = ""
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            document = None
        if isinstance(document, dict):
            words = document.get("detail") or document.get("error") or document.get("message")
            said = words if isinstance(words, str) else json.dumps(words) if words else ""
        return self.bare(f"{self.host} answered {status}{': ' if said else ''}{said}")

    def bare(self, text: str) -> str:
        """``text`` on one line, bounded, without the key."""
        from mem0_agent.memory.redact import line, redact

        keys = [word for value in self.headers.values() for word in value.split()]
        return line(redact(text[:20_000], keys), 300)


def address(base: str) -> tuple[bool, str, int, str]:
    """Whether it is https, the host, the port and the path of ``base``.

    Refused for other schemes, for a user name in it, and for plain http to anything but this machine.
    """
    from urllib.parse import urlsplit

    wrong = Refused("bad_url", f"{base[:200]!r} is no address of a REST API.", 0)
    if any(letter <= " " or letter in '\\"<>^`{|}' or letter == "\x7f" for letter in base):
        raise wrong
    try:
        parts = urlsplit(base)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc or parts.query or parts.fragment:
        raise wrong
    safe = parts.scheme == "https"
    if not safe and not loopback(host):
        raise Refused("insecure", f"A key is not sent over plain http to {host[:200]}; use https.", 0)
    return safe, host, port or (443 if safe else 80), parts.path.rstrip("/")


def loopback(host: str) -> bool:
    """Whether ``host`` is this machine by its very name: no look-up, no prefix."""
    numbers = host.split(".")
    plain = len(numbers) == 4 and all(part.isascii() and part.isdigit() and int(part) < 256 for part in numbers)
    return host.lower() in LOCAL_NAMES or (plain and numbers[0] == "127")


def code(status: int) -> str:
    known = {
        400: "bad_request",
        401: "key_rejected",
        403: "key_rejected",
        404: "not_found",
        429: "rate_limited",
    }
    return known.get(status, "server_error" if status >= 500 else "refused")
