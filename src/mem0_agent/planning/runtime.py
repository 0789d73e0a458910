"""What clients start: a copy of the memory wing in our data folder, and one launcher at a path that never changes."""

from __future__ import annotations

import hashlib
import shlex
from typing import TYPE_CHECKING

from mem0_agent import __version__
from mem0_agent.model import Change

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mem0_agent.model import Files, Host, Receipt

ENTRY = "mem0_agent/memory/__main__.py"

SH = """\
#!/bin/sh
# Starts the memory of mem0-agent, for clients (serve) and for their hooks (hook CLIENT).
# `mem0-agent install` writes this file anew; its path stays, so no client's file has to change.
python={python}
wing={entry}
set -- -I -S "$wing" --home {config} {data} {state} "$@"
[ -x "$python" ] && [ -f "$wing" ] && exec "$python" "$@"
# The interpreter is gone: take another. A hook must never disturb a session, so it ends well whatever comes.
other=$(command -v python3) && [ -f "$wing" ] || other=
case " $* " in
*" hook "*) [ -n "$other" ] && "$other" "$@" 2>/dev/null; exit 0 ;;
esac
[ -n "$other" ] && exec "$other" "$@"
echo "mem0-agent: no Python at $python, or $wing is gone. Run: mem0-agent install" >&2
exit 127
"""

CMD = """\
@echo off\r
rem Starts the memory of mem0-agent. `mem0-agent install` writes this file anew; its path stays.\r
if exist "{python}" if exist "{entry}" (\r
  "{python}" -I -S "{entry}" --home "{config}" "{data}" "{state}" %*\r
  exit /b\r
)\r
if "%1"=="hook" exit /b 0\r
echo mem0-agent: no Python at {python}. Run: mem0-agent install 1>&2\r
exit /b 127\r
"""


def root(host: Host, wing: Mapping[str, bytes]) -> Path:
    """The folder of this very wing: a new version gets a new folder, so that running servers keep theirs."""
    seal = hashlib.sha256()
    for name, source in sorted(wing.items()):
        seal.update(name.encode() + b"\0" + source + b"\0")
    return host.dirs.data / "runtime" / f"{__version__}-{seal.hexdigest()[:12]}"


def launcher(host: Host, place: Path) -> bytes:
    """The launcher's text for the wing that lies in ``place``."""
    values = {
        "python": host.python, "entry": place / ENTRY,
        "config": host.dirs.config, "data": host.dirs.data, "state": host.dirs.state,
    }  # fmt: skip
    if host.windows:
        return CMD.format(**values).encode()
    return SH.format(**{name: shlex.quote(str(value)) for name, value in values.items()}).encode()


def wants(host: Host, wing: Mapping[str, bytes]) -> frozenset[Path]:
    place = root(host, wing)
    return frozenset({host.launcher, *(place / name for name in wing)})


def versions(host: Host, wing: Mapping[str, bytes], receipt: Receipt | None) -> dict[Path, list[Path]]:
    """The files of every former version that the receipt knows, by its folder, the one that came last at the end."""
    place, own = host.dirs.data / "runtime", root(host, wing)
    found: dict[Path, list[Path]] = {}
    for path in receipt.records if receipt else ():
        if path.is_relative_to(place) and not path.is_relative_to(own):
            found.setdefault(place / path.relative_to(place).parts[0], []).append(path)
    return found


def spare(host: Host, wing: Mapping[str, bytes], receipt: Receipt | None) -> frozenset[Path]:
    """What has to be read to take former versions away: nothing while there is only the one that we leave."""
    found = versions(host, wing, receipt)
    return frozenset(path for paths in found.values() for path in paths) if len(found) > 1 else frozenset()


def removals(host: Host, files: Files, wing: Mapping[str, bytes], receipt: Receipt | None) -> tuple[Change, ...]:
    """Former versions go, but for one: a server that was started before an upgrade still imports from its own."""
    found, text = versions(host, wing, receipt), files.get(host.launcher) or b""
    if len(found) < 2:
        return ()
    started = next((folder for folder in found if folder.name.encode() in text), None)
    stays = started or list(found)[-1]
    return tuple(
        Change(path, data, None, "a former version of the memory's program", durable=False)
        for folder, paths in found.items()
        for path in paths
        if folder != stays and (data := files.get(path)) is not None
    )


def changes(host: Host, files: Files, wing: Mapping[str, bytes]) -> tuple[Change, ...]:
    """What is missing or different of the wing and its launcher; the launcher last, when all that it names is there."""
    place = root(host, wing)
    wanted = {place / name: (source, 0o644) for name, source in wing.items()}
    wanted[host.launcher] = (launcher(host, place), 0o755)
    return tuple(
        Change(path, files.get(path), text, "the memory's program", mode=mode, durable=path == host.launcher)
        for path, (text, mode) in wanted.items()
        if files.get(path) != text
    )


def command(host: Host, entry: Path, homes: tuple[Path, Path, Path], word: str) -> tuple[str, ...]:
    """The same start as the launcher's, for a wing that lies elsewhere and for other homes."""
    return (str(host.python), "-I", "-S", str(entry), "--home", *map(str, homes), word)
