"""Whether hooks are there, may run, do run; and whether the skills can be read."""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING

from mem0_agent.clients import codex_hooks, programs
from mem0_agent.doctor.lines import install, noted
from mem0_agent.model import Finding
from mem0_agent.planning import hooks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mem0_agent.contract import Client, HookSide
    from mem0_agent.doctor.case import Case
    from mem0_agent.model import Handler, Json, Trust

SLOW_MS = 3000
"""What a prompt may wait for a hook at the most, whatever its own budget says."""


def findings(case: Case, client: Client) -> Iterator[Finding]:
    side = client.hooks
    if side is None:
        return
    everyone = hooks.everywhere(case.host, client.ID, case.project, case.files)
    ours = [handler for handler in everyone if hooks.is_ours(case.host, handler)]
    yield from former(case, client, everyone)
    yield from void(case, client, side)
    lacking = [hook.event for hook in side.EVENTS if hook.event not in {handler.event for handler in ours}]
    if lacking and not case.has_theirs(client.ID):
        ban = next((finding for finding in off(case, side) if finding.id == "policy.blocked" and not ours), None)
        yield case.weighed(client.ID, ban) if ban else missing(case, client, side, lacking)
    if not ours:
        return
    troubles = [
        *twice(case, client, ours),
        *off(case, side),
        *untrusted(case, client, side, ours),
        *broken(case, client, ours),
        *slow(case, client),
        *silent(case, client),
    ]
    yield from troubles
    if not lacking and not any(finding.severity in ("warning", "error") for finding in troubles):
        yield Finding(
            "hooks.ok", "ok", f"{len(ours)} hooks call us in {client.TITLE}", last_word(case, client), "", client.ID
        )


def former(case: Case, client: Client, everyone: tuple[Handler, ...]) -> Iterator[Finding]:
    for path in dict.fromkeys(handler.path for handler in everyone if hooks.is_former(handler)):
        yield Finding(
            "hooks.legacy",
            "warning",
            f"Hooks of Mem0's own plugin stand in {path.name}",
            f"{path}: they capture a second time.",
            install(case, client, "--replace"),
            client.ID,
            path,
        )


def void(case: Case, client: Client, side: HookSide) -> Iterator[Finding]:
    for _, path in side.places(case.host, case.project):
        for fault in side.faults(hooks.ruled(path, case.files)):
            yield Finding(
                "hooks.broken",
                "error",
                f"{client.TITLE} ignores all of {path.name}",
                fault,
                programs.opened(path, "correct it"),
                client.ID,
                path,
            )


def missing(case: Case, client: Client, side: HookSide, lacking: list[str]) -> Finding:
    some = len(lacking) < len(side.EVENTS)
    title = (
        f"Hooks are missing in {client.TITLE}: {', '.join(lacking)}" if some else f"{client.TITLE} has no hooks of ours"
    )
    detail = "" if some else "Memories are neither recalled nor captured by themselves."
    return Finding("hooks.missing", "warning", title, detail, install(case, client), client.ID)


def twice(case: Case, client: Client, ours: list[Handler]) -> Iterator[Finding]:
    for event in dict.fromkeys(handler.event for handler in ours):
        alike = [handler for handler in ours if handler.event == event]
        if len(alike) > 1:
            yield Finding(
                "hooks.duplicated",
                "warning",
                f"{event} calls us {len(alike)} times in {client.TITLE}",
                " and ".join(str(handler.path) for handler in alike),
                once(case, client, alike),
                client.ID,
            )
            return


def once(case: Case, client: Client, alike: list[Handler]) -> str:
    """What leaves one of them: a user's and a project's file are not changed by one install."""
    shared = next((handler for handler in alike if handler.scope in ("project", "local")), None)
    if shared is None:
        return install(case, client)
    record = case.receipt.records.get(shared.path) if case.receipt else None
    if record and record.scope == "project":
        where = shlex.quote(str(case.project))
        return f"mem0-agent uninstall --client {client.ID} --scope project --project {where}"
    return programs.opened(shared.path, f"take “{shared.command}” out")


def off(case: Case, side: HookSide) -> Iterator[Finding]:
    if switched := side.off(case.host, case.files, case.project):
        yield switched


def untrusted(case: Case, client: Client, side: HookSide, ours: list[Handler]) -> Iterator[Finding]:
    states = {handler.event: trust(case, side, handler) for handler in ours}
    waiting = [event for event, state in states.items() if state == "awaiting"]
    changed = [event for event, state in states.items() if state == "modified"]
    if waiting:
        yield Finding(
            "hooks.untrusted",
            "error",
            f"{len(waiting)} hooks await your trust in {client.TITLE}",
            f"It does not run them until then: {', '.join(waiting)}",
            accept(case, client),
            client.ID,
        )
    if changed:
        yield Finding(
            "hooks.modified",
            "error",
            f"{len(changed)} hooks changed since you trusted them in {client.TITLE}",
            f"It does not run them: {', '.join(changed)}",
            accept(case, client),
            client.ID,
        )


def accept(case: Case, client: Client) -> str:
    presence = case.facts.presences.get(client.ID)
    if presence and presence.program:
        return install(case, client, "--trust-hooks", why=f"or start {client.PROGRAM} and accept them when it asks")
    return noted(client.PROGRAM, "and accept the hooks when it asks")


def trust(case: Case, side: HookSide, handler: Handler) -> Trust:
    """Codex's own word where it was asked, else what its files say."""
    told = case.facts.trust.get(codex_hooks.key(handler.path, handler.event, handler.group, handler.index), "")
    said: Mapping[str, Trust] = {
        "trusted": "trusted",
        "managed": "trusted",
        "modified": "modified",
        "untrusted": "awaiting",
    }
    return said[told] if told in said else side.trust(case.host, case.files, handler)


def broken(case: Case, client: Client, ours: list[Handler]) -> Iterator[Finding]:
    for line in dict.fromkeys(handler.command for handler in ours):
        run = case.facts.runs.get(line)
        if run is None:
            continue
        if not run.well:
            yield Finding(
                "hooks.broken",
                "error",
                f"The hook command of {client.TITLE} does not run",
                f"{line}: {run.detail}",
                install(case, client),
                client.ID,
            )
        if run.problem:
            yield Finding(
                "config.invalid",
                "error",
                "mem0-agent's own settings cannot be read as they stand",
                run.problem,
                programs.opened(case.host.dirs.config / "config.toml", "correct what is named above"),
                client.ID,
            )


def notes(case: Case, client: Client) -> list[Mapping[str, Json]]:
    return [note for note in case.facts.notes if note.get("client") == client.ID]


def slow(case: Case, client: Client) -> Iterator[Finding]:
    for note in notes(case, client):
        took, error, since = float(note.get("ms", 0)), str(note.get("error", "")), float(note.get("failed", 0))
        if took > SLOW_MS or (error.startswith("slow") and since >= float(note.get("last", 0))):
            failed = f"{note.get('failures', 0)} of {note.get('count')} failed. {error}"
            detail = f"{note.get('event')} last took {took:.0f} ms; {failed}"
            yield Finding(
                "hooks.slow",
                "warning",
                f"A hook was too slow in {client.TITLE}",
                detail,
                f"tail -n 20 {shlex.quote(str(case.host.dirs.state / 'hook.log'))}",
                client.ID,
            )
            return


def silent(case: Case, client: Client) -> Iterator[Finding]:
    if notes(case, client):
        return
    if client.ID in case.facts.used:
        yield Finding(
            "hooks.never-fired",
            "warning",
            f"No hook has fired in {client.TITLE}, though it was used since",
            "It read its settings before they were installed, or does not run them.",
            noted(client.PROGRAM, "a new session reads its settings anew"),
            client.ID,
        )
    else:
        yield Finding(
            "hooks.never-fired",
            "info",
            f"No hook has fired in {client.TITLE} yet",
            "The first one comes with the next session.",
            "",
            client.ID,
        )


def last_word(case: Case, client: Client) -> str:
    last = max((float(note.get("last", 0)) for note in notes(case, client)), default=0.0)
    return f"The last hook fired on {time.strftime('%Y-%m-%d at %H:%M', time.localtime(last))}." if last else ""
