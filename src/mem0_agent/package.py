"""What this installation carries: templates to hand out, and the memory wing to be copied and compiled."""

from __future__ import annotations

import importlib.util
import marshal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mem0_agent.model import Kit, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parent
UNCHECKED = (1).to_bytes(4, "little")
"""The flag of a compiled file that is believed without a look at its source."""


def kit() -> Kit:
    """What this installation hands out."""
    return Kit(wing(), template("config.toml"), tree(template_path("skills")))


def template(name: str) -> bytes:
    """A file below ``templates/``: inside an installed package, at the repository's root in an editable install."""
    return template_path(name).read_bytes()


def template_path(name: str) -> Path:
    for root in (ROOT / "templates", ROOT.parents[1] / "templates"):
        if (root / name).exists():
            return root / name
    raise UserError(
        "package.incomplete",
        f"This installation of mem0-agent lacks its file templates/{name}",
        hint="Install it again: python3 -m pip install --force-reinstall mem0-agent",
    )


def tree(root: Path) -> dict[str, bytes]:
    """Every file below ``root`` by its path from there, with slashes."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def wing() -> dict[str, bytes]:
    """The memory wing's sources by their path below the package's parent, ready to be copied elsewhere."""
    sources = [ROOT / "__init__.py", *sorted((ROOT / "memory").rglob("*.py"))]
    return {str(path.relative_to(ROOT.parent).as_posix()): path.read_bytes() for path in sources}


def compile_wing(place: Path, wing: Mapping[str, bytes], python: Path) -> None:
    """Put compiled modules beside the wing's sources in ``place``, so that no hook pays for compiling them.

    What this installation compiled already is taken over. The files are not checked against their sources at start:
    the folder's name is the seal of its content. A ``python`` of another version compiles for itself, when it runs.
    """
    if python.resolve() != Path(sys.base_prefix, "bin", python.name).resolve() and sys.prefix != sys.base_prefix:
        return
    with suppress(OSError):  # it runs without them, only slower
        for name, source in wing.items():
            path = place / name
            compiled = Path(importlib.util.cache_from_source(str(path)))
            if path.is_file() and not compiled.exists():
                compiled.parent.mkdir(mode=0o700, exist_ok=True)
                head = importlib.util.MAGIC_NUMBER + UNCHECKED + importlib.util.source_hash(source)
                put_whole(compiled, head + code_of(ROOT.parent / name, source, path))


def code_of(origin: Path, source: bytes, path: Path) -> bytes:
    """The code of a module: from the file that Python keeps beside ``origin`` if that is fresh, else compiled now."""
    try:
        cached, now = Path(importlib.util.cache_from_source(str(origin))).read_bytes(), origin.stat()
    except OSError:
        cached, now = b"", None
    if now and cached[:4] == importlib.util.MAGIC_NUMBER and cached[4:8] == bytes(4):
        stamp = int(now.st_mtime) & 0xFFFFFFFF, now.st_size & 0xFFFFFFFF
        if stamp == (int.from_bytes(cached[8:12], "little"), int.from_bytes(cached[12:16], "little")):
            return cached[16:]
    return marshal.dumps(compile(source, path, "exec", dont_inherit=True))


def put_whole(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    try:
        fresh.write_bytes(data)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
