"""Claude Code: what is true of it, as observed on 2.1.197 and 2.1.329."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mem0_agent.clients import claude_approval, claude_hooks, claude_places, claude_plugins, claude_policy, programs
from mem0_agent.edits import json_text
from mem0_agent.edits.memo import Memo
from mem0_agent.model import (
    KEY_VARIABLE,
    NAME,
    Edit,
    Endpoint,
    Registration,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mem0_agent.model import (
        Backend,
        Files,
        Finding,
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


def dead_files(host: Host) -> tuple[Path, ...]:
    """Where people put servers that Claude Code never reads."""
    return (folder(host) / "mcp.json", folder(host) / ".mcp.json")


def program(host: Host) -> Path | None:
    places = (host.home / ".local/bin/claude", host.home / ".claude/local/claude", Path("/opt/homebrew/bin/claude"))
    return programs.located(host, PROGRAM, places)


def wants(host: Host, project: Path | None, known: Files) -> frozenset[Path]:
    return claude_plugins.wants(host, project, known) | frozenset({
        *(path for _, path in hooks.places(host, project)),
        main_file(host), managed_file(host), *claude_approval.files_of(host, project), *project_files(project),
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
        *(r for path in project_files(project) for r in in_project(host, path, files)),
        *in_file(managed_file(host), files, "managed"),
        *(r for path in dead_files(host) for r in in_file(path, files, "unread", live=False)),
        *in_file(settings_file(host), files, "unread", live=False),
        *claude_plugins.registrations(host, project, files),
    )


def in_main_file(path: Path, files: Files) -> Iterator[Registration]:
    yield from in_file(path, files, "user")
    main = files.get(path)
    if main is not None and programs.table(programs.document(path, files), "projects", path):
        for place, value in with_servers(main).items():
            yield from servers(path, value, "local", ("projects", place), project=Path(place))


def in_project(host: Host, path: Path, files: Files) -> Iterator[Registration]:
    for held in in_file(path, files, "project", project=path.parent):
        off = claude_approval.declined(host, files, path.parent, held.name)
        yield replace(held, live=False) if off else held


def with_servers_in(text: bytes) -> Mapping[str, Mapping[str, Json]]:
    """The projects that have servers of their own: a few of the thousands that years of work leave."""
    projects = json_text.parse(text)["projects"]
    return {
        place: value
        for place, value in projects.items()
        if isinstance(value, dict) and value.get("mcpServers", {}) != {}
    }


with_servers = Memo(with_servers_in)


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
    return (*([found] if found else []), *claude_policy.broken(host, files))


approval = claude_approval.approval
