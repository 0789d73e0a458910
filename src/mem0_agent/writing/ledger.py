"""What stands installed and how to take it back: the receipt and the backups, in our own state folder."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from mem0_agent.model import UserError, digest
from mem0_agent.writing import files
from mem0_agent.writing.disk import explained, io, remove_folders
from mem0_agent.writing.receipt import Journal, decoded, encoded

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from mem0_agent.model import Dirs, Receipt, Record
    from mem0_agent.writing.receipt import Pending


def path(dirs: Dirs) -> Path:
    return dirs.state / "receipt.json"


def backup_path(dirs: Dirs, sha: str) -> Path:
    return dirs.state / "backups" / sha


# The receipt


def load(dirs: Dirs) -> Receipt | None:
    """Everything that stands installed, or None. Raises UserError ``receipt.invalid`` naming the file."""
    journal = journal_on_disk(dirs)
    return journal.receipt if journal else None


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


def undecide(records: dict[Path, Record], place: Path, pending: Pending) -> None:
    """Go back to the record before a change that never happened, but keep folders already made."""
    intended = records.pop(place, None)
    if pending.previous:
        records[place] = pending.previous
    elif intended and any(io(os.path.isdir, folder) for folder in intended.folders):
        records[place] = replace(intended, result=intended.baseline, edits=())


def save(dirs: Dirs, receipt: Receipt) -> None:
    """Write the receipt; an empty one takes its file away."""
    journal = journal_on_disk(dirs)
    write(dirs, Journal(receipt, {}, journal.folders if journal else ()))


def write(dirs: Dirs, journal: Journal) -> None:
    put(path(dirs), encoded(journal) if journal.receipt.records or journal.pending else None)


def put(place: Path, data: bytes | None) -> None:
    """Make a file of ours hold ``data``, whatever it was; None deletes it."""
    now = files.read(place)
    if data is not None and data != now:
        files.write_atomic(place, data, expect=now)
    elif data is None and now is not None:
        files.delete(place, now)


def sha(data: bytes | None) -> str | None:
    return None if data is None else digest(data)


# Backups


def keep(dirs: Dirs, data: bytes) -> str:
    """Keep ``data`` as a backup and answer its SHA-256."""
    name = digest(data)
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


def prune(dirs: Dirs, receipt: Receipt | None) -> None:
    """Drop the backups that ``receipt`` does not need, and what we keep no more."""
    needed = {record.baseline for record in receipt.records.values()} if receipt else set()
    folder = dirs.state / "backups"
    with explained(folder, "config.unwritable", "cleared"), suppress(FileNotFoundError):
        for name in io(os.listdir, folder):
            if name not in needed:
                io(os.unlink, folder / name)
    if not needed:
        remove_folders([folder])


def forget(dirs: Dirs, paths: Collection[Path] | None = None) -> None:
    """Drop the records of ``paths`` (None: all of them) and the backups that only they needed."""
    receipt = load(dirs)
    if receipt is None:
        return
    records = {path: record for path, record in receipt.records.items() if paths is not None and path not in paths}
    left = replace(receipt, records=records)
    save(dirs, left)
    prune(dirs, left)
