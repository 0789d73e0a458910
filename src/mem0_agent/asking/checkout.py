"""A git repository as a folder that goes away again."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mem0_agent.clients.sources import unusable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mem0_agent.clients.sources import Source

PATIENCE = 120.0
"""Seconds that git has to bring a repository."""
PLAIN = ("-c", "core.symlinks=false", "-c", "core.hooksPath=", "-c", "credential.interactive=false")
"""A link in a repository of others is brought as a text, so that it leads nowhere."""
SILENT = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -o BatchMode=yes", "GIT_LFS_SKIP_SMUDGE": "1"}


@contextmanager
def checkout(source: Source, env: Mapping[str, str]) -> Iterator[Path]:
    """The folder of ``source``, or its repository's newest state. Raises UserError ``marketplace.unusable``."""
    if source.folder:
        yield source.folder
        return
    with tempfile.TemporaryDirectory(prefix="mem0-agent-") as scratch:
        place = Path(scratch) / "repository"
        clone(source, place, env)
        yield place


def clone(source: Source, place: Path, env: Mapping[str, str]) -> None:
    branch = ("--branch", source.ref) if source.ref else ()
    program = shutil.which("git", path=env.get("PATH")) or "git"
    argv = [program, *PLAIN, "clone", "--quiet", "--depth", "1", "--no-tags", *branch, "--", source.url, str(place)]
    try:
        done = subprocess.run(  # noqa: S603 - git, on an address that its user has given
            argv, env={**env, **SILENT}, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=PATIENCE, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise unusable(source.words, "there is no git on PATH to bring it") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise unusable(source.words, f"git did not bring it: {error}") from error
    if done.returncode:
        said = [row.removeprefix("fatal: ") for row in done.stderr.splitlines() if row.startswith("fatal: ")]
        raise unusable(source.words, f"git did not bring it: {said[0] if said else 'it said nothing'}")
