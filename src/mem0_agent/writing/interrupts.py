"""Signals that end a program, made to wait while a file is being replaced."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


PAUSE = 0.02


class Interrupts:
    """Turns the ending signals into KeyboardInterrupt: at once, or after work that must not be cut in two."""

    def __init__(self) -> None:
        self.held = 0
        self.came = False

    def arrive(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True
        if not self.held:
            self.check()

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal came; each is told once."""
        if self.came:
            self.came = False
            raise KeyboardInterrupt

    def pause(self) -> None:
        """Wait a moment while signals are held, or raise KeyboardInterrupt for one that came."""
        self.check()
        time.sleep(PAUSE)

    def last_call(self) -> None:
        """Raise for a signal that came so far; from here on none is heeded."""
        self.close()
        self.check()

    def close(self) -> None:
        """Heed no signal from here on: what is being done must be done whole."""
        self.held += 1

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Let signals wait until ``check`` or the end of the block."""
        self.held += 1
        try:
            yield
        finally:
            self.held -= 1
        if not self.held:
            self.check()


@contextmanager
def interruptible() -> Iterator[Interrupts]:
    """Catch the ending signals for the length of the block; a signal that was being ignored stays ignored."""
    interrupts = Interrupts()
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
        heeded = [number for number in numbers if signal.getsignal(number) not in {signal.SIG_IGN, None}]
        before = {number: signal.signal(number, interrupts.arrive) for number in heeded}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
