"""One event of a coding agent's session: JSON on stdin, context for the model on stdout, exit 0 whatever happens."""

from __future__ import annotations

import json
import os
import sys
import time

from mem0_agent.memory import journal, policy
from mem0_agent.memory.detach import MARK, fork, spawn, within
from mem0_agent.memory.events import BUDGETED, CAPTURING, KNOWN, Event, Reply, answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mem0_agent.memory.settings import Settings

EVENT_BYTES = 20_000_000
"""The largest event that is read: a tool's whole answer may be in it."""
PATIENCE_S = 2.0
"""How long a client may take to hand over its event."""


def main(settings: Settings, client: str) -> int:
    """Serve the event on stdin for ``client`` (``claude-code``, ``codex``). Answers 0, always."""
    started = time.perf_counter()
    event: Event | None = None
    try:
        raw = given()
        event = Event(settings, client, json.loads(raw))
        serve(event, raw, started)
    except Exception as error:  # noqa: BLE001  a hook must never break the session that it runs in
        trouble(settings, client, event, started, error)
    return 0


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
    """Whether stdin has something, or its end, before ``deadline``; True at once where that cannot be asked."""
    if os.name != "posix":
        return True
    import select

    return bool(select.select([0], [], [], max(0.0, deadline - time.monotonic()))[0])


def serve(event: Event, raw: bytes, started: float) -> None:
    """Answer one event, then leave to a process of its own what may take longer."""
    settings = event.settings
    if event.fields.get(MARK) is True:
        afterwards(event)
        return
    if event.name not in KNOWN or not policy.open_to(settings, event.cwd):
        return
    reply, error = timed(event) if event.name in BUDGETED else (answer(event), "")
    if reply.text:
        sys.stdout.write(reply.text)
        sys.stdout.flush()
    journal.note(settings.state_dir, event.client, event.name, 1000 * (time.perf_counter() - started), error)
    if error:
        journal.log(settings.state_dir, f"{event.client} {event.name}: {error}")
    if reply.late:
        sys.stdout.flush()
        os._exit(0)  # the thread that was too slow cannot be ended, and would hold up the exit
    if event.name in CAPTURING and event.captured():
        apart(event, raw)


def timed(event: Event) -> tuple[Reply, str]:
    """Answer the answer to an event that has to be looked up, and what went wrong; late or failed, it is empty."""
    hooks = event.settings.hooks
    local = event.settings.backend == "local"
    budget = hooks.local_budget_ms if local else hooks.network_budget_ms
    found = within(budget / 1000, lambda: attempt(lambda: answer(event)))
    if not found:
        return Reply(late=True), f"slow: no answer within {budget} ms"
    reply, error = found[0]
    return reply or Reply(), error


def attempt(work: Callable[[], Any]) -> tuple[Any, str]:
    """Answer what ``work`` returns, and an empty string; or None and its failure in words. For other threads and processes."""
    try:
        return work(), ""
    except Exception as error:  # noqa: BLE001  the other end of main's: an exception cannot cross a thread
        return None, f"{type(error).__name__}: {error}"


def apart(event: Event, raw: bytes) -> None:
    """Do what comes afterwards in a process that survives this one and its client."""
    if hasattr(os, "fork"):
        fork(lambda: afterwards(event))
    else:
        spawn(event.settings, event.client, json.dumps({**json.loads(raw), MARK: True}).encode())


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
    journal.note(settings.state_dir, event.client, "Capture", 1000 * (time.perf_counter() - started), error)
    if error:
        journal.log(settings.state_dir, f"{event.client} capture after {event.name}: {error}")


def trouble(settings: Settings, client: str, event: Event | None, started: float, error: Exception) -> None:
    """Leave one line about what went wrong, and count it."""
    name = event.name if event and event.name in KNOWN else "Unreadable"
    words = f"{type(error).__name__}: {error}"
    known = client if client.replace("-", "").isalnum() else "unknown"
    journal.note(settings.state_dir, known, name, 1000 * (time.perf_counter() - started), words)
    journal.log(settings.state_dir, f"{known} {name}: {words}")
