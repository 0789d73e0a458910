"""Asks a server for list_entities, really, and says exactly what went wrong."""

from __future__ import annotations

import queue
import threading
from collections.abc import Hashable
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from mem0_agent.asking.conversation import conversation
from mem0_agent.asking.mcp_link import POLITE, Deadline, ProbeError, clean, secrets
from mem0_agent.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from mem0_agent.asking.mcp_link import Link
    from mem0_agent.model import Endpoint

K = TypeVar("K", bound=Hashable)

CLEANED = 5.0
"""Seconds after which even a stubborn child process is gone."""

SLACK = 0.25
"""Seconds that a call gets beyond its deadline to say more than that the time is up."""


def probe(endpoint: Endpoint, timeout: float = 10.0) -> Outcome:
    """Call list_entities through ``endpoint`` and tell what came of it, within ``timeout`` seconds altogether."""
    return probe_all({"": endpoint}, timeout)[""]


def probe_all(
    endpoints: Mapping[K, Endpoint],
    timeout: float = 10.0,
    on_done: Callable[[K, Outcome], None] | None = None,
    *,
    share: bool = False,
) -> dict[K, Outcome]:
    """Return the outcome of each endpoint, asked side by side; ``on_done`` hears of each as it comes, here.

    With ``share`` equal endpoints are asked once.
    """
    groups: dict[Hashable, list[K]] = {}
    for name, endpoint in endpoints.items():
        groups.setdefault(endpoint if share else name, []).append(name)
    done: queue.SimpleQueue[Hashable] = queue.SimpleQueue()
    calls = {key: Call(endpoints[names[0]], timeout, partial(done.put, key)) for key, names in groups.items()}
    found: dict[K, Outcome] = {}
    with started(calls.values()):
        for key in finished(calls, done):
            for name in groups[key]:
                found[name] = calls[key].outcome
                if on_done is not None:
                    on_done(name, found[name])
    return {name: found[name] for name in endpoints}


@contextmanager
def started(calls: Collection[Call]) -> Iterator[None]:
    """Have ``calls`` under way, and all that they started ended afterwards; at once if interrupted."""
    begun: list[Call] = []
    try:
        for call in calls:
            begun.append(call)
            call.thread.start()
        yield
    except BaseException:
        for call in begun:
            call.abort()
        raise
    finally:
        for call in begun:
            call.join()


def finished(calls: Mapping[Hashable, Call], done: queue.SimpleQueue[Hashable]) -> Iterator[Hashable]:
    """Yield the keys of ``calls`` as they end, or as their time is up."""
    waiting = dict(calls)
    while waiting:
        with suppress(queue.Empty):
            key = done.get(timeout=min(call.deadline.left for call in waiting.values()) + SLACK)
            if waiting.pop(key, None):
                yield key
            continue
        for key in [key for key, call in waiting.items() if not call.deadline.left]:
            waiting.pop(key).expire()
            yield key


class Call:
    """One question to one server, in a thread of its own, so that no system call can hold up the answer."""

    def __init__(self, endpoint: Endpoint, timeout: float, done: Callable[[], None]) -> None:
        self.endpoint, self.done = endpoint, done
        self.refusal = refusal(endpoint)
        self.secrets = secrets(endpoint)
        self.deadline = Deadline(timeout)
        self.link: Link | None = None
        self.aborted = False
        self.outcome = self.failure(self.deadline.error())
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self) -> None:
        try:
            outcome = self.answered()
        except ProbeError as error:
            outcome = self.failure(error)
        if not self.aborted:
            self.outcome = outcome
            self.done()
        if self.link:
            self.link.close()

    def answered(self) -> Outcome:
        if self.refusal:
            raise self.refusal
        self.link = linked(self.endpoint, self.deadline)
        if self.aborted:
            self.link.abort()
        server, entities = conversation(self.link)
        words = "list_entities answered" + ("." if entities is None else f" with {counted(entities)}.")
        return Outcome("ok", words, entities, self.elapsed, clean(server, self.secrets))

    def failure(self, error: ProbeError) -> Outcome:
        detail = clean(error.detail, self.secrets)
        return Outcome(error.kind, detail, elapsed_ms=self.elapsed, status=error.status)

    @property
    def elapsed(self) -> int:
        return round(1000 * (self.deadline.seconds - self.deadline.left))

    def expire(self) -> None:
        self.outcome = self.failure(self.deadline.error())
        self.abort()

    def abort(self) -> None:
        self.aborted = True
        if self.link:
            self.link.abort()

    def join(self) -> None:
        """Wait until the call has cleaned up; a name server that does not answer is not waited for."""
        if self.thread.ident is not None:
            self.thread.join(CLEANED if self.endpoint.command else POLITE)


def linked(endpoint: Endpoint, deadline: Deadline) -> Link:
    """A link to the server. What TLS takes is loaded only for one that has an address."""
    if endpoint.url:
        from mem0_agent.asking.mcp_http import HttpLink

        return HttpLink(endpoint, deadline)
    from mem0_agent.asking.mcp_stdio import StdioLink

    return StdioLink(endpoint, deadline)


def counted(entities: int) -> str:
    return "1 entity" if entities == 1 else f"{entities} entities"


# Before anything is sent


def refusal(endpoint: Endpoint) -> ProbeError | None:
    """Why ``endpoint`` must not even be asked, or None."""
    if endpoint.unset:
        names = ", ".join(endpoint.unset)
        return ProbeError("key-unset", f"{names} is not set in the environment that this client will have.")
    if endpoint.url:
        from mem0_agent.asking import mcp_address

        return mcp_address.refused(endpoint)
    return None if endpoint.command else ProbeError("not-started", "The entry names no program to start.")
