"""This machine: the only place that looks at the environment, at PATH and at other programs' files."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from mem0_agent import windows
from mem0_agent.model import Dirs, Host, UserError
from mem0_agent.writing import files as disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mem0_agent.model import Files

VERSION_TIMEOUT = 10.0


def current() -> Host:
    """This machine now. Raises UserError where HOME cannot carry configuration: unset, relative or missing."""
    home = usable_home(os.environ)
    app = platformdirs.PlatformDirs("mem0-agent", appauthor=False, roaming=False)
    dirs = Dirs(config=app.user_config_path, data=app.user_data_path, state=app.user_state_path)
    if dirs.config == dirs.data:  # macOS and Windows have one place for both
        dirs = Dirs(config=dirs.config / "config", data=dirs.data, state=dirs.data / "state")
    return Host(
        home=home,
        cwd=Path.cwd(),
        platform=sys.platform,
        env=dict(os.environ),
        user=user_name(),
        dirs=dirs,
        python=lasting_python(),
        which=which,
        names=names,
        registry=windows.registry(),
    )


def usable_home(env: Mapping[str, str]) -> Path:
    name = "USERPROFILE" if sys.platform == "win32" else "HOME"
    value = env.get(name, "")
    problem = ""
    if not value:
        problem = "is not set" if name not in env else "is empty"
    elif value != value.encode("utf-8", "replace").decode("utf-8"):
        problem = "holds bytes that are not UTF-8"
    elif not Path(value).is_absolute():
        problem = f"is not an absolute path: {value}"
    elif not is_folder(Path(value)):
        problem = f"is not a folder: {value[:200]}"
    if problem:
        raise UserError("host.home", f"{name} {problem}", hint=f"Set {name} to your home folder and run this again.")
    return Path(value)


def is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name longer than the system allows
        return False


def user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user id without a name
        return "user"


def lasting_python() -> Path:
    """The interpreter under any virtual environment, by the path that its upgrades keep.

    Homebrew's Cellar path carries a version that the next upgrade deletes; its opt path does not.
    """
    base = Path(getattr(sys, "_base_executable", "") or sys.executable)
    if "Cellar" in base.parts:
        at = base.parts.index("Cellar")
        lasting = Path(*base.parts[:at], "opt", base.parts[at + 1], "bin", base.name)
        if lasting.exists():
            return lasting
    return base


def which(program: str) -> Path | None:
    """The real file behind ``program`` on PATH (or behind an absolute path), symlinks followed; None if absent."""
    found = shutil.which(program)
    return Path(os.path.realpath(found)) if found else None


def names(folder: Path) -> tuple[str, ...]:
    """What is in ``folder``, sorted; nothing where it is no folder or may not be read."""
    try:
        return tuple(sorted(os.listdir(folder)))  # noqa: PTH208 - a folder of thousands would become as many Paths
    except OSError:
        return ()


def gather(wants: Iterable[Callable[[Files], Iterable[Path]]], *, problems: list[UserError] | None = None) -> Files:
    """Read what each of ``wants`` asks for, again and again until nobody wants more.

    What cannot be read raises UserError, or is appended to ``problems`` and counts as absent where that list is given.
    """
    askers = tuple(wants)
    known: dict[Path, bytes | None] = {}
    while new := {path for want in askers for path in want(known)} - known.keys():
        for path in sorted(new):
            known[path] = read(path, problems)
    return known


def read(path: Path, problems: list[UserError] | None) -> bytes | None:
    try:
        return disk.read(path)
    except UserError as error:
        if problems is None:
            raise
        problems.append(error)
        return None


def says_version(program: Path, env: Mapping[str, str]) -> str:
    """What ``program --version`` prints; empty when it cannot be had.

    Codex makes its home folder when it may: it is pointed at none.
    """
    quiet = {**env, "CODEX_HOME": str(Path(os.sep, "nonexistent", "mem0-agent"))}
    try:
        done = subprocess.run(  # noqa: S603 - a program that the user has on PATH
            [program, "--version"], env=quiet, capture_output=True, text=True,
            timeout=VERSION_TIMEOUT, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return done.stdout


def writable(folder: Path) -> bool:
    """Whether a file could be made in ``folder``, or in its nearest ancestor that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def writable_file(path: Path) -> bool:
    return os.access(path, os.W_OK)


def bug_log(text: str) -> Path | None:
    """Keep the story of a bug of ours where its finder can send it from; None where nothing can be written."""
    path = Path(tempfile.gettempdir()) / f"mem0-agent-bug-{os.getpid()}.log"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        return None
    return path


def file_system(path: Path) -> str:
    """The type of file system that holds ``path`` (``ext4``, ``nfs4`` …); empty where the machine does not tell."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return ""
    real, best = os.path.realpath(path), ("", "")
    for line in mounts.read_text("utf-8", "replace").splitlines():
        _, mount, kind, *_ = line.split(" ")
        inside = real == mount or real.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best[0]):
            best = (mount, kind)
    return best[1]


def started_before(names: frozenset[str], moment: float) -> list[int]:
    """Processes of this very home that run a program of one of ``names`` since before ``moment`` (epoch seconds).

    Told by /proc; empty where the machine has none.
    """
    at_home = b"HOME=" + os.fsencode(os.environ.get("HOME", ""))
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            program = (entry / "exe").readlink().name.split(" ")[0]
            if program in names and at_home in (entry / "environ").read_bytes().split(b"\0") and born(entry) < moment:
                found.append(int(entry.name))
        except OSError:  # another user's, or ended in the meantime
            continue
    return found


def born(process: Path) -> float:
    """When a process under /proc was started, in epoch seconds; the times of its files tell when somebody looked."""
    ticks = int((process / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19])
    booted = next(line for line in Path("/proc/stat").read_text("utf-8").splitlines() if line.startswith("btime "))
    return int(booted.split()[1]) + ticks / os.sysconf("SC_CLK_TCK")


def modified(path: Path) -> float:
    """When ``path`` was last written, in epoch seconds; 0 where there is no such file."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
