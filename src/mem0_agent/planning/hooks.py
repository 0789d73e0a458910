"""Hooks in documents: ours, other people's, and the vendor's former ones. The same shape serves every client."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from mem0_agent.clients import CLIENTS, programs
from mem0_agent.edits import document
from mem0_agent.model import Edit, Handler

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mem0_agent.model import Files, Hook, Host, Json, Record

FORMER = frozenset({"mem0-plugin", "claude-code-plugin", "codex-plugin"})
"""Folders of the vendor's own plugin, whose scripts its installer used to write into people's hook files."""
FORMER_SCRIPTS = frozenset({"scripts", "hooks", "adapters"})


def command(host: Host, client: str, scope: str) -> str:
    """The one command string of ours, for every event and for ever: a trusted hook is known by it.

    A project's file is shared with people who have other homes, so it names the program as PATH finds it.
    """
    if scope == "project":
        return f"mem0-agent hook {client}"
    path = str(host.launcher)
    return f'"{path}" hook {client}' if host.windows else f"{shlex.quote(path)} hook {client}"


def group(hook: Hook, line: str) -> dict[str, Json]:
    handler = {"type": "command", "command": line, "timeout": hook.timeout}
    return {**({"matcher": hook.matcher} if hook.matcher else {}), "hooks": [handler]}


def handlers(client: str, scope: str, path: Path, files: Files) -> Iterator[Handler]:
    """Every hook in the file at ``path``. Raises UserError where the file does not parse."""
    events = programs.document(path, files).get("hooks")
    for event, groups in (events if isinstance(events, dict) else {}).items():
        for number, holder in enumerate(groups if isinstance(groups, list) else ()):
            entries = holder.get("hooks") if isinstance(holder, dict) else None
            for index, entry in enumerate(entries if isinstance(entries, list) else ()):
                if isinstance(entry, dict):
                    yield Handler(client, scope, path, event, number, index, entry, holder)


def ruled(path: Path, files: Files) -> Mapping[str, Json]:
    """What a client's rules for a file of hooks are about: the whole file, or that table of a file for everything."""
    held = programs.document(path, files)
    return held if path.suffix == ".json" else {name: held[name] for name in ("hooks",) if name in held}


def everywhere(host: Host, client: str, project: Path | None, files: Files) -> tuple[Handler, ...]:
    """Every hook that ``client`` could run, whoever wrote it."""
    side = CLIENTS[client].hooks
    places = side.places(host, project) if side else ()
    return tuple(found for scope, path in places for found in handlers(client, scope, path, files))


def is_ours(host: Host, handler: Handler) -> bool:
    """Exactly our own command; a user's command that mentions us is the user's."""
    return handler.command in {command(host, handler.client, scope) for scope in ("user", "project")}


def additions(host: Host, client: str, scope: str, path: Path, files: Files) -> Iterator[Edit]:
    """What the file at ``path`` lacks: each group goes behind all others, whose positions their trust hangs on."""
    side, line = CLIENTS[client].hooks, command(host, client, scope)
    there = {found.event for found in handlers(client, scope, path, files) if found.command == line}
    for hook in side.EVENTS if side else ():
        if hook.event not in there:
            yield Edit("add", ("hooks", hook.event), group(hook, line))


def surplus(host: Host, client: str, scope: str, path: Path, files: Files) -> tuple[list[Handler], list[Edit]]:
    """Our own calls beyond one for each event in the file at ``path``, and the edits that take them out.

    The last that is as we would write it stays: the edits take the first that is equal.
    """
    line = command(host, client, scope)
    ours = [found for found in handlers(client, scope, path, files) if is_ours(host, found)]
    stays = {found.event: found for found in ours if found.command == line}
    going = [found for found in ours if found is not stays.get(found.event)]
    whole = [one for one in going if all(other in going for other in siblings(one))]
    parts = [one for one in going if one not in whole]
    edits = [Edit("take", ("hooks", one.event, f"#{one.group}", "hooks"), dict(one.entry)) for one in parts]
    edits += [Edit("take", ("hooks", one.event), dict(one.holder)) for one in whole if one.index == 0]
    return going, edits


def departures(host: Host, client: str, scope: str, path: Path, files: Files) -> Iterator[tuple[Handler, Edit]]:
    """What takes our hooks out of the file at ``path``: a whole group where it is ours alone, else our part of it."""
    ours = [found for found in handlers(client, scope, path, files) if is_ours(host, found)]
    for handler in (one for one in ours if not alone(host, one)):
        yield handler, Edit("take", ("hooks", handler.event, f"#{handler.group}", "hooks"), dict(handler.entry))
    for handler in (one for one in ours if alone(host, one) and one.index == 0):
        yield handler, Edit("take", ("hooks", handler.event), dict(handler.holder))


def cleared(host: Host, record: Record, text: bytes, *, force: bool) -> bytes:
    """``text`` of the file of ``record`` without our hooks; one that somebody has changed goes only with ``force``."""
    side = CLIENTS[record.client].hooks
    if side is None or not any(path == record.path for _, path in side.places(host, record.path.parent.parent)):
        return text
    times = {hook.event: hook.timeout for hook in side.EVENTS}
    made = max((edit.made for edit in record.edits if edit.keys[0] == "hooks"), default=1)
    takes = [
        replace(edit, made=made if record.baseline else 2)
        for handler, edit in departures(host, record.client, record.scope, record.path, {record.path: text})
        if force or handler.entry.get("timeout") == times.get(handler.event)
    ]
    return document.perform(record.path, text, takes)[0] if takes else text


def alone(host: Host, handler: Handler) -> bool:
    """Whether nobody else's hook is in the same group."""
    everyone = siblings(handler)
    return len(everyone) == len(handler.holder["hooks"]) and all(is_ours(host, sibling) for sibling in everyone)


def is_former(handler: Handler) -> bool:
    """Whether a hook runs a script of the vendor's plugin from where its own installer put it."""
    try:
        words = shlex.split(handler.command)
    except ValueError:
        return False
    return any(former_script(word) for word in words)


def former_script(word: str) -> bool:
    parts = word.replace("\\", "/").split("/")
    return any(name in FORMER and FORMER_SCRIPTS & set(parts[number + 1 : -1]) for number, name in enumerate(parts))


def removals(found: tuple[Handler, ...]) -> Iterator[tuple[Handler, Edit]]:
    """The edits that take out the vendor's former hooks; a group that holds other hooks too is left to its owner."""
    for handler in found:
        alone = all(is_former(sibling) for sibling in siblings(handler))
        if is_former(handler) and handler.index == 0 and alone:
            yield handler, Edit("take", ("hooks", handler.event), dict(handler.holder))


def siblings(handler: Handler) -> list[Handler]:
    entries: list[Mapping[str, Json]] = [entry for entry in handler.holder["hooks"] if isinstance(entry, dict)]
    return [
        Handler(handler.client, handler.scope, handler.path, handler.event, handler.group, n, entry, handler.holder)
        for n, entry in enumerate(entries)
    ]
