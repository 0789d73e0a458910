"""A home with two clients' files in it, and the product run there in a process of its own that can be hurt."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.shim import Fault
from tests.trees import still, write_tree

if TYPE_CHECKING:
    from tests.faults.shim import Shim

Look = dict[str, tuple[int, bytes | str | None]]
"""Mode and content of everything in the home."""

BOTH = ("--client", "claude-code", "--client", "codex")
INSTALL = ("install", *BOTH, "--yes", "--no-verify", "--backend", "local")
UNINSTALL = ("uninstall", "--yes")
RECEIPT = ".local/state/mem0-agent/receipt.json"

CLAUDE = b'{\r\n\t"big": 12345678901234567890,\r\n\t"mcpServers": {"other": {"command": "x"}},\r\n\t"ratio": 1.0\r\n}'
CODEX = b'model = "o4" # mine\n\n[mcp_servers.other]\ncommand = "x"\n\n[tui]\nnotify = [ 1,2 ]'
SETTINGS = b'{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "mine"}]}]}}\n'


@dataclass(frozen=True)
class End:
    """How a run ended: its exit code, or minus the signal; all that it said; what the shim counted and hit."""

    code: int
    said: str
    count: int
    hit: str


@dataclass(frozen=True)
class Box:
    """Everything below ``root``; ``home`` is what is watched."""

    root: Path
    shim: Shim

    @property
    def home(self) -> Path:
        return self.root / "home"

    def build(self) -> None:
        """People's own files: one behind a link, with a mode of its own, one with hooks of theirs."""
        for name in ("home", "work", "bin", "tmp"):
            shutil.rmtree(self.root / name, ignore_errors=True)
            (self.root / name).mkdir(parents=True)
        tree: dict[str, bytes | str | None] = {
            "dots/claude.json": CLAUDE, ".codex/config.toml": CODEX, ".claude/settings.json": SETTINGS,
        }  # fmt: skip
        write_tree(self.home, tree)
        (self.home / ".claude.json").symlink_to("dots/claude.json")
        (self.home / "dots/claude.json").chmod(0o640)
        (self.home / ".codex/config.toml").chmod(0o600)

    def look(self) -> Look:
        """The home as it is; of the receipt only that it is there: it tells of folders that a killed run made."""
        found: Look = {name: mark for name, mark in still(self.home).items() if name != "."}
        if RECEIPT in found:
            found[RECEIPT] = (found[RECEIPT][0], b"")
        return found

    def seal(self) -> bytes:
        """One value for everything in the home: every name, mode, byte and target."""
        return hashlib.sha256(repr(sorted(still(self.home).items())).encode("utf-8", "surrogateescape")).digest()

    def save(self, name: str) -> None:
        shutil.rmtree(self.root / name, ignore_errors=True)
        shutil.copytree(self.home, self.root / name, symlinks=True)

    def restore(self, name: str) -> None:
        shutil.rmtree(self.home)
        shutil.copytree(self.root / name, self.home, symlinks=True)

    def run(self, words: tuple[str, ...], fault: Fault | None = None, without: str = "") -> End:
        """``mem0-agent WORDS`` here, with one operation on the home gone wrong."""
        log = self.root / "said"
        self.shim.tally.count, self.shim.tally.hit = 0, b""
        child = os.fork()
        if child == 0:
            self.be(words, log, fault, without)
        _, status = os.waitpid(child, 0)
        said = log.read_text("utf-8", "replace")
        tally = self.shim.tally
        return End(os.waitstatus_to_exitcode(status), said, tally.count, tally.hit.decode("utf-8", "replace"))

    def be(self, words: tuple[str, ...], log: Path, fault: Fault | None, without: str) -> None:
        """Be the product from here to the end of this process."""
        code: object = 99
        try:
            descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(descriptor, 1)
            os.dup2(descriptor, 2)
            os.environ.clear()
            os.environ.update(
                HOME=str(self.home), PATH=str(self.root / "bin"), TMPDIR=str(self.root / "tmp"), USER="robin"
            )
            os.chdir(self.root / "work")
            sys.argv = ["mem0-agent", *words]
            if fault:
                self.shim.arm(self.home, without, fault)
            from mem0_agent.__main__ import main

            main()
        except SystemExit as end:
            code = end.code or 0
        except BaseException:  # noqa: BLE001 - said, and told by the code
            traceback.print_exc()
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 98)
