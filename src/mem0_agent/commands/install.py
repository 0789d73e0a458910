"""The flow of install: read, plan, try, show, ask, write, read back, prove."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mem0_agent import __version__, host, package
from mem0_agent.clients import CLIENTS, managed
from mem0_agent.commands import plugin
from mem0_agent.commands.conclusion import concluded, report
from mem0_agent.commands.proof import prove, rehearsal, unproved
from mem0_agent.commands.running import busy, refusal, running
from mem0_agent.commands.versions import with_versions
from mem0_agent.model import Exit, UserError
from mem0_agent.planning import install, runtime, skills
from mem0_agent.planning.draft import Scene
from mem0_agent.writing import apply, files, ledger, membership

if TYPE_CHECKING:
    from mem0_agent.commands.options import Job
    from mem0_agent.commands.plugin import Moves
    from mem0_agent.model import Backend, Endpoint, Files, Outcome, Plan, Report
    from mem0_agent.planning.draft import Request

ATTEMPTS = 8
"""How often a plan is made anew because another program wrote in between."""


class Overwritten(UserError):  # noqa: N818 - what has come of our entry
    """A client has put its stale copy back between our writing and our reading: once more, for that may be over."""


def run(job: Job) -> Report:
    """Install as asked. Raises UserError; what it wrote before that has been taken back."""
    if not job.options.dry_run:
        membership.finish(job.here)
    plan, known = planned(job)
    plan = with_versions(job.here, plan)
    moving = plugin.moves(job, plan, known)
    plan = plugin.commanded(plan, moving)
    idle = not plan.changes and not moving
    tried = prove(job, plan, known) if idle else rehearsal(job, plan, known)
    failed = {name: outcome for name, outcome in tried.items() if not outcome.ok}
    if failed:
        return report(job, plan, tried, error=unproved(failed, targets(job, plan, known), "Nothing was written."))
    job.face.plan(plan, full=job.options.dry_run)
    if job.options.dry_run:
        return concluded(job, plan, tried)
    if idle:
        completed(job)
        return concluded(job, plan, tried)
    if not job.face.confirm("Write these changes?"):
        raise UserError("usage.declined", "Nothing was written.", exit_code=Exit.FAILED)
    if held := busy(job.here, plan):  # it was opened while we asked
        raise refusal(held[0], "install", "nothing was written")
    return carried_out(job, plan, moving)


def completed(job: Job) -> None:
    """What a run that was killed between its files and its end has left to do."""
    apply.mend(job.here.dirs)
    package.compile_wing(runtime.root(job.here, job.kit.wing), job.kit.wing, job.here.python)


def targets(job: Job, plan: Plan, known: Files) -> dict[str, Endpoint]:
    return install.endpoints(job.here, install.overlaid(known, plan.changes), plan)


def planned(job: Job) -> tuple[Plan, Files]:
    closed: list[UserError] = []
    known = gathered(job, closed)
    receipt = ledger.load(job.here.dirs)  # after the files, so that what another run of ours wrote is known as ours
    request = replace(job.request, running=running(job.here, job.request.clients))
    scene = Scene(job.here, known, receipt, request, job.kit, partial(ledger.restore_bytes, job.here.dirs))
    plan = managed.noted(job.here, install.plan(scene), known, [error.path for error in closed if error.path])
    guard_project(job.request, plan)
    return plan, known


def gathered(job: Job, closed: list[UserError] | None = None) -> Files:
    """What the clients' part of a plan hangs on, and what stands of our own.

    An administrator's file that may not be read counts as absent, and comes to ``closed``.
    """
    here, request, kit = job.here, job.request, job.kit
    taught = (
        item.path for name in request.clients for item in skills.wanted(here, name, request.scope, request.project, kit)
    )
    receipt = ledger.load(here.dirs)
    market, former = plugin.wanted(here, request, kit, receipt), runtime.spare(here, kit.wing, receipt)
    own = frozenset({here.dirs.config / "config.toml", *runtime.wants(here, kit.wing), *taught, *market, *former})
    problems: list[UserError] = []
    wants = (partial(CLIENTS[name].wants, here, request.project) for name in request.clients)
    known = host.gather([lambda known: own - known.keys(), *wants], problems=problems)
    for problem in problems:
        if problem.path is None or not managed.is_managed(here, problem.path):
            raise problem
    if closed is not None:
        closed += problems
    return known


def guard_project(request: Request, plan: Plan) -> None:
    """A repository must not lead our pen out of itself through a link."""
    root = request.project
    for change in plan.changes:
        if root and change.client and change.scope == "project" and not files.inside(change.path, root):
            raise UserError(
                "project.escapes", "This file of the project is a link out of the project", path=change.path,
                hint="Remove the link, or register for the user instead: mem0-agent install --scope user",
            )  # fmt: skip


def carried_out(job: Job, plan: Plan, moving: Moves) -> Report:
    """Write, read back from disk, prove; anything short of that takes every byte back."""
    here, request = job.here, job.request
    for attempt in range(ATTEMPTS):
        try:
            with apply.transaction(plan.changes, here.dirs, backend=settled(job, plan), clients=request.clients,
                                   version=__version__):  # fmt: skip
                package.compile_wing(runtime.root(here, job.kit.wing), job.kit.wing, here.python)
                with membership.entered(here, moving.joining, partial(gathered, job), moving.version) as visits:
                    outcomes = proof(job, plan)
            membership.adopt(here, visits)
            plugin.left(job, moving)
            if attempt == ATTEMPTS - 1 or not lost(plan):
                return concluded(job, plan, outcomes)
        except (apply.Moved, Overwritten):
            if attempt == ATTEMPTS - 1:
                raise
        plan = replace(planned(job)[0], clients=plan.clients)
    raise AssertionError  # the loop returns or raises


def settled(job: Job, plan: Plan) -> Backend | None:
    """The memory of this machine from now on; None where another's plugin leaves it as it is."""
    return None if job.request.listings and ledger.load(job.here.dirs) else plan.backend


def lost(plan: Plan) -> bool:
    """Whether a client has put a stale copy of its file back over ours; what cannot be read does not tell."""
    problems: list[UserError] = []
    known = {change.path: host.read(change.path, problems) for change in plan.changes if change.edits}
    told = known.keys() - {problem.path for problem in problems}
    return bool(apply.settled([change for change in plan.changes if change.path in told], known.__getitem__))


def proof(job: Job, plan: Plan) -> dict[str, Outcome]:
    """What every client's server answers through what is on disk now. Raises UserError unless all answer."""
    known = gathered(job)
    missing = [part for part in plan.clients if part.entry and install.standing(job.here, known, part) is None]
    if missing:
        title = CLIENTS[missing[0].client].TITLE
        raise Overwritten("registration.lost", f"{title} wrote its file back without our entry",
                        hint="Quit it and run mem0-agent install again.", exit_code=Exit.NOT_VERIFIED)  # fmt: skip
    outcomes = prove(job, plan, known)
    failed = {name: outcome for name, outcome in outcomes.items() if not outcome.ok}
    if failed:
        raise unproved(failed, targets(job, plan, known), "Every file is as it was before.")
    return outcomes
