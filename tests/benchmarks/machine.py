"""The programs that are measured, and a user of their own for each: a scratch home and an empty environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import mem0_agent
from mem0_agent import host
from tests.benchmarks.running import BrokenError, Program, Spawner, failed
from tests.e2e import releases

PRODUCT = Path(sys.executable).with_name("mem0-agent")
SOURCE = Path(mem0_agent.__file__).parents[1]
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
INSTALL = ("install", "--yes")
CLIENTS = ("claude-code", "codex")
ADD_MCP = ("https://mcp.mem0.ai/mcp/", "-a", "claude-code", "-g", "-y")


@dataclass(frozen=True)
class Home:
    """One user: everything below ``root``."""

    root: Path

    @property
    def own(self) -> tuple[str, str, str]:
        """Our directories for configuration, data and state, as the product places them in a home on Linux."""
        places = (".config", ".local/share", ".local/state")
        config, data, state = (str(self.root / place / "mem0-agent") for place in places)
        return config, data, state

    @property
    def database(self) -> Path:
        return Path(self.own[1]) / "memory.db"

    @property
    def launcher(self) -> Path:
        return Path(self.own[1]) / "bin" / "mem0-memory"

    @property
    def entry(self) -> Path:
        """The installed program behind the launcher."""
        found = next(Path(self.own[1]).glob("runtime/*/mem0_agent/memory/__main__.py"), None)
        if found is None:
            raise BrokenError(f"install left no program below {self.own[1]}")
        return found


@dataclass(frozen=True)
class Machine:
    """``root`` holds the homes; ``bin`` the programs that are on their PATH.

    ``python`` is what launchers run; ``clean`` is the same one where nothing is installed, so that no start-up hook in
    somebody's site-packages makes the yardstick longer.
    """

    root: Path
    bin: Path
    python: Path
    clean: Path

    def home(self, name: str) -> Home:
        """A fresh home; one of that name goes."""
        place = self.root / "homes" / name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        return Home(place)

    def environment(self, home: Home, **more: str) -> dict[str, str]:
        return {
            "HOME": str(home.root), "TMPDIR": str(self.root / "tmp"), "PATH": f"{self.bin}:{self.clean.parent}:{SYSTEM_PATH}",
            "USER": "robin", "LANG": "C.UTF-8", "TERM": "dumb", "NO_COLOR": "1",
            **more,
        }  # fmt: skip

    def bare(self) -> Program:
        """The interpreter that does nothing: the yardstick."""
        return self.isolated("-I", "-c", "pass")

    def isolated(self, *words: str, stdin: bytes = b"") -> Program:
        """A program in Python that needs nothing but its standard library."""
        return Program((str(self.clean), *words), {"PATH": SYSTEM_PATH}, self.root, stdin)

    def product(self, home: Home, *words: str) -> Program:
        return Program((str(PRODUCT), *words), self.environment(home), home.root)

    def installed(self, home: Home, *words: str) -> Program:
        """``words`` to the installed memory, as its launcher would say them."""
        argv = (str(self.python), "-I", "-S", str(home.entry), "--home", *home.own, *words)
        return Program(argv, self.environment(home), home.root)

    def install(self, spawner: Spawner, home: Home) -> Home:
        """Install for both clients, to be measured afterwards. Raises BrokenError."""
        run = spawner.run(self.product(home, *INSTALL, *clients(*CLIENTS)))
        if run.status != 0:
            raise failed("mem0-agent install", run)
        return home


def clients(*names: str) -> tuple[str, ...]:
    return tuple(word for name in names for word in ("--client", name))


def machine(root: Path) -> tuple[Machine, tuple[str, ...]]:
    """The machine below ``root``, and the names of the client programs that it lacks."""
    (root / "tmp").mkdir()
    (root / "bin").mkdir()
    python = host.lasting_python()
    subprocess.run([python, "-I", "-m", "venv", "--without-pip", root / "clean"], check=True)
    clean = root / "clean" / "bin" / "python3"
    found = {**{name: located(name) for name in ("claude", "codex", "add-mcp", "node")}}
    for name, path in found.items():
        if path:
            (root / "bin" / name).symlink_to(path)
    return Machine(root, root / "bin", python, clean), tuple(name for name, path in found.items() if path is None)


def located(name: str) -> Path | None:
    """The newest pinned release, or what is on PATH."""
    pinned = releases.program(name, "newest") if releases.pins(name) else None
    found = shutil.which(name)
    return pinned or (Path(os.path.realpath(found)) if found else None)
