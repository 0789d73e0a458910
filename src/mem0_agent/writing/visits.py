"""What a client's own commands do to its files, as part of the receipt: noted before they run, taken in afterwards."""

from __future__ import annotations

import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mem0_agent.clients import shop
from mem0_agent.clients.plugins import SHOPPERS
from mem0_agent.edits import document
from mem0_agent.edits.text import MISSING, same, value_at
from mem0_agent.model import Change, Edit, UserError
from mem0_agent.planning.traces import parsed
from mem0_agent.writing import files, journal, ledger, locks
from mem0_agent.writing.disk import explained, missing_folders
from mem0_agent.writing.receipt import Visited

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mem0_agent.model import Files, Host, Offer, Receipt, Record
    from mem0_agent.writing.receipt import Journal


@dataclass(frozen=True, slots=True)
class Move:
    """A plugin on its way into a client, or out of it; without ``program`` the client's own commands cannot help."""

    client: str
    program: Path | None
    offer: Offer


@dataclass(frozen=True, slots=True)
class Visit:
    """One client before it went to work for us: its files with their modes, and the folders that were yet to come.

    ``offer`` is the plugin that it is to bring in or take out, if it is about one; ``new`` are the folders that hold
    the plugin alone, ``around`` those that have to be there first, outermost first.
    """

    client: str
    offer: Offer | None
    before: Mapping[Path, bytes | None]
    modes: Mapping[Path, int]
    folders: Mapping[Path, tuple[Path, ...]]
    new: tuple[Path, ...]
    around: tuple[Path, ...]


def visit(here: Host, move: Move, known: Files) -> Visit:
    traces = SHOPPERS[move.client].traces(here, known, move.offer)
    places = traces.files
    with explained(here.home, "config.unreadable", "read"):
        missing = {path: missing_folders(path) for path in places}
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in places if path.exists()}
        new = tuple(folder for folder in traces.folders if not folder.exists())
        around = tuple(dict.fromkeys(above for folder in new for above in missing_folders(folder)))
    before = {path: files.read(path) for path in places}
    return Visit(move.client, move.offer, before, modes, missing, new, around)


@contextmanager
def witnessed(here: Host, client: str, path: Path) -> Iterator[None]:
    """What the client itself writes to its file in the body becomes part of the receipt, killed or not."""
    one = Visit(client, None, {path: files.read(path)}, {}, {path: missing_folders(path)}, (), ())
    with locks.own_lock(here.dirs):
        pledge(here, one)
    try:
        yield
    finally:
        adopt(here, [one])


# Before


def pledge(here: Host, one: Visit) -> None:
    """Keep what a client's files hold before its commands run, and note the visit: the next run knows the way back."""
    known = ledger.journal_on_disk(here.dirs)
    if known is None:
        return
    for data in one.before.values():
        if data is not None:
            ledger.keep(here.dirs, data)
    hashes = {path: ledger.sha(data) for path, data in one.before.items()}
    visited = Visited(one.client, one.offer, hashes, one.modes, one.folders, one.around)
    ledger.write(here.dirs, replace(known, visits=(*known.visits, visited)))


def revived(here: Host, visited: Visited) -> Visit:
    """The visit that a killed run has noted, less the files whose backup is gone."""
    before: dict[Path, bytes | None] = {}
    for path, sha in visited.before.items():
        with suppress(UserError):
            before[path] = None if sha is None else ledger.restore_bytes(here.dirs, sha)
    return Visit(visited.client, visited.offer, before, visited.modes, visited.folders, (), visited.around)


# Afterwards


def adopt(here: Host, visits: Sequence[Visit]) -> None:
    """Make what the clients have written for us part of the receipt, so that uninstall gives back the very bytes."""
    if visits:
        with locks.own_lock(here.dirs):
            admit(here, visits)


def finish(here: Host) -> None:
    """Do what ``adopt`` would have done in a run that was killed while a client's own commands were at work."""
    if ledger.visits(here.dirs):
        with locks.own_lock(here.dirs):
            admit(here, [revived(here, visited) for visited in ledger.visits(here.dirs)])


def admit(here: Host, visits: Sequence[Visit]) -> None:
    known = ledger.journal_on_disk(here.dirs)
    if known is None:
        return
    for one in visits:
        known = with_visit(here, known, one)
    ledger.write(here.dirs, replace(known, visits=()))


def with_visit(here: Host, known: Journal, one: Visit) -> Journal:
    """The journal with what one client has written since its visit began."""
    client, offer, around = one.client, one.offer, one.around
    beside = SHOPPERS[client].traces(here, {}, offer).beside if offer else ()
    records = dict(known.receipt.records)
    for path, before in one.before.items():
        change = adopted(here, one, path, before)
        if path in beside or change.before == change.after:
            continue
        found, around = journal.Found({path: (*around, *one.folders.get(path, ()))}, {}), ()
        record, data = journal.recorded(change, records.get(path), found)
        if data is not None:
            ledger.keep(here.dirs, data)
        records[path] = with_mode(record, one.modes.get(path))
    clients = tuple(dict.fromkeys([*known.receipt.clients, client])) if records else known.receipt.clients
    receipt = replace(known.receipt, records=records, clients=clients)
    if offer is None:
        return replace(known, receipt=receipt)
    return replace(known, receipt=with_plugin(receipt, client, None if shop.is_own(offer) else offer))


def with_plugin(receipt: Receipt, client: str, offer: Offer | None) -> Receipt:
    """``receipt`` that says which plugin of another's marketplace a client has by our doing."""
    others = {name: held for name, held in receipt.plugins.items() if name != client}
    return replace(receipt, plugins={**others, client: offer} if offer else others)


def remember(here: Host, client: str, offer: Offer | None) -> None:
    """Have the receipt say which plugin of another's marketplace a client has by our doing."""
    with locks.own_lock(here.dirs):
        known = ledger.journal_on_disk(here.dirs)
        if known and known.receipt.plugins.get(client) != offer:
            ledger.write(here.dirs, replace(known, receipt=with_plugin(known.receipt, client, offer)))


def with_mode(record: Record, mode: int | None) -> Record:
    """``record`` with the permission bits to give back at the end, where the client has changed them."""
    changed = mode is not None and record.mode is None and stat.S_IMODE(record.path.stat().st_mode) != mode
    return replace(record, mode=mode) if changed else record


def adopted(here: Host, one: Visit, path: Path, before: bytes | None) -> Change:
    after = files.read(path)
    if one.offer is None:
        return Change(path, before, after, "what the client keeps for us", one.client)
    then, now = parsed(path, before), parsed(path, after)
    traces = SHOPPERS[one.client].traces(here, {path: after}, one.offer)
    places = [keys for place, keys in traces.places if place == path]
    edits = tuple(
        document.completed(dict(then), Edit("put", keys, value))
        for keys in places
        if (value := value_at(now, keys)) is not MISSING and not same(value_at(then, keys), value)
    )
    return Change(path, before, after, "the plugin", one.client, edits)
