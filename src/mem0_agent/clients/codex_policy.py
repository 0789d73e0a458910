"""What an administrator forbids in OpenAI Codex, as observed on 0.143.0 and 0.169.0."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mem0_agent.clients import bundles, programs
from mem0_agent.model import Finding, UserError

if TYPE_CHECKING:
    from mem0_agent.model import Endpoint, Files, Json, Registration

ID = "codex"
REQUIREMENTS = Path("/etc/codex/requirements.toml")


def server_ban(files: Files, target: Registration, endpoint: Endpoint) -> Finding | None:
    """A list of servers by name and identity: whatever is not in it, to the letter, is switched off."""
    if unfit := broken(files):
        return unfit
    allowed = programs.document(REQUIREMENTS, files).get("mcp_servers")
    if allowed is None:
        return None
    entry = bundles.members(allowed).get(target.name)
    if entry is None:
        return banned("mcp_servers", f"“{target.name}” is not among the servers that Codex may start")
    identity = bundles.members(bundles.members(entry).get("identity"))
    if identity_of(endpoint) not in ({"url": identity.get("url")}, {"command": identity.get("command")}):
        return banned(f"mcp_servers.{target.name}.identity", "it allows another server under this name")
    return None


def identity_of(endpoint: Endpoint) -> dict[str, Json]:
    return {"url": endpoint.url} if endpoint.url else {"command": endpoint.command[0] if endpoint.command else ""}


def hook_ban(files: Files) -> Finding | None:
    if unfit := broken(files):
        return unfit
    held = programs.document(REQUIREMENTS, files)
    features = bundles.members(held.get("features"))
    for name in ("hooks", "codex_hooks"):
        if features.get(name) is False:
            return banned(f"features.{name}", "hooks are switched off")
    if held.get("allow_managed_hooks_only") is True:
        return banned("allow_managed_hooks_only", "no hooks run but the administrator's")
    return None


def plugin_ban(files: Files) -> Finding | None:
    if unfit := broken(files):
        return unfit
    if bundles.members(programs.document(REQUIREMENTS, files).get("features")).get("plugins") is False:
        return banned("features.plugins", "plugins are switched off")
    return None


def broken(files: Files) -> Finding | None:
    """With requirements that are no TOML Codex does not start at all."""
    try:
        programs.document(REQUIREMENTS, files)
    except UserError as error:
        fix = f"Ask the administrator of this machine to correct {REQUIREMENTS}"
        title, detail = "Codex does not start: its administrator's file is broken", f"{error.place}: {error.message}"
        return Finding("policy.blocked", "error", title, detail, fix, ID, REQUIREMENTS)
    return None


def banned(key: str, why: str) -> Finding:
    fix = f"Ask the administrator of this machine to change “{key}” in {REQUIREMENTS}"
    return Finding("policy.blocked", "error", "An administrator's file forbids it", f"{key} in {REQUIREMENTS}: {why}.",
                   fix, ID, REQUIREMENTS)  # fmt: skip
