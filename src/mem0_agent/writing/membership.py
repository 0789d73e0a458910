"""Our plugin goes into a client, and out of it, by the client's own commands; what counts is what is on disk then."""

from __future__ import annotations

import shutil
import stat
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mem0_agent.clients import CLIENTS, shop
from mem0_agent.clients.plugins import OWN
from mem0_agent.edits import document
from mem0_agent.edits.text import MISSING, same, value_at
from mem0_agent.model import Change, Edit, Exit, UserError
from mem0_agent.planning.traces import alike, parsed
from mem0_agent.writing import files, journal, ledger
from mem0_agent.writing.disk import missing_folders, remove_folders
from mem0_agent.writing.receipt import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mem0_agent.clients.shop import Traces
    from mem0_agent.model import Files, Host, Record

PATIENCE = 60.0
"""Seconds that one command of a client may take."""
QUIET = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}


@dataclass(frozen=True, slots=True)
class Visit:
    """One client before its commands ran: its files with their modes, and the folders that were yet to come."""

    client: str
    before: Mapping[Path, bytes | None]
    modes: Mapping[Path, int]
    folders: Mapping[Path, tuple[Path, ...]]
    new: tuple[Path, ...]


def visit(here: Host, client: str, known: Files) -> Visit:
    traces = OWN[client].traces(here, known)
    places = traces.files
    missing = {path: missing_folders(path) for path in places}
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in places if path.exists()}
    new = tuple(folder for folder in traces.folders if not folder.exists())
    return Visit(client, {path: files.read(path) for path in places}, modes, missing, new)


def run(here: Host, program: Path, words: Sequence[str]) -> str:
    """One command of a client's; what it said, for people. Its exit status proves nothing."""
    argv = [str(program), *(word.format(market=shop.folder(here)) for word in words)]
    try:
        done = subprocess.run(  # noqa: S603 - the user's own client
            argv, env={**here.env, **QUIET}, cwd=here.cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stderr or done.stdout).strip()


def line(here: Host, client: str, words: Sequence[str]) -> str:
    """A command as people would type it."""
    return " ".join([CLIENTS[client].PROGRAM, *(word.format(market=shop.folder(here)) for word in words)])


# In


@contextmanager
def entered(here: Host, wanted: Mapping[str, Path], read: Callable[[], Files], version: str) -> Iterator[list[Visit]]:
    """Every client of ``wanted`` (each with its program) has our plugin, or nothing of it where the body fails.

    Raises UserError ``plugin.broken`` with the client's own words where it did not take it.
    """
    visits: list[Visit] = []
    try:
        for client, program in wanted.items():
            visits.append(visit(here, client, read()))
            join(here, visits[-1], program, read, version)
        yield visits
    except BaseException:
        for one in reversed(visits):
            undo(one)
        raise


def join(here: Host, one: Visit, program: Path, read: Callable[[], Files], version: str) -> None:
    side = OWN[one.client]
    said = [run(here, program, words) for words in side.JOIN]
    tidy(side.traces(here, read()), one.before)
    if not side.joined(here, read(), version):
        raise refused(one.client, said)


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
        remove_folders((folder.parent,))
    for folders in one.folders.values():
        remove_folders(folders)


def put_back(path: Path, data: bytes | None, mode: int | None) -> None:
    now = files.read(path)
    if now is not None and data is None:
        files.delete(path, now)
    elif data is not None and data != now:
        files.write_atomic(path, data, expect=now, mode=mode or 0o600, exact=mode is not None)


def adopt(here: Host, visits: Sequence[Visit]) -> None:
    """Make what the clients have written for us part of the receipt, so that uninstall gives back the very bytes."""
    for one in visits:
        beside = OWN[one.client].traces(here, {}).beside
        for path, before in one.before.items():
            if path in beside:
                continue
            change = adopted(here, one, path, before)
            known = ledger.journal_on_disk(here.dirs)
            if known is None or change.before == change.after:
                continue
            found = journal.Found({path: one.folders[path]}, {})
            record, data = journal.recorded(change, known.receipt.records.get(path), found)
            if data is not None:
                ledger.keep(here.dirs, data)
            records = {**known.receipt.records, path: with_mode(record, one.modes.get(path))}
            clients = tuple(dict.fromkeys([*known.receipt.clients, one.client]))
            receipt = replace(known.receipt, records=records, clients=clients)
            ledger.write(here.dirs, Journal(receipt, {}, known.folders))


def with_mode(record: Record, mode: int | None) -> Record:
    """``record`` with the permission bits to give back at the end, where the client has changed them."""
    changed = mode is not None and record.mode is None and stat.S_IMODE(record.path.stat().st_mode) != mode
    return replace(record, mode=mode) if changed else record


def adopted(here: Host, one: Visit, path: Path, before: bytes | None) -> Change:
    after = files.read(path)
    then, now = parsed(path, before), parsed(path, after)
    places = [keys for place, keys in OWN[one.client].traces(here, {path: after}).places if place == path]
    edits = tuple(
        document.completed(dict(then), Edit("put", keys, value))
        for keys in places
        if (value := value_at(now, keys)) is not MISSING and not same(value_at(then, keys), value)
    )
    return Change(path, before, after, "the plugin", one.client, edits)


# Out


def leave(here: Host, client: str, program: Path | None, known: Files) -> None:
    """Take the plugin out by the client's own commands; then its files hold again what they held, for exact undo.

    A file in which anything but our own places has changed meanwhile is left as the client wrote it.
    """
    traces = OWN[client].traces(here, known)
    before = {path: files.read(path) for path in traces.files}
    for words in OWN[client].LEAVE if program else ():
        run(here, program, words) if program else None
    tidy(traces, before, everything=True)
    for folder in traces.folders:
        shutil.rmtree(folder, ignore_errors=True)
        remove_folders((folder.parent,))


def tidy(traces: Traces, before: Mapping[Path, bytes | None], *, everything: bool = False) -> None:
    """Give files their former bytes back where only our places have changed: those ``beside``, or all."""
    for path in before if everything else traces.beside:
        data, now = before.get(path), files.read(path)
        if data is not None and now != data and alike(traces, path, data, now):
            files.write_atomic(path, data, expect=now)
