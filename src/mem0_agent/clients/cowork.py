"""Claude Cowork, by way of Claude Desktop's own file: what is true of it as its documents and its users tell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mem0_agent.clients import cowork_places, cowork_routes, programs
from mem0_agent.model import KEY_VARIABLE, NAME, Edit, Endpoint, Finding, Presence, Registration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mem0_agent.model import Backend, Files, Host, Json, Scope

ID = "cowork"
TITLE = "Claude Cowork"
PROGRAM = "claude-desktop"
RESTART = "Open Claude Desktop again: it reads its servers once, when it starts."
hooks = None

PASSED_ON = ("HOME", "LOGNAME", "SHELL", "TERM", "USER")
PASSED_ON_WINDOWS = (
    "APPDATA", "HOMEDRIVE", "HOMEPATH", "LOCALAPPDATA", "PATH", "PROCESSOR_ARCHITECTURE", "PROGRAMFILES", "SYSTEMDRIVE",
    "SYSTEMROOT", "TEMP", "USERNAME", "USERPROFILE",
)  # fmt: skip
"""The only variables that a server gets, beside a poor PATH and what its entry sets."""
PATHS = {"darwin": "/usr/bin:/bin:/usr/sbin:/sbin"}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


# Places


def main_file(host: Host) -> Path:
    return cowork_places.data_folder(host) / cowork_places.CONFIG


def key_file(host: Host) -> Path:
    """Our own file, for Desktop hands no key on: the program that it starts reads it there."""
    return host.dirs.config / "credentials"


def bundle_file(host: Host) -> Path:
    """The plugin that people upload by themselves."""
    return host.dirs.data / "cowork/mem0-plugin.zip"


def wants(host: Host, project: Path | None, known: Files) -> frozenset[Path]:
    del project
    return frozenset({
        main_file(host), key_file(host), bundle_file(host), *cowork_places.unread(host), *policy_files(host),
        *cowork_places.version_files(host), *cowork_routes.wants(host, known),
    })  # fmt: skip


def lock(host: Host, path: Path) -> Path | None:
    """It takes no lock on anything: it writes the whole file from memory whenever it likes."""
    del host, path
    return None


# Presence


def presence(host: Host, files: Files) -> Presence:
    """Never with a program: starting Desktop to ask for its version would be starting Desktop."""
    found = cowork_places.standing(host) or cowork_places.applications(host)
    if not found:
        return Presence(detected=False, evidence=f"no {cowork_places.data_folder(host)}")
    hint = "Cowork has run here" if cowork_routes.used(host, files) else "no sign that Cowork has run here"
    return Presence(detected=True, version=cowork_places.version(host, files), evidence=f"{found[0]}; {hint}")


version = programs.printed_version


# Registrations


def registrations(host: Host, project: Path | None, files: Files) -> tuple[Registration, ...]:
    del project
    return (
        *in_file(main_file(host), files),
        *cowork_routes.registrations(host, files),
        *(held for path in cowork_places.unread(host) for held in in_file(path, files, read=False)),
    )


def in_file(path: Path, files: Files, *, read: bool = True) -> Iterator[Registration]:
    """Only entries with a program are started. ``plugin:x`` is what older versions copied out of a plugin x."""
    scope = "user" if read else "unread"
    for name, entry in programs.table(programs.document(path, files), "mcpServers", path).items():
        if isinstance(entry, dict):
            title = name.split(":")[1] if name.startswith("plugin:") else name
            live = read and isinstance(entry.get("command"), str)
            yield Registration(ID, title, scope, path, ("mcpServers", name), entry, live)


# What we write


def entry(host: Host, backend: Backend, scope: Scope, project: Path | None) -> Registration:
    """The launcher, whatever the memory: this file takes programs only, and no key of ours ever stands in it."""
    del backend, scope, project
    server = {"command": str(host.launcher), "args": ["serve"]}
    return Registration(ID, NAME, "user", main_file(host), ("mcpServers", NAME), server)


def key_edit(host: Host, key: str) -> tuple[Path, Edit]:
    return key_file(host), Edit("put", (KEY_VARIABLE,), key)


# How it reaches a server


def environment(host: Host, files: Files) -> Mapping[str, str]:
    """What Desktop hands on, started from a desktop and not from a shell."""
    del files
    if host.windows:
        return {name: host.env[name] for name in PASSED_ON_WINDOWS if name in host.env}
    held = {"HOME": str(host.home), "LOGNAME": host.user, "USER": host.user, **host.env}
    return {name: held[name] for name in PASSED_ON if name in held} | {"PATH": PATHS.get(host.platform, PATH)}


def endpoint(host: Host, files: Files, registration: Registration) -> Endpoint:
    """As Desktop would start it: with a cleared environment, and nothing filled in."""
    held = registration.entry
    if isinstance(held.get("url"), str) and "command" not in held:
        return Endpoint(url=held["url"], headers=tuple(programs.strings(held.get("headers")).items()))
    env = {**environment(host, files), **programs.strings(held.get("env"))}
    command = (str(held.get("command", "")), *programs.texts(held.get("args")))
    return Endpoint(command=command, env=tuple(env.items()), cwd=str(host.home))


# What holds it back


def policy_files(host: Host) -> tuple[Path, ...]:
    """The files of an administrator; Windows has its registry for it."""
    if host.windows:
        return ()
    if host.platform == "darwin":
        root, name = Path("/Library/Managed Preferences"), "com.anthropic.claudefordesktop.plist"
        return root / host.user / name, root / name
    return (Path("/etc/claude-desktop/managed-settings.json"),)


def rules(host: Host, files: Files) -> Iterator[tuple[str, Path | None, Mapping[str, Json]]]:
    """Each place where an administrator rules, its file if it is one, and what stands there; the first has the word."""
    for path in policy_files(host):
        yield str(path), path, cowork_places.settings(path, files.get(path))
    for key, values in host.registry.items():
        yield key, None, values


def refused(host: Host, files: Files, name: str) -> tuple[str, Path | None] | None:
    """Where ``name`` was set to false, as the formats of three operating systems write it."""
    place, path, held = next((rule for rule in rules(host, files) if name in rule[2]), ("", None, {}))
    return (place, path) if str(held.get(name, "")).lower() in ("false", "0") else None


def policy(host: Host, files: Files) -> tuple[Finding, ...]:
    found = []
    if off := refused(host, files, "isLocalDevMcpEnabled"):
        why, title = "Claude Desktop starts no server of its own file.", "Claude Desktop may start no local server"
        found.append(banned(off, "isLocalDevMcpEnabled", title, why))
    if off := refused(host, files, "secureVmFeaturesEnabled"):
        detail = f"secureVmFeaturesEnabled is false in {off[0]}: the entry serves Chat and the Code tab at the most."
        title = "Cowork is switched off on this machine"
        found.append(Finding("policy.blocked", "info", title, detail, "", ID, off[1]))
    return tuple(found)


def uploads(host: Host, files: Files) -> Finding | None:
    """What forbids the user to upload a plugin, if anything does."""
    off = refused(host, files, "userPluginUploadsEnabled")
    return banned(off, "userPluginUploadsEnabled", "Plugins may not be uploaded", "no .zip is taken.") if off else None


def banned(off: tuple[str, Path | None], name: str, title: str, why: str) -> Finding:
    place, path = off
    fix = f"Ask the administrator of this machine to set {name} to true in {place}"
    return Finding("policy.blocked", "error", title, f"{name} is false in {place}: {why}", fix, ID, path)


def approval(host: Host, files: Files, registration: Registration) -> Finding | None:
    """It asks about each tool when it is used, not about the entry."""
    del host, files, registration
    return None
