"""Clients that are apps: what keeps us from their files now, our own file with their key, the plugin to upload."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mem0_agent import cowork_zip, registrations
from mem0_agent.clients.desktops import DESKTOPS
from mem0_agent.model import Change, Edit, Exit, Finding, UserError, digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mem0_agent.draft import Draft, Scene
    from mem0_agent.model import Client, ClientPlan, Registration, Severity


# What keeps us from their files


def running(scene: Scene, client: Client) -> Finding:
    """An app that runs writes its file back from memory: what is written meanwhile is lost, or breaks it."""
    desktop = DESKTOPS[client.ID]
    title = f"{desktop.APP} is running" if scene.request.named else f"skipped, for {desktop.APP} is running"
    detail = (
        f"{desktop.APP} rewrites its file from memory while it runs: nothing was written for {client.TITLE}."
    )
    fix = f"{desktop.QUIT}, then run: mem0-agent install --client {client.ID}"
    return Finding(
        "client.running", severity(scene), title, detail, fix, client.ID, client.main_file(scene.host)
    )


def keyless(scene: Scene, client: Client) -> Finding | None:
    """The platform's key has to be in our own file: an app from the desktop has no shell to take it from."""
    desktop = DESKTOPS.get(client.ID)
    if desktop is None or scene.request.backend.kind != "platform" or scene.request.store_key:
        return None
    path = desktop.key_file(scene.host)
    if (scene.files.get(path) or b"").strip():
        return None
    detail = f"{desktop.APP} hands no key on to the servers that it starts, and there is none in {path}."
    fix = f"mem0-agent install --client {client.ID} --backend platform --store-key --api-key-stdin < key.txt"
    title = f"{desktop.APP} needs a stored key"
    return Finding("key.unset", severity(scene), title, detail, fix, client.ID, path)


def severity(scene: Scene) -> Severity:
    """Whoever names a client wants it or an error; a client that was merely found is left for later."""
    return "error" if scene.request.named else "warning"


# The key


def keep_key(scene: Scene, client: Client, draft: Draft) -> None:
    """The key as the whole content of our own file, which belongs to no client alone."""
    path = DESKTOPS[client.ID].key_file(scene.host)
    before, after = scene.files.get(path), f"{scene.request.key}\n".encode()
    if before != after:
        reason = "keep the key where the memory's own program reads it"
        draft.whole.append(Change(path, before, after, reason, mode=0o600, private=True))


# Direct


def told(scene: Scene, client: Client, draft: Draft, part: ClientPlan) -> ClientPlan:
    """What goes with an entry in an app's file; a plugin that was made before goes."""
    if client.ID not in DESKTOPS or part.blocked:
        return part
    desktop = DESKTOPS[client.ID]
    path = desktop.bundle_file(scene.host)
    now, record = scene.files.get(path), scene.receipt.records.get(path) if scene.receipt else None
    notes = [*part.notes]
    if now is not None and record and record.result == digest(now):
        draft.whole.append(Change(path, now, None, "no longer needed", client.ID))
        notes.append(f"If you have uploaded the plugin, remove it in {desktop.APP} too.")
    return replace(part, notes=(*notes, *desktop.remarks(scene.host, scene.request.backend)))


# The plugin


def packed(scene: Scene, client: Client, draft: Draft, part: ClientPlan) -> ClientPlan:
    """The plugin as a file for people to upload, and the steps; our entry in the app's file goes, for one of two must."""
    desktop, request = DESKTOPS[client.ID], scene.request
    if forbidden := desktop.plugin_ban(scene.host, scene.files):
        return replace(part, blocked=forbidden)
    skills = {} if "skills" in request.skip else scene.kit.skills
    path = desktop.bundle_file(scene.host)
    data = cowork_zip.bundle(scene.host, skills, hooks="hooks" not in request.skip)
    if scene.files.get(path) != data:
        reason = "the plugin for you to upload"
        draft.whole.append(Change(path, scene.files.get(path), data, reason, client.ID, mode=0o644))
    others = list(taken_out(scene, client, draft))
    notes = [
        f"“{r.name}” in {r.path} leads to a Mem0 too: with a connector beside it every tool comes twice."
        for r in others
    ]
    key = request.store_key or bool(scene.files.get(desktop.key_file(scene.host)))
    notes += desktop.steps(scene.host, request.backend, hooks="hooks" not in request.skip, key=key)
    names = tuple(dict.fromkeys(name.split("/")[0] for name in sorted(skills)))
    return replace(part, notes=(*part.notes, *notes), skills=names)


def taken_out(scene: Scene, client: Client, draft: Draft) -> Iterator[Registration]:
    """Our own entry goes; every other way to a Mem0 that the app has is given back."""
    for held in client.registrations(scene.host, scene.request.project, scene.files):
        endpoint = client.endpoint(scene.host, scene.files, held)
        if not held.live or not registrations.is_memory(scene.host, held, endpoint):
            continue
        if registrations.is_launcher(scene.host, endpoint) and held.path == client.main_file(scene.host):
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
        message = f"{DESKTOPS[lacking[0]].APP} reads no file of a project: --scope project has no place for {lacking[0]}"
        hint = f"Set it up for yourself: mem0-agent install --client {lacking[0]}"
        raise UserError("usage", message, hint=hint, exit_code=Exit.USAGE)
    return tuple(name for name in names if name not in lacking)
