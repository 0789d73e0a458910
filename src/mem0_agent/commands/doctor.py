"""The flow of doctor: read, look, ask every server side by side, judge. Nothing is written."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mem0_agent import host, package
from mem0_agent.clients import CLIENTS
from mem0_agent.clients.desktops import DESKTOPS
from mem0_agent.commands import own
from mem0_agent.commands.running import running
from mem0_agent.commands.versions import versioned
from mem0_agent.doctor import examination, registration
from mem0_agent.doctor.case import Case, Facts, HookRun
from mem0_agent.memory import hook, journal, spool
from mem0_agent.model import ClientPlan, ClientResult, Exit, Report, UserError
from mem0_agent.planning import hooks, registrations, skills

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mem0_agent.model import Endpoint, Files, Host, Kit, Outcome, Presence, Receipt
    from mem0_agent.showing.render import Face

Place = tuple["Path", tuple[str, ...]]


def run(here: Host, clients: tuple[str, ...], project: Path, face: Face, *, deep: bool, timeout: float) -> Report:
    """Look at everything that concerns ``clients``; exit 1 when a finding is an error."""
    problems: list[UserError] = []
    receipt, kit = own.receipt_of(here, problems), package.kit()
    files = host.gather(
        [*(partial(CLIENTS[name].wants, here, project) for name in clients), partial(skill_files, here, clients, kit)],
        problems=problems,
    )
    presences = present(here, files, clients)
    facts = looked(here, files, project, receipt, presences, face, timeout)
    facts = replace(facts, unreadable=tuple(problems))
    if deep:
        facts = replace(facts, **asked(here, presences, project, timeout))
    findings = examination.examine(Case(here, files, receipt, project, kit, facts))
    results = tuple(
        ClientResult(ClientPlan(name, presence, "user", "direct", None)) for name, presence in presences.items()
    )
    bad = any(finding.severity == "error" for finding in findings)
    return Report("doctor", Exit.FAILED if bad else Exit.DONE, clients=results, findings=findings)


def skill_files(here: Host, clients: tuple[str, ...], kit: Kit, known: Files) -> frozenset[Path]:
    wanted = (skills.wanted(here, name, "user", None, kit) for name in clients)
    return frozenset(item.path for items in wanted for item in items) - known.keys()


def looked(
    here: Host,
    files: Files,
    project: Path,
    receipt: Receipt | None,
    presences: dict[str, Presence],
    face: Face,
    timeout: float,
) -> Facts:
    """Everything that a look at the machine tells, without starting a client."""
    clients = tuple(presences)
    backend = own.address(here, receipt)
    memories, problem, mended = own.memory(here)
    return Facts(
        presences,
        backend=backend,
        outcomes=answers(here, files, project, clients, backend, face, timeout),
        stale=stale(presences, receipt),
        running=running(here, clients),
        runs=hook_runs(here, files, project, clients, timeout),
        notes=journal.notes(str(here.dirs.state)),
        used=used(here, clients, receipt),
        runtime=own.runtime_problem(here, receipt),
        memories=memories,
        memory_problem=problem,
        memory_fix=mended,
        file_system=host.file_system(here.dirs.data),
        waiting=len(spool.waiting(str(here.dirs.state))),
    )


def present(here: Host, files: Files, clients: tuple[str, ...]) -> dict[str, Presence]:
    """Who is here, with the versions that only the programs tell, asked side by side."""

    def look(name: str) -> Presence:
        return versioned(here, name, CLIENTS[name].presence(here, files))

    with ThreadPoolExecutor() as pool:
        return dict(zip(clients, pool.map(look, clients), strict=True))


def answers(
    here: Host, files: Files, project: Path, clients: tuple[str, ...], backend: str, face: Face, timeout: float
) -> dict[Place, Outcome]:
    """What each live Mem0 registration answers, all asked at once."""
    from mem0_agent.asking import probe

    targets: dict[Place, Endpoint] = {}
    for name in clients:
        try:
            held = registration.memories(here, files, project, CLIENTS[name], backend)
        except UserError:
            continue  # told as a finding of its own
        targets |= {registrations.at(r): endpoint for r, endpoint in held if r.live}
    with face.probing([]):
        return probe.probe_all(targets, timeout, None)


def asked(here: Host, presences: dict[str, Presence], project: Path, timeout: float) -> dict[str, Any]:
    """What the clients themselves say: their findings, and Codex's word on the trust of every hook."""
    from mem0_agent.asking import deep, trust

    found: dict[str, Any] = {"told": deep.ask(here, presences, project, timeout)}
    codex = presences.get("codex")
    if codex and codex.program:
        with suppress(UserError):  # told by the findings already
            found["trust"] = trust.statuses(codex.program, here.env, project)
    return found


def hook_runs(here: Host, files: Files, project: Path, clients: tuple[str, ...], timeout: float) -> dict[str, HookRun]:
    """Each stored command string of ours, run once through a shell as its client would, side by side."""
    lines: dict[str, str] = {}
    for name in clients:
        with suppress(UserError):  # a finding of its own
            held = hooks.everywhere(here, name, project, files)
            lines |= {handler.command: name for handler in held if hooks.is_ours(here, handler)}

    def once(line: str) -> HookRun:
        return run_hook(line, CLIENTS[lines[line]].environment(here, files), project, timeout)

    with ThreadPoolExecutor() as pool:
        return dict(zip(lines, pool.map(once, lines), strict=True))


def run_hook(line: str, env: Mapping[str, str], cwd: Path, timeout: float) -> HookRun:
    """A hook that is asked who it is answers with one JSON object, and does nothing else."""
    event = json.dumps({"hook_event_name": hook.CHECK, "session_id": "", "cwd": str(cwd)})
    try:
        done = subprocess.run(  # noqa: S602 - exactly the string that the client runs, and exactly our own
            line,
            shell=True,
            env=dict(env),
            cwd=cwd,
            input=event,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        said = json.loads(done.stdout)["mem0_agent"]
    except subprocess.TimeoutExpired:
        return HookRun(well=False, detail=f"it did not end within {timeout:g} s")
    except (OSError, ValueError, KeyError, TypeError):
        said = None
    if not isinstance(said, dict):
        return HookRun(well=False, detail=f"exit {done.returncode}, no answer. {done.stderr.strip()[-200:]}")
    return HookRun(
        well=True,
        detail=f"version {said.get('version')}",
        user_id=str(said.get("user_id", "")),
        problem=str(said.get("problem", "")),
    )


def used(here: Host, clients: tuple[str, ...], receipt: Receipt | None) -> frozenset[str]:
    """The clients whose files show a session after their hooks were written."""
    found = set()
    for name in clients:
        side = CLIENTS[name].hooks
        paths = {path for _, path in side.places(here, None)} if side else set()
        written = [host.modified(path) for path in paths if receipt and path in receipt.records]
        traces = [host.modified(path) for path in side.traces(here)] if side else []
        if written and max(traces, default=0.0) > max(written):
            found.add(name)
    return frozenset(found)


def stale(presences: dict[str, Presence], receipt: Receipt | None) -> frozenset[str]:
    """The clients that run since before we wrote their registration."""
    found = set()
    for name, presence in presences.items():
        written = [host.modified(p) for p, r in (receipt.records if receipt else {}).items() if r.client == name]
        names = frozenset({CLIENTS[name].PROGRAM, *([presence.program.name] if presence.program else [])})
        if name in DESKTOPS:  # never written to while it runs, and it writes its file itself
            continue
        if written and host.started_before(names, min(written)):
            found.add(name)
    return frozenset(found)
