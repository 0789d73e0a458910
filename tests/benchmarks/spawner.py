"""Runs programs one after another and tells what each took: wall, CPU, peak memory. Started by ``running.Spawner``.

A process of its own, and a lean one, because on Linux the peak memory of a program counts from the moment at which it
is still a copy of whoever started it. As the first process of a PID namespace it also waits for what a program left
behind in the background, so that this neither goes uncounted nor slows down whatever is measured next.
"""

from __future__ import annotations

import marshal
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LEFT_BEHIND_S = 10.0
"""How long what a program left in the background is waited for."""
NOT_STARTED = 127
UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in which the system counts peak memory."""


def main() -> None:
    while True:
        try:
            job = marshal.load(sys.stdin.buffer)
        except EOFError:
            return
        marshal.dump(carried_out(job), sys.stdout.buffer)
        sys.stdout.buffer.flush()


def carried_out(job: dict[str, Any]) -> dict[str, Any]:
    """``argv``, ``env``, ``cwd``, and the files ``stdin``, ``stdout``, ``stderr`` -> seconds, bytes, exit status."""
    new = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    files = [
        (os.POSIX_SPAWN_OPEN, 0, job["stdin"], os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, job["stdout"], new, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, job["stderr"], new, 0o600),
    ]
    os.chdir(job["cwd"])
    started = time.perf_counter()
    try:
        child = os.posix_spawn(job["argv"][0], job["argv"], job["env"], file_actions=files)
    except OSError as error:
        return {"wall": 0.0, "cpu": 0.0, "background": 0.0, "memory": 0, "status": NOT_STARTED, "problem": str(error)}
    _, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - started
    return {
        "wall": wall,
        "cpu": used.ru_utime + used.ru_stime,
        "background": left_behind(),
        "memory": used.ru_maxrss * UNIT,
        "status": os.waitstatus_to_exitcode(status),
        "problem": "",
    }


def left_behind() -> float:
    """CPU seconds of what was handed over to this process, once all of it has ended or the patience has."""
    total, deadline = 0.0, time.monotonic() + LEFT_BEHIND_S
    while time.monotonic() < deadline:
        try:
            child, _, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if child:
            total += used.ru_utime + used.ru_stime
        else:
            time.sleep(0.002)
    return total


if __name__ == "__main__":
    main()
