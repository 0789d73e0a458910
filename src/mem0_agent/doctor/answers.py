"""What a server answered, as a finding, and the line that mends it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from mem0_agent.asking import outcomes
from mem0_agent.doctor.lines import doctor, install, noted
from mem0_agent.model import KEY_VARIABLE, PLATFORM_URL, Finding
from mem0_agent.planning import registrations, routes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mem0_agent.contract import Client
    from mem0_agent.doctor.case import Case
    from mem0_agent.model import Endpoint, Outcome, Registration

KEYS = "https://app.mem0.ai/dashboard/api-keys"
AUTHORITY = "/path/to/ca.pem"


def findings(case: Case, client: Client, registration: Registration, endpoint: Endpoint) -> Iterator[Finding]:
    outcome = case.facts.outcomes.get(registrations.at(registration))
    if outcome is None:
        return
    where = endpoint.url or " ".join(endpoint.command)
    where += f"; keys are at {KEYS}" if outcome.kind == "key-rejected" else ""
    if outcome.ok:
        yield Finding("server.ok", "ok", outcome.detail, where, "", client.ID, registration.path)
    else:
        fix = mended(case, client, registration, endpoint, outcome)
        yield Finding(outcomes.finding_id(outcome), "error", outcome.detail, where, fix, client.ID, registration.path)


def mended(case: Case, client: Client, registration: Registration, endpoint: Endpoint, outcome: Outcome) -> str:
    """The line for ``outcome``; where only time or other people can help, the one that looks again."""
    if outcome.kind in AGAIN:
        words, why = AGAIN[outcome.kind]
        return doctor(client, *words, why=why)
    if outcome.kind in ("key-unset", "key-rejected"):
        return keyed(case, client, endpoint, rejected=outcome.kind == "key-rejected")
    if outcome.kind == "tls":
        names = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
        line = f"export {' '.join(f'{name}={AUTHORITY}' for name in names)}"
        return noted(line, "of the authority that signed it")
    return elsewhere(case, client, registration, endpoint, outcome)


AGAIN = {
    "rate-limited": ((), "in a moment"),
    "dns": ((), "when network and address are right"),
    "refused": ((), "once the server runs"),
    "timeout": (("--timeout", "30"), "gives it more time"),
    "server-error": ((), "later: the trouble is the server's"),
    "tool-error": ((), "after a look at the server's log"),
}
"""Words of the line that looks again, and what has to happen first."""


def keyed(case: Case, client: Client, endpoint: Endpoint, *, rejected: bool) -> str:
    """The line that stores a key; it asks for one where the one in the environment was rejected."""
    other = next((name for name in endpoint.unset if name != KEY_VARIABLE), "")
    if other:
        return noted(f"export {other}=…", f"in the shell that starts {client.TITLE}")
    if rejected:
        return f"{KEY_VARIABLE}= {install(case, client, '--store-key', why='asks for another')}"
    return install(case, client, "--store-key", why=f"or: export {KEY_VARIABLE}=…")


def elsewhere(case: Case, client: Client, registration: Registration, endpoint: Endpoint, outcome: Outcome) -> str:
    """The line that registers another server, or the same one anew."""
    if outcome.kind == "not-started" and endpoint.command[:1] == (outcomes.PROGRAM,):
        return noted("pipx install mem0-agent", "or put it on PATH before the client starts")
    if registrations.at(registration) not in routes.recorded(case.receipt):
        return install(case, client, "--replace", of=registration, why="puts ours in its place")
    if outcome.kind == "not-started" or case.receipt is None:
        return install(case, client, of=registration, why="puts it there anew")
    kind, url = case.receipt.backend.kind, PLATFORM_URL
    if outcome.kind == "insecure":
        url = endpoint.url.replace("http://", "https://", 1)
    elif kind != "platform":
        url = "URL"
    return install(case, client, "--backend", kind, "--url", shlex.quote(url), of=registration)
