"""A terminal with a person before it: a line is pasted into a shell, and what it asks is answered."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests.machine import PATIENCE, SCRIPT, Done, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.machine import Machine

LEADER = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv('/bin/sh', ['sh', '-c', sys.argv[1]])"
"""Makes the terminal that of a session of its own, as getpass wants it, and becomes the shell."""


def paste(
    here: Machine, line: str, answers: Mapping[str, str] | None = None, env: Mapping[str, str | None] | None = None
) -> Done:
    """What came of ``line`` in a shell of this machine; ``answers`` are typed when their prompt appears, once each."""
    command = here.bin / SCRIPT.name
    if not command.exists():
        command.symlink_to(SCRIPT)
    whole = here.environment({"PATH": f"{here.bin}:/usr/bin:/bin", "TERM": "xterm", **(env or {})})
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", LEADER, line],
            env=whole, cwd=here.work, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
    finally:
        os.close(theirs)
    try:
        said = listened(ours, process, {"[Y/n]": "y", **(answers or {})})
    finally:
        os.close(ours)
        process.kill()
        process.wait()
    return Done(process.returncode, text(said), "", said)


def listened(terminal: int, process: subprocess.Popen[bytes], answers: dict[str, str]) -> bytes:
    """All that appears until the end, typing as it is asked."""
    said, heard, deadline = b"", 0, time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        piece = read(terminal)
        if piece is None and process.poll() is not None:
            break
        said += piece or b""
        for prompt, answer in answers.items():
            if prompt.encode() in said[heard:]:
                heard = len(said)
                os.write(terminal, f"{answer}\n".encode())
    process.wait(1)
    return said


def read(terminal: int) -> bytes | None:
    """What is there, None where nothing comes for a moment or nobody is at the other end."""
    if not select.select([terminal], [], [], 0.05)[0]:
        return None
    try:
        return os.read(terminal, 1 << 16) or None
    except OSError:  # Linux' way to say that the other side is closed
        return None
