"""The thread that carries out calls in the order in which they came; not imported before the first one."""

from __future__ import annotations

import os
import threading
from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mem0_agent.memory.protocol import Value


def told(failure: threading.ExceptHookArgs) -> None:
    """Tell of a call that broke, past Python's own buffer: a thread that holds it when the program ends kills it."""
    import traceback

    lines = traceback.format_exception(failure.exc_type, failure.exc_value, failure.exc_traceback)
    os.write(2, "".join(lines).encode("utf-8", "replace"))


class Caller:
    """Hands each message put in to ``carry_out``; a call that raises ends its thread, and another goes on.

    ``writing`` is the lock that whoever writes to the client takes.
    """

    def __init__(self, carry_out: Callable[[Value], None]) -> None:
        self.carry_out = carry_out
        self.queue: deque[Value] = deque()
        self.changed = threading.Condition()
        self.writing = threading.Lock()
        self.ending = False
        threading.excepthook = told
        self.thread = self.started()

    def started(self) -> threading.Thread:
        thread = threading.Thread(target=self.work, name="calls", daemon=True)
        thread.start()
        return thread

    def put(self, message: Value) -> None:
        with self.changed:
            self.queue.append(message)
            self.changed.notify()

    def busy(self) -> bool:
        """Whether messages wait that nobody has begun with."""
        return bool(self.queue)

    def finish(self) -> None:
        """Wait until everything put in is done."""
        with self.changed:
            self.ending = True
            self.changed.notify()
        while self.thread.is_alive():
            self.thread.join()

    def work(self) -> None:
        done = False
        try:
            while self.step():
                pass
            done = True
        finally:
            if not done:
                self.thread = self.started()

    def step(self) -> bool:
        """Carry out the next message; False at the end of all."""
        with self.changed:
            while not self.queue and not self.ending:
                self.changed.wait()
            if not self.queue:
                return False
            message = self.queue.popleft()
        self.carry_out(message)
        return True
