"""A user of their own: a scratch home, an empty environment, no network but loopback, and an end to every program."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.network import Network
from tests.e2e.releases import Programs

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
TIMED_OUT = -1


@dataclass(frozen=True)
class Done:
    """A program that ended. ``exit_code`` is TIMED_OUT where it had to be ended."""

    exit_code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return f"exit code {self.exit_code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


@dataclass(frozen=True)
class Sandbox:
    """Everything below ``root``; ``variables`` are what this user has exported."""

    root: Path
    programs: Programs
    network: Network
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def bin(self) -> Path:
        return self.root / "bin"

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The whole environment of a program: nothing of this process's own gets in.

        TMPDIR is beside the home, because Codex is wary of a home inside the temporary directory.
        """
        return {
            "HOME": str(self.home),
            "TMPDIR": str(self.root / "tmp"),
            "PATH": f"{self.bin}:{SYSTEM_PATH}",
            "USER": "robin",
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "NO_COLOR": "1",
            **self.network.variables,
            **self.variables,
            **(more or {}),
        }

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        timeout: float = 60,
    ) -> Done:
        """Run a program to its end, in ``project`` unless told otherwise; past ``timeout`` seconds its group is ended."""
        process = self.start(argv, cwd=cwd, env=env, stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(stdin.encode(), timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            return Done(TIMED_OUT, out.decode(errors="replace"), err.decode(errors="replace"))
        return Done(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))

    def start(
        self,
        argv: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stderr: int | None = subprocess.DEVNULL,
    ) -> subprocess.Popen[bytes]:
        """Start a program, the leader of its own process group, with pipes to its stdin and stdout."""
        return subprocess.Popen(
            [*self.network.prefix, *map(str, argv)],
            cwd=cwd or self.project,
            env=self.environment(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )


def sandbox(root: Path, programs: Programs, network: Network, **variables: str) -> Sandbox:
    """A fresh sandbox in the empty folder ``root``."""
    box = Sandbox(root, programs, network, variables)
    for folder in (box.home, box.project, box.bin, root / "tmp"):
        folder.mkdir(parents=True)
    (box.bin / "claude").symlink_to(programs.claude)
    (box.bin / "codex").symlink_to(programs.codex)
    return box


Tree = dict[str, tuple[int, bytes]]


def tree(root: Path) -> Tree:
    """Every file, link and folder below ``root``: relative path -> mode and bytes (a link's target; none for folders)."""
    return {str(path.relative_to(root)): (path.lstat().st_mode, content(path)) for path in sorted(root.rglob("*"))}


def content(path: Path) -> bytes:
    if path.is_symlink():
        return os.fsencode(path.readlink())
    return path.read_bytes() if path.is_file() else b""


def times(root: Path) -> dict[str, int]:
    """When each file and folder below ``root`` was last written, in nanoseconds."""
    return {str(path.relative_to(root)): path.lstat().st_mtime_ns for path in sorted(root.rglob("*"))}
