"""A plugin goes into a client, and out of it, by the client's own commands; what counts is what is on disk then."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mem0_agent.clients import CLIENTS
from mem0_agent.clients.plugins import SHOPPERS
from mem0_agent.model import Exit, UserError
from mem0_agent.planning.traces import alike
from mem0_agent.writing import files, ledger
from mem0_agent.writing.disk import remove_folders
from mem0_agent.writing.visits import Move, adopt, finish, pledge, remember, visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mem0_agent.clients.shop import Traces
    from mem0_agent.model import Files, Host
    from mem0_agent.writing.visits import Visit

__all__ = ["Move", "adopt", "entered", "finish", "leave", "lines", "remember"]

PATIENCE = 60.0
"""Seconds that one command of a client may take."""
QUIET = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}


def run(here: Host, program: Path, words: Sequence[str]) -> str:
    """One command of a client's; what it said, for people. Its exit status proves nothing."""
    try:
        done = subprocess.run(  # noqa: S603 - the user's own client
            [str(program), *words], env={**here.env, **QUIET}, cwd=here.cwd, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stderr or done.stdout).strip()


def lines(move: Move, *, out: bool = False) -> tuple[str, ...]:
    """The commands as people would type them."""
    side = SHOPPERS[move.client]
    commands = side.leaving(move.offer) if out else side.taking(move.offer)
    return tuple(shlex.join([CLIENTS[move.client].PROGRAM, *words]) for words in commands)


# In


@contextmanager
def entered(here: Host, moves: Sequence[Move], read: Callable[[], Files], version: str) -> Iterator[list[Visit]]:
    """Every client of ``moves`` has its plugin, or nothing of it where the body fails.

    Raises UserError ``plugin.broken`` with the client's own words where it did not take it.
    """
    visits: list[Visit] = []
    try:
        for move in moves:
            visits.append(visit(here, move, read()))
            pledge(here, visits[-1])
            join(here, move, visits[-1], read, version)
        yield visits
    except BaseException:
        for one in reversed(visits):
            undo(one)
        raise


def join(here: Host, move: Move, one: Visit, read: Callable[[], Files], version: str) -> None:
    side, program = SHOPPERS[move.client], move.program
    said = [run(here, program, words) for words in side.taking(move.offer)] if program else []
    tidy(side.traces(here, read(), move.offer), one.before)
    if not side.taken(here, read(), move.offer, version):
        raise refused(move.client, said)


def refused(client: str, said: list[str]) -> UserError:
    words = next((text for text in reversed(said) if text), "it said nothing")
    return UserError(
        "plugin.broken", f"{CLIENTS[client].TITLE} did not take the plugin: {words[-300:]}",
        hint="Every file is as it was before. mem0-agent install --mode direct works without its plugin commands.",
        exit_code=Exit.FAILED,
    )  # fmt: skip


def undo(one: Visit) -> None:
    for path, data in one.before.items():
        put_back(path, data, one.modes.get(path))
    for folder in one.new:
        shutil.rmtree(folder, ignore_errors=True)
    for folders in (one.around, *one.folders.values()):
        remove_folders(folders)


def put_back(path: Path, data: bytes | None, mode: int | None) -> None:
    now = files.read(path)
    if now is not None and data is None:
        files.delete(path, now)
    elif data is not None and data != now:
        files.write_atomic(path, data, expect=now, mode=mode or 0o600, exact=mode is not None)


# Out


def leave(here: Host, move: Move, known: Files) -> None:
    """Take a plugin out by the client's own commands; then its files hold again what they held, for exact undo.

    A file in which anything but the plugin's own places has changed meanwhile is left as the client wrote it.
    """
    side = SHOPPERS[move.client]
    traces = side.traces(here, known, move.offer)
    before = {path: files.read(path) for path in traces.files}
    if move.program:
        for words in side.leaving(move.offer):
            run(here, move.program, words)
    tidy(traces, before, everything=True)
    for folder in traces.folders:
        shutil.rmtree(folder, ignore_errors=True)
    receipt = ledger.load(here.dirs)
    made = {folder for record in (receipt.records.values() if receipt else ()) for folder in record.folders}
    around = {above for folder in traces.folders for above in folder.parents}
    remove_folders(sorted(made & around))


def tidy(traces: Traces, before: Mapping[Path, bytes | None], *, everything: bool = False) -> None:
    """Give files their former bytes back where only our places have changed: those ``beside``, or all."""
    for path in before if everything else traces.beside:
        data, now = before.get(path), files.read(path)
        if data is not None and now != data and alike(traces, path, data, now):
            files.write_atomic(path, data, expect=now)
