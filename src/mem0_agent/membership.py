"""Our plugin goes into a client, and out of it, by the client's own commands; what counts is what stands on disk then."""

from __future__ import annotations

import copy
import shutil
import stat
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mem0_agent import files, journal, ledger
from mem0_agent.clients import CLIENTS, shop
from mem0_agent.clients.plugins import OWN
from mem0_agent.disk import missing_folders, remove_folders
from mem0_agent.edits import document
from mem0_agent.edits.text import MISSING, same, value_at
from mem0_agent.model import Change, Edit, Exit, UserError
from mem0_agent.receipt import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mem0_agent.clients.shop import Keys, Traces
    from mem0_agent.model import Files, Host, Json, Receipt, Record

PATIENCE = 60.0
"""Seconds that one command of a client may take."""
QUIET = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}


@dataclass(frozen=True, slots=True)
class Visit:
    """One client before its commands ran: its files with their permission bits, and the folders that were yet to come."""

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
            argv, env={**here.env, **QUIET}, cwd=here.home, stdin=subprocess.DEVNULL, capture_output=True, text=True,
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
    """Every client of ``wanted`` (with its program) has our plugin of ``version``, or nothing of it where the body fails.

    Raises UserError ``plugin.broken`` with the client's own words where it did not take it.
    """
    visits: list[Visit] = []
    try:
        for client, program in wanted.items():
            visits.append(visit(here, client, read()))
            said = [run(here, program, words) for words in OWN[client].JOIN]
            tidy(OWN[client].traces(here, read()), visits[-1].before)
            if not OWN[client].joined(here, read(), version):
                raise refused(client, said)
        yield visits
    except BaseException:
        for one in reversed(visits):
            undo(one)
        raise


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


def parsed(path: Path, data: bytes | None) -> dict[str, Json]:
    return document.editor(path).parse(data) if data else {}


# Out


def present(here: Host, client: str, known: Files) -> bool:
    """Whether the client keeps anything of our plugin."""
    return any(held(here, client, known))


def held(here: Host, client: str, known: Files) -> Iterator[tuple[Path, Keys]]:
    """The places that hold something of our plugin."""
    for path, keys in OWN[client].traces(here, known).places if client in OWN else ():
        if value_at(parsed(path, known.get(path)), keys) is not MISSING:
            yield path, keys


def freed(here: Host, record: Record, now: bytes) -> tuple[bytes, tuple[Edit, ...]]:
    """``now`` less every trace of our plugin, whoever has touched them since; and the edits that brought other things."""
    if record.client not in OWN:
        return now, record.edits
    places = [keys for path, keys in held(here, record.client, {record.path: now}) if path == record.path]
    mine = [edit for edit in record.edits if edit.keys in places]
    text = document.revert(record.path, now, mine, force=True).text
    rest = [Edit("drop", keys) for keys in places if value_at(parsed(record.path, text), keys) is not MISSING]
    text, _ = document.perform(record.path, text, rest) if rest else (text, ())
    return text, tuple(edit for edit in record.edits if edit not in mine)


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
    """Give files their former bytes back where the commands changed nothing but our places: those ``beside``, or all."""
    for path in before if everything else traces.beside:
        data, now = before.get(path), files.read(path)
        if data is not None and now != data and alike(traces, path, data, now):
            files.write_atomic(path, data, expect=now)


def alike(traces: Traces, path: Path, before: bytes, now: bytes | None) -> bool:
    places = [keys for place, keys in traces.places if place == path]
    return same(without(parsed(path, before), places), without(parsed(path, now), places))


def without(data: dict[str, Json], places: Sequence[Keys]) -> Json:
    """``data`` less what stands at ``places``, and less every empty object."""
    less = copy.deepcopy(data)
    for *parents, last in places:
        holder = value_at(less, parents) if parents else less
        if isinstance(holder, dict):
            holder.pop(last, None)
    return pruned(less)


def pruned(value: Json) -> Json:
    if not isinstance(value, dict):
        return value
    inner = {key: pruned(member) for key, member in value.items()}
    return {key: member for key, member in inner.items() if member != {}}


def withdrawals(here: Host, client: str, known: Files, receipt: Receipt | None) -> Iterator[Change]:
    """The changes that take every trace of our plugin out of the client's files, and nothing else."""
    found = tuple(held(here, client, known))
    for path in dict.fromkeys(path for path, _ in found):
        now = known.get(path)
        if now is None:
            continue
        drops = tuple(Edit("drop", keys) for place, keys in found if place == path)
        record = receipt.records.get(path) if receipt else None
        after = freed(here, record, now)[0] if record else document.perform(path, now, drops)[0]
        gone = record is not None and record.baseline is None and not without(parsed(path, after), [("version",)])
        lock = CLIENTS[client].lock(here, path)
        yield Change(path, now, None if gone else after, "the plugin goes", client, drops, lock=lock)
