"""One event of a coding agent's session: JSON on stdin, context for the model on stdout, exit 0 always."""

from __future__ import annotations

import json
import os
import time

from mem0_agent.memory import journal, policy
from mem0_agent.memory.detach import MARK, fork, spawn, within
from mem0_agent.memory.events import BUDGETED, CAPTURING, CLIENTS, KNOWN, Event, Reply, answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from mem0_agent.memory.settings import Settings

    T = TypeVar("T")

EVENT_BYTES = 20_000_000
"""The largest event that is read: a tool's whole answer may be in it."""
CHECK = "Mem0AgentCheck"
"""No client's event: whoever sends it learns who we are, and nothing else happens."""
PATIENCE_S = 2.0
"""How long a client may take to hand over its event."""


def main(settings: Settings, client: str) -> int:
    """Serve the event on stdin for ``client`` (one of CLIENTS). Answers 0, always."""
    started = time.perf_counter()
    event, error = attempt(lambda: Event(settings, client, json.loads(given())))
    if event:
        _, error = attempt(lambda: serve(event, started))
    if error:
        attempt(lambda: trouble(settings, client, event, started, error))
    return 0


def attempt(work: Callable[[], T]) -> tuple[T | None, str]:
    """Answer what ``work`` returns and an empty string, or None and its failure in words."""
    try:
        return work(), ""
    except Exception as error:  # noqa: BLE001  a hook must never break the session that it runs in
        return None, f"{type(error).__name__}: {error}"


def given() -> bytes:
    """Answer what stands on stdin, as far as it comes in time and is not too large."""
    parts: list[bytes] = []
    size, deadline = 0, time.monotonic() + PATIENCE_S
    while size <= EVENT_BYTES and ready(deadline):
        part = os.read(0, 1 << 20)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
    raise ValueError(f"the event did not end after {size} bytes")


def ready(deadline: float) -> bool:
    """Whether stdin has something, or its end, before ``deadline``; True where that cannot be asked."""
    if os.name != "posix":
        return True
    import select

    return bool(select.select([0], [], [], max(0.0, deadline - time.monotonic()))[0])


def serve(event: Event, started: float) -> None:
    """Answer one event, then leave to a process of its own what may take longer."""
    settings = event.settings
    if event.fields.get(MARK) is True:
        afterwards(event)
        return
    if event.name == CHECK:
        say(json.dumps({"mem0_agent": about(settings)}))
        return
    if event.name not in KNOWN:
        return
    reply, error = timed(event) if policy.open_to(settings, event.cwd) else (Reply(), "")
    say(reply.text)
    journal.note(settings.state_dir, event.client, event.name, since(started), error)
    if error:
        journal.log(settings.state_dir, f"{event.client} {event.name}: {error}")
    if event.name in CAPTURING and event.captured():
        apart(event, forked=not reply.late and hasattr(os, "fork"))
    if reply.late:
        os._exit(0)  # the thread that was too slow cannot be ended, and would hold up the exit


def say(text: str) -> None:
    """Write to stdout, past Python's own buffer: whether anybody listens shows here and not at the exit."""
    data = text.encode()
    while data:
        data = data[os.write(1, data) :]


def about(settings: Settings) -> dict[str, str]:
    """Answer what doctor wants to know of a hook that runs."""
    from mem0_agent import __version__

    words = {"user_id": settings.user_id, "backend": settings.backend, "problem": settings.problem}
    return {"version": __version__, **words}


def timed(event: Event) -> tuple[Reply, str]:
    """Answer the reply to an event, within its budget if any, and what went wrong; then it is empty."""
    if event.name not in BUDGETED:
        reply, error = attempt(lambda: answer(event))
        return reply or Reply(), error
    hooks = event.settings.hooks
    budget = hooks.local_budget_ms if event.settings.backend == "local" else hooks.network_budget_ms
    found = within(budget / 1000, lambda: attempt(lambda: answer(event)))
    if not found:
        return Reply(late=True), f"slow: no answer within {budget} ms"
    reply, error = found[0]
    return reply or Reply(), error


def apart(event: Event, *, forked: bool) -> None:
    """Do what comes afterwards in a process that survives this one and its client.

    Beside a thread that is still at work a fork may inherit a lock for ever, hence the other way.
    """
    if forked:
        fork(lambda: afterwards(event))
    else:
        spawn(event.settings, event.client, json.dumps({**event.fields, MARK: True}).encode())


def afterwards(event: Event) -> None:
    """Store what was said, send what waits, forget old sessions."""
    from mem0_agent.memory import capture, session

    settings, started = event.settings, time.perf_counter()

    def work() -> None:
        if event.name == "SessionStart":
            session.prune(settings.state_dir)
            capture.flush(settings)
        else:
            capture.capture(settings, event.client, event.fields)

    _, error = attempt(work)
    if error:
        journal.log(settings.state_dir, f"{event.client} capture after {event.name}: {error}")
    journal.note(settings.state_dir, event.client, "Capture", since(started), error)


def trouble(settings: Settings, client: str, event: Event | None, started: float, error: str) -> None:
    """Leave one line about what went wrong, and count it."""
    name = event.name if event and event.name in KNOWN else "Unreadable"
    known = client if client in CLIENTS else "unknown"
    journal.note(settings.state_dir, known, name, since(started), error)
    journal.log(settings.state_dir, f"{known} {name}: {error}")


def since(started: float) -> float:
    """Answer the milliseconds that went by."""
    return 1000 * (time.perf_counter() - started)
