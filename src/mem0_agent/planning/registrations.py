"""Which registrations are the same memory: the one duplicate rule, over values, for install and for doctor."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import urlsplit

from mem0_agent.model import NAME, PLATFORM_URL

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mem0_agent.model import Endpoint, Host, Registration

PRECEDENCE = ("managed", "local", "profile", "project", "user", "system", "plugin")
"""Which of several entries of one name a client takes, as both were seen to do; the first one wins."""
BY_HAND = {"extension": "Settings → Extensions", "account": "Customize → Plugins"}
"""The scopes of what only the client itself may take away, and where in it people do that."""
PLUGINS = frozenset({NAME, "mem0-agent"})
"""The names of plugins whose every server is a Mem0."""
FIXED = frozenset({"managed", "system", *BY_HAND})
"""The scopes of files that belong to an administrator, or that the client alone may write."""
BY_ADDRESS = frozenset({"claude-code"})
"""Clients that leave a plugin's server out for an entry of the same address; the others do for the same name."""
SAME_ADDRESS_SINCE = (2, 1, 329)
"""The release of Claude Code from which two spellings of one address are seen as one."""

PORTS = {"http": 80, "https": 443}
PLATFORM_HOST = str(urlsplit(PLATFORM_URL).hostname)
SERVER_PACKAGES = frozenset({"mem0-mcp-server", "mem0-mcp", "@mem0/mcp-server", "@pinkpixel/mem0-mcp"})
"""Packages that serve a Mem0 memory over stdio; matched as whole words of a command, a version suffix aside."""

Held: TypeAlias = "tuple[Registration, Endpoint]"
"""A registration, and how its client would reach the server."""
Why = Literal["same name", "same server", "same server through a wrapper", "a Mem0 server", "a Mem0 plugin"]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Another registration that would stand beside ours, and why it is one."""

    registration: Registration
    why: Why


def normal_url(url: str) -> str:
    """``url`` without what servers do not tell apart: case of scheme and host, default port, last slash, query.

    An empty string where ``url`` is not an http(s) address.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return ""
    scheme, name = parts.scheme.lower(), (parts.hostname or "").lower().rstrip(".")
    if scheme not in PORTS or not name:
        return ""
    shown = f"[{name}]" if ":" in name else name
    tail = "" if port in (None, PORTS[scheme]) else f":{port}"
    return f"{scheme}://{shown}{tail}{parts.path.rstrip('/')}"


def servers(endpoint: Endpoint) -> frozenset[str]:
    """What an entry leads to, as comparable words: its address, and every address or package among its arguments."""
    words = (endpoint.url, *endpoint.command)
    found = {normal_url(word) for word in words}
    names = {package(word) for word in endpoint.command} | {program(word) for word in endpoint.command[:1]}
    found |= {"package:" + name for name in names & SERVER_PACKAGES}
    return frozenset(found - {""})


def package(word: str) -> str:
    """The package that a word names, without version and extras; a path names none, a repository's address does."""
    bare = re.sub(r"(?<=.)(?:@|==|\[).*$", "", word)
    return bare.rsplit("/", 1)[-1].removesuffix(".git") if "://" in bare else bare


def program(word: str) -> str:
    """The name of the program at a path, as both families of systems write one."""
    return re.sub(r"\.(?:exe|cmd)$", "", re.split(r"[/\\]", word)[-1], flags=re.IGNORECASE)


def is_platform(server: str) -> bool:
    return urlsplit(server).hostname == PLATFORM_HOST


def is_launcher(host: Host, endpoint: Endpoint) -> bool:
    """Whether the entry starts our own server: by the launcher, or by the command that project files carry."""
    return endpoint.command in ((str(host.launcher), "serve"), ("mem0-agent", "serve"))


def duplicates(
    host: Host,
    target: Registration,
    target_endpoint: Endpoint,
    others: Iterable[tuple[Registration, Endpoint]],
    *,
    ours: frozenset[tuple[Path, tuple[str, ...]]] = frozenset(),
    backend: str = "",
) -> tuple[Duplicate, ...]:
    """Every live registration of the same client that ``target`` must not stand beside.

    ``others`` are what the client holds, each with its endpoint; ``ours`` are the places of our own entries, of which
    the one at the target's place is the one that is rewritten, as is one that says the same to the letter; ``backend``
    is the address of the memory behind our own server. Order: as the client lists them.
    """
    wanted = servers(target_endpoint)
    found = []
    for other, endpoint in others:
        if not other.live or (at(other) == at(target) and (at(other) in ours or other.entry == target.entry)):
            continue
        if not reaches(target, other):
            continue
        if why := reason(host, target, wanted, other, endpoint, backend):
            found.append(Duplicate(other, why))
    return tuple(found)


def at(registration: Registration) -> tuple[Path, tuple[str, ...]]:
    return registration.path, registration.keys


def reaches(target: Registration, other: Registration) -> bool:
    """Whether one session could see both: entries of two different projects never meet."""
    if target.project is None or other.project is None:
        return True
    return target.project.is_relative_to(other.project) or other.project.is_relative_to(target.project)


def reason(
    host: Host, target: Registration, wanted: frozenset[str], other: Registration, endpoint: Endpoint, backend: str = ""
) -> Why | None:
    if other.plugin and of_mem0(other):
        return "a Mem0 plugin"
    if other.name == target.name and (not other.plugin or other.client not in BY_ADDRESS):
        return "same name"
    theirs = servers(endpoint)
    same = bool(theirs & wanted) or leads_to(theirs, backend)
    if is_launcher(host, endpoint) or (endpoint.url and same):
        return "same server"
    if endpoint.command and same:
        return "same server through a wrapper"
    if any(is_platform(server) or server.startswith("package:") for server in theirs):
        return "a Mem0 server"
    return None


def of_mem0(registration: Registration) -> bool:
    """Whether a plugin called mem0 brings it, from whichever marketplace; or our own."""
    return registration.plugin.partition("@")[0] in PLUGINS


def leads_to(theirs: frozenset[str], backend: str) -> bool:
    """Whether one of the addresses ``theirs`` is ``backend`` or lies below it: a server's MCP has a path of its own."""
    base = normal_url(backend)
    return bool(base) and any(server == base or server.startswith(f"{base}/") for server in theirs)


def is_memory(host: Host, registration: Registration, endpoint: Endpoint, backend: str = "") -> bool:
    """Whether an entry leads to a Mem0 memory at all, whatever its name; ``backend`` is the address of ours."""
    theirs = servers(endpoint)
    return (
        (registration.name == NAME and not registration.plugin)
        or of_mem0(registration)
        or is_launcher(host, endpoint)
        or any(is_platform(server) or server.startswith("package:") for server in theirs)
        or leads_to(theirs, backend)
    )


# Which of several the client starts


def rank(registration: Registration) -> int:
    return PRECEDENCE.index(registration.scope) if registration.scope in PRECEDENCE else len(PRECEDENCE)


def started(pairs: Iterable[Held], version: str = "") -> list[tuple[Registration, Registration | None]]:
    """Each registration of one client that is switched on, with the one that hides it (None: the client starts it).

    ``version`` is the client's, as far as it is known; without it the newest behaviour is assumed.
    """
    leading: list[Held] = []
    found: list[tuple[Registration, Registration | None]] = []
    for pair in sorted(pairs, key=lambda pair: rank(pair[0])):
        hider = next((first[0] for first in leading if hides(first, pair, version)), None)
        if pair[0].live:
            found.append((pair[0], hider))
        if hider is None and (pair[0].live or (pair[0].client not in BY_ADDRESS and not pair[0].plugin)):
            leading.append(pair)
    return found


def hides(first: Held, second: Held, version: str) -> bool:
    """Whether a client that would start ``first`` leaves out ``second``, which ranks behind it."""
    (one, its), (other, address) = first, second
    if not reaches(one, other):
        return False
    if one.client in BY_ADDRESS and other.plugin:
        return same_address(its, address, exact=bool(version) and numbers(version) < SAME_ADDRESS_SINCE)
    return one.name == other.name


def same_address(one: Endpoint, other: Endpoint, *, exact: bool) -> bool:
    if not (one.url and other.url):
        return bool(one.command) and one.command == other.command
    return one.url == other.url if exact else normal_url(one.url) == normal_url(other.url)


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
