"""The flow of doctor: read, look, ask every server side by side, judge. Nothing is written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mem0_agent import doctor, host, ledger, registrations, runtime
from mem0_agent.clients import CLIENTS
from mem0_agent.memory import local
from mem0_agent.memory.protocol import Refused
from mem0_agent.model import ClientPlan, ClientResult, Exit, Report, UserError

if TYPE_CHECKING:
    from pathlib import Path

    from mem0_agent.model import Endpoint, Files, Finding, Host, Outcome, Presence, Receipt
    from mem0_agent.render import Face

Place = tuple["Path", tuple[str, ...]]


def run(here: Host, clients: tuple[str, ...], project: Path, face: Face, *, deep: bool, timeout: float) -> Report:
    """Look at everything that concerns ``clients``; exit 1 when a finding is an error."""
    problems: list[UserError] = []
    receipt = receipt_of(here, problems)
    files = host.gather(
        [partial(CLIENTS[name].wants, here, project) for name in clients], problems=problems
    )
    presences = present(here, files, clients)
    outcomes = answers(here, files, project, clients, face, timeout)
    facts = doctor.Facts(
        presences, problems, outcomes, told(here, presences, project, timeout) if deep else (),
        stale(here, presences, receipt), runtime_problem(here, receipt), *memory(here), host.file_system(here.dirs.data),
    )  # fmt: skip
    findings = doctor.examine(here, files, receipt, project, facts)
    results = tuple(
        ClientResult(ClientPlan(name, presence, "user", "direct", None)) for name, presence in presences.items()
    )
    bad = any(finding.severity == "error" for finding in findings)
    return Report("doctor", Exit.FAILED if bad else Exit.DONE, clients=results, findings=findings)


def receipt_of(here: Host, problems: list[UserError]) -> Receipt | None:
    try:
        return ledger.load(here.dirs)
    except UserError as error:
        problems.append(error)
        return None


def present(here: Host, files: Files, clients: tuple[str, ...]) -> dict[str, Presence]:
    """Who is here, with the versions that only the programs tell, asked side by side."""

    def look(name: str) -> Presence:
        seen = CLIENTS[name].presence(here, files)
        if seen.version or seen.program is None:
            return seen
        return replace(seen, version=CLIENTS[name].version(host.says_version(seen.program, here.env)))

    with ThreadPoolExecutor() as pool:
        return dict(zip(clients, pool.map(look, clients), strict=True))


def answers(
    here: Host, files: Files, project: Path, clients: tuple[str, ...], face: Face, timeout: float
) -> dict[Place, Outcome]:
    """What each live Mem0 registration answers, all asked at once."""
    from mem0_agent import probe

    targets: dict[Place, Endpoint] = {}
    for name in clients:
        try:
            held = doctor.memories(here, files, project, CLIENTS[name])
        except UserError:
            continue  # told as a finding of its own
        targets |= {registrations.at(r): endpoint for r, endpoint in held if r.live}
    with face.probing([]):
        return probe.probe_all(targets, timeout, None)


def told(here: Host, presences: dict[str, Presence], project: Path, timeout: float) -> tuple[Finding, ...]:
    from mem0_agent import deep

    return deep.ask(here, presences, project, timeout)


def stale(here: Host, presences: dict[str, Presence], receipt: Receipt | None) -> frozenset[str]:
    """The clients that run since before we wrote their registration."""
    found = set()
    for name, presence in presences.items():
        written = [host.modified(p) for p, r in (receipt.records if receipt else {}).items() if r.client == name]
        names = frozenset({CLIENTS[name].PROGRAM, *([presence.program.name] if presence.program else [])})
        if written and host.started_before(names, min(written)):
            found.add(name)
    return frozenset(found)


def runtime_problem(here: Host, receipt: Receipt | None) -> str:
    """What is wrong with the program that clients start, as a finding's id; empty when nothing is."""
    if receipt is None or here.launcher not in receipt.records:
        return ""
    wing = host.wing()
    place = runtime.root(here, wing)
    text = host.read(here.launcher, [])
    if text is None or not here.python.exists():
        return "runtime.missing"
    if text != runtime.launcher(here, place):
        return "runtime.outdated"
    return "" if all((place / name).is_file() for name in wing) else "runtime.missing"


def memory(here: Host) -> tuple[int | None, str]:
    """How many memories this machine's own file holds, and what keeps it from being written."""
    path = here.dirs.data / "memory.db"
    if not host.writable(here.dirs.data):
        return None, f"{here.dirs.data} is not writable"
    if path.exists() and not host.writable_file(path):
        return None, f"{path} is not writable"
    try:
        store = local.LocalMemory(str(path), here.user)
        return int(store.memories({"user_id": "*"}, page=1, page_size=1)["count"]), ""
    except Refused as error:
        return None, f"{path}: {error.detail}"
