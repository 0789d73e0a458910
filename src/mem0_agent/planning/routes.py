"""The one registration: what leads to a Mem0 already, which of it the client uses, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mem0_agent.clients import CLIENTS
from mem0_agent.clients.plugins import PLUGINS
from mem0_agent.model import Edit, Exit, UserError
from mem0_agent.planning import registrations, traces

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mem0_agent.contract import Client
    from mem0_agent.model import ClientPlan, Finding, Json, Receipt, Registration
    from mem0_agent.planning.draft import Draft, Scene
    from mem0_agent.planning.registrations import Duplicate, Held

SEARCH_ONLY = "core/mcp_server.py"
"""The program of the vendor's plugin from 0.3 on, which serves one tool that only reads."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A registration in the way, and the one that hides it from its client today (None: the client uses it)."""

    duplicate: Duplicate
    hider: Registration | None

    @property
    def registration(self) -> Registration:
        return self.duplicate.registration


def register(scene: Scene, client: Client, draft: Draft, part: ClientPlan, refused: list[Rival]) -> ClientPlan:
    """The entry into ``draft``, or what is in its way into ``refused``, or what forbids it into the plan."""
    target = client.entry(scene.host, scene.request.backend, scene.request.scope, scene.request.project)
    if banned := ban(scene, client, target):
        return replace(part, blocked=banned)
    stays, notes = contest(scene, client, target, draft, part)
    refused += stays
    if stays:
        return part
    there = client.registrations(scene.host, scene.request.project, scene.files)
    if not any(registrations.at(r) == registrations.at(target) and r.entry == target.entry for r in there):
        edit = Edit("put", target.keys, dict(target.entry))
        draft.add(client.ID, target.path, edit, f"register the MCP server “{target.name}”")
    waiting = client.approval(scene.host, scene.files, target)
    notes = [*([f"{waiting.title}: {waiting.fix}"] if waiting else []), *notes]
    return replace(part, entry=target, notes=(*part.notes, *notes))


def contest(
    scene: Scene, client: Client, target: Registration, draft: Draft, part: ClientPlan
) -> tuple[list[Rival], list[str]]:
    """What stays in the way of ``target``, else what people should know; what gives way goes into ``draft``."""
    found = rivals(scene, client, target, held(scene, client, target), part.presence.version)
    stays = [rival for rival in found if not resolved(scene, target, rival.registration)]
    if stays:
        return stays, []
    if scene.request.replace:
        remove(draft, client, found, target)
    return [], [*beside(scene, found), *PLUGINS[client.ID].hints(scene.host, scene.files)]


def ban(scene: Scene, client: Client, target: Registration) -> Finding | None:
    """What forbids this entry in this client."""
    own = [finding for finding in client.policy(scene.host, scene.files) if finding.severity == "error"]
    endpoint = client.endpoint(scene.host, scene.files, target)
    return own[0] if own else PLUGINS[client.ID].server_ban(scene.host, scene.files, target, endpoint)


def held(scene: Scene, client: Client, target: Registration) -> list[Held]:
    """What the client holds, each with how it would reach it; what is ours and goes with the change of mode aside."""
    own = recorded(scene.receipt) if scene.request.mode == "plugin" else frozenset()
    plugins = {target.plugin, *(offer.identity for offer in traces.brought(scene.host, client.ID, scene.receipt))}
    found = client.registrations(scene.host, scene.request.project, scene.files)
    goes = [r for r in found if (r.plugin in plugins if r.plugin else registrations.at(r) in own)]
    kept = [r for r in found if r not in goes or scene.request.scope == "project"]
    return [(r, client.endpoint(scene.host, scene.files, r)) for r in kept]


def rivals(scene: Scene, client: Client, target: Registration, pairs: list[Held], version: str) -> list[Rival]:
    endpoint = client.endpoint(scene.host, scene.files, target)
    url = scene.request.backend.url
    found = registrations.duplicates(scene.host, target, endpoint, pairs, ours=recorded(scene.receipt), backend=url)
    hiders = registrations.started(pairs, version)
    return [Rival(d, next((h for other, h in hiders if other is d.registration), None)) for d in found]


def recorded(receipt: Receipt | None) -> frozenset[tuple[Path, tuple[str, ...]]]:
    """The places in other programs' files where an entry of ours stands, as the receipt has it."""
    if receipt is None:
        return frozenset()
    return frozenset(
        (path, edit.keys) for path, record in receipt.records.items() for edit in record.edits if edit.op == "put"
    )


# What becomes of the others


def resolved(scene: Scene, target: Registration, other: Registration) -> bool:
    """Whether the user's words settle it: an administrator's entry can only be stood beside."""
    if scene.request.replace and other.scope not in registrations.FIXED:
        return True
    return scene.request.allow_duplicate and apart(other, target)


def apart(other: Registration, target: Registration) -> bool:
    """Two entries can stand side by side unless they are to stand in the very same place."""
    return registrations.at(other) != registrations.at(target)


def remove(draft: Draft, client: Client, found: Iterable[Rival], target: Registration) -> None:
    """Take entries out, and switch plugins off by their own switch: what a plugin has not sent yet stays with it."""
    for other in (rival.registration for rival in found):
        if other.scope in registrations.BY_HAND:
            continue
        if other.plugin:
            reason = f"switch off the plugin {other.plugin}"
            draft.add(client.ID, other.path, Edit("put", other.keys, value=False), reason)
        elif apart(other, target) and other.scope not in registrations.FIXED:
            draft.add(client.ID, other.path, Edit("drop", other.keys), f"remove the duplicate “{other.name}”")


def beside(scene: Scene, found: Iterable[Rival]) -> list[str]:
    """What people should know of the others, however it was settled."""
    notes = []
    for rival in found:
        other = rival.registration
        if scene.request.replace and other.plugin:
            what = "switched off, not removed: what it has stored or not sent yet stays"
            notes.append(f"The plugin {other.plugin} is {what}.")
            continue
        notes.append(f"{place(other)} is {rival.duplicate.why}.")
        if other.plugin and "hooks" not in scene.request.skip:
            notes.append(f"The hooks of {other.plugin} capture too: --skip hooks leaves ours out.")
    return notes


# Words


def place(registration: Registration) -> str:
    if registration.plugin:
        return f"“{registration.name}” of the plugin {registration.plugin}, switched on in {registration.path},"
    return f"“{registration.name}” in {registration.path}"


def line(rival: Rival) -> str:
    other, why = rival.registration, rival.duplicate.why
    if other.plugin:
        where = f"“{other.name}” of the plugin {other.plugin} ({why}), switched on in {other.path}"
    else:
        where = f"“{other.name}” ({why}) in {other.path}"
    state = f"used today by {CLIENTS[other.client].TITLE}"
    if rival.hider:
        state = f"hidden today by {place(rival.hider).rstrip(',')}"
    return f"{other.client}: {where}: {state}"


def offers(found: list[Rival]) -> list[str]:
    """What the vendor's newer plugin has and has not, for those who have to choose."""
    some = [r.registration.plugin for r in found if r.registration.plugin and is_search_only(r.registration)]
    return [
        f"  {plugin} offers one tool, search_memories, which only reads, and captures by hooks of its own;"
        " mem0-agent offers the nine tools and its hooks."
        for plugin in dict.fromkeys(some)
    ]


def is_search_only(registration: Registration) -> bool:
    words = registration.entry.get("args")
    return any(
        str(word).replace("\\", "/").endswith(SEARCH_ONLY) for word in (words if isinstance(words, list) else [])
    )


def refusal(found: list[Rival]) -> UserError:
    """The refusal that names every registration in the way, with its file, which one is used, and what to do."""
    rows = [rival.registration for rival in found]
    fixed = [row for row in rows if row.scope in registrations.FIXED]
    more = f"; {len(found) - 1} more" if len(found) > 1 else ""
    hint = "mem0-agent install --replace takes the other out; --allow-duplicate keeps both, with their tools twice."
    if fixed and fixed[0].scope in registrations.BY_HAND:
        where = registrations.BY_HAND[fixed[0].scope]
        hint = f"Remove it in Claude under {where}, or keep both, with their tools twice: --allow-duplicate."
    elif fixed:
        hint = (
            f"{fixed[0].path} belongs to this machine's administrator: ask them, or keep both with --allow-duplicate."
        )
    elif any(row.plugin for row in rows):
        how = "switches the plugin off" if all(row.plugin for row in rows) else "takes entries out and plugins off"
        hint = f"mem0-agent install --replace {how}; --allow-duplicate keeps all, for two accounts say."
    lines = ["Mem0 is registered already:", *(f"  {line(rival)}" for rival in found), *offers(found)]
    return UserError(
        "registration.duplicate", "\n".join(lines), hint=hint, path=rows[0].path, exit_code=Exit.REFUSED,
        data={"duplicates": [told(r) for r in found], "summary": f"{rows[0].name} in {rows[0].path}{more}"},
    )  # fmt: skip


def told(rival: Rival) -> dict[str, Json]:
    other = rival.registration
    return {
        "client": other.client, "name": other.name, "scope": other.scope, "path": str(other.path),
        "why": rival.duplicate.why, "plugin": other.plugin or None, "used": rival.hider is None,
    }  # fmt: skip
