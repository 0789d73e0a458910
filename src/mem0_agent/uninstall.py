"""The way back: from a receipt (or, without one, from exactly our own entries) to the inverse Plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mem0_agent import hooks, registrations
from mem0_agent.clients import CLIENTS
from mem0_agent.edits import document
from mem0_agent.model import PLATFORM_URL, Backend, Change, ClientPlan, Edit, Plan, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mem0_agent.model import Client, Files, Host, Receipt, Record, Registration, Scope


@dataclass(frozen=True, slots=True)
class Request:
    """``scopes`` and ``clients`` limit what goes; ``force`` also takes entries of ours that somebody has edited."""

    clients: tuple[str, ...]
    scopes: tuple[Scope, ...] = ("user", "project")
    project: Path | None = None
    force: bool = False


def plan(host: Host, files: Files, receipt: Receipt | None, request: Request, backup: Callable[[str], bytes]) -> Plan:
    """Every file back to what it was; ``backup`` gives the bytes kept under a SHA-256."""
    backend = receipt.backend if receipt else Backend("local")
    parts = tuple(part(host, files, CLIENTS[name]) for name in request.clients)
    if receipt is None:
        return Plan(backend, parts, tuple(unrecorded(host, files, request)))
    changes: list[Change] = []
    leaves: list[str] = []
    for record in concerned(receipt, request):
        change, left = inverse(host, files, record, request, backup)
        changes += [change] if change else []
        leaves += left
    return Plan(backend, parts, tuple(parted(host, files, receipt, request, changes)), leaves=tuple(leaves))


def parted(host: Host, files: Files, receipt: Receipt, request: Request, changes: list[Change]) -> list[Change]:
    """``changes``, with what the clients need besides so that hooks which stay keep their trust."""
    going = {change.path for change in changes}
    for name in request.clients:
        side = CLIENTS[name].hooks
        ours = [h for h in hooks.everywhere(host, name, request.project, files) if hooks.is_ours(host, h)]
        taken = [handler for handler in ours if handler.path in going]
        for path, edit in side.farewell(host, files, taken) if side else ():
            changes = also(host, files, receipt, name, changes, path, edit)
    return changes


def also(host: Host, files: Files, receipt: Receipt, client: str, changes: list[Change], path: Path,
         edit: Edit) -> list[Change]:  # fmt: skip
    """``changes`` with one more edit of ``path``, unless that file goes back to its former bytes anyway."""
    record, now = receipt.records.get(path), files.get(path)
    if now is None or (record and record.result == digest(now)):
        return changes
    there = next((change for change in changes if change.path == path), None)
    text = there.after if there else now
    if text is None:
        return changes
    after, _ = document.perform(path, text, [edit])
    change = Change(path, now, after, "keep the trust of your other hooks", client, (edit,), lock=CLIENTS[client].lock(host, path))
    if there:
        change = replace(there, after=after)
    return [*(other for other in changes if other is not there), change]


def concerned(receipt: Receipt, request: Request) -> list[Record]:
    """The records that ``request`` undoes: of its clients, and our own once no client needs them."""
    shared = not remaining(receipt, request)
    return [
        record
        for record in receipt.records.values()
        if (record.client in request.clients and record.scope in request.scopes) or (shared and not record.client)
    ]


def settled(plan: Plan, receipt: Receipt | None, request: Request) -> tuple[Path, ...]:
    """The paths whose records end although no change of ``plan`` touches them: they are as they were already."""
    touched = {change.path for change in plan.changes}
    return tuple(r.path for r in (concerned(receipt, request) if receipt else ()) if r.path not in touched)


def remaining(receipt: Receipt | None, request: Request) -> tuple[str, ...]:
    """The clients that still need what they share once ``request`` is done."""
    if receipt is None:
        return ()
    kept = {
        record.client
        for record in receipt.records.values()
        if record.client and not (record.client in request.clients and record.scope in request.scopes)
    }
    return tuple(name for name in CLIENTS if name in kept)


def part(host: Host, files: Files, client: Client) -> ClientPlan:
    return ClientPlan(client.ID, client.presence(host, files), "user", "direct", None)


def inverse(
    host: Host, files: Files, record: Record, request: Request, backup: Callable[[str], bytes]
) -> tuple[Change | None, list[str]]:
    """The Change that undoes one record, and sentences about what has to stay."""
    now = files.get(record.path)
    seal = digest(now) if now is not None else None
    if seal == record.baseline:
        return None, []
    if seal == record.result:
        before = backup(record.baseline) if record.baseline else None
        return undo(host, record, now, before, "as it was, byte for byte"), []
    if now is None:
        return None, [f"{record.path} is gone already"]
    if not record.client:
        return undo(host, record, now, None, "ours alone"), []
    if not record.edits:
        return None, [f"{record.path} was edited since and is left as it is"]
    back = document.revert(record.path, now, record.edits, force=request.force)
    left = [f"“{edit.keys[-1]}” in {record.path} was edited since and is left; --yes takes it too" for edit in back.edited]
    if back.text == now:
        return None, left
    empty = record.baseline is None and not document.editor(record.path).parse(back.text)
    return undo(host, record, now, None if empty else back.text, "take our entry out"), left


def undo(host: Host, record: Record, now: bytes | None, after: bytes | None, reason: str) -> Change:
    lock = CLIENTS[record.client].lock(host, record.path) if record.client in CLIENTS else None
    return Change(record.path, now, after, reason, record.client, lock=lock, scope=record.scope)


# Without a receipt


def unrecorded(host: Host, files: Files, request: Request) -> Iterator[Change]:
    """Exactly our own entries, wherever they stand."""
    for name in request.clients:
        client = CLIENTS[name]
        drops: dict[Path, list[Edit]] = {}
        for held in client.registrations(host, request.project, files):
            if held.scope in (*request.scopes, "local") and ours(host, files, client, held):
                drops.setdefault(held.path, []).append(Edit("drop", held.keys))
        for handler in hooks.everywhere(host, name, request.project, files):
            if handler.scope in request.scopes and hooks.is_ours(host, handler) and len(handler.holder["hooks"]) == 1:
                edit = Edit("take", ("hooks", handler.event), dict(handler.holder))
                drops.setdefault(handler.path, []).append(edit)
        for path, edits in drops.items():
            after, done = document.perform(path, files.get(path), edits)
            yield Change(path, files.get(path), after, "take our entry out", name, done, lock=client.lock(host, path))


def ours(host: Host, files: Files, client: Client, held: Registration) -> bool:
    """Whether an entry is to the letter what we write, for a memory on this machine or on the platform."""
    endpoint = client.endpoint(host, files, held)
    if registrations.is_launcher(host, endpoint):
        return True
    platform = Backend("platform", PLATFORM_URL)
    return held.entry == client.entry(host, platform, "user", None).entry
