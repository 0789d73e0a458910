"""Claude Code: what is true of it, as observed on 2.1.197 and 2.1.329."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from mem0_agent.clients import claude_hooks, claude_places, claude_plugins, claude_policy, programs
from mem0_agent.model import (
    KEY_VARIABLE,
    NAME,
    Edit,
    Endpoint,
    Finding,
    Registration,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mem0_agent.model import (
        Backend,
        Files,
        Host,
        Json,
        Presence,
        Scope,
    )

ID = "claude-code"
TITLE = "Claude Code"
PROGRAM = "claude"
RESTART = "Restart running Claude Code sessions: they read their servers once, at the start."

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")

hooks = claude_hooks


# Places


folder = claude_hooks.folder


main_file = claude_places.main_file
settings_file = claude_places.settings_file


def managed_file(host: Host) -> Path:
    return claude_places.managed_root(host) / "managed-mcp.json"


def project_files(project: Path | None) -> tuple[Path, ...]:
    """Claude Code reads the .mcp.json of the folder and of every folder above it."""
    return tuple(place / ".mcp.json" for place in programs.ancestors(project)) if project else ()


def approval_files(host: Host, project: Path | None) -> tuple[Path, ...]:
    local = (project / ".claude" / "settings.json", project / ".claude" / "settings.local.json") if project else ()
    return (settings_file(host), *local)


def dead_files(host: Host) -> tuple[Path, ...]:
    """Where people put servers that Claude Code never reads."""
    return (folder(host) / "mcp.json", folder(host) / ".mcp.json")


def program(host: Host) -> Path | None:
    places = (host.home / ".local/bin/claude", host.home / ".claude/local/claude", Path("/opt/homebrew/bin/claude"))
    return programs.located(host, PROGRAM, places)


def wants(host: Host, project: Path | None, known: Files) -> frozenset[Path]:
    return claude_plugins.wants(host, project, known) | frozenset({
        *(path for _, path in hooks.places(host, project)),
        main_file(host), managed_file(host), *approval_files(host, project), *project_files(project),
        *dead_files(host), *programs.manifest(program(host)),
    })  # fmt: skip


def lock(host: Host, path: Path) -> Path | None:
    """It takes a folder beside its main file as a lock, and only there."""
    return path.with_name(path.name + ".lock") if path == main_file(host) else None


# Presence


def presence(host: Host, files: Files) -> Presence:
    return programs.presence(PROGRAM, program(host), "@anthropic-ai/claude-code", main_file(host), files)


version = programs.printed_version


# Registrations


def registrations(host: Host, project: Path | None, files: Files) -> tuple[Registration, ...]:
    return (
        *in_main_file(main_file(host), files),
        *(r for path in project_files(project) for r in in_file(path, files, "project", project=path.parent)),
        *in_file(managed_file(host), files, "managed"),
        *(r for path in dead_files(host) for r in in_file(path, files, "unread", live=False)),
        *in_file(settings_file(host), files, "unread", live=False),
        *claude_plugins.registrations(host, project, files),
    )


def in_main_file(path: Path, files: Files) -> Iterator[Registration]:
    yield from in_file(path, files, "user")
    for place, value in programs.table(programs.document(path, files), "projects", path).items():
        if isinstance(value, dict):
            yield from servers(path, value, "local", ("projects", place), project=Path(place))


def in_file(
    path: Path, files: Files, scope: str, *, live: bool = True, project: Path | None = None
) -> Iterator[Registration]:
    yield from servers(path, programs.document(path, files), scope, (), live=live, project=project)


def servers(
    path: Path, holder: Mapping[str, Json], scope: str, keys: tuple[str, ...], *,
    live: bool = True, project: Path | None = None,
) -> Iterator[Registration]:  # fmt: skip
    for name, entry in programs.table(holder, "mcpServers", path).items():
        if isinstance(entry, dict):
            yield Registration(ID, name, scope, path, (*keys, "mcpServers", name), entry, live, project)


# What we write


def entry(host: Host, backend: Backend, scope: Scope, project: Path | None) -> Registration:
    path = project / ".mcp.json" if scope == "project" and project else main_file(host)
    return Registration(ID, NAME, scope, path, ("mcpServers", NAME), server(host, backend, scope), project=project)


def server(host: Host, backend: Backend, scope: Scope) -> dict[str, Json]:
    if backend.kind == "platform":
        headers = {"Authorization": f"Token ${{{KEY_VARIABLE}}}"}
        return {"type": "http", "url": backend.url, "headers": headers}
    command = "mem0-agent" if scope == "project" else str(host.launcher)
    return {"type": "stdio", "command": command, "args": ["serve"]}


def key_edit(host: Host, key: str) -> tuple[Path, Edit]:
    return settings_file(host), Edit("put", ("env", KEY_VARIABLE), key)


# How it reaches a server


def environment(host: Host, files: Files) -> Mapping[str, str]:
    """The environment of its sessions: this one, under what its user settings set."""
    return {**host.env, **programs.strings(programs.document(settings_file(host), files).get("env"))}


def endpoint(host: Host, files: Files, registration: Registration) -> Endpoint:
    """Variables are filled in everywhere; one that is unset without a default goes out as it stands."""
    env = environment(host, files)
    unset: list[str] = []

    def fill(text: str) -> str:
        def value(match: re.Match[str]) -> str:
            name, default = match.groups()
            if env.get(name) or (name in env and default is None and name != KEY_VARIABLE):
                return env[name]
            if default is None:
                unset.append(name)
            return match.group() if default is None else default

        return VARIABLE.sub(value, text)

    entry = registration.entry
    if "url" in entry:
        headers = tuple((name, fill(text)) for name, text in programs.strings(entry.get("headers")).items())
        return Endpoint(url=fill(str(entry["url"])), headers=headers, unset=tuple(unset))
    argv = [str(entry.get("command", "")), *programs.texts(entry.get("args"))]
    command = tuple(map(fill, argv))
    extra = {name: fill(text) for name, text in programs.strings(entry.get("env")).items()}
    where = str(registration.project or host.cwd)
    return Endpoint(command=command, env=tuple({**env, **extra}.items()), cwd=where, unset=tuple(unset))


# What holds it back


def policy(host: Host, files: Files) -> tuple[Finding, ...]:
    found = claude_policy.exclusive(host, files)
    return (found,) if found else ()


def approval(host: Host, files: Files, registration: Registration) -> Finding | None:
    """A project's server waits until its user approves it once; user scope needs no approval."""
    if registration.scope != "project" or registration.project is None:
        return None
    if approved(host, files, registration):
        return None
    return Finding(
        "project.pending-approval", "warning", f"Claude Code waits for your approval of “{registration.name}”",
        "A server from a project's own .mcp.json connects only after you accept it once.",
        f"cd {registration.project} && claude   # accept “{registration.name}” when it asks", ID, registration.path,
    )  # fmt: skip


def approved(host: Host, files: Files, registration: Registration) -> bool:
    project = registration.project
    places = [programs.document(path, files) for path in approval_files(host, project)]
    projects = programs.table(programs.document(main_file(host), files), "projects", main_file(host))
    entry = projects.get(str(project))
    places += [entry] if isinstance(entry, dict) else []
    return any(
        place.get("enableAllProjectMcpServers") is True
        or registration.name in programs.texts(place.get("enabledMcpjsonServers"))
        for place in places
    )
