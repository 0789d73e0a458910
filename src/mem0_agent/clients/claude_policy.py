"""What an administrator, or the user's own settings, forbid in Claude Code; as observed on 2.1.204 and 2.1.330."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mem0_agent.clients import bundles
from mem0_agent.clients.claude_places import folder, managed_files, managed_root, settings_file
from mem0_agent.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mem0_agent.model import Endpoint, Files, Host, Json, Registration

ID = "claude-code"


def own_files(host: Host, files: Files) -> tuple[Path, ...]:
    """The settings of the user, and of the project that is looked at."""
    names = ("settings.json", "settings.local.json")
    return (
        settings_file(host),
        *(path for path in sorted(files) if path.parent.name == ".claude" and path.name in names
          and path.parent != folder(host)),
    )  # fmt: skip


def lists(host: Host, files: Files, key: str, *, managed_only: bool = False) -> Iterator[tuple[Path, list[Json]]]:
    for path in (*managed_files(host), *(() if managed_only else own_files(host, files))):
        value = bundles.lenient(path, files).get(key)
        if isinstance(value, list):
            yield path, value


def setting(host: Host, files: Files, key: str) -> tuple[Path, Json] | None:
    """The administrator's value of ``key`` and its file; None where no file of theirs has it."""
    for path in managed_files(host):
        held = bundles.lenient(path, files)
        if key in held:
            return path, held[key]
    return None


# Servers


def server_ban(host: Host, files: Files, target: Registration, endpoint: Endpoint) -> Finding | None:
    """What keeps ``target`` from being loaded: a list of denied or of allowed servers, or a rule for plugins only."""
    for path, denied in lists(host, files, "deniedMcpServers"):
        if any(matches(rule, target, endpoint) for rule in denied):
            return banned(path, "deniedMcpServers", f"“{target.name}” is among the servers denied")
    only = setting(host, files, "allowManagedMcpServersOnly")
    allowed = list(lists(host, files, "allowedMcpServers", managed_only=bool(only and only[1] is True)))
    rules = [rule for _, held in allowed for rule in held]
    if allowed and not admitted(rules, target, endpoint):
        return banned(allowed[0][0], "allowedMcpServers", f"“{target.name}” is not among the servers allowed")
    if not target.plugin and (found := plugins_only(host, files, "mcp")):
        return found
    return None


def matches(rule: Json, target: Registration, endpoint: Endpoint) -> bool:
    held = bundles.members(rule)
    command = held.get("serverCommand")
    if isinstance(command, list):
        return list(endpoint.command) == command
    if isinstance(pattern := held.get("serverUrl"), str):
        return bool(endpoint.url) and fnmatch.fnmatchcase(plain_host(endpoint.url), plain_host(pattern))
    return held.get("serverName") == target.name


def plain_host(url: str) -> str:
    """``url`` with scheme and host in small letters."""
    parts = urlsplit(url)
    return parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower()).geturl()


def admitted(rules: list[Json], target: Registration, endpoint: Endpoint) -> bool:
    """Once a rule names addresses (or commands), a server of that kind must match one: its name is not enough."""
    kind = "serverUrl" if endpoint.url else "serverCommand"
    strict = [rule for rule in rules if kind in bundles.members(rule)]
    return any(matches(rule, target, endpoint) for rule in (strict or rules))


def exclusive(host: Host, files: Files) -> Finding | None:
    """The administrator's own list of servers, beside which no other is read."""
    path = managed_root(host) / "managed-mcp.json"
    if files.get(path) is None:
        return None
    return banned(path, "mcpServers", "this file alone decides which servers Claude Code has")


# Hooks, and plugins


def plugins_only(host: Host, files: Files, surface: str) -> Finding | None:
    found = setting(host, files, "strictPluginOnlyCustomization")
    if found and (found[1] is True or (isinstance(found[1], list) and surface in found[1])):
        return banned(found[0], "strictPluginOnlyCustomization", f"{surface} may come from plugins only")
    return None


def hook_ban(host: Host, files: Files, *, plugin: bool = False) -> Finding | None:
    for key in ("allowManagedHooksOnly", "disableAllHooks"):
        if (found := setting(host, files, key)) and found[1] is True:
            return banned(found[0], key, "no hooks run but the administrator's")
    return None if plugin else plugins_only(host, files, "hooks")


def plugin_ban(host: Host, files: Files, market: str, identity: str) -> Finding | None:
    """What keeps a marketplace of a folder on this machine, or a plugin of it, from being used."""
    if found := setting(host, files, "strictKnownMarketplaces"):
        return banned(found[0], "strictKnownMarketplaces", "only the marketplaces in this list may be added")
    blocked = setting(host, files, "blockedMarketplaces")
    if (found := blocked) and any(named(rule, market) for rule in list_of(found[1])):
        return banned(found[0], "blockedMarketplaces", f"“{market}” is blocked")
    if (found := setting(host, files, "enabledPlugins")) and bundles.members(found[1]).get(identity) is False:
        return banned(found[0], "enabledPlugins", f"“{identity}” is switched off")
    return None


def list_of(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def named(rule: Mapping[str, Json] | str, market: str) -> bool:
    return market in (rule, bundles.members(rule).get("name"))


def banned(path: Path, key: str, why: str) -> Finding:
    managed = path.parent.name != ".claude"
    who = "An administrator's file" if managed else "A settings file"
    fix = f"{'Ask the administrator of this machine to change' if managed else 'Change'} “{key}” in {path}"
    return Finding("policy.blocked", "error", f"{who} forbids it", f"{key} in {path}: {why}.", fix, ID, path)
