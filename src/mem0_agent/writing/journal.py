"""What changes do to the receipt: baselines that stay exact, edits that add up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mem0_agent.edits import document
from mem0_agent.model import Backend, Receipt, Record, digest
from mem0_agent.writing.ledger import sha
from mem0_agent.writing.receipt import Journal, Pending

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mem0_agent.model import Change, Edit


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run says about itself; without a backend or version those of the receipt stay."""

    backend: Backend | None = None
    clients: Collection[str] = ()
    version: str = ""
    forget: Collection[Path] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What stood at the paths to be changed: missing folders, and permission bits of existing files."""

    folders: Mapping[Path, tuple[Path, ...]]
    modes: Mapping[Path, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """The next journal, the records that end with it, and the bytes that must be kept as backups."""

    journal: Journal
    dropped: tuple[Record, ...] = ()
    backups: tuple[bytes, ...] = field(default=(), repr=False)


def entry(before: Journal | None, changes: Sequence[Change], found: Found, terms: Terms) -> Entry:
    """Return the journal after ``changes``, with each of them pending."""
    old = before.receipt.records if before else {}
    records, pending, backups = dict(old), dict[Path, Pending](), list[bytes]()
    for change in changes:
        record, data = recorded(change, old.get(change.path), found)
        records[change.path] = record
        pending[change.path] = Pending(sha(change.before), sha(change.after), old.get(change.path))
        if data is not None and not undone(record):
            backups.append(data)
    dropped = [record for path, record in records.items() if undone(record) or path in terms.forget]
    for record in dropped:
        del records[record.path]
    receipt = named(before.receipt if before else None, records, terms)
    journal = Journal(receipt, pending, *((before.folders, before.visits) if before else ()))
    return Entry(journal, tuple(dropped), tuple(backups))


def named(before: Receipt | None, records: Mapping[Path, Record], terms: Terms) -> Receipt:
    backend = terms.backend or (before.backend if before else Backend("local"))
    held = [record.client for record in records.values() if record.client]
    known = (*(before.clients if before else ()), *terms.clients, *held)
    concerned = {*terms.clients, *held}
    clients = tuple(dict.fromkeys(client for client in known if client in concerned)) if records else ()
    plugins = before.plugins if before and records else {}
    return Receipt(backend, records, clients, terms.version or (before.version if before else ""), plugins)


def recorded(change: Change, previous: Record | None, found: Found) -> tuple[Record, bytes | None]:
    """Return the record of ``change`` on top of ``previous``, and its baseline's bytes where they are new.

    The baseline stays while the file still is what we wrote. Where others have changed it since, the new one is
    the present text without our edits, so that exact undo stays possible.
    """
    fresh = previous is None or sha(change.before) in {None, previous.baseline}
    baseline, data = (sha(change.before), change.before) if fresh else moved_on(change, previous)
    record = Record(
        change.path,
        change.client,
        baseline,
        sha(change.after),
        combined(() if previous is None or fresh else previous.edits, change.edits),
        tuple(dict.fromkeys([*(previous.folders if previous else ()), *found.folders[change.path]])),
        mode_before(change, previous, found.modes.get(change.path)),
        change.scope,
    )
    return record, data


def mode_before(change: Change, previous: Record | None, mode: int | None) -> int | None:
    """Return the permission bits to give back at the end, where they had to be tightened."""
    if previous and previous.mode is not None:
        return previous.mode
    return mode if change.private and mode is not None and mode & 0o077 else None


def moved_on(change: Change, previous: Record | None) -> tuple[str | None, bytes | None]:
    """Return the baseline of a file that we have written before, and its bytes where no backup has them yet."""
    if previous is None or change.before is None:
        return sha(change.before), change.before
    gone = change.after is None and previous.baseline is None
    if gone or not previous.edits or sha(change.before) == previous.result:
        return previous.baseline, None
    text = document.revert(change.path, change.before, previous.edits, force=True).text
    return digest(text), text


def undone(record: Record) -> bool:
    """Whether nothing of ours is left at the path."""
    return record.result == record.baseline


def combined(earlier: tuple[Edit, ...], later: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """Both lists as one, without pairs that cancel each other; its reversal leads to before ``earlier``."""
    edits = list(earlier)
    for edit in later:
        twin = next((old for old in edits if answers(edit, old)), None)
        if twin is None:
            edits.append(edit)
        else:
            edits[edits.index(twin) : edits.index(twin) + 1] = merged(twin, edit)
    return tuple(edits)


def answers(edit: Edit, old: Edit) -> bool:
    if edit.op in {"put", "drop"}:
        return old.op == "put" and old.keys == edit.keys
    return old.op == "add" and (old.keys, old.value) == (edit.keys, edit.value)


def merged(old: Edit, edit: Edit) -> list[Edit]:
    if edit.op in {"put", "add"}:
        return [replace(edit, was=old.was, made=old.made)]
    if edit.op == "drop" and old.was is not None:
        return [replace(edit, was=old.was)]
    return []
