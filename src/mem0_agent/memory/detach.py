"""Work that outlives the client, and work that may not outlast its time."""
# pathlib takes longer to import than this wing may take to start
# ruff: noqa: PTH100, PTH118, PTH120

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from mem0_agent.memory.settings import Settings

    T = TypeVar("T")

LIFETIME_S = 90
"""After this a detached process ends, whatever it waits for."""
MARK = "mem0_agent_detached"
"""The member of an event that says: this is the detached process, on systems that cannot fork."""


def within(seconds: float, work: Callable[[], T]) -> list[T]:
    """``[work()]``, or an empty list where it took longer; then the thread that does it is still running.

    No signal and no socket option ends a look-up of a name or a wait for SQLite, hence the thread.
    ``work`` must not raise.
    """
    import _thread

    done = _thread.allocate_lock()
    result: list[T] = []

    def run() -> None:
        result.append(work())
        done.release()

    done.acquire()
    _thread.start_new_thread(run, ())
    return result[:1] if done.acquire(timeout=max(0.0, seconds)) else []


def fork(work: Callable[[], object]) -> None:
    """Do ``work``, which must not raise, in a process of its own: other session, no streams, no parent.

    It survives the end of the client and of its process group, and holds none of the client's pipes open.
    """
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if not os.fork():
            apart()
            work()
    finally:
        os._exit(0)


def apart() -> None:
    """Let go of everything that was inherited, and set a hard end."""
    import signal

    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    os.closerange(3, 1024)
    os.umask(0o077)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(LIFETIME_S)


def spawn(settings: Settings, client: str, event: bytes) -> None:
    """Do the same where there is no fork: start this program again, with the marked event as its input."""
    import subprocess

    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py")
    home = [settings.config_dir, settings.data_dir, settings.state_dir]
    flags = getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    child = subprocess.Popen(  # noqa: S603  our own program, no shell
        [sys.executable, "-I", "-S", program, "--home", *home, "hook", client],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=True,
        start_new_session=os.name == "posix",
        creationflags=flags,
    )
    if child.stdin:
        child.stdin.write(event)
        child.stdin.close()
