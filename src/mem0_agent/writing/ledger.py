"""What stands installed and how to take it back: the receipt and the backups, in our own state folder."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mem0_agent.edits.memo import Memo
from mem0_agent.model import UserError, digest
from mem0_agent.writing import files
from mem0_agent.writing.disk import explained, io, remove_folders
from mem0_agent.writing.receipt import decoded, encoded

if TYPE_CHECKING:
    from pathlib import Path

    from mem0_agent.model import Dirs, Receipt, Record
    from mem0_agent.writing.receipt import Journal, Pending, Visited

seal: Final = Memo(digest)
"""The SHA-256 of a text; that of a large one is asked for several times in a run."""


def path(dirs: Dirs) -> Path:
    return dirs.state / "receipt.json"


def backup_path(dirs: Dirs, sha: str) -> Path:
    return dirs.state / "backups" / sha


# The receipt


def load(dirs: Dirs) -> Receipt | None:
    """Everything that stands installed, or None. Raises UserError ``receipt.invalid`` naming the file."""
    journal = journal_on_disk(dirs)
    return journal.receipt if journal and journal.receipt.records else None


def journal_on_disk(dirs: Dirs) -> Journal | None:
    """Return the journal with every change of a killed run decided: it is done where the file says so.

    ``pending`` still names the paths of that run.
    """
    text = files.read(path(dirs))
    if text is None:
        return None
    journal = decoded(text, path(dirs))
    records = dict(journal.receipt.records)
    for place, pending in journal.pending.items():
        if sha(files.read(place)) == pending.before != pending.after:
            undecide(records, place, pending)
    return replace(journal, receipt=replace(journal.receipt, records=records))


def visits(dirs: Dirs) -> tuple[Visited, ...]:
    """The clients whose own commands are at work for us, or were when a run was killed."""
    text = files.read(path(dirs))
    return () if text is None else decoded(text, path(dirs)).visits


def undecide(records: dict[Path, Record], place: Path, pending: Pending) -> None:
    """Go back to the record before a change that never happened, but keep folders already made."""
    intended = records.pop(place, None)
    if pending.previous:
        records[place] = pending.previous
    elif intended and any(io(os.path.isdir, folder) for folder in intended.folders):
        records[place] = replace(intended, result=intended.baseline, edits=())


def write(dirs: Dirs, journal: Journal, *, leaving: bool = False) -> None:
    """Write the journal; one of nothing takes its file away, unless somebody is ``leaving`` who still needs it."""
    held = journal.receipt.records or journal.pending or journal.visits or leaving
    put(path(dirs), encoded(journal) if held else None)


def put(place: Path, data: bytes | None) -> None:
    """Make a file of ours hold ``data``, whatever it was; None deletes it."""
    now = files.read(place)
    if data is not None and data != now:
        files.write_atomic(place, data, expect=now)
    elif data is None and now is not None:
        files.delete(place, now)


def sha(data: bytes | None) -> str | None:
    return None if data is None else seal(data)


# Backups


def keep(dirs: Dirs, data: bytes) -> str:
    """Keep ``data`` as a backup and answer its SHA-256."""
    name = seal(data)
    put(backup_path(dirs, name), data)
    return name


def restore_bytes(dirs: Dirs, sha: str) -> bytes:
    """Return the backup named ``sha``. Raises UserError ``backup.missing`` unless those very bytes are there."""
    backup = backup_path(dirs, sha)
    data = files.read(backup)
    if data is None or digest(data) != sha:
        what = "is gone" if data is None else "was changed"
        raise UserError(
            "backup.missing",
            f"The backup {backup} {what}",
            hint="Our entries can still be taken out one by one; the exact former bytes cannot be put back.",
            path=backup,
        )
    return data


def prune(dirs: Dirs, journal: Journal | None) -> None:
    """Drop the backups that ``journal`` does not need, and what we keep no more."""
    needed = {record.baseline for record in journal.receipt.records.values()} if journal else set()
    needed |= {sha for visit in journal.visits for sha in visit.before.values()} if journal else set()
    folder = dirs.state / "backups"
    with explained(folder, "config.unwritable", "cleared"), suppress(FileNotFoundError):
        for name in io(os.listdir, folder):
            if name not in needed:
                io(os.unlink, folder / name)
    if not needed:
        remove_folders([folder])
