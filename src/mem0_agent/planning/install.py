"""From what stands on disk to a Plan, for install and for uninstall. Nothing is read or written here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeGuard

from mem0_agent.clients import CLIENTS, shop
from mem0_agent.clients.desktops import DESKTOPS
from mem0_agent.clients.plugins import SHOPPERS
from mem0_agent.edits import document
from mem0_agent.model import Change, ClientPlan, Edit, Plan, UserError
from mem0_agent.planning import apps, bundle, hooks, registrations, routes, runtime, skills
from mem0_agent.planning.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mem0_agent.contract import Client
    from mem0_agent.model import Backend, Endpoint, Files, Host, Registration
    from mem0_agent.planning.draft import Request, Scene


def plan(scene: Scene) -> Plan:
    """Everything that the request needs and that is not so yet. Raises UserError (exit 4) for duplicates."""
    draft, refused = Draft(), list[routes.Rival]()
    clients = tuple(join(scene, CLIENTS[name], draft, refused) for name in scene.request.clients)
    if refused:
        raise routes.refusal(refused)
    ready = any(part.blocked is None or part.entry or part.hooks for part in clients)
    own = own_changes(scene, clients) if ready else ()
    own = (*own, *runtime.removals(scene.host, scene.files, scene.kit.wing, scene.receipt))
    return Plan(scene.request.backend, clients, (*own, *draft.changes(scene.host, scene.files, scene.request.scope)))


def join(scene: Scene, client: Client, draft: Draft, refused: list[routes.Rival]) -> ClientPlan:
    """One client's part of the plan; its edits go into ``draft``, what stands in the way into ``refused``."""
    request = scene.request
    part = ClientPlan(client.ID, client.presence(scene.host, scene.files), request.scope, request.mode, None)
    if client.ID in DESKTOPS:
        return apps.join(scene, client, draft, part, refused)
    if request.store_key:
        keep_key(scene.host, draft, client, request)
    if request.mode == "plugin":
        part = bundle.join(scene, client, draft, part, refused)
    else:
        part = directly(scene, client, draft, part, refused)
    absent = f"{client.TITLE} was not found here ({part.presence.evidence}); it is set up for the day it comes."
    return part if part.presence.detected else replace(part, notes=(absent, *part.notes))


def directly(scene: Scene, client: Client, draft: Draft, part: ClientPlan, refused: list[routes.Rival]) -> ClientPlan:
    """One client's part in its own files."""
    skip = scene.request.skip
    if "mcp" not in skip:
        part = routes.register(scene, client, draft, part, refused)
    if "hooks" not in skip:
        part = call_us(scene, client, draft, part)
    return part if "skills" in skip else teach(scene, draft, part)


# Hooks, skills and the key


def call_us(scene: Scene, client: Client, draft: Draft, part: ClientPlan) -> ClientPlan:
    """Our hooks behind all others; the vendor's former ones out where ``replace`` says so."""
    host, files, request, side = scene.host, scene.files, scene.request, client.hooks
    if side is None:
        return part
    if (banned := side.off(host, files, request.project)) and banned.id == "policy.blocked":
        return replace(part, blocked=part.blocked or banned, notes=(*part.notes, f"No hooks: {banned.detail}"))
    path = side.file(host, files, request.scope, request.project)
    if faults := side.faults(hooks.ruled(path, files)):
        raise UserError(
            "config.invalid", f"{client.TITLE} ignores this whole file: {faults[0]}", path=path,
            hint="Correct it by hand, or leave the hooks out: mem0-agent install --skip hooks",
        )  # fmt: skip
    former = hooks.everywhere(host, client.ID, request.project, files)
    removed = tuple(hooks.removals(former)) if request.replace else ()
    for handler, edit in removed:
        draft.add(client.ID, handler.path, edit, "remove the vendor's former hooks")
    surplus, takes = hooks.surplus(host, client.ID, request.scope, path, files)
    for edit in takes:
        draft.add(client.ID, path, edit, "call us once for each event", again=True)
    gone = [*surplus, *(one for handler, _ in removed for one in hooks.siblings(handler))]
    for moved, edit in side.farewell(host, files, gone):
        draft.add(client.ID, moved, edit, "keep the trust of your other hooks")
    for edit in hooks.additions(host, client.ID, request.scope, path, files):
        draft.add(client.ID, path, edit, "install hooks")
    notes = list(part.notes)
    if not request.replace and any(map(hooks.is_former, former)):
        notes.append("Hooks of Mem0's own plugin are there too, so memories come twice: --replace takes them out.")
    return replace(part, hooks=tuple(hook.event for hook in side.EVENTS), notes=tuple(notes))


def teach(scene: Scene, draft: Draft, part: ClientPlan) -> ClientPlan:
    request, kit = scene.request, scene.kit
    want = skills.wanted(scene.host, part.client, request.scope, request.project, kit)
    draft.whole += skills.changes(scene.files, scene.receipt, part.client, request.scope, want)
    edited = skills.edited(scene.files, scene.receipt, want)
    notes = [f"{path} is not as we wrote it and stays as it is." for path in edited]
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


def own_changes(scene: Scene, clients: tuple[ClientPlan, ...]) -> tuple[Change, ...]:
    """What we keep for ourselves: the settings, the memory's program where clients and hooks start it, our marketplace.

    Another's plugin needs nothing of it, and must not change what other clients have.
    """
    host, request = scene.host, scene.request
    config = settings(host, scene.files, request.backend, scene.kit.config)
    if request.listings:
        return (config,) if scene.receipt is None and config.after != config.before else ()
    started = any(part.entry and part.entry.entry.get("command") == str(host.launcher) for part in clients)
    needed = started or request.backend.kind != "platform" or "hooks" not in request.skip
    program = runtime.changes(host, scene.files, scene.kit.wing) if needed else ()
    joins = any(part.client in SHOPPERS and part.mode == "plugin" and part.blocked is None for part in clients)
    market = bundle.changes(scene) if joins else ()
    return (*program, *([config] if config.after != config.before else []), *market)


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


def overlaid(files: Files, changes: Iterable[Change]) -> Files:
    """``files`` as they will be when ``changes`` are done."""
    return {**files, **{change.path: change.after for change in changes}}


def endpoints(host: Host, files: Files, plan: Plan, *, planned: bool = False) -> dict[str, Endpoint]:
    """How each planned client would reach its server with ``files`` in place.

    A plugin's entry comes by the client's own commands: with ``planned`` it counts as it will be, unless a program of
    others' would have to be started for it.
    """
    return {
        part.client: CLIENTS[part.client].endpoint(host, files, held)
        for part in plan.clients
        if (held := part.entry if planned and is_plain(part.entry) else standing(host, files, part))
    }


def is_plain(entry: Registration | None) -> TypeGuard[Registration]:
    """Whether a plugin's server may be asked before anybody has agreed to it."""
    return entry is not None and bool(entry.plugin) and (entry.plugin == shop.IDENTITY or "url" in entry.entry)


def standing(host: Host, files: Files, part: ClientPlan) -> Registration | None:
    """The registration as it stands in ``files`` at the planned place; None where there is none."""
    if part.entry is None:
        return None
    held = CLIENTS[part.client].registrations(host, part.entry.project, files)
    return next((r for r in held if registrations.at(r) == registrations.at(part.entry)), None)
