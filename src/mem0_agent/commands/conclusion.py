"""The end of an install: trust where it was asked for, and the report."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from mem0_agent import host
from mem0_agent.clients import CLIENTS, codex_hooks
from mem0_agent.clients.desktops import DESKTOPS
from mem0_agent.model import ClientResult, Exit, Report, UserError, Verification
from mem0_agent.planning import elsewhere, hooks
from mem0_agent.writing import ledger, visits
from mem0_agent.writing.disk import there

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mem0_agent.commands.options import Job
    from mem0_agent.model import Change, ClientPlan, Handler, Outcome, Plan, Trust


def concluded(job: Job, plan: Plan, outcomes: Mapping[str, Outcome]) -> Report:
    trust = {} if job.options.dry_run else {p.client: trust_of(job, p) for p in plan.clients if p.hooks}
    blocked = next((p.blocked for p in plan.clients if p.blocked and p.blocked.severity == "error"), None)
    error = None
    if blocked:
        error = UserError(blocked.id, blocked.detail, hint=blocked.fix, path=blocked.path)
    return report(job, plan, outcomes, trust, error=error)


# Trust


def trust_of(job: Job, part: ClientPlan) -> Trust:
    """Whether the client will run our hooks, after recording trust where the user asked for it."""
    side = CLIENTS[part.client].hooks
    known = host.gather([partial(CLIENTS[part.client].wants, job.here, job.request.project)], problems=[])
    ours = [
        h for h in hooks.everywhere(job.here, part.client, job.request.project, known) if hooks.is_ours(job.here, h)
    ]
    states = {side.trust(job.here, known, handler) for handler in ours} if side else set()
    if part.mode == "plugin" and "trusted" in states and part.presence.program:
        states = asked(job, part.presence.program, ours) or states
    settled: tuple[set[Trust], ...] = (set(), {"trusted"}, {"not-needed"})
    if job.request.trust_hooks and part.presence.program and states not in settled:
        return record_trust(job, part, part.presence.program, [handler.command for handler in ours])
    order: tuple[Trust, ...] = ("awaiting", "modified", "trusted", "not-needed")
    return next((state for state in order if state in states), "not-needed")


def asked(job: Job, program: Path, ours: list[Handler]) -> set[Trust]:
    """The client's own word: it trusts a plugin's hooks by the whole plugin, and no file of it tells how exactly."""
    from mem0_agent.asking import trust

    said: dict[str, Trust] = {"trusted": "trusted", "managed": "trusted", "modified": "modified"}
    with suppress(UserError):
        known = trust.statuses(program, job.here.env, job.request.project or job.here.cwd)
        keys = [codex_hooks.key(handler.path, handler.event, handler.group, handler.index) for handler in ours]
        return {said.get(known[key], "awaiting") for key in keys if key in known}
    return set()


def record_trust(job: Job, part: ClientPlan, program: Path, commands: list[str]) -> Trust:
    """Show each command, have the client record its trust, and make what it wrote part of the receipt."""
    from mem0_agent.asking import trust

    for command in dict.fromkeys(commands):
        job.face.say(f"Recording trust in {CLIENTS[part.client].TITLE} for: {command}")
    with visits.witnessed(job.here, part.client, CLIENTS[part.client].main_file(job.here)):
        well = trust.record(program, job.here.env, job.request.project or job.here.cwd, commands)
    return "trusted" if well else "awaiting"


# The report


def report(job: Job, plan: Plan, outcomes: Mapping[str, Outcome], trust: Mapping[str, Trust] = MappingProxyType({}), *,
           error: UserError | None) -> Report:  # fmt: skip
    if error and error.exit_code == Exit.NOT_VERIFIED:
        plan = undone(plan)
    results = tuple(
        result(job, part, plan, outcomes.get(part.client), trust.get(part.client, "not-needed"))
        for part in plan.clients
    )
    kept = ledger.path(job.here.dirs)
    sides = elsewhere.sides(job.here, lasting=there(kept) or job.options.dry_run)
    return Report(
        "install", error.exit_code if error else Exit.DONE, plan.backend, job.options.dry_run,
        kept if there(kept) else None, results, plan.changes, leaves=tuple(sides), error=error,
    )  # fmt: skip


def undone(plan: Plan) -> Plan:
    """``plan`` where nothing of it was done: without its changes, and without words about what they would bring."""
    waiting = {change.client for change in plan.changes}

    def left(part: ClientPlan) -> ClientPlan:
        if part.commands:  # the client would have brought all of it
            return replace(part, notes=(), hooks=(), skills=(), commands=())
        if part.client not in waiting:
            return part
        mine = [change for change in plan.changes if change.client == part.client]
        hooked = any(edit.op == "add" and edit.keys[0] == "hooks" for change in mine for edit in change.edits)
        taught = {change.reason.removeprefix("the skill ") for change in mine}
        skills = tuple(name for name in part.skills if name not in taught)
        return replace(part, notes=(), hooks=() if hooked else part.hooks, skills=skills)

    return replace(plan, changes=(), clients=tuple(map(left, plan.clients)))


def result(job: Job, part: ClientPlan, plan: Plan, outcome: Outcome | None, trust: Trust) -> ClientResult:
    changes = tuple(change for change in plan.changes if change.client == part.client)
    line = hooks.command(job.here, part.client, part.scope)
    words = [] if job.options.dry_run else after_words(part, changes, trust, line)
    return ClientResult(part, changes, verification(part, outcome), tuple(words), trust)


def verification(part: ClientPlan, outcome: Outcome | None) -> Verification:
    if outcome is not None:
        status: Literal["ok", "failed"] = "ok" if outcome.ok else "failed"
        return Verification(status, outcome.detail, outcome.entities, outcome.elapsed_ms, outcome.kind)
    if part.entry is None:
        why = "no MCP server is registered" if part.blocked else "no MCP server was asked for (--skip mcp)"
        if part.client in DESKTOPS and part.mode == "plugin":
            why = "the plugin holds no server: the connector is yours to add"
        return Verification("skipped", why)
    return Verification("skipped", "nothing was asked of the server (--no-verify)")


def after_words(part: ClientPlan, changes: tuple[Change, ...], trust: Trust, line: str) -> list[str]:
    by_hand = part.mode == "plugin" and part.client in DESKTOPS
    words = [CLIENTS[part.client].RESTART] if (changes or part.commands) and not by_hand else []
    if trust in ("awaiting", "modified"):
        words.append(
            f"Its hooks are installed and await your trust; each of them runs: {line}\n"
            "Start codex and accept them when it asks, or run mem0-agent install --trust-hooks"
        )
    return words
