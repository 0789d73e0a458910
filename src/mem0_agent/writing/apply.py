"""Carries out changes: all of them or none, whatever happens in between."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mem0_agent.edits import document
from mem0_agent.model import UserError
from mem0_agent.writing import client_locks, files, ledger, locks
from mem0_agent.writing.disk import explained, io, missing_folders, remove_compiled, remove_folders
from mem0_agent.writing.files import Moved
from mem0_agent.writing.interrupts import interruptible
from mem0_agent.writing.journal import Found, Terms, entry
from mem0_agent.writing.receipt import Journal
from mem0_agent.writing.standing import rebased, settled, stands

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from mem0_agent.model import Backend, Change, Dirs, Receipt
    from mem0_agent.writing.interrupts import Interrupts
    from mem0_agent.writing.journal import Entry

__all__ = ["Moved", "mend", "settled", "stands", "transaction"]


@dataclass(frozen=True, slots=True)
class Farewell:
    """What goes with the last of ours: ``folders`` made by us, outermost first, after a sweep of what no record names.

    ``sweep`` is called once everything is carried out, under our lock; until then the receipt knows the folders.
    """

    folders: tuple[Path, ...]
    sweep: Callable[[locks.OwnLock], None]


@dataclass(frozen=True, slots=True)
class Work:
    """What a transaction is about to do, and everything that it needs to take it back."""

    changes: tuple[Change, ...]
    dirs: Dirs
    own: locks.OwnLock
    interrupts: Interrupts
    receipt: bytes | None
    before: Journal | None
    found: Found
    entry: Entry
    farewell: Farewell | None


@contextmanager
def transaction(
    changes: Sequence[Change],
    dirs: Dirs,
    *,
    backend: Backend | None = None,
    clients: Collection[str] = (),
    version: str = "",
    forget: Collection[Path] = (),
    farewell: Farewell | None = None,
    patience: float = locks.PATIENCE,
) -> Iterator[Receipt]:
    """Carry out ``changes`` and keep them if the body ends well; take everything back if it raises anything.

    Yields the receipt as it now stands. ``forget`` names paths whose records go although no change touches them;
    ``backend`` and ``version`` default to what the receipt has. A signal that ends a program arrives in the body as
    KeyboardInterrupt. Raises ``Moved`` (plan again) when a file is not what its change was made from, UserError
    ``busy`` after ``patience`` seconds of another run, and UserErrors of reading and writing; nothing stays written
    then. UserError ``rollback.incomplete`` names the files that could not be put back.
    """
    terms = Terms(backend, clients, version, forget)
    wanted = tuple(change for change in changes if change.before != change.after)
    with interruptible() as interrupts, ExitStack() as stack, ExitStack() as theirs:
        with interrupts.hold():
            own = stack.enter_context(locks.own_lock(dirs, patience, interrupts.pause))
            client_locks.clear(own)
            theirs.enter_context(client_locks.held(wanted, own, pause=interrupts.pause))
        with explained(dirs.state, "config.unwritable", "used"):
            work = prepared(wanted, dirs, own, interrupts, terms, farewell)
        try:
            with interrupts.hold(), theirs, explained(dirs.state, "config.unwritable", "used"):
                carry_out(work)
            yield work.entry.journal.receipt
            interrupts.last_call()
            with explained(dirs.state, "config.unwritable", "used"):
                conclude(work)
        except BaseException as error:
            interrupts.close()
            take_back(work, error)
            raise
        if farewell:
            farewell.sweep(own)


# Before anything is touched


def prepared(changes: tuple[Change, ...], dirs: Dirs, own: locks.OwnLock, interrupts: Interrupts, terms: Terms,
             farewell: Farewell | None) -> Work:  # fmt: skip
    """Compare every file with what its change was made from, and work out the receipt of the whole."""
    files.clear(ledger.path(dirs))
    before = adopted(dirs, own)
    own.adopt(farewell.folders if farewell else ())
    changes = tuple(map(current, changes))
    receipt = files.read(ledger.path(dirs))
    if before:
        tidy(before)
    standing = {change.path: io(os.stat, change.path) for change in changes if change.before is not None}
    for path, status in standing.items():
        files.refuse_hard_links(path, status)
    found = Found(
        {change.path: missing_folders(change.path) for change in changes},
        {path: status.st_mode & 0o7777 for path, status in standing.items()},
    )
    there = entry(before, changes, found, terms)
    return Work(changes, dirs, own, interrupts, receipt, before, found, there, farewell)


def adopted(dirs: Dirs, own: locks.OwnLock) -> Journal | None:
    """Return the journal on disk; it knows the folders that we have made for the lock, whatever comes of this run."""
    before = ledger.journal_on_disk(dirs)
    own.adopt(before.folders if before else ())
    if before and not set(own.folders) <= set(before.folders):
        before = replace(before, folders=own.folders)
        ledger.write(dirs, before, leaving=True)
    return before


def current(change: Change) -> Change:
    """Return ``change`` on top of what others have written beside it meanwhile. Raises ``Moved``."""
    fresh = change if files.holds(change.path, change.before) else rebased(change, files.read(change.path))
    if fresh is None:
        raise Moved(change.path)
    return fresh


def tidy(before: Journal) -> None:
    """Clear away what a killed run left beside its files, and folders that it had emptied."""
    for path, pending in before.pending.items():
        files.clear(path)
        if pending.previous and path not in before.receipt.records:
            remove_folders(pending.previous.folders)


# There


def carry_out(work: Work) -> None:
    """Write backups, then the receipt, then files: a run killed here leaves a receipt that knows the way back."""
    if not work.changes:
        return
    for data in work.entry.backups:
        ledger.keep(work.dirs, data)
    ledger.write(work.dirs, replace(work.entry.journal, folders=work.own.folders))
    for change in work.changes:
        work.interrupts.check()
        carry_out_one(work, change)
    for change in work.changes:
        if not files.holds(change.path, change.after):
            raise Moved(change.path)


def carry_out_one(work: Work, change: Change) -> None:
    if change.after is None:
        if change.before is not None:
            files.delete(change.path, change.before)
        return
    ended = next((record for record in work.entry.dropped if record.path == change.path), None)
    mode, exact = (0o600, True) if change.private else (change.mode, False)
    if ended and ended.mode is not None:
        mode, exact = ended.mode, True
    files.write_atomic(change.path, change.after, expect=change.before, mode=mode, exact=exact, durable=change.durable)


def conclude(work: Work) -> None:
    """Nothing is pending any more: say so in the receipt, and clear away what nobody needs."""
    journal = Journal(work.entry.journal.receipt, {}, work.own.folders, ledger.visits(work.dirs))
    if work.changes or work.entry.dropped or (work.before and work.before.pending):
        for record in work.entry.dropped:
            if record.path.suffix == ".py":
                remove_compiled(record.path)
        folders = {folder for record in work.entry.dropped for folder in record.folders}
        remove_folders(sorted(folders, key=lambda folder: len(folder.parts)))
        ledger.write(work.dirs, journal, leaving=work.farewell is not None)
    with suppress(UserError):
        ledger.prune(work.dirs, journal)


# And back


def take_back(work: Work, error: BaseException) -> None:
    """Put back every file that we wrote, then the receipt; it keeps knowing a file that could not be."""
    stuck: list[str] = []
    with client_locks.held(work.changes, work.own, patience=1.0):
        for change in reversed(work.changes):
            try:
                take_back_one(work, change)
            except (UserError, OSError) as problem:
                stuck.append(str(problem))
    for change in reversed(work.changes):
        if change.before is None:
            if change.path.suffix == ".py":
                remove_compiled(change.path)
            remove_folders(work.found.folders[change.path])
    if stuck:
        raise UserError(
            "rollback.incomplete",
            f"{str(error) or type(error).__name__}; and not everything could be put back: {'; '.join(stuck)}",
            hint=f"Mend that, then run: mem0-agent uninstall. Backups: {work.dirs.state / 'backups'}",
        ) from error
    with suppress(UserError):  # a receipt that still calls the changes pending says the same
        ledger.put(ledger.path(work.dirs), work.receipt)
        ledger.prune(work.dirs, work.before)


def take_back_one(work: Work, change: Change) -> None:
    now = files.read(change.path)
    back = change.before if now == change.after else now
    if now not in {change.before, change.after} and now is not None and change.edits:
        back = document.revert(change.path, now, change.edits, force=True).text
    if back is None and now is not None:
        files.delete(change.path, now)
    elif back is not None and back != now:
        mode = work.found.modes.get(change.path)
        files.write_atomic(change.path, back, expect=now, mode=mode or change.mode, exact=mode is not None)


# After a run that was killed


def mend(dirs: Dirs) -> None:
    """Clear away what a killed run has left behind, where it left anything: locks, temporary files, open questions.

    A transaction does so by itself; this is for a run that finds nothing to change. Raises UserErrors like one.
    """
    places = (dirs.state / "lock", dirs.state / files.TEMPORARY)
    journal = ledger.journal_on_disk(dirs)
    if (journal and journal.pending) or any(io(os.path.lexists, place) for place in places):
        with transaction((), dirs):
            pass
