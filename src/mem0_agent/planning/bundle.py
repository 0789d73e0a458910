"""Plugin mode: our marketplace as files, and what becomes of a client that takes our plugin, or another's."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from mem0_agent import __version__
from mem0_agent.clients import CLIENTS, shop
from mem0_agent.clients.plugins import SHOPPERS
from mem0_agent.model import NAME, Change, Edit, UserError, digest
from mem0_agent.planning import hooks, routes, skills, traces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mem0_agent.clients.shop import Keys
    from mem0_agent.contract import Client
    from mem0_agent.model import ClientPlan, Finding, Host, Json, Offer, Receipt, Registration
    from mem0_agent.planning.draft import Draft, Scene

MANIFESTS = {
    "claude-code": f"{shop.PLUGIN}/.claude-plugin/plugin.json",
    "codex": f"{shop.PLUGIN}/.codex-plugin/plugin.json",
}
HOOK_FILES = {"claude-code": shop.CLAUDE_HOOKS, "codex": shop.CODEX_HOOKS}


# What lies in the marketplace


def tree(scene: Scene) -> dict[str, bytes]:
    """Every file of the marketplace by its path there. The version tells the content: a changed one is a new one."""
    content = dict(scene.request.bundle)
    for client in MANIFESTS:
        content |= side(scene, client)
    if "skills" not in scene.request.skip:
        content |= {f"{shop.PLUGIN}/skills/{name}": data for name, data in scene.kit.skills.items()}
    version = f"{__version__}+{seal(content)}"
    for name in MANIFESTS.values():
        content[name] = text({**json.loads(content[name]), "version": version})
    return content


def side(scene: Scene, client: str) -> dict[str, bytes]:
    """The manifest of one client and its hooks, before the version is known."""
    manifest = json.loads(scene.request.bundle[MANIFESTS[client]])
    found: dict[str, bytes] = {}
    if "mcp" not in scene.request.skip:
        manifest["mcpServers"] = {NAME: dict(server(scene, client))}
    if "hooks" not in scene.request.skip:
        found[f"{shop.PLUGIN}/{HOOK_FILES[client]}"] = text(events(scene.host, client))
    if client == "codex":  # it takes Claude Code's hooks file for its own unless another is named
        manifest |= {"hooks": f"./{HOOK_FILES[client]}" if found else {"hooks": {}}, "skills": "./skills/"}
    return {**found, MANIFESTS[client]: text(manifest)}


def server(scene: Scene, client: str) -> Mapping[str, Json]:
    """The server as direct mode would write it: one entry, whichever way it comes."""
    return CLIENTS[client].entry(scene.host, scene.request.backend, "user", None).entry


def events(host: Host, client: str) -> dict[str, Json]:
    line, own = hooks.command(host, client, "user"), CLIENTS[client].hooks
    return {"hooks": {hook.event: [hooks.group(hook, line)] for hook in (own.EVENTS if own else ())}}


def seal(content: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name, data in sorted(content.items()):
        whole.update(name.encode() + b"\0" + data + b"\0")
    return whole.hexdigest()[:12]


def text(value: Json) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def version(content: Mapping[str, bytes]) -> str:
    return str(json.loads(content[MANIFESTS["claude-code"]])["version"])


def wants(host: Host, receipt: Receipt | None, names: Mapping[str, bytes]) -> frozenset[Path]:
    """What stands in the marketplace as far as we wrote it, and where its files will be."""
    place = shop.folder(host)
    held = [path for path in (receipt.records if receipt else ()) if path.is_relative_to(place)]
    return frozenset({*held, *(place / name for name in names)})


def changes(scene: Scene) -> Iterator[Change]:
    """The marketplace as it has to be: what is missing or different, and what is left of a former one."""
    wanted = {shop.folder(scene.host) / name: data for name, data in tree(scene).items()}
    for path, data in wanted.items():
        if scene.files.get(path) != data:
            yield Change(path, scene.files.get(path), data, "the plugin", mode=0o644)
    yield from closing(scene, keep=frozenset(wanted))


def closing(scene: Scene, keep: frozenset[Path] = frozenset()) -> Iterator[Change]:
    """The files of a marketplace that nobody needs any more."""
    place = shop.folder(scene.host)
    for path in scene.receipt.records if scene.receipt else ():
        now = scene.files.get(path)
        if path.is_relative_to(place) and path not in keep and now is not None:
            yield Change(path, now, None, "the plugin is not used any more")


# One client takes it


def join(scene: Scene, client: Client, draft: Draft, part: ClientPlan, refused: list[routes.Rival]) -> ClientPlan:
    """One client's part in plugin mode; what direct mode has put into its files goes."""
    if part.presence.program is None:
        raise UserError(
            "plugin.no-program", f"--mode plugin works through the command {client.PROGRAM}, which was not found",
            hint=f"Put {client.PROGRAM} on PATH, or install without it: mem0-agent install --mode direct",
        )  # fmt: skip
    listing, side, skip = scene.request.listings.get(client.ID), client.hooks, scene.request.skip
    offer = listing.offer if listing else shop.own(scene.host)
    name, entry = (listing.server, listing.entry) if listing else (NAME, server(scene, client.ID))
    target = SHOPPERS[client.ID].brought(scene.host, offer, name, entry)
    if banned := ban(scene, client, offer, target):
        return replace(part, blocked=banned)
    if "mcp" not in skip:
        stays, notes = routes.contest(scene, client, target, draft, part)
        refused += stays
        part = replace(part, entry=None if stays else target, notes=(*part.notes, *notes))
    leave_direct(scene, client, draft)
    if listing:
        return replace(part, notes=(*part.notes, *told(client, offer, target)))
    return replace(
        part, hooks=tuple(hook.event for hook in side.EVENTS) if side and "hooks" not in skip else (),
        skills=() if "skills" in skip else skills.names(scene.kit),
    )  # fmt: skip


def told(client: Client, offer: Offer, target: Registration) -> Iterator[str]:
    """What people should know who take another's plugin."""
    yield f"{offer.identity} from {offer.source} brings hooks and skills of its own; ours are left out."
    if routes.is_search_only(target):
        yield f"{offer.identity} has one tool, search_memories, which only reads."
    if client.ID == "codex":
        yield f"If {offer.identity} has hooks, Codex asks you to trust them when it starts; --trust-hooks is for ours."


def ban(scene: Scene, client: Client, offer: Offer, target: Registration) -> Finding | None:
    """What forbids the plugin, or its server, or its hooks: it comes as one."""
    side = client.hooks
    hook_ban = side.off(scene.host, scene.files, scene.request.project) if side else None
    return (
        SHOPPERS[client.ID].plugin_ban(scene.host, scene.files, offer)
        or routes.ban(scene, client, target)
        or (hook_ban if hook_ban and hook_ban.id == "policy.blocked" else None)
    )


def leave_direct(scene: Scene, client: Client, draft: Draft) -> None:
    """What the receipt has of direct mode in this client's files goes, byte for byte where nothing of ours stays."""
    reason, brought = "the plugin brings it now", places_of_plugins(scene, client)
    for record in scene.receipt.records.values() if scene.receipt else ():
        now = scene.files.get(record.path)
        if record.client != client.ID or record.scope != "user" or now is None:
            continue
        gone = [edit for edit in record.edits if edit.keys not in brought and is_direct(scene, client, edit)]
        if digest(now) == record.result and len(gone) == len(record.edits) and record.path not in draft.edits:
            before = scene.backup(record.baseline) if record.baseline else None
            lock = client.lock(scene.host, record.path)
            draft.whole.append(Change(record.path, now, before, reason, client.ID, lock=lock))
            continue
        for edit in reversed(gone):
            draft.add(client.ID, record.path, opposite(edit), reason)


def places_of_plugins(scene: Scene, client: Client) -> set[Keys]:
    """Where the client keeps that it has a plugin by our doing."""
    offers, side = traces.brought(scene.host, client.ID, scene.receipt), SHOPPERS[client.ID]
    return {keys for offer in offers for _, keys in side.traces(scene.host, scene.files, offer).places}


def is_direct(scene: Scene, client: Client, edit: Edit) -> bool:
    """Whether an edit brought our entry or our hooks: a stored key and what was done to others' entries stay."""
    _, key = client.key_edit(scene.host, "")
    switch = edit.op == "put" and edit.value is False
    return edit.op in ("put", "add") and edit.keys != key.keys and not switch


def opposite(edit: Edit) -> Edit:
    return Edit("drop", edit.keys) if edit.op == "put" else Edit("take", edit.keys, edit.value)
