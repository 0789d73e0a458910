"""Folders as dicts: what a test puts there, and what it finds there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Tree = dict[str, bytes | None]
"""Contents by path relative to the root, with ``/``; None is a folder."""


class Mark(NamedTuple):
    """What must not change where nothing was to be touched."""

    mode: int
    mtime_ns: int
    content: bytes | str | None


def write_tree(root: Path, tree: Mapping[str, bytes | str | None]) -> None:
    """Make every file (text as UTF-8, no line ending translated) and folder of ``tree`` below ``root``."""
    root.mkdir(parents=True, exist_ok=True)
    for name, content in tree.items():
        path = root / name
        if content is None:
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def read_tree(root: Path) -> Tree:
    """Everything below ``root``; a link counts as what it leads to, empty folders too are listed."""
    found: Tree = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        found[name] = path.read_bytes() if path.is_file() else None
    return found


def marks(root: Path) -> dict[str, Mark]:
    """Mode, mtime and content of everything below ``root`` and of itself; links are not followed."""
    return {path.relative_to(root).as_posix(): mark(path) for path in (root, *sorted(root.rglob("*")))}


def mark(path: Path) -> Mark:
    status = path.lstat()
    if path.is_symlink():
        return Mark(status.st_mode, status.st_mtime_ns, str(path.readlink()))
    return Mark(status.st_mode, status.st_mtime_ns, path.read_bytes() if path.is_file() else None)


def still(root: Path) -> dict[str, tuple[int, bytes | str | None]]:
    """Like ``marks`` without the times: what a round trip must give back."""
    return {name: (found.mode, found.content) for name, found in marks(root).items()}
