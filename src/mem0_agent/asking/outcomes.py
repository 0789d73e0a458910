"""What an outcome is called, and what a person can do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mem0_agent.model import Endpoint, Outcome, OutcomeKind

PROGRAM = "mem0-agent"
"""What a project's file calls: everybody who works on it has it on PATH, each at a place of their own."""

ON_PATH = (
    "Put mem0-agent on PATH: pipx install mem0-agent, or export PATH=/path/to/venv/bin:$PATH before the client starts"
)

FINDINGS: Mapping[OutcomeKind, str] = {
    "ok": "server.ok",
    "key-unset": "key.unset",
    "key-rejected": "key.rejected",
    "rate-limited": "server.rate-limited",
    "dns": "server.unreachable",
    "refused": "server.unreachable",
    "timeout": "server.timeout",
    "tls": "server.tls",
    "insecure": "server.tls",
    "redirected": "server.not-mcp",
    "server-error": "server.unreachable",
    "not-mcp": "server.not-mcp",
    "tools-missing": "server.tools-missing",
    "tool-error": "server.tool-error",
    "not-started": "server.unreachable",
}

ADVICE: Mapping[OutcomeKind, str] = {
    "ok": "",
    "key-unset": "Put the key where this client reads it: mem0-agent install --store-key, "
    "or export MEM0_API_KEY=… in the shell that starts the client.",
    "key-rejected": "Get a key at https://app.mem0.ai/dashboard/api-keys, then: mem0-agent install --store-key",
    "rate-limited": "Wait a moment, then run: mem0-agent doctor",
    "dns": "Check the address and the network, then run: mem0-agent doctor",
    "refused": "Check the address, the network and the proxy settings, then run: mem0-agent doctor",
    "timeout": "Check the network, or allow more time: mem0-agent doctor --timeout 30",
    "tls": "For a certificate of your own authority: export SSL_CERT_FILE=/path/to/ca.pem",
    "insecure": "Give the address with https:// : mem0-agent install --backend self-hosted --url https://…",
    "redirected": "Register the address it leads to: mem0-agent install --backend self-hosted --url URL",
    "server-error": "The trouble is on the server's side; try later with: mem0-agent doctor",
    "not-mcp": "Check the address of the server: mem0-agent install --backend self-hosted --url URL",
    "tools-missing": "This is not a Mem0 server, or an old one: check its address, or update it.",
    "tool-error": "The server is reached but fails; see its own log, then run: mem0-agent doctor",
    "not-started": "Put the server in place anew: mem0-agent install",
}


def finding_id(outcome: Outcome) -> str:
    """Return the id of the finding that ``outcome`` is."""
    return FINDINGS[outcome.kind]


def advice(outcome: Outcome, endpoint: Endpoint | None = None) -> str:
    """Return what to do about ``outcome`` of asking ``endpoint``, as one line; empty where all is well."""
    if outcome.kind == "not-started" and endpoint and endpoint.command[:1] == (PROGRAM,):
        return ON_PATH
    return ADVICE[outcome.kind]
