"""What a test says to a client, what the fake model answers, and what came of it. The same for every client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass(frozen=True)
class Say:
    """The model answers with text. ``tokens`` is how large it says that the conversation has become."""

    text: str = "done"
    tokens: int = 1000


@dataclass(frozen=True)
class Call:
    """The model calls ``tool`` of the MCP server ``server``; an empty server names a tool of the client itself."""

    server: str
    tool: str
    arguments: Mapping[str, Json] = field(default_factory=dict)
    tokens: int = 1000

    @property
    def full_name(self) -> str:
        return f"mcp__{self.server}__{self.tool}" if self.server else self.tool


Reply = Say | Call


@dataclass(frozen=True)
class Prompt:
    """What the user types, and what the model answers to one request after the other; then it says ``done``."""

    text: str
    replies: tuple[Reply, ...] = ()


def prompt(text: str, *replies: Reply) -> Prompt:
    return Prompt(text, replies)


@dataclass(frozen=True)
class Fired:
    """A hook that ran. ``output`` is what the client took from it, ``ok`` whether it was content."""

    event: str
    output: str = ""
    ok: bool = True


@dataclass(frozen=True)
class Turn:
    """What came of one prompt.

    ``servers`` maps the MCP servers to their status (``connected`` is the good one), ``tools`` are the full names
    (mcp__server__tool) which the client offers, ``requests`` the bodies that the model received, ``results`` the
    texts that its tool calls brought back, ``answer`` the last text of the model as the client reported it.
    """

    prompt: str
    exit_code: int
    servers: Mapping[str, str]
    tools: tuple[str, ...]
    hooks: tuple[Fired, ...]
    requests: tuple[Json, ...]
    results: tuple[str, ...]
    answer: str
    session: str
    stderr: str = ""

    def places(self, text: str) -> tuple[str, ...]:
        """Where ``text`` stands in the last request of this turn; empty where the model never saw it."""
        return places(self.requests[-1], text) if self.requests else ()

    def events(self) -> tuple[str, ...]:
        return tuple(hook.event for hook in self.hooks)


def strings(body: Json, at: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a request with its place, such as ``messages[3].user.content[0].text``."""
    if isinstance(body, str):
        yield at, body
    elif isinstance(body, Mapping):
        for key, value in body.items():
            yield from strings(value, f"{at}.{key}" if at else str(key))
    elif isinstance(body, Sequence):
        for number, value in enumerate(body):
            role = f".{value['role']}" if isinstance(value, Mapping) and "role" in value else ""
            yield from strings(value, f"{at}[{number}]{role}")


def places(body: Json, text: str) -> tuple[str, ...]:
    """The places of a request whose string holds ``text``, once per occurrence."""
    return tuple(place for place, value in strings(body) for _ in range(value.count(text)))
