"""Places that cannot be written: refused with their name and without a changed byte, or served."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults import hostile
from tests.machine import BOTH, server_of
from tests.trees import Mark, marks, read_tree, still, write_tree

if TYPE_CHECKING:
    from tests.machine import Done, Machine

INSTALL = ("install", *BOTH, "--yes", "--no-verify")
FILES = (".claude.json", ".codex/config.toml")
CONTENT = {".claude.json": '{"a": 1}', ".codex/config.toml": "a = 1\n", ".claude/settings.json": "{}"}


@pytest.fixture
def home(here: Machine) -> Path:
    write_tree(here.home, dict(CONTENT))
    return here.home


def refused(done: Done, *names: str | Path) -> None:
    assert done.code == 1, done.all
    assert all(str(name) in done.err for name in names), done.all
    assert "Traceback" not in done.all
    assert "next:" in done.err or "→" in done.err or len(done.err.splitlines()) > 1, done.all


def needs(*prefix: str) -> None:
    if prefix and not hostile.possible(*prefix):
        pytest.skip(f"this machine does not let us: {' '.join(prefix[:3])}")


def untouched(home: Path) -> dict[str, Mark]:
    """Everything with its times; of folders not: they have a new one where a lock was made and taken away."""
    return {name: mark._replace(mtime_ns=0) if stat.S_ISDIR(mark.mode) else mark for name, mark in marks(home).items()}


# What stands in the place of a file


def folder(path: Path) -> None:
    path.mkdir()


def pipe(path: Path) -> None:
    os.mkfifo(path)


def sock(path: Path) -> None:
    where = os.open(path.parent, os.O_RDONLY)  # a socket's name is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"/proc/self/fd/{where}/{path.name}")
    os.close(where)


def dangling(path: Path) -> None:
    path.symlink_to("nowhere/at/all")


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def ring(path: Path) -> None:
    path.symlink_to(f"{path.name}.b")
    path.with_name(f"{path.name}.b").symlink_to(path.name)


def hard_link(path: Path) -> None:
    path.write_text(CONTENT[f".codex/{path.name}" if path.suffix == ".toml" else path.name], "utf-8")
    path.with_name(f"{path.name}.twin").hardlink_to(path)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", [folder, pipe, sock, dangling, loop, ring, hard_link])
def test_what_is_no_plain_file_is_refused(here: Machine, home: Path, name: str, kind: Callable[[Path], None]) -> None:
    if kind is sock and not Path("/proc/self/fd").exists():
        pytest.skip("no /proc here")
    (home / name).unlink()
    kind(home / name)
    before = untouched(here.home)
    refused(hostile.run(here, *INSTALL), home / name)
    assert untouched(here.home) == before


@pytest.mark.parametrize("name", FILES)
def test_a_link_to_a_device_is_refused_and_the_device_stays(here: Machine, home: Path, name: str) -> None:
    """In a mount namespace where /dev is read-only: whatever would write, could not."""
    guard = hostile.mounted('mount --rbind -o ro /dev /dev; mount -o remount,bind,ro /dev; shift_words "$@"')
    needs(*guard)
    device = Path(os.devnull).stat()
    (home / name).unlink()
    (home / name).symlink_to(os.devnull)
    before = marks(here.home)
    refused(hostile.run(here, *INSTALL, prefix=guard), home / name)
    assert marks(here.home) == before
    assert (Path(os.devnull).stat().st_ino, stat.S_ISCHR(Path(os.devnull).stat().st_mode)) == (
        device.st_ino,
        True,
    )


# Who may not


@pytest.mark.parametrize("name", FILES)
def test_mode_000_is_refused(here: Machine, home: Path, name: str) -> None:
    prefix = hostile.powerless()
    needs(*prefix)
    (home / name).chmod(0)
    times = (home / name).stat().st_mtime_ns
    done = hostile.run(here, *INSTALL, prefix=prefix)
    refused(done, home / name)
    assert (home / name).stat().st_mtime_ns == times
    (home / name).chmod(0o600)
    assert {key: data for key, data in read_tree(here.home).items() if data is not None} == {
        key: text.encode() for key, text in CONTENT.items()
    }


@pytest.mark.parametrize("name", [".claude", ".codex", "."])
def test_a_folder_that_may_not_be_written_is_refused(here: Machine, home: Path, name: str) -> None:
    prefix = hostile.powerless()
    needs(*prefix)
    place = home / name
    place.chmod(0o500)
    try:
        before = still(here.home)
        done = hostile.run(here, *INSTALL, prefix=prefix)
        after = still(here.home)
    finally:
        place.chmod(0o700)
    refused(done, home)
    assert after == before


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_of_another_owner_keeps_both(here: Machine, home: Path, mode: int) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    needs(*hostile.POWERLESS)
    os.chown(home / ".claude.json", 65534, 65534)
    (home / ".claude.json").chmod(mode)
    before = untouched(here.home)
    done = hostile.run(here, *INSTALL, prefix=hostile.POWERLESS)
    refused(done, home)
    assert untouched(here.home) == before
    assert (home / ".claude.json").stat().st_uid == 65534


def test_root_keeps_the_owner_of_a_file(here: Machine, home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(home / ".claude.json", 65534, 65534)
    done = hostile.run(here, *INSTALL)
    assert done.code == 0, done.all
    status = (home / ".claude.json").stat()
    assert (status.st_uid, status.st_gid) == (65534, 65534)


# Disks


@contextmanager
def immutable(path: Path) -> Iterator[None]:
    """``path`` with the flag that keeps even root from writing, where the disk knows it."""
    tool = shutil.which("chattr")
    if not tool or subprocess.run([tool, "+i", path], capture_output=True).returncode:
        pytest.skip("no file can be made immutable here")
    try:
        yield
    finally:
        subprocess.run([tool, "-i", path], check=True)


@pytest.mark.parametrize("name", [*FILES, ".codex"])
def test_what_is_immutable_is_refused(here: Machine, home: Path, name: str) -> None:
    with immutable(home / name):
        before = still(here.home)
        done = hostile.run(here, *INSTALL)
        assert still(here.home) == before
    refused(done, home / name)


def test_a_read_only_disk_is_refused(here: Machine, home: Path) -> None:
    prefix = hostile.mounted('mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; shift_words "$@"', home)
    needs(*prefix)
    before = marks(here.home)
    refused(hostile.run(here, *INSTALL, prefix=prefix), home, "Read-only file system")
    assert marks(here.home) == before


FULL = """
mount -t tmpfs -o size="$3" none "$1"
cp -a "$2/." "$1"
head -c 100000000 /dev/zero > "$1/ballast" 2>/dev/null || :
truncate -s "-$4" "$1/ballast"
shift 4
code=0
setpriv --bounding-set=-all --inh-caps=-all -- "$@" || code=$?
rm -f "$OUT/../home/ballast"
cp -a "$HOME/." "$OUT"
exit $code
"""


@pytest.mark.parametrize("free", [0, 4096, 20480, 65536, 163840])
def test_a_full_disk_changes_nothing(here: Machine, home: Path, free: int) -> None:
    """A disk of 1 MB with so many bytes left: it ends before the first file, or in the midst of the program's."""
    source, out = here.root / "source", here.root / "out"
    shutil.copytree(home, source)
    out.mkdir()
    needs(*hostile.mounted('mount -t tmpfs none /mnt; shift_words "$@"'))
    prefix = (
        "unshare",
        "-rm",
        "--propagation",
        "private",
        "sh",
        "-ec",
        FULL,
        "sh",
        *map(str, (home, source, "1m", free)),
    )
    done = hostile.run(here, *INSTALL, prefix=prefix, env={"OUT": str(out)})
    refused(done, home)
    assert "No space left" in done.err
    found = read_tree(out)
    found.pop("ballast", None)
    assert found == read_tree(source)


# Odd surroundings


@pytest.mark.parametrize("value", [None, "", "some/where", "/nowhere/at/all", "."])
def test_a_home_that_is_none_is_refused_and_nothing_written_anywhere(
    here: Machine, home: Path, value: str | None
) -> None:
    before = marks(here.root)
    done = hostile.run(here, *INSTALL, env={"HOME": value})
    refused(done, "HOME")
    assert marks(here.root) == before


@pytest.mark.parametrize("locale", ["C", "POSIX", "", "no_SUCH.locale"])
def test_without_a_locale(here: Machine, locale: str) -> None:
    home = here.home / "caf\u00e9 \u6f22 \U0001f9e0"
    write_tree(home, {".claude.json": '{"n\u00e4me": "\u6f22"}', ".codex/config.toml": 'a = "\u6f22"\n'})
    env = {"LANG": locale, "LC_ALL": locale, "HOME": str(home)}
    done = hostile.run(here, *INSTALL, env=env)
    assert done.code == 0, done.all
    told = json.loads((home / ".claude.json").read_text("utf-8"))
    assert server_of(told, "mcpServers", "mem0", "command").startswith(str(home))
    assert told["n\u00e4me"] == "\u6f22"
    assert hostile.run(here, "uninstall", "--yes", env=env).code == 0
    assert (home / ".claude.json").read_text("utf-8") == '{"n\u00e4me": "\u6f22"}'


@pytest.mark.parametrize("length", [1000, 3000, 4000, 4096, 5000])
def test_long_paths_are_served_or_refused(here: Machine, length: int) -> None:
    """The home's path has so many bytes; beyond what the system takes it cannot even be made."""
    home, where = deep(here.root, length)
    if home is None:
        done = hostile.run(here, *INSTALL, env={"HOME": str(where)})
        refused(done, "HOME")
        return
    done = hostile.run(here, *INSTALL, env={"HOME": str(where)})
    if done.code:
        refused(done, str(where)[:100])
        assert [path.name for path in home.rglob("*")] == []
    else:
        assert hostile.run(here, "uninstall", "--yes", env={"HOME": str(where)}).code == 0


def deep(root: Path, length: int) -> tuple[Path | None, Path]:
    """A folder whose path has ``length`` bytes, None where the system has no such path; and that path."""
    where = root / "deep"
    while len(str(where)) < length - 101:
        where /= "d" * 99
    where /= "d" * (length - len(str(where)) - 1)
    try:
        where.mkdir(parents=True)
    except OSError:
        return None, where
    return where, where


def test_a_config_folder_of_bytes_that_are_no_text(here: Machine) -> None:
    """A home whose name is not UTF-8 is served or refused; never a traceback."""
    home = here.root / os.fsdecode(b"home-\xff\xfe")
    try:
        home.mkdir()
    except OSError:
        pytest.skip("this disk takes no such name")
    done = hostile.run(here, *INSTALL, env={"HOME": str(home)})
    assert done.code in {0, 1}, done.all
    assert "Traceback" not in done.all
    if done.code:
        assert list(home.iterdir()) == []
