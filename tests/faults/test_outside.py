"""A sample of the faults that ``nox -s faults`` tries one by one, from outside on the real commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import shim

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the shim is loaded by the Linux way"),
    pytest.mark.skipif(shim.compiler() is None, reason="no C compiler here: nox -s faults needs one"),
]


@pytest.mark.parametrize(
    ("suite", "stride"),
    [
        ("kill before", 53),
        ("kill after", 53),
        ("EIO", 499),
        ("EACCES", 67),
        ("ENOSPC", 23),
        ("disk full", 23),
        ("short write", 7),
    ],
)
def test_a_sample_of_every_fault(tmp_path: Path, suite: str, stride: int) -> None:
    library = shim.built(tmp_path)
    words = [sys.executable, "-m", "tests.faults.outside", str(tmp_path / "box"), str(stride), "files", suite]
    env = {**os.environ, "LD_PRELOAD": str(library)}
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.splitlines()[-1].split()[0]) >= 4


def test_the_shim_hits_what_it_is_told_to(tmp_path: Path) -> None:
    """The harness itself: a fault is really seen by the program, and only below the folder that is watched."""
    program = """
import os, sys
from pathlib import Path
from tests.faults.shim import *
shim, root = Shim(), Path(sys.argv[1])
(root / "in").mkdir(); (root / "out").mkdir()
shim.arm(root / "in", "", Fault(ONCE, WRITES, 2, 28))
(root / "out/f").write_bytes(b"a"); (root / "in/f").write_bytes(b"a")
try:
    (root / "in/g").write_bytes(b"a")
except OSError as error:
    print(error.errno, shim.tally.count, shim.tally.hit.decode())
shim.arm(root / "in", "", Fault(SHORT, WRITES, 1))
print(os.write(os.open(root / "in/h", os.O_WRONLY | os.O_CREAT), b"abc"))
shim.arm(root / "in", "", Fault(KILL_BEFORE, CHANGES, 1))
os.mkdir(root / "in/never")
"""
    env = {**os.environ, "LD_PRELOAD": str(shim.built(tmp_path)), "PYTHONUNBUFFERED": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (-9, "28 2 write /g\n1\n"), done.stderr
    assert not (tmp_path / "in/never").exists()
