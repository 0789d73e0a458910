"""Carries out changes: all of them or none, whatever happens in between."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mem0_agent import client_locks, files, ledger, locks
from mem0_agent.disk import explained, io, missing_folders, remove_folders
from mem0_agent.edits import document
from mem0_agent.edits.text import MISSING, same, value_at
from mem0_agent.files import Moved
from mem0_agent.interrupts import interruptible
from mem0_agent.journal import Found, Terms, entry
from mem0_agent.model import UserError
from mem0_agent.receipt import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from mem0_agent.interrupts import Interrupts
    from mem0_agent.journal import Entry
    from mem0_agent.model import Backend, Change, Dirs, Edit, Json, Receipt

__all__ = ["Moved", "settled", "transaction"]


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


@contextmanager
def transaction(
    changes: Sequence[Change],
    dirs: Dirs,
    *,
    backend: Backend | None = None,
    clients: Collection[str] = (),
    version: str = "",
    forget: Collection[Path] = (),
    patience: float = locks.PATIENCE,
) -> Iterator[Receipt]:
    """Carry out ``changes`` and keep them if the body ends well; take everything back if it raises anything.

    Yields the receipt as it now stands. ``forget`` names paths whose records go although no change touches
    them; ``backend`` and ``version`` default to what the receipt has. A signal that ends a program arrives in the
    body as KeyboardInterrupt. Raises ``Moved`` (plan again) when a file is not what its change was made from,
    UserError ``busy`` after ``patience`` seconds of another run, and UserErrors of reading and writing; nothing
    stays written then. UserError ``rollback.incomplete`` names the files that could not be put back.
    """
    terms = Terms(backend, clients, version, forget)
    with interruptible() as interrupts, ExitStack() as stack:
        with interrupts.hold():
            own = stack.enter_context(locks.own_lock(dirs, patience, interrupts.pause))
        with explained(dirs.state, "config.unwritable", "used"):
            work = prepared(tuple(c for c in changes if c.before != c.after), dirs, own, interrupts, terms)
        try:
            with interrupts.hold(), explained(dirs.state, "config.unwritable", "used"):
                carry_out(work)
            yield work.entry.journal.receipt
            interrupts.last_call()
            with explained(dirs.state, "config.unwritable", "used"):
                conclude(work)
        except BaseException as error:
            interrupts.close()
            take_back(work, error)
            raise


# Before anything is touched


def prepared(
    changes: tuple[Change, ...], dirs: Dirs, own: locks.OwnLock, interrupts: Interrupts, terms: Terms
) -> Work:
    """Compare every file with what its change was made from, and work out the receipt of the whole."""
    for change in changes:
        if files.read(change.path) != change.before:
            raise Moved(change.path)
    receipt = files.read(ledger.path(dirs))
    before = ledger.journal_on_disk(dirs)
    own.adopt(before.folders if before else ())
    client_locks.clear(own)
    files.clear(ledger.path(dirs))
    if before:
        tidy(before)
    found = Found(
        {change.path: missing_folders(change.path) for change in changes},
        {c.path: io(os.stat, c.path).st_mode & 0o7777 for c in changes if c.before is not None},
    )
    return Work(changes, dirs, own, interrupts, receipt, before, found, entry(before, changes, found, terms))


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
    ledger.write(work.dirs, with_folders(work, work.entry.journal))
    with client_locks.held(work.changes, work.own, pause=work.interrupts.pause):
        for change in work.changes:
            work.interrupts.check()
            carry_out_one(work, change)
    for change in work.changes:
        if files.read(change.path) != change.after:
            raise Moved(change.path)


def with_folders(work: Work, journal: Journal) -> Journal:
    """Return the journal with the folders that had to be made for our own state."""
    return Journal(journal.receipt, journal.pending, work.own.folders)


def carry_out_one(work: Work, change: Change) -> None:
    if change.after is None:
        if change.before is not None:
            files.delete(change.path, change.before)
        return
    ended = next((record for record in work.entry.dropped if record.path == change.path), None)
    mode, exact = (0o600, True) if change.private else (change.mode, False)
    if ended and ended.mode is not None:
        mode, exact = ended.mode, True
    files.write_atomic(
        change.path, change.after, expect=change.before, mode=mode, exact=exact, durable=change.durable
    )


def conclude(work: Work) -> None:
    """Nothing is pending any more: say so in the receipt, and clear away what nobody needs."""
    journal = with_folders(work, Journal(work.entry.journal.receipt, {}, work.entry.journal.folders))
    if work.changes or work.entry.dropped or (work.before and work.before.pending):
        for record in work.entry.dropped:
            remove_folders(record.folders)
        ledger.write(work.dirs, journal)
    with suppress(UserError):
        ledger.prune(work.dirs, journal.receipt)


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
            remove_folders(work.found.folders[change.path])
    if stuck:
        raise UserError(
            "rollback.incomplete",
            f"{str(error) or type(error).__name__}; and not everything could be put back: {'; '.join(stuck)}",
            hint=f"Mend that, then run: mem0-agent uninstall. Backups: {work.dirs.state / 'backups'}",
        ) from error
    with suppress(UserError):  # a receipt that still calls the changes pending says the same
        ledger.put(ledger.path(work.dirs), work.receipt)
        ledger.prune(work.dirs, work.before.receipt if work.before else None)


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


# Afterwards


def settled(changes: Sequence[Change], read: Callable[[Path], bytes | None]) -> list[Change]:
    """Those of ``changes`` that are not on disk any more, because a client put a stale copy back.

    A file that has moved on with our edits in it is as good as ours. Plan those again and apply them.
    """
    return [change for change in changes if not stands(change, read(change.path))]


def stands(change: Change, now: bytes | None) -> bool:
    if now == change.after:
        return True
    if now is None or not change.edits:
        return False
    try:
        data = document.editor(change.path).parse(now)
    except UserError:
        return False
    return all(holds(data, edit) for edit in change.edits)


def holds(data: Json, edit: Edit) -> bool:
    """Whether ``edit`` shows in the document ``data``."""
    here = value_at(data, edit.keys)
    if edit.op in {"put", "drop"}:
        return same(here, edit.value) if edit.op == "put" else here is MISSING
    among = isinstance(here, list) and any(same(item, edit.value) for item in here)
    return among if edit.op == "add" else not among
