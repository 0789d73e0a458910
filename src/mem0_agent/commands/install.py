"""The flow of install: read, plan, try, show, ask, write, read back, prove."""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from functools import partial
from typing import TYPE_CHECKING

from mem0_agent import __version__, apply, files, host, install, ledger, registrations, runtime
from mem0_agent.clients import CLIENTS
from mem0_agent.model import ClientResult, Exit, Report, UserError, Verification

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mem0_agent.model import ClientPlan, Endpoint, Files, Host, Outcome, Plan, Receipt
    from mem0_agent.render import Face

ATTEMPTS = 8
"""How often a plan is made anew because another program wrote in between."""


@dataclass(frozen=True, slots=True)
class Options:
    """What does not change the plan, only how it is carried out. ``timeout`` in seconds."""

    verify: bool = True
    timeout: float = 10.0
    dry_run: bool = False


def run(here: Host, request: install.Request, options: Options, face: Face) -> Report:
    """Install as asked. Raises UserError; what it wrote before that has been taken back."""
    wing, template = host.wing(), host.template("config.toml")
    plan, known = planned(here, request, wing, template)
    plan = versions(here, plan)
    if not plan.changes:
        return concluded(here, plan, prove(here, plan, known, options, face), options)
    tried = rehearsal(here, plan, known, options, face)
    failed = {name: outcome for name, outcome in tried.items() if not outcome.ok}
    if failed:
        return report(here, plan, tried, options, error=unproved(failed, "Nothing was written."))
    face.plan(plan)
    if options.dry_run:
        return concluded(here, plan, tried, options)
    if not face.confirm("Write these changes?"):
        raise UserError("usage.declined", "Nothing was written.", exit_code=Exit.FAILED)
    return carried_out(here, request, options, face, plan)


def planned(here: Host, request: install.Request, wing: Mapping[str, bytes], template: bytes) -> tuple[Plan, Files]:
    receipt = ledger.load(here.dirs)
    guard_project(request)
    known = gathered(here, request.clients, request.project, wing)
    return install.plan(here, known, receipt, request, wing, template), known


def gathered(here: Host, clients: tuple[str, ...], project: Path | None, wing: Mapping[str, bytes]) -> Files:
    own = frozenset({here.dirs.config / "config.toml", *runtime.wants(here, wing)})
    return host.gather([
        lambda known: own - known.keys(),
        *(partial(CLIENTS[name].wants, here, project) for name in clients),
    ])  # fmt: skip


def guard_project(request: install.Request) -> None:
    """A repository must not lead our pen out of itself through a link."""
    if request.scope != "project" or request.project is None:
        return
    for name in (".mcp.json", ".codex/config.toml"):
        path = request.project / name
        if not files.inside(path, request.project):
            raise UserError(
                "project.escapes", "This file of the project is a link out of the project",
                hint="Remove the link, or register for the user instead: mem0-agent install --scope user", path=path,
            )  # fmt: skip


def versions(here: Host, plan: Plan) -> Plan:
    """The plan with the versions that no file told, asked of the programs themselves, side by side."""

    def asked(part: ClientPlan) -> ClientPlan:
        seen = part.presence
        if seen.version or seen.program is None:
            return part
        said = CLIENTS[part.client].version(host.says_version(seen.program, here.env))
        return replace(part, presence=replace(seen, version=said))

    if all(part.presence.version or part.presence.program is None for part in plan.clients):
        return plan
    with ThreadPoolExecutor() as pool:
        return replace(plan, clients=tuple(pool.map(asked, plan.clients)))


# Proof


def rehearsal(here: Host, plan: Plan, known: Files, options: Options, face: Face) -> dict[str, Outcome]:
    """What every planned entry answers before anything is written.

    A server of our own is started from this package, with the planned settings and an empty memory in a folder that
    goes away: the launcher does not exist yet, and nothing may be left behind.
    """
    if not options.verify:
        return {}
    after = install.overlaid(known, plan.changes)
    with tempfile.TemporaryDirectory(prefix="mem0-agent-") as scratch:
        homes = staged(here, after, Path(scratch))
        targets = {
            name: staged_endpoint(here, endpoint, homes)
            for name, endpoint in install.endpoints(here, after, plan).items()
        }
        return probed(targets, options, face, share=True)


def staged(here: Host, after: Files, scratch: Path) -> tuple[Path, Path, Path]:
    homes = (scratch / "config", scratch / "data", scratch / "state")
    for folder in homes:
        folder.mkdir(mode=0o700)
    (homes[0] / "config.toml").write_bytes(after[here.dirs.config / "config.toml"] or b"")
    credentials = here.dirs.config / "credentials"
    if credentials.is_file():
        shutil.copy(credentials, homes[0] / "credentials")
    return homes


def staged_endpoint(here: Host, endpoint: Endpoint, homes: tuple[Path, Path, Path]) -> Endpoint:
    if not registrations.is_launcher(here, endpoint):
        return endpoint
    return replace(endpoint, command=runtime.command(here, host.PACKAGE.parent / runtime.ENTRY, homes, "serve"))


def prove(here: Host, plan: Plan, known: Files, options: Options, face: Face) -> dict[str, Outcome]:
    """list_entities through exactly what stands in ``known``."""
    return probed(install.endpoints(here, known, plan), options, face, share=False) if options.verify else {}


def probed(targets: Mapping[str, Endpoint], options: Options, face: Face, *, share: bool) -> dict[str, Outcome]:
    from mem0_agent import probe

    with face.probing(list(targets)) as progress:
        return probe.probe_all(targets, options.timeout, progress.done, share=share)


def unproved(failed: Mapping[str, Outcome], consequence: str) -> UserError:
    from mem0_agent import probe

    name, outcome = next(iter(failed.items()))
    return UserError(
        probe.finding_id(outcome), f"{CLIENTS[name].TITLE}: {outcome.detail} {consequence}",
        hint=probe.advice(outcome), exit_code=Exit.NOT_VERIFIED,
    )  # fmt: skip


# Writing


def carried_out(here: Host, request: install.Request, options: Options, face: Face, plan: Plan) -> Report:
    """Write, read back from disk, prove; anything short of that takes every byte back."""
    wing, template = host.wing(), host.template("config.toml")
    for attempt in range(ATTEMPTS):
        try:
            with apply.transaction(plan.changes, here.dirs, backend=plan.backend, clients=request.clients,
                                   version=__version__):  # fmt: skip
                host.compile_wing(runtime.root(here, wing), here.python)
                outcomes = proof(here, request, options, face, plan)
            return concluded(here, plan, outcomes, options)
        except apply.Moved:
            if attempt == ATTEMPTS - 1:
                raise
            plan = replace(planned(here, request, wing, template)[0], clients=plan.clients)
    raise AssertionError  # the loop returns or raises


def proof(here: Host, request: install.Request, options: Options, face: Face, plan: Plan) -> dict[str, Outcome]:
    known = gathered(here, request.clients, request.project, {})
    missing = [p for p in plan.clients if p.blocked is None and install.standing(here, known, p) is None]
    if missing:
        title = CLIENTS[missing[0].client].TITLE
        raise UserError("registration.lost", f"{title} wrote its file back without our entry",
                        hint="Quit it and run mem0-agent install again.", exit_code=Exit.NOT_VERIFIED)  # fmt: skip
    outcomes = prove(here, plan, known, options, face)
    failed = {name: outcome for name, outcome in outcomes.items() if not outcome.ok}
    if failed:
        raise unproved(failed, "Every file is as it was before.")
    return outcomes


# The end


def concluded(here: Host, plan: Plan, outcomes: Mapping[str, Outcome], options: Options) -> Report:
    blocked = next((part.blocked for part in plan.clients if part.blocked), None)
    error = None
    if blocked:
        error = UserError(blocked.id, blocked.detail, hint=blocked.fix, path=blocked.path)
    return report(here, plan, outcomes, options, error=error)


def report(here: Host, plan: Plan, outcomes: Mapping[str, Outcome], options: Options, *,
           error: UserError | None) -> Report:  # fmt: skip
    results = tuple(result(part, plan, outcomes.get(part.client), options) for part in plan.clients)
    kept = ledger.path(here.dirs)
    return Report(
        "install", error.exit_code if error else Exit.DONE, plan.backend, options.dry_run,
        kept if kept.exists() else None, results, plan.changes, error=error,
    )  # fmt: skip


def result(part: ClientPlan, plan: Plan, outcome: Outcome | None, options: Options) -> ClientResult:
    changes = tuple(change for change in plan.changes if change.client == part.client)
    return ClientResult(part, changes, verification(outcome, options), tuple(after_words(part, changes, options)))


def verification(outcome: Outcome | None, options: Options) -> Verification:
    if outcome is not None:
        return Verification("ok" if outcome.ok else "failed", outcome.detail, outcome.entities, outcome.elapsed_ms, outcome.kind)
    why = "this is a dry run" if options.dry_run else "nothing was asked of the server (--no-verify)"
    return Verification("skipped", why)


def after_words(part: ClientPlan, changes: tuple[object, ...], options: Options) -> list[str]:
    if not changes:
        return []
    return [] if options.dry_run else [CLIENTS[part.client].RESTART]

