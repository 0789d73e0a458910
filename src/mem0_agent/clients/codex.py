"""OpenAI Codex: what is true of it, as observed on 0.143.0 and 0.169.0."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from mem0_agent.clients import codex_hooks, codex_plugins, codex_policy, programs
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

ID = "codex"
TITLE = "OpenAI Codex"
PROGRAM = "codex"
RESTART = "Start a new Codex session: a running one keeps the servers it began with."

PASSED_ON = (
    "HOME", "LOGNAME", "PATH", "SHELL", "USER", "__CF_USER_TEXT_ENCODING", "LANG", "LC_ALL", "TERM", "TMPDIR", "TZ",
)  # fmt: skip
"""The only variables that a stdio server gets unless its entry names more."""

hooks = codex_hooks


# Places


folder = codex_hooks.folder


def main_file(host: Host) -> Path:
    return folder(host) / "config.toml"


def dotenv_file(host: Host) -> Path:
    return folder(host) / ".env"


def project_file(project: Path) -> Path:
    return project / ".codex" / "config.toml"


def system_files(host: Host) -> tuple[Path, ...]:
    return () if host.windows else (Path("/etc/codex/managed_config.toml"), Path("/etc/codex/config.toml"))


def profile_files(host: Host) -> tuple[Path, ...]:
    """What `codex --profile NAME` lays over config.toml."""
    names = [name for name in host.names(folder(host)) if name.endswith(".config.toml")]
    return tuple(folder(host) / name for name in names)


def program(host: Host) -> Path | None:
    places = (host.home / ".local/bin/codex", Path("/opt/homebrew/bin/codex"))
    return programs.located(host, PROGRAM, places)


def wants(host: Host, project: Path | None, known: Files) -> frozenset[Path]:
    return codex_plugins.wants(host, project, known) | frozenset({
        *(path for _, path in hooks.places(host, project)),
        main_file(host), dotenv_file(host), codex_policy.REQUIREMENTS, *system_files(host), *profile_files(host),
        *([project_file(project)] if project else ()), *programs.manifest(program(host)),
    })  # fmt: skip


def lock(host: Host, path: Path) -> Path | None:
    """It takes no lock on anything."""
    del host, path
    return None


# Presence


def presence(host: Host, files: Files) -> Presence:
    return programs.presence(PROGRAM, program(host), "@openai/codex", main_file(host), files)


version = programs.printed_version


# Registrations


def registrations(host: Host, project: Path | None, files: Files) -> tuple[Registration, ...]:
    found = [*in_file(main_file(host), files, "user")]
    for path in system_files(host):
        found += in_file(path, files, "managed" if "managed" in path.name else "system")
    if project:
        found += in_file(project_file(project), files, "project", live=trusted(host, files, project), project=project)
    for path in profile_files(host):
        found += in_file(path, files, "profile")
    return (*found, *codex_plugins.registrations(host, project, files))


def in_file(
    path: Path, files: Files, scope: str, *, live: bool = True, project: Path | None = None
) -> Iterator[Registration]:
    for name, entry in programs.table(programs.document(path, files), "mcp_servers", path).items():
        if isinstance(entry, dict):
            on = live and entry.get("enabled") is not False
            yield Registration(ID, name, scope, path, ("mcp_servers", name), entry, on, project)


def trusted(host: Host, files: Files, project: Path) -> bool:
    """A project's own config.toml is read only after its user trusted the folder."""
    projects = programs.table(programs.document(main_file(host), files), "projects", main_file(host))
    entry = projects.get(str(project))
    return isinstance(entry, dict) and entry.get("trust_level") == "trusted"


# What we write


def entry(host: Host, backend: Backend, scope: Scope, project: Path | None) -> Registration:
    path = project_file(project) if scope == "project" and project else main_file(host)
    return Registration(ID, NAME, scope, path, ("mcp_servers", NAME), server(host, backend, scope), project=project)


def server(host: Host, backend: Backend, scope: Scope) -> dict[str, Json]:
    """Only keys that old versions know too: the command line, the app and the editor share one file."""
    if backend.kind == "platform":
        return {"url": backend.url, "bearer_token_env_var": KEY_VARIABLE}
    command = "mem0-agent" if scope == "project" else str(host.launcher)
    key = {"env_vars": [KEY_VARIABLE]} if backend.kind == "self-hosted" else {}
    return {"command": command, "args": ["serve"], **key}


def key_edit(host: Host, key: str) -> tuple[Path, Edit]:
    return dotenv_file(host), Edit("put", (KEY_VARIABLE,), key)


# How it reaches a server


def environment(host: Host, files: Files) -> Mapping[str, str]:
    """The environment of its sessions: this one, under the .env file in its home."""
    return {**host.env, **programs.strings(programs.document(dotenv_file(host), files))}


def endpoint(host: Host, files: Files, registration: Registration) -> Endpoint:
    env, entry = environment(host, files), registration.entry
    if "url" in entry:
        headers, unset = headers_of(entry, env)
        return Endpoint(url=str(entry["url"]), headers=tuple(headers.items()), unset=unset)
    named = variables(entry.get("env_vars"))
    passed = {name: env[name] for name in (*PASSED_ON, *named) if name in env}
    where = str(entry.get("cwd") or registration.project or host.cwd)
    command = (str(entry.get("command", "")), *programs.texts(entry.get("args")))
    return Endpoint(command=command, env=tuple({**passed, **programs.strings(entry.get("env"))}.items()), cwd=where)


def variables(listed: Json) -> list[str]:
    """The names in ``env_vars``, each a text or a table with a name."""
    rows = listed if isinstance(listed, list) else []
    return [str(each.get("name", "")) if isinstance(each, dict) else str(each) for each in rows]


def headers_of(entry: Mapping[str, Json], env: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The headers that Codex sends, and the variables that it would miss. A bearer variable wins over a header."""
    headers = programs.strings(entry.get("http_headers"))
    unset: list[str] = []
    for header, name in programs.strings(entry.get("env_http_headers")).items():
        if env.get(name):
            headers[header] = env[name]
        else:
            unset.append(name)
    if bearer := str(entry.get("bearer_token_env_var") or ""):
        headers = {header: text for header, text in headers.items() if header.lower() != "authorization"}
        if env.get(bearer):
            headers["Authorization"] = f"Bearer {env[bearer]}"
        else:
            unset.append(bearer)
    return headers, tuple(unset)


# What holds it back


def policy(host: Host, files: Files) -> tuple[Finding, ...]:
    """The server itself is judged where its entry is known; nothing else closes Codex as a whole."""
    del host, files
    return ()


def approval(host: Host, files: Files, registration: Registration) -> Finding | None:
    """A project's config.toml is read only in a trusted folder; user scope needs no trust."""
    project = registration.project
    if registration.scope != "project" or project is None or trusted(host, files, project):
        return None
    return Finding(
        "project.untrusted", "warning", "Codex does not read this project's own configuration yet",
        f"It reads {registration.path} only after you trust the folder.",
        f"cd {shlex.quote(str(project))} && codex   # accept to trust the folder when it asks", ID, registration.path,
    )  # fmt: skip
