"""The way back: from a receipt (or, without one, from exactly our own entries) to the inverse Plan."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mem0_agent.clients import CLIENTS
from mem0_agent.edits import document
from mem0_agent.edits.text import MISSING, value_at
from mem0_agent.model import PLATFORM_URL, Backend, Change, ClientPlan, Edit, Plan, UserError, digest
from mem0_agent.planning import hooks, registrations, traces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mem0_agent.contract import Client
    from mem0_agent.edits.document import Reverted
    from mem0_agent.model import Files, Handler, Host, Receipt, Record, Registration, Scope


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
        change, left = inverse(host, files, receipt, record, request, backup)
        changes += [cleared(host, record, change, force=request.force)] if change else []
        leaves += left
    changes += astray(host, files, receipt, request)
    return Plan(backend, parts, tuple(parted(host, files, request, changes)), leaves=tuple(leaves))


def cleared(host: Host, record: Record, change: Change, *, force: bool) -> Change:
    """``change`` without the copies that somebody has made of our hooks; a file of nothing else goes with them."""
    if change.after is None or record.client not in CLIENTS:
        return change
    text = hooks.cleared(host, record, change.after, force=force)
    ours = record.baseline is None or text != change.after
    empty = ours and document.editor(record.path).parse(text) in ({}, {"hooks": {}})
    return replace(change, after=None if empty else text)


def astray(host: Host, files: Files, receipt: Receipt, request: Request) -> Iterator[Change]:
    """What of our plugin stands in files that the receipt does not know: a run was ended between the two."""
    for name in request.clients if "user" in request.scopes else ():
        offers = traces.brought(host, name, receipt)
        for change in traces.withdrawals(host, name, files, receipt, offers):
            if change.path not in receipt.records:
                yield change


def parted(host: Host, files: Files, request: Request, changes: list[Change]) -> list[Change]:
    """``changes``, with what the clients need besides so that hooks which stay keep their trust."""
    going = {change.path: change for change in changes}
    for name in request.clients:
        side = CLIENTS[name].hooks
        ours = [h for h in hooks.everywhere(host, name, request.project, files) if hooks.is_ours(host, h)]
        taken = [handler for handler in ours if handler.path in going and not stays(host, handler, going[handler.path])]
        farewell = side.farewell(host, files, taken) if side else ()
        for path in dict.fromkeys(path for path, _ in farewell):
            changes = also(files, name, changes, path, [edit for place, edit in farewell if place == path])
    return changes


def stays(host: Host, handler: Handler, change: Change) -> bool:
    """Whether a hook of ours is still in the file when ``change`` is done, because somebody has edited it."""
    left = hooks.handlers(handler.client, handler.scope, handler.path, {change.path: change.after})
    return any(hooks.is_ours(host, one) and (one.event, one.entry) == (handler.event, handler.entry) for one in left)


def also(files: Files, client: str, changes: list[Change], path: Path, edits: list[Edit]) -> list[Change]:
    """``changes`` with more edits of ``path``, as far as what they move is in its text by then."""
    there = next((change for change in changes if change.path == path), None)
    text = there.after if there else files.get(path)
    if text is None:
        return changes
    after, _ = document.perform(path, text, list(applicable(path, files.get(path), text, edits)))
    if after == text:
        return changes
    change = there or Change(path, text, after, "keep the trust of your other hooks", client)
    return [*(other for other in changes if other is not there), replace(change, after=after)]


def applicable(path: Path, now: bytes | None, text: bytes, edits: list[Edit]) -> Iterator[Edit]:
    """``edits`` without the drops of what ``text`` has not as it stands ``now``, and without the puts behind them."""
    kind, there = document.editor(path), False
    held, data = kind.parse(kind.fresh() if now is None else now), kind.parse(text)
    for edit in edits:
        if edit.op == "drop":
            here = value_at(data, edit.keys)
            there = here is not MISSING and here == value_at(held, edit.keys)
        if there:
            yield edit


def concerned(receipt: Receipt, request: Request) -> list[Record]:
    """The records that ``request`` undoes: of its clients, and our own once no client needs them."""
    shared = not remaining(receipt, request)
    return [
        record
        for record in receipt.records.values()
        if (record.client in request.clients and record.scope in request.scopes) or (shared and not record.client)
    ]


def settled(plan: Plan, receipt: Receipt | None, request: Request) -> tuple[Path, ...]:
    """The paths whose records end with ``plan``: all but those of shared files and those where something is left."""
    gone = [record.path for record in (concerned(receipt, request) if receipt else ())]
    gone += [change.path for change in plan.changes if change.client]
    return tuple(path for path in dict.fromkeys(gone) if not any(str(path) in leaf for leaf in plan.leaves))


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
    host: Host, files: Files, receipt: Receipt, record: Record, request: Request, backup: Callable[[str], bytes]
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
    torn = record.baseline is None and not record.edits and not now.strip(b"\0")  # by a power cut
    if torn or not record.client:
        return undo(host, record, now, None, "ours alone"), []
    if not record.edits:
        return None, [f"{record.path} was edited since and is left as it is"]
    text, edits = traces.freed(host, record, now, traces.brought(host, record.client, receipt))
    back = document.revert(record.path, text, edits, force=request.force)
    text, edited = without_hooks(host, record, back, force=request.force)
    left = [f"“{edit.keys[-1]}” in {record.path} was edited since and is left; --yes takes it too" for edit in edited]
    empty = record.baseline is None and not document.editor(record.path).parse(text)
    text = former(record, text, backup)
    change = undo(host, record, now, None if empty else text, "take our entry out")
    return (change if text != now else None), left


def former(record: Record, text: bytes, backup: Callable[[str], bytes]) -> bytes:
    """The bytes before our first touch, where nothing but white space is left of what the client has made of them."""
    if record.baseline is None:
        return text
    with suppress(UserError):  # without its backup a file is given back as well as can be
        before = backup(record.baseline)
        return before if before.split() == text.split() else text
    return text


def without_hooks(host: Host, record: Record, back: Reverted, *, force: bool) -> tuple[bytes, tuple[Edit, ...]]:
    """The text less our hooks in groups that hold other people's by now, and the edits that nothing undid.

    A hook of ours that somebody has changed goes only with ``force``.
    """
    added = {edit.keys: edit for edit in back.edited if edit.op == "add" and edit.keys[0] == "hooks"}
    known = [entry for edit in added.values() for entry in edit.value["hooks"]]
    found = hooks.departures(host, record.client, record.scope, record.path, {record.path: back.text}) if added else ()
    takes = [
        replace(edit, made=added[edit.keys].made if edit.keys in added else 0)
        for handler, edit in found
        if force or handler.entry in known
    ]
    text, _ = document.perform(record.path, back.text, takes)
    left = hooks.handlers(record.client, record.scope, record.path, {record.path: text})
    events = {("hooks", one.event) for one in left if hooks.is_ours(host, one)}
    return text, tuple(edit for edit in back.edited if edit.keys not in added or edit.keys in events)


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
        for scope, path in client.hooks.places(host, request.project) if client.hooks else ():
            if scope in request.scopes:
                found = hooks.departures(host, name, scope, path, files)
                drops.setdefault(path, []).extend(edit for _, edit in found)
        offers = traces.brought(host, name, None) if "user" in request.scopes else ()
        for path, keys in traces.held(host, name, files, offers):
            drops.setdefault(path, []).append(Edit("drop", keys))
        for path, edits in ((path, edits) for path, edits in drops.items() if edits):
            after, done = document.perform(path, files.get(path), edits)
            yield Change(path, files.get(path), after, "take our entry out", name, done, lock=client.lock(host, path))


def ours(host: Host, files: Files, client: Client, held: Registration) -> bool:
    """Whether an entry is to the letter what we write, for a memory on this machine or on the platform."""
    endpoint = client.endpoint(host, files, held)
    if registrations.is_launcher(host, endpoint):
        return True
    platform = Backend("platform", PLATFORM_URL)
    return held.entry == client.entry(host, platform, "user", None).entry
