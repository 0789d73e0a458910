"""What every test stands on: a home that is nobody's, and a tripwire before the real one."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.machine import Machine, machine

if TYPE_CHECKING:
    pass

REAL = Path.home()
PRIVATE = (".claude", ".claude.json", ".codex", ".config/mem0-agent", ".local/share/mem0-agent",
           ".local/state/mem0-agent", "Library/Application Support/mem0-agent")  # fmt: skip
FORBIDDEN = tuple(str(REAL / name) for name in PRIVATE)
EVENTS = frozenset({
    "open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.chown",
    "os.utime", "os.truncate", "os.listdir", "os.scandir", "shutil.rmtree", "sqlite3.connect",
})  # fmt: skip


class RealHomeTouchedError(AssertionError):
    """A test reached for what belongs to whoever runs it."""


def tripwire(event: str, args: tuple[Any, ...]) -> None:
    if event not in EVENTS:
        return
    for word in args[:2]:
        if isinstance(word, str | bytes | os.PathLike) and forbidden(os.fsdecode(word)):
            raise RealHomeTouchedError(f"{event} {os.fsdecode(word)}")


def forbidden(path: str) -> bool:
    return path.startswith(FORBIDDEN) and any(path == place or path.startswith(place + os.sep) for place in FORBIDDEN)


sys.addaudithook(tripwire)

for number, usual in ((signal.SIGINT, signal.default_int_handler), (getattr(signal, "SIGHUP", None), signal.SIG_DFL)):
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)  # whoever started us in the background ignores it, and our children would too


@pytest.fixture(scope="session")
def nobodys_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def own_environment(nobodys_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the home, the folders or the keys of whoever runs it."""
    monkeypatch.setenv("HOME", str(nobodys_home))
    monkeypatch.setenv("USERPROFILE", str(nobodys_home))
    for name in list(os.environ):
        if name.startswith(("XDG_", "MEM0_", "CLAUDE_", "CODEX_")) and not name.startswith("MEM0_AGENT_"):
            monkeypatch.delenv(name)


@pytest.fixture
def here(tmp_path: Path) -> Machine:
    """A machine of its own, without any client."""
    return machine(tmp_path / "machine")
