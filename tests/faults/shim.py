"""The C library that hurts a process: built where there is a compiler, loaded before libc, armed through ctypes."""

from __future__ import annotations

import ctypes
import mmap
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")

LOOKS, CHANGES, GROWS, WRITES = range(4)
"""Kinds of operations: a fault hits those of one kind and above."""

COUNT, KILL_BEFORE, KILL_AFTER, ONCE, FROM_THERE, SHORT = range(6)
"""What happens at the point."""


def compiler() -> str | None:
    return shutil.which("gcc") or shutil.which("cc")


def built(folder: Path) -> Path:
    """The library, compiled into ``folder``."""
    out = folder / "shim.so"
    flags = ("-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC")
    command = [compiler() or "cc", *flags, "-o", str(out), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return out


@dataclass(frozen=True)
class Fault:
    """The ``point``-th operation (from 1) of the kind ``least`` and above goes wrong; COUNT only counts them."""

    mode: int = COUNT
    least: int = LOOKS
    point: int = 0
    number: int = 0


class Tally(ctypes.Structure):
    """What the hurt process leaves behind, even killed: operations counted, and the one that was hit."""

    _fields_ = (("count", ctypes.c_long), ("hit", ctypes.c_char * 512))
    count: int
    hit: bytes


class Shim:
    """The loaded library, in a process that was started with it before libc."""

    def __init__(self) -> None:
        self.library = ctypes.CDLL(None)
        self.memory = mmap.mmap(-1, 4096)
        self.tally = Tally.from_buffer(self.memory)

    def arm(self, root: Path, without: str, fault: Fault) -> None:
        """From here on operations below ``root`` count, less those whose path holds ``without``."""
        number = ctypes.c_long(fault.point)
        self.library.fault_arm(
            ctypes.byref(self.tally), str(root).encode(), without.encode(), fault.least, number, fault.mode, fault.number
        )  # fmt: skip
