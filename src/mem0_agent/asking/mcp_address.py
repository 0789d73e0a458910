"""Where an HTTP endpoint is, whether the key may travel there, and what a failed connection was about."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from typing import TYPE_CHECKING

from mem0_agent.asking.mcp_link import ProbeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from mem0_agent.model import Endpoint


def refused(endpoint: Endpoint) -> ProbeError | None:
    """Why ``endpoint`` must not even be asked, or None."""
    import httpx

    try:
        url = httpx.URL(endpoint.url)
    except (httpx.InvalidURL, ValueError, TypeError):
        return ProbeError("not-mcp", "The address of the server is not a valid URL.")
    if url.scheme not in {"http", "https"} or not url.raw_host or (url.port or 0) > 65535:
        return ProbeError("not-mcp", "The address of the server is no http:// or https:// URL.")
    return unfit(url, [value for _, value in endpoint.headers])


def unfit(url: httpx.URL, values: list[str]) -> ProbeError | None:
    """Why the headers' ``values`` must not be sent to ``url``, or None."""
    if not all(map(carried, values)):
        return ProbeError("key-unset", "The key is empty in the environment that this client will have.")
    if not all(map(printable, values)):
        return ProbeError("key-rejected", "The key holds characters that no HTTP header may carry.")
    if url.scheme == "http" and not loopback(url) and (values or url.userinfo or url.query):
        return ProbeError("insecure", f"The key would travel unencrypted to {place(url)}; only https:// will do.")
    return None


def carried(value: str) -> bool:
    """Whether a header's value has anything to say besides the name of its scheme."""
    return value.strip().lower() not in {"", "token", "bearer", "basic"}


def printable(value: str) -> bool:
    return value.isascii() and value.isprintable()


def loopback(url: httpx.URL) -> bool:
    """Whether ``url`` stays on this machine: localhost to the letter, 127.0.0.0/8 or ::1."""
    host = url.raw_host.decode("ascii")
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return address in ipaddress.IPv4Network("127.0.0.0/8")
    return address == ipaddress.IPv6Address("::1") and not address.scope_id


def place(url: httpx.URL) -> str:
    """``url`` as far as people may see it: without user, password and query."""
    return str(url.copy_with(username="", password="", query=None, fragment=None))


def origin(url: httpx.URL) -> tuple[str, bytes, int | None]:
    return url.scheme, url.raw_host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def diagnosis(error: Exception, url: httpx.URL) -> ProbeError:
    """Tell what a failed connection to ``url`` was about."""
    import httpx

    causes = list(chain(error))
    tls = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if tls is not None:
        why = getattr(tls, "verify_message", "") or (tls.reason or "no TLS").replace("_", " ").lower()
        return ProbeError("tls", f"No trusted connection to {url.host}: {why}.")
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return ProbeError("dns", f"The name {url.host} cannot be resolved.")
    if isinstance(error, httpx.ProxyError):
        return ProbeError("refused", f"The proxy does not connect to {url.host}: {error}")
    if isinstance(error, httpx.ConnectError):
        known = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), "")
        return ProbeError("refused", f"Nobody answers at {place(url)}: {known or error}.")
    if isinstance(error, httpx.NetworkError) or "disconnected" in str(error):
        return ProbeError("refused", f"{place(url)} closed the connection without an answer.")
    return ProbeError("not-mcp", f"What answers at {place(url)} does not speak HTTP.")


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def pause(response: httpx.Response) -> str:
    wait = response.headers.get("retry-after", "").strip()
    if not wait:
        return "."
    return f": try again in {wait} s." if wait.isdigit() else f": try again after {wait}."
