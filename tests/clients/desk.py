"""Machines as values: a disk is the paths that are on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from mem0_agent.model import Dirs, Files, Host

HOMES = {"linux": Path("/home/ann"), "darwin": Path("/Users/ann"), "win32": Path("C:/Users/ann")}
LOCAL, ROAMING = Path("C:/Users/ann/AppData/Local"), Path("C:/Users/ann/AppData/Roaming")
PACKAGE = LOCAL / "Packages/Claude_pzs8sxrjxfjjc"


def host(platform: str, disk: Iterable[str | Path] = (), env: Mapping[str, str] | None = None) -> Host:
    """A machine of ``platform`` with exactly the files and folders of ``disk``, and all above them."""
    home = HOMES[platform]
    there = {place for path in disk for place in (Path(path), *Path(path).parents)}
    given = {"LOCALAPPDATA": str(LOCAL), "APPDATA": str(ROAMING)} if platform == "win32" else {}

    def names(folder: Path) -> tuple[str, ...]:
        return tuple(sorted(place.name for place in there if place.parent == folder and place != folder))

    dirs = Dirs(home / "c", home / "d", home / "s")
    return Host(
        home,
        home,
        platform,
        {**given, **(env or {})},
        "ann",
        dirs,
        Path("/usr/bin/python3"),
        lambda _: None,
        names,
    )


def read(machine: Host, client: object, contents: Mapping[Path, bytes]) -> Files:
    """What the client wants read, from ``contents``, as often as it wants more."""
    known: dict[Path, bytes | None] = {}
    while new := client.wants(machine, None, known) - known.keys():  # type: ignore[attr-defined]
        known |= {path: contents.get(path) for path in new}
    return known
