"""File systems and users that will not have it: each runs the product where nothing else of this machine can be hurt."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.faults import tally
from tests.faults.stopwatch import timed
from tests.machine import PATIENCE, SCRIPT
from tests.trees import still

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.machine import Done, Machine

Prefix = tuple[str, ...]

POWERLESS: Prefix = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all")
"""Root without what makes it root: permissions bite it as they bite anybody."""


REFUSED = {1, 2, 4, 5}
"""Exit codes of an install that said no."""


def powerless() -> Prefix:
    """What makes the program an ordinary user of its own files."""
    return POWERLESS if os.geteuid() == 0 else ()


def mounted(script: str, *words: str | Path) -> Prefix:
    """``script`` first, as root of a mount namespace of our own; ``words`` are its $1, $2 …; then the program runs.

    The script ends with ``run "$@"``, which takes the words away and runs the program without any power.
    """
    count = len(words)
    whole = f'shift_words() {{ shift {count}; exec setpriv --bounding-set=-all --inh-caps=-all -- "$@"; }}\n{script}'
    return ("unshare", "-rm", "--propagation", "private", "sh", "-ec", whole, "sh", *map(str, words))


@functools.cache
def possible(*prefix: str) -> bool:
    """Whether this machine lets us."""
    if not shutil.which(prefix[0]):
        return False
    return subprocess.run([*prefix, "true"], capture_output=True, timeout=PATIENCE).returncode == 0


def run(
    here: Machine,
    *words: str,
    prefix: Prefix = (),
    env: Mapping[str, str | None] | None = None,
    cwd: Path | None = None,
) -> Done:
    """The console script with ``words`` behind ``prefix``; one that hangs fails the test."""
    path = os.environ.get("PATH", os.defpath)
    environment = here.environment({"PATH": f"{here.bin}:{path}" if prefix else None, **(env or {})})
    before = still(here.home) if tally.FOLDER else {}
    done, seconds = timed([*prefix, SCRIPT, *words], environment, cwd or here.work)
    if tally.FOLDER and words[0] == "install" and done.code in REFUSED:
        after = still(here.home)
        changed = tuple(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        _, version = timed([*prefix, SCRIPT, "--version"], environment, cwd or here.work)
        tally.refusals.append(tally.Refusal(" ".join(words), seconds, version, changed))
    return done
