"""A small world of configuration files to install into, for the tests of transactions and their faults."""

from __future__ import annotations

import errno
import os
import signal
import stat
from typing import TYPE_CHECKING, Any, NamedTuple

from mem0_agent.edits import document
from mem0_agent.model import Backend, Change, Dirs, Edit, digest
from mem0_agent.writing import apply, disk, files, ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OLD = b'{\r\n\t"big": 12345678901234567890,\r\n\t"mcpServers": {"other": {"command": "x"}}\r\n}'
HOOKS = b'{"hooks": {"Stop": [{"mine": true}]}}\n'


class Node(NamedTuple):
    """One entry of a tree: what it is, its permission bits, and its bytes or target."""

    kind: str
    mode: int
    content: bytes | str


def tree(root: Path) -> dict[str, Node]:
    """Everything below ``root``."""
    found = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        name = str(path.relative_to(root))
        if stat.S_ISLNK(status.st_mode):
            found[name] = Node("link", 0, str(path.readlink()))
        elif path.is_dir():
            found[name] = Node("folder", status.st_mode & 0o7777, "")
        else:
            found[name] = Node("file", status.st_mode & 0o7777, path.read_bytes())
    return found


def dirs_in(root: Path) -> Dirs:
    return Dirs(root / "xdg/config", root / "xdg/data", root / "xdg/state/mem0-agent")


def build(root: Path) -> None:
    """A home with a config behind a link, one beside it, and room for two new files."""
    (root / "dotfiles").mkdir(parents=True)
    (root / "dotfiles/real.json").write_bytes(OLD)
    (root / "dotfiles/real.json").chmod(0o640)
    (root / ".client.json").symlink_to("dotfiles/real.json")
    (root / ".other").mkdir(mode=0o755)
    (root / ".other/hooks.json").write_bytes(HOOKS)
    (root / ".other/hooks.json").chmod(0o644)


def watched(root: Path) -> list[Path]:
    return [
        root / "dotfiles/real.json",
        root / ".other/hooks.json",
        root / ".fresh/deep/new.json",
        root / "xdg/data/bin/run",
    ]


def planned(root: Path, version: str = "1") -> list[Change]:
    """What there is to do for ``version`` of the entry; nothing where it stands already."""
    entry = {"command": "mem0", "version": version}
    edits = {
        root / ".client.json": [Edit("put", ("mcpServers", "mem0"), entry)],
        root / ".other/hooks.json": [Edit("add", ("hooks", "Stop"), {"ours": True})],
        root / ".fresh/deep/new.json": [Edit("put", ("a", "b"), entry)],
    }
    changes = [change for path, wanted in edits.items() if (change := edited(path, wanted))]
    own = root / "xdg/data/bin/run"
    if files.read(own) != version.encode():
        changes.append(Change(own, files.read(own), version.encode(), "the launcher", mode=0o755))
    return changes


def edited(path: Path, edits: list[Edit], lock: Path | None = None) -> Change | None:
    before = files.read(path)
    probe = Change(path, None, b"", "", edits=tuple(edits))
    if before is not None and apply.stands(probe, before):
        return None
    after, done = document.perform(path, before, edits)
    return Change(path, before, after, "our entry", "client", done, lock=lock or path.with_name(path.name + ".lock"))


def install(root: Path, version: str = "1") -> None:
    changes = planned(root, version)
    with apply.transaction(changes, dirs_in(root), backend=Backend("local"), clients=["client"], version=version):
        pass


def uninstall(root: Path) -> None:
    dirs = dirs_in(root)
    receipt = ledger.load(dirs)
    records = list(receipt.records.values()) if receipt else []
    changes = []
    for record in records:
        now = files.read(record.path)
        seal = None if now is None else digest(now)
        after = ledger.restore_bytes(dirs, record.baseline) if record.baseline else None
        if seal == record.baseline or now is None:
            continue
        if seal != record.result and record.edits:
            after = document.revert(record.path, now, record.edits, force=True).text
        changes.append(
            Change(
                record.path,
                now,
                after,
                "as it was",
                "client",
                lock=record.path.with_name(record.path.name + ".lock"),
            )
        )
    with apply.transaction(changes, dirs, forget=[record.path for record in records]):
        pass


class Fault:
    """Lets the ``point``-th operation on files go wrong, for ``disk.io.perform``; counts from 1.

    ``mode``: "kill-before", "kill-after", "once" (one error), "after" (the operation is done, then fails), "on"
    (every one from there), "short" (writes one byte), "signal" (SIGTERM to ourselves, then as usual).
    """

    def __init__(self, point: int, mode: str, number: int = errno.EIO) -> None:
        self.point, self.mode, self.number = point, mode, number
        self.count = 0
        self.hit = ""

    def __call__(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        self.count += 1
        if self.count < self.point or (self.count > self.point and self.mode != "on"):
            return call(*args, **kwargs)
        self.hit = self.hit or f"{call.__name__}{args!r}"
        return self.happen(call, *args, **kwargs)

    def happen(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if self.mode == "kill-before":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.mode in {"once", "on"} and call is os.close:
            call(*args)  # a descriptor is gone even when close fails
        if self.mode in {"once", "on"}:
            raise OSError(self.number, os.strerror(self.number))
        if self.mode == "signal":
            os.kill(os.getpid(), signal.SIGTERM)
        if self.mode == "short" and call is os.write:
            return call(args[0], bytes(args[1])[:1])
        result = call(*args, **kwargs)
        if self.mode == "kill-after":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.mode == "after":
            raise OSError(self.number, os.strerror(self.number))
        return result


class counting:  # noqa: N801 - reads as a verb after with
    """With a fault in place of the plain operations."""

    def __init__(self, fault: Any) -> None:
        self.fault = fault

    def __enter__(self) -> Any:
        self.before, disk.io.perform = disk.io.perform, self.fault
        return self.fault

    def __exit__(self, *_: object) -> None:
        disk.io.perform = self.before
