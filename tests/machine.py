"""A machine of its own for the real console script: an empty environment, a scratch home, a PATH without clients."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mem0_agent.model import Dirs, Host

if TYPE_CHECKING:
    from collections.abc import Mapping

SCRIPT = Path(sys.executable).parent / "mem0-agent"
BOTH = ("--client", "claude-code", "--client", "codex")
PATIENCE = 60
"""Seconds after which a program that should have ended is ended."""


@dataclass(frozen=True)
class Done:
    """A program that ended."""

    code: int
    out: str
    err: str
    raw: bytes = b""

    @property
    def all(self) -> str:
        return f"exit code {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"

    @property
    def envelope(self) -> Any:
        """What stands on stdout as JSON: one object on one line, and nothing else."""
        assert self.out.endswith("\n"), self.all
        assert self.out.count("\n") == 1, self.all
        return json.loads(self.out)

    @property
    def data(self) -> Any:
        return self.envelope["data"]

    @property
    def error(self) -> Any:
        return self.envelope["error"]


@dataclass(frozen=True)
class Machine:
    """Everything below ``root``: ``home``, ``work`` (the current folder), ``bin`` (all that is on PATH), ``tmp``."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def bin(self) -> Path:
        return self.root / "bin"

    @property
    def claude(self) -> Path:
        return self.home / ".claude.json"

    @property
    def codex(self) -> Path:
        return self.home / ".codex/config.toml"

    @property
    def dirs(self) -> Dirs:
        return Dirs(
            self.home / ".config/mem0-agent",
            self.home / ".local/share/mem0-agent",
            self.home / ".local/state/mem0-agent",
        )

    @property
    def launcher(self) -> Path:
        return self.dirs.data / "bin/mem0-memory"

    def environment(self, more: Mapping[str, str | None] | None = None) -> dict[str, str]:
        """The whole environment of a program; None in ``more`` takes a variable out."""
        made: dict[str, str | None] = {
            "HOME": str(self.home),
            "PATH": str(self.bin),
            "TMPDIR": str(self.root / "tmp"),
            "USER": "robin",
            "LANG": "C.UTF-8",
            **self.variables,
            **(more or {}),
        }
        return {name: value for name, value in made.items() if value is not None}

    def start(
        self, *words: str | Path, env: Mapping[str, str | None] | None = None, cwd: Path | None = None
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [SCRIPT, *words],
            env=self.environment(env),
            cwd=cwd or self.work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(
        self,
        *words: str | Path,
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        stdin: bytes = b"",
    ) -> Done:
        """The console script with ``words``, to its end."""
        done = subprocess.run(
            [SCRIPT, *words],
            env=self.environment(env),
            cwd=cwd or self.work,
            input=stdin,
            capture_output=True,
            timeout=PATIENCE,
        )
        return Done(done.returncode, text(done.stdout), text(done.stderr), done.stdout)

    def ask(self, *words: str | Path, env: Mapping[str, str | None] | None = None, cwd: Path | None = None) -> Any:
        """The envelope that the script answers with ``--json``."""
        done = self.run(*words, "--json", env=env, cwd=cwd)
        assert done.err == "", done.all
        assert done.envelope["exit_code"] == done.code, done.all
        return done.envelope

    def install(self, *words: str | Path, env: Mapping[str, str | None] | None = None, code: int = 0) -> Done:
        done = self.run("install", *BOTH, "--yes", *words, env=env)
        assert done.code == code, done.all
        return done

    def uninstall(self, *words: str | Path, env: Mapping[str, str | None] | None = None, code: int = 0) -> Done:
        done = self.run("uninstall", "--yes", *words, env=env)
        assert done.code == code, done.all
        return done

    def findings(self, *words: str | Path, env: Mapping[str, str | None] | None = None) -> list[dict[str, Any]]:
        """What doctor finds here, hooks and skills aside: they have tests of their own."""
        found = self.ask("doctor", *words, env=env)["data"]["findings"]
        return [finding for finding in found if not finding["id"].startswith(("hooks.", "skills."))]

    def troubles(self, *words: str | Path, env: Mapping[str, str | None] | None = None) -> list[str]:
        """The ids of the errors and warnings among ``findings``, in their order."""
        bad = ("error", "warning")
        return [finding["id"] for finding in self.findings(*words, env=env) if finding["severity"] in bad]

    def program(self, name: str, says: str) -> Path:
        """A client's program on PATH that only tells its version."""
        path = self.bin / name
        path.write_text(f"#!/bin/sh\necho '{says}'\n", "utf-8")
        path.chmod(0o755)
        return path

    def host(self, platform: str = "linux", **env: str) -> Host:
        """This machine as a value, with nothing on PATH."""
        return Host(self.home, self.work, platform, env, "robin", self.dirs, Path(sys.executable), lambda _: None)


def machine(root: Path) -> Machine:
    for name in ("home", "work", "bin", "tmp"):
        (root / name).mkdir(parents=True)
    return Machine(root)


def text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def server_of(document: Mapping[str, Any], *keys: str) -> Any:
    """What stands at ``keys``, None where nothing does."""
    here: Any = document
    for key in keys:
        here = here.get(key) if isinstance(here, dict) else None
    return here
