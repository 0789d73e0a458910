"""Clients that are apps: what keeps us from their files now, our own file with their key, the plugin to upload."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mem0_agent.clients.desktops import DESKTOPS
from mem0_agent.model import Change, Edit, Exit, Finding, UserError, digest
from mem0_agent.planning import cowork_zip, registrations, routes
from mem0_agent.planning.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mem0_agent.contract import Client
    from mem0_agent.model import ClientPlan, Registration, Severity
    from mem0_agent.planning.draft import Scene
    from mem0_agent.planning.routes import Rival


def join(scene: Scene, client: Client, draft: Draft, part: ClientPlan, refused: list[Rival]) -> ClientPlan:
    """One app's part of a plan: all of it, or none of it while the app runs and its file would have to change."""
    alone = Draft()
    planned = packed if scene.request.mode == "plugin" else registered
    after = planned(scene, client, alone, part, refused)
    if scene.request.store_key and not after.blocked:
        keep_key(scene, client, alone)
    if alone.edits and client.ID in scene.request.running:
        return replace(part, blocked=running(scene, client))
    draft.take(alone)
    absent = f"{client.TITLE} was not found here ({part.presence.evidence}); it is set up for the day it comes."
    return after if part.presence.detected or after.blocked else replace(after, notes=(absent, *after.notes))


# What keeps us from their files


def running(scene: Scene, client: Client) -> Finding:
    """An app that runs writes its file back from memory: what is written meanwhile is lost, or breaks it."""
    desktop = DESKTOPS[client.ID]
    title = f"{desktop.APP} is running" if scene.request.named else f"skipped, for {desktop.APP} is running"
    detail = f"{desktop.APP} rewrites its file from memory while it runs: nothing was written for {client.TITLE}."
    fix = f"{desktop.QUIT}, then run: mem0-agent install --client {client.ID}"
    return Finding("client.running", severity(scene), title, detail, fix, client.ID, client.main_file(scene.host))


def keyless(scene: Scene, client: Client) -> Finding | None:
    """The platform's key has to be in our own file: an app from the desktop has no shell to take it from."""
    desktop = DESKTOPS.get(client.ID)
    if desktop is None or scene.request.backend.kind != "platform" or scene.request.store_key:
        return None
    path = desktop.key_file(scene.host)
    if (scene.files.get(path) or b"").strip():
        return None
    detail = f"{desktop.APP} hands no key on to its servers, and the file that our program reads it from is not there."
    fix = f"mem0-agent install --client {client.ID} --backend platform --store-key --api-key-stdin < key.txt"
    title = f"{desktop.APP} needs a stored key"
    return Finding("key.unset", severity(scene), title, detail, fix, client.ID, path)


def severity(scene: Scene) -> Severity:
    """Whoever names a client wants it or an error; a client that was merely found is left for later."""
    return "error" if scene.request.named else "warning"


# The key


def keep_key(scene: Scene, client: Client, draft: Draft) -> None:
    """The key as the whole content of our own file, which belongs to no client alone."""
    if not scene.request.key:
        raise UserError(
            "key.unset", "--store-key needs a key, and none was given",
            hint="Give it on standard input: mem0-agent install --store-key --api-key-stdin < key.txt",
        )  # fmt: skip
    path = DESKTOPS[client.ID].key_file(scene.host)
    before, after = scene.files.get(path), f"{scene.request.key}\n".encode()
    if before != after:
        reason = "keep the key where the memory's own program reads it"
        draft.whole.append(Change(path, before, after, reason, mode=0o600, private=True))


# Direct


def registered(scene: Scene, client: Client, draft: Draft, part: ClientPlan, refused: list[Rival]) -> ClientPlan:
    """The entry in an app's file, and what has to be said about it; a plugin that was made before goes."""
    if "mcp" in scene.request.skip:
        return replace(part, notes=(*part.notes, f"MCP only: without it there is nothing to set up in {client.TITLE}."))
    if lacking := keyless(scene, client):
        return replace(part, blocked=lacking)
    after = routes.register(scene, client, draft, part, refused)
    if after.blocked:
        return after
    desktop = DESKTOPS[client.ID]
    path = desktop.bundle_file(scene.host)
    now, record = scene.files.get(path), scene.receipt.records.get(path) if scene.receipt else None
    notes = [*after.notes]
    if now is not None and record and record.result == digest(now):
        draft.whole.append(Change(path, now, None, "no longer needed", client.ID))
        notes.append(f"If you have uploaded the plugin, remove it in {desktop.APP} too.")
    return replace(after, notes=(*notes, *desktop.remarks(scene.host, scene.request.backend)))


# The plugin


def packed(scene: Scene, client: Client, draft: Draft, part: ClientPlan, refused: list[Rival]) -> ClientPlan:
    """The plugin as a file for people to upload, and the steps; our own entry in the app's file goes."""
    del refused  # it registers nothing
    desktop, request = DESKTOPS[client.ID], scene.request
    if forbidden := desktop.plugin_ban(scene.host, scene.files):
        return replace(part, blocked=forbidden)
    skills, hooks = {} if "skills" in request.skip else scene.kit.skills, "hooks" not in request.skip
    path, data = desktop.bundle_file(scene.host), cowork_zip.bundle(scene.host, skills, hooks=hooks)
    if scene.files.get(path) != data:
        reason = "the plugin for you to upload"
        draft.whole.append(Change(path, scene.files.get(path), data, reason, client.ID, mode=0o644))
    twice = "with a connector beside it every tool comes twice."
    others = taken_out(scene, client, draft)
    notes = [f"“{other.name}” in {other.path} leads to a Mem0 too: {twice}" for other in others]
    key = request.store_key or bool(scene.files.get(desktop.key_file(scene.host)))
    notes += desktop.steps(scene.host, request.backend, hooks=hooks, key=key)
    names = tuple(dict.fromkeys(name.split("/")[0] for name in sorted(skills)))
    return replace(part, notes=(*part.notes, *notes), skills=names)


def taken_out(scene: Scene, client: Client, draft: Draft) -> Iterator[Registration]:
    """Our own entry goes; every other way to a Mem0 that the app has is given back."""
    for held in client.registrations(scene.host, scene.request.project, scene.files):
        endpoint = client.endpoint(scene.host, scene.files, held)
        if not held.live or not registrations.is_memory(scene.host, held, endpoint, scene.request.backend.url):
            continue
        if registrations.is_launcher(scene.host, endpoint) and held.path == client.main_file(scene.host):
            if scene.request.backend.kind != "platform":  # no connector leads to another memory: this is the only way
                continue
            draft.add(
                client.ID,
                held.path,
                Edit("drop", held.keys),
                "take the entry out: the connector takes its place",
            )
        else:
            yield held


# What the words of a command line must not ask


def scoped(names: tuple[str, ...], scope: str, *, named: bool) -> tuple[str, ...]:
    """The clients that have files of a project, where those are wanted. Raises UserError for a named one without."""
    lacking = [name for name in names if name in DESKTOPS and scope == "project"]
    if lacking and named:
        app = DESKTOPS[lacking[0]].APP
        message = f"{app} reads no file of a project: --scope project has no place for {lacking[0]}"
        hint = f"Set it up for yourself: mem0-agent install --client {lacking[0]}"
        raise UserError("usage", message, hint=hint, exit_code=Exit.USAGE)
    return tuple(name for name in names if name not in lacking)
