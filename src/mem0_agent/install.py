"""From what stands on disk to a Plan, for install and for uninstall. Nothing is read or written here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from mem0_agent import hooks, registrations, runtime, skills
from mem0_agent.clients import CLIENTS, programs
from mem0_agent.edits import document
from mem0_agent.model import Change, ClientPlan, Edit, Exit, Plan, UserError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mem0_agent.model import Backend, Client, Endpoint, Files, Host, Kit, Receipt, Registration, Scope


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for. ``key`` is a key that was given to us, never one that we found."""

    clients: tuple[str, ...]
    backend: Backend
    scope: Scope = "user"
    project: Path | None = None
    mode: Literal["direct", "plugin"] = "direct"
    key: str = ""
    store_key: bool = False
    replace: bool = False
    allow_duplicate: bool = False
    skip: frozenset[str] = frozenset()
    trust_hooks: bool = False


@dataclass(slots=True)
class Draft:
    """The edits of a plan while it grows: at the end one Change a path."""

    edits: dict[Path, list[Edit]] = field(default_factory=dict)
    reasons: dict[Path, str] = field(default_factory=dict)
    owners: dict[Path, str] = field(default_factory=dict)
    private: set[Path] = field(default_factory=set)
    whole: list[Change] = field(default_factory=list)

    def add(self, client: str, path: Path, edit: Edit, reason: str) -> None:
        self.edits.setdefault(path, []).append(edit)
        self.owners.setdefault(path, client)
        self.reasons[path] = "; ".join(dict.fromkeys([*filter(None, [self.reasons.get(path)]), reason]))

    def changes(self, host: Host, files: Files, scope: Scope) -> list[Change]:
        edited = [self.change(host, files, scope, path) for path in self.edits]
        return [*(change for change in edited if change.after != change.before), *self.whole]

    def change(self, host: Host, files: Files, scope: Scope, path: Path) -> Change:
        before, owner = files.get(path), self.owners[path]
        after, edits = document.perform(path, before, self.edits[path])
        shown = path.name == ".mcp.json" or scope == "project"
        return Change(
            path, before, after, self.reasons[path], owner, edits, mode=0o644 if shown else 0o600,
            lock=CLIENTS[owner].lock(host, path), private=path in self.private, scope=scope,
        )  # fmt: skip


# Install


def plan(host: Host, files: Files, receipt: Receipt | None, request: Request, kit: Kit) -> Plan:
    """Everything that ``request`` needs and that is not so yet. Raises UserError (exit 4) for duplicates."""
    draft = Draft()
    refused: list[registrations.Duplicate] = []
    clients = tuple(join(host, files, receipt, request, CLIENTS[name], kit, draft, refused) for name in request.clients)
    if refused:
        raise refusal(refused)
    ready = any(client.blocked is None for client in clients)
    own = own_changes(host, files, request, kit) if ready else ()
    return Plan(request.backend, clients, (*own, *draft.changes(host, files, request.scope)))


def join(host: Host, files: Files, receipt: Receipt | None, request: Request, client: Client, kit: Kit, draft: Draft,
         refused: list[registrations.Duplicate]) -> ClientPlan:  # fmt: skip
    """One client's part of the plan; its edits go into ``draft``, what stands in the way into ``refused``."""
    part = ClientPlan(client.ID, client.presence(host, files), request.scope, request.mode, None)
    for finding in client.policy(host, files):
        if finding.severity == "error":
            return replace(part, blocked=finding)
    if "mcp" not in request.skip:
        part = register(host, files, receipt, request, client, draft, part, refused)
    if "hooks" not in request.skip:
        part = call_us(host, files, request, client, draft, part)
    if "skills" not in request.skip:
        part = teach(host, files, receipt, request, kit, draft, part)
    if request.store_key:
        keep_key(host, draft, client, request)
    absent = f"{client.TITLE} was not found here ({part.presence.evidence}); it is set up for the day it comes."
    return part if part.presence.detected else replace(part, notes=(absent, *part.notes))


# The registration


def register(host: Host, files: Files, receipt: Receipt | None, request: Request, client: Client, draft: Draft,
             part: ClientPlan, refused: list[registrations.Duplicate]) -> ClientPlan:  # fmt: skip
    target = client.entry(host, request.backend, request.scope, request.project)
    held = client.registrations(host, request.project, files)
    found = duplicates_of(host, files, client, target, held, recorded(receipt))
    stays = [d for d in found if not request.replace and not (request.allow_duplicate and apart(d, target))]
    refused += stays
    if stays:
        return part
    if request.replace:
        remove(draft, client, found, target)
    there = {registrations.at(other): other.entry for other in held}
    if there.get(registrations.at(target)) != target.entry:
        edit = Edit("put", target.keys, dict(target.entry))
        draft.add(client.ID, target.path, edit, f"register the MCP server “{target.name}”")
    waiting = client.approval(host, files, target)
    notes = [f"{waiting.title}: {waiting.fix}"] if waiting else []
    notes += [f"“{d.registration.name}” in {d.registration.path} is {d.why}." for d in found]
    return replace(part, entry=target, notes=(*part.notes, *notes))


def duplicates_of(
    host: Host, files: Files, client: Client, target: Registration, held: Iterable[Registration],
    ours: frozenset[tuple[Path, tuple[str, ...]]],
) -> tuple[registrations.Duplicate, ...]:  # fmt: skip
    pairs = [(other, client.endpoint(host, files, other)) for other in held]
    endpoint = client.endpoint(host, files, target)
    return registrations.duplicates(host, target, endpoint, pairs, ours=ours)


def recorded(receipt: Receipt | None) -> frozenset[tuple[Path, tuple[str, ...]]]:
    """The places in other programs' files where an entry of ours stands, as the receipt has it."""
    if receipt is None:
        return frozenset()
    return frozenset(
        (path, edit.keys) for path, record in receipt.records.items() for edit in record.edits if edit.op == "put"
    )


def apart(duplicate: registrations.Duplicate, target: Registration) -> bool:
    """Two entries can stand side by side unless they are to stand in the very same place."""
    return registrations.at(duplicate.registration) != registrations.at(target)


def remove(draft: Draft, client: Client, found: Iterable[registrations.Duplicate], target: Registration) -> None:
    for other in (duplicate.registration for duplicate in found if apart(duplicate, target)):
        draft.add(client.ID, other.path, Edit("drop", other.keys), f"remove the duplicate “{other.name}”")


# Hooks, skills and the key


def call_us(host: Host, files: Files, request: Request, client: Client, draft: Draft, part: ClientPlan) -> ClientPlan:
    """Our hooks behind all others; the vendor's former ones out where ``replace`` says so."""
    side = client.hooks
    if side is None:
        return part
    path = side.file(host, files, request.scope, request.project)
    if faults := side.faults(programs.document(path, files)):
        raise UserError(
            "config.invalid", f"{client.TITLE} ignores this whole file: {faults[0]}", path=path,
            hint="Correct it by hand, or leave the hooks out: mem0-agent install --skip hooks",
        )  # fmt: skip
    former = hooks.everywhere(host, client.ID, request.project, files)
    for handler, edit in hooks.removals(former) if request.replace else ():
        draft.add(client.ID, handler.path, edit, "remove the vendor's former hooks")
    for edit in hooks.additions(host, client.ID, request.scope, path, files):
        draft.add(client.ID, path, edit, "install hooks")
    notes = list(part.notes)
    if not request.replace and any(map(hooks.is_former, former)):
        notes.append("Hooks of Mem0's own plugin are there too, so memories come twice: --replace takes them out.")
    return replace(part, hooks=tuple(hook.event for hook in side.EVENTS), notes=tuple(notes))


def teach(host: Host, files: Files, receipt: Receipt | None, request: Request, kit: Kit, draft: Draft,
          part: ClientPlan) -> ClientPlan:  # fmt: skip
    want = skills.wanted(host, part.client, request.scope, request.project, kit)
    draft.whole += skills.changes(files, receipt, part.client, request.scope, want)
    notes = [f"{path} is not as we wrote it and stays as it is." for path in skills.edited(files, receipt, want)]
    return replace(part, skills=skills.names(kit) if want else (), notes=(*part.notes, *notes))


def keep_key(host: Host, draft: Draft, client: Client, request: Request) -> None:
    if not request.key:
        raise UserError(
            "key.unset", "--store-key needs a key, and none was given",
            hint="Give it on standard input: mem0-agent install --store-key --api-key-stdin < key.txt",
        )  # fmt: skip
    path, edit = client.key_edit(host, request.key)
    draft.add(client.ID, path, edit, "keep the key where the client reads it")
    draft.private.add(path)


# What is ours alone


def own_changes(host: Host, files: Files, request: Request, kit: Kit) -> tuple[Change, ...]:
    """What we keep for ourselves: the settings, and the memory's program where clients and hooks start it."""
    config = settings(host, files, request.backend, kit.config)
    needed = request.backend.kind != "platform" or "hooks" not in request.skip
    program = runtime.changes(host, files, kit.wing) if needed else ()
    return (*program, *([config] if config.after != config.before else []))


def settings(host: Host, files: Files, backend: Backend, template: bytes) -> Change:
    """Our own config.toml: from the template once, afterwards only what the backend needs; people's edits stay."""
    path = host.dirs.config / "config.toml"
    before = files.get(path)
    text = template if before is None else before
    held = document.editor(path).parse(text)
    wanted = {"backend": backend.kind, "url": backend.url, "user_id": held.get("user_id") or user_id(host)}
    edits = [Edit("put", (key,), value) for key, value in wanted.items() if held.get(key) != value]
    after, _ = document.perform(path, text, edits)
    return Change(path, before, after, "mem0-agent's own settings")


def user_id(host: Host) -> str:
    return host.env.get("MEM0_USER_ID") or host.user


def refusal(found: list[registrations.Duplicate]) -> UserError:
    """The refusal that names every registration in the way, with its file and what to do."""
    rows = [d.registration for d in found]
    lines = [f"{d.registration.client}: “{d.registration.name}” ({d.why}) in {d.registration.path}" for d in found]
    more = f"; {len(found) - 1} more" if len(found) > 1 else ""
    return UserError(
        "registration.duplicate",
        "Mem0 is registered already:\n" + "\n".join(f"  {line}" for line in lines),
        hint="mem0-agent install --replace takes the other out; --allow-duplicate keeps both, with their tools twice.",
        path=rows[0].path, exit_code=Exit.REFUSED,
        data={"duplicates": [
            {"client": d.registration.client, "name": d.registration.name, "scope": d.registration.scope,
             "path": str(d.registration.path), "why": d.why} for d in found
        ], "summary": f"{rows[0].name} in {rows[0].path}{more}"},
    )  # fmt: skip


def overlaid(files: Files, changes: Iterable[Change]) -> Files:
    """``files`` as they will be when ``changes`` are done."""
    return {**files, **{change.path: change.after for change in changes}}


def endpoints(host: Host, files: Files, plan: Plan) -> dict[str, Endpoint]:
    """How each planned client would reach its server with ``files`` in place."""
    return {
        part.client: CLIENTS[part.client].endpoint(host, files, held)
        for part in plan.clients
        if part.blocked is None and (held := standing(host, files, part))
    }


def standing(host: Host, files: Files, part: ClientPlan) -> Registration | None:
    """The registration as it stands in ``files`` at the planned place; None where there is none."""
    if part.entry is None:
        return None
    held = CLIENTS[part.client].registrations(host, part.entry.project, files)
    return next((r for r in held if registrations.at(r) == registrations.at(part.entry)), None)
