"""The undo journal as text: JSON to values and back, believing nothing that it has not checked."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, get_args

from mem0_agent.model import Backend, BackendKind, Edit, EditOp, Offer, Receipt, Record, Scope, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mem0_agent.model import Json

SCHEMA = 1
HEX = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Pending:
    """A path that is being changed: the hashes before and after, and the record that held until then.

    Left behind only by a run that was killed; the file's own hash tells which side of the change it is on.
    """

    before: str | None
    after: str | None
    previous: Record | None


@dataclass(frozen=True, slots=True)
class Visited:
    """A client that is at work for us: the hashes and modes of its files before, and folders to come.

    ``offer`` is the plugin that its commands bring, if it is about one. Left behind only by a run that was killed; the
    former bytes are kept as backups.
    """

    client: str
    offer: Offer | None
    before: Mapping[Path, str | None]
    modes: Mapping[Path, int]
    folders: Mapping[Path, tuple[Path, ...]]
    around: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Journal:
    """A receipt as it stands on disk, with what is under way and the folders made for our own state."""

    receipt: Receipt
    pending: Mapping[Path, Pending] = field(default_factory=dict)
    folders: tuple[Path, ...] = ()
    visits: tuple[Visited, ...] = ()


def encoded(journal: Journal) -> bytes:
    receipt = journal.receipt
    data = {
        "schema": SCHEMA,
        "version": receipt.version,
        "backend": {"kind": receipt.backend.kind, "url": receipt.backend.url},
        "clients": list(receipt.clients),
        "plugins": {client: offer_data(offer) for client, offer in receipt.plugins.items()},
        "records": [record_data(record) for record in receipt.records.values()],
        "pending": [pending_data(path, pending) for path, pending in journal.pending.items()],
        "folders": [str(folder) for folder in journal.folders],
        "visits": [visit_data(visit) for visit in journal.visits],
    }
    return (json.dumps(data, indent=2, default=str) + "\n").encode()  # str: a TOML date that an edit displaced


def record_data(record: Record) -> Json:
    return {
        "path": str(record.path),
        "client": record.client,
        "baseline": record.baseline,
        "result": record.result,
        "edits": [edit_data(edit) for edit in record.edits],
        "folders": [str(folder) for folder in record.folders],
        "mode": record.mode,
        "scope": record.scope,
    }


def edit_data(edit: Edit) -> Json:
    return {"op": edit.op, "keys": edit.keys, "value": edit.value, "was": edit.was, "made": edit.made}


def offer_data(offer: Offer) -> Json:
    return {"market": offer.market, "plugin": offer.plugin, "source": offer.source, "known": offer.known}


def pending_data(path: Path, pending: Pending) -> Json:
    previous = record_data(pending.previous) if pending.previous else None
    return {"path": str(path), "before": pending.before, "after": pending.after, "previous": previous}


def visit_data(visit: Visited) -> Json:
    files = [
        {
            "path": str(path),
            "before": sha,
            "mode": visit.modes.get(path),
            "folders": [str(folder) for folder in visit.folders.get(path, ())],
        }
        for path, sha in visit.before.items()
    ]
    around = [str(folder) for folder in visit.around]
    offer = offer_data(visit.offer) if visit.offer else None
    return {"client": visit.client, "offer": offer, "files": files, "around": around}


def decoded(text: bytes, source: Path) -> Journal:
    """Return the journal in ``text``. Raises UserError ``receipt.invalid`` naming ``source`` for anything else."""
    try:
        return journal_of(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(
            "receipt.invalid",
            f"{source} is not a receipt of ours: {type(error).__name__} {error}",
            hint=f"mv {quote(str(source))} {quote(f'{source}.broken')}",
            path=source,
        ) from error


def journal_of(data: Json) -> Journal:
    if data["schema"] != SCHEMA:
        raise ValueError(f"schema {data['schema']!r}, not {SCHEMA}")
    backend = data["backend"]
    if backend["kind"] not in get_args(BackendKind):
        raise ValueError(f"backend {backend['kind']!r}")
    records = [record_of(item) for item in data["records"]]
    receipt = Receipt(
        Backend(backend["kind"], text_of(backend["url"])),
        {record.path: record for record in records},
        tuple(text_of(client) for client in data["clients"]),
        text_of(data["version"]),
        {text_of(client): offer_of(item) for client, item in data.get("plugins", {}).items()},
    )
    pending = {path_of(item["path"]): pending_of(item) for item in data.get("pending", [])}
    visits = tuple(visit_of(item) for item in data.get("visits", []))
    return Journal(receipt, pending, paths_of(data.get("folders", [])), visits)


def pending_of(data: Json) -> Pending:
    previous = record_of(data["previous"]) if data["previous"] is not None else None
    return Pending(hash_of(data["before"]), hash_of(data["after"]), previous)


def visit_of(data: Json) -> Visited:
    files = {path_of(item["path"]): item for item in data["files"]}
    modes = {path: mode_of(item["mode"]) for path, item in files.items()}
    return Visited(
        text_of(data["client"]),
        offer_of(data["offer"]) if data["offer"] is not None else None,
        {path: hash_of(item["before"]) for path, item in files.items()},
        {path: mode for path, mode in modes.items() if mode is not None},
        {path: paths_of(item["folders"]) for path, item in files.items()},
        paths_of(data["around"]),
    )


def record_of(data: Json) -> Record:
    if data["scope"] not in get_args(Scope):
        raise ValueError(f"scope {data['scope']!r}")
    return Record(
        path_of(data["path"]),
        text_of(data["client"]),
        hash_of(data["baseline"]),
        hash_of(data["result"]),
        tuple(edit_of(item) for item in data["edits"]),
        paths_of(data["folders"]),
        mode_of(data["mode"]),
        data["scope"],
    )


def offer_of(data: Json) -> Offer:
    if type(data["known"]) is not bool:
        raise TypeError("plugin")
    return Offer(text_of(data["market"]), text_of(data["plugin"]), text_of(data["source"]), data["known"])


def edit_of(data: Json) -> Edit:
    if data["op"] not in get_args(EditOp):
        raise ValueError(f"edit {data['op']!r}")
    if not isinstance(data["made"], int) or not isinstance(data["keys"], list):
        raise TypeError("edit")
    keys = tuple(text_of(key) for key in data["keys"])
    return Edit(data["op"], keys, data["value"], data["was"], data["made"])


def text_of(data: Json) -> str:
    if not isinstance(data, str):
        raise TypeError(f"{data!r} is no text")
    return data


def hash_of(data: Json) -> str | None:
    if data is not None and not HEX.fullmatch(text_of(data)):
        raise ValueError(f"{data!r} is no SHA-256")
    return None if data is None else text_of(data)


def mode_of(data: Json) -> int | None:
    if data is None or (type(data) is int and 0 <= data <= 0o7777):
        return data
    raise ValueError(f"mode {data!r}")


def path_of(data: Json) -> Path:
    path = Path(text_of(data))
    if not path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{data!r} is no absolute path")
    return path


def paths_of(data: Json) -> tuple[Path, ...]:
    return tuple(path_of(item) for item in data)
