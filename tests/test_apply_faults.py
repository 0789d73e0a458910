"""A fault at the operations of a transaction, in a program of its own that kills itself and looks at what is left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("operation", ["install", "upgrade", "uninstall"])
@pytest.mark.parametrize(
    ("mode", "stride"),
    [
        ("kill-before", 7),
        ("once", 5),
        ("once:ENOSPC", 11),
        ("after:EIO", 7),
        ("on:ENOSPC", 11),
        ("on:EACCES", 13),
        ("short", 7),
        ("signal", 7),
    ],
)
def test_no_fault_damages_a_file_or_keeps_a_second_run_from_completing(
    tmp_path: Path, operation: str, mode: str, stride: int
) -> None:
    # the stride is odd to the number of operations, so that the three scenarios meet each kind of operation
    command = [sys.executable, "-m", "tests.crash", str(tmp_path), operation, mode, str(stride)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.stderr == ""
    assert done.stdout.endswith(" points, 0 faults\n"), done.stdout
