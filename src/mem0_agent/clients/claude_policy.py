"""What an administrator, or the user's own settings, forbid in Claude Code; as observed on 2.1.204 and 2.1.330."""

from __future__ import annotations

import fnmatch
import re
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mem0_agent.clients import bundles, programs, sources
from mem0_agent.clients.claude_places import folder, managed_files, managed_root, settings_file
from mem0_agent.model import Finding, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mem0_agent.clients.sources import Source
    from mem0_agent.model import Endpoint, Files, Host, Json, Offer, Registration

ID = "claude-code"


def own_files(host: Host, files: Files) -> tuple[Path, ...]:
    """The settings of the user, and of the project that is looked at."""
    names = ("settings.json", "settings.local.json")
    return (
        settings_file(host),
        *(path for path in sorted(files) if path.parent.name == ".claude" and path.name in names
          and path.parent != folder(host)),
    )  # fmt: skip


def broken(host: Host, files: Files) -> Iterator[Finding]:
    """An administrator's settings that are no JSON: older releases pass them over, newer ones do not start."""
    for path in managed_files(host):
        try:
            programs.document(path, files)
        except UserError as error:
            title = f"{error.place}: {error.message} None of it is in effect"
            fix = f"Ask the administrator of this machine to correct {path}"
            detail = "Older releases of Claude Code go on without it; newer ones do not start."
            yield Finding("config.invalid", "warning", title, detail, fix, ID, path)


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
    """The administrator's own list of servers, beside which no other is read: not even when it is broken or closed."""
    path = managed_root(host) / "managed-mcp.json"
    if files.get(path) is None and path.name not in host.names(path.parent):
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


def plugin_ban(host: Host, files: Files, offer: Offer) -> Finding | None:
    """What keeps a marketplace, or a plugin of it, from being used."""
    where = sources.source(host, offer.source)
    strict = setting(host, files, "strictKnownMarketplaces")
    if strict and not any(told(where) == rule or fits(where, rule) for rule in list_of(strict[1])):
        return banned(strict[0], "strictKnownMarketplaces", "only the marketplaces in this list may be added")
    blocked = setting(host, files, "blockedMarketplaces")
    if blocked and any(covers(host, rule, where) or fits(where, rule) for rule in list_of(blocked[1])):
        return banned(blocked[0], "blockedMarketplaces", f"{offer.source} is blocked")
    found = setting(host, files, "enabledPlugins")
    if found and bundles.members(found[1]).get(offer.identity) is False:
        return banned(found[0], "enabledPlugins", f"“{offer.identity}” is switched off")
    return None


def told(where: Source) -> dict[str, Json]:
    """A source as Claude Code writes it; a list of those allowed is compared with it to the letter."""
    if where.folder:
        return {"source": "directory", "path": where.words}
    ref = {"ref": where.ref} if where.ref else {}
    if where.short:
        return {"source": "github", "repo": where.repository, **ref}
    return {"source": "git", "url": where.url, **ref}


def covers(host: Host, rule: Json, where: Source) -> bool:
    """Whether a rule of what is blocked means this source, in whichever spelling and at whichever ref."""
    held = bundles.members(rule)
    address = held.get("repo") or held.get("url")
    if not isinstance(address, str):
        return bool(told(where) == rule)
    with suppress(UserError):  # no address of ours: then it is another one
        theirs = sources.source(host, address)
        return bool(theirs.url == where.url or (where.repository and theirs.repository == where.repository))
    return False


def fits(where: Source, rule: Json) -> bool:
    """Whether a rule's pattern is found in the folder's path, or in the name of the machine that git would ask."""
    held = bundles.members(rule)
    for key, text in (("pathPattern", where.words if where.folder else ""), ("hostPattern", where.host)):
        pattern = held.get(key)
        if held.get("source") == key and isinstance(pattern, str) and text:
            try:
                return re.search(pattern, text) is not None
            except re.error:  # written for another dialect: it lets nothing in, and keeps nothing out
                return False
    return False


def list_of(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def banned(path: Path, key: str, why: str) -> Finding:
    managed = path.parent.name != ".claude"
    who = "An administrator's file" if managed else "A settings file"
    asked = f"Ask the administrator of this machine to change “{key}” in {path}"
    fix = asked if managed else programs.opened(path, f"change “{key}”")
    return Finding("policy.blocked", "error", f"{who} forbids it", f"{key} in {path}: {why}.", fix, ID, path)
