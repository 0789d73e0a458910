"""Asking servers for list_entities, before anything is written and again through what was written."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mem0_agent import package
from mem0_agent.asking import outcomes
from mem0_agent.clients import CLIENTS
from mem0_agent.model import Exit, UserError
from mem0_agent.planning import install, registrations, runtime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mem0_agent.commands.options import Job
    from mem0_agent.model import Endpoint, Files, Host, Outcome, Plan


def rehearsal(job: Job, plan: Plan, known: Files) -> dict[str, Outcome]:
    """What every planned entry answers before anything is written.

    A server of our own is started from this package, with the planned settings and an empty memory in a folder that
    goes away: the launcher does not exist yet, and nothing may be left behind.
    """
    here = job.here
    if not job.options.verify:
        return {}
    after = install.overlaid(known, plan.changes)
    with tempfile.TemporaryDirectory(prefix="mem0-agent-") as scratch:
        homes = staged(here, after, Path(scratch))
        targets = {
            name: staged_endpoint(here, endpoint, homes)
            for name, endpoint in install.endpoints(here, after, plan, planned=True).items()
        }
        return probed(job, targets, share=True)


def staged(here: Host, after: Files, scratch: Path) -> tuple[Path, Path, Path]:
    homes = (scratch / "config", scratch / "data", scratch / "state")
    for folder in homes:
        folder.mkdir(mode=0o700)
    (homes[0] / "config.toml").write_bytes(after[here.dirs.config / "config.toml"] or b"")
    credentials = here.dirs.config / "credentials"
    planned = after.get(credentials)
    if planned is not None:
        (homes[0] / "credentials").write_bytes(planned)
    elif credentials.is_file():
        shutil.copy(credentials, homes[0] / "credentials")
    return homes


def staged_endpoint(here: Host, endpoint: Endpoint, homes: tuple[Path, Path, Path]) -> Endpoint:
    if not registrations.is_launcher(here, endpoint):
        return endpoint
    return replace(endpoint, command=runtime.command(here, package.ROOT.parent / runtime.ENTRY, homes, "serve"))


def prove(job: Job, plan: Plan, known: Files) -> dict[str, Outcome]:
    """list_entities through exactly what stands in ``known``."""
    return probed(job, install.endpoints(job.here, known, plan), share=False) if job.options.verify else {}


def probed(job: Job, targets: Mapping[str, Endpoint], *, share: bool) -> dict[str, Outcome]:
    from mem0_agent.asking import probe

    with job.face.probing(list(targets)) as progress:
        return probe.probe_all(targets, job.options.timeout, progress.done, share=share)


def unproved(failed: Mapping[str, Outcome], targets: Mapping[str, Endpoint], consequence: str) -> UserError:
    name, outcome = next(iter(failed.items()))
    return UserError(
        outcomes.finding_id(outcome), f"{CLIENTS[name].TITLE}: {outcome.detail} {consequence}",
        hint=outcomes.advice(outcome, targets.get(name)), exit_code=Exit.NOT_VERIFIED,
    )  # fmt: skip
