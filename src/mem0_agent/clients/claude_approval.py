"""What people have accepted, declined or switched off in Claude Code; as observed on 2.1.204 and 2.1.330."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from mem0_agent.clients import claude_places, programs
from mem0_agent.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mem0_agent.model import Files, Host, Json, Registration

ID = "claude-code"
ACCEPTED, DECLINED, OFF = "enabledMcpjsonServers", "disabledMcpjsonServers", "disabledMcpServers"


def files_of(host: Host, project: Path | None) -> tuple[Path, ...]:
    """The settings files that accept or decline the servers of a project."""
    local = (project / ".claude" / "settings.json", project / ".claude" / "settings.local.json") if project else ()
    return (claude_places.settings_file(host), *local)


def project_entry(host: Host, files: Files, project: Path | None) -> Mapping[str, Json]:
    """What Claude Code itself keeps of a project."""
    main = claude_places.main_file(host)
    entry = programs.table(programs.document(main, files), "projects", main).get(str(project))
    return entry if isinstance(entry, dict) else {}


def answers(host: Host, files: Files, project: Path | None) -> Iterator[tuple[Path, Mapping[str, Json]]]:
    for path in files_of(host, project):
        yield path, programs.document(path, files)
    yield claude_places.main_file(host), project_entry(host, files, project)


def declined(host: Host, files: Files, project: Path, name: str) -> Path | None:
    """The file in which somebody has declined a server of a project's own .mcp.json; it is not started then."""
    found = (path for path, held in answers(host, files, project) if name in programs.texts(held.get(DECLINED)))
    return next(found, None)


def approved(host: Host, files: Files, project: Path, name: str) -> bool:
    return any(
        held.get("enableAllProjectMcpServers") is True or name in programs.texts(held.get(ACCEPTED))
        for _, held in answers(host, files, project)
    )


def switched_off(host: Host, files: Files, registration: Registration) -> Path | None:
    """The project around the current folder in which a server is switched off, whichever file it is from."""
    plugin = registration.plugin.partition("@")[0]
    name = f"plugin:{plugin}:{registration.name}" if plugin else registration.name
    places = programs.ancestors(host.cwd)
    return next((p for p in places if name in programs.texts(project_entry(host, files, p).get(OFF))), None)


def approval(host: Host, files: Files, registration: Registration) -> Finding | None:
    """What keeps an entry from being started until its user says otherwise in Claude Code itself."""
    project, name = registration.project, registration.name
    if registration.scope == "project" and project is not None:
        if path := declined(host, files, project, name):
            return Finding(
                "project.pending-approval", "warning", f"“{name}” of this project was declined in Claude Code",
                f"{DECLINED} in {path} names it: it is not started.",
                programs.opened(path, f"take “{name}” out of “{DECLINED}”"), ID, path,
            )  # fmt: skip
        if not approved(host, files, project, name):
            return Finding(
                "project.pending-approval", "warning", f"Claude Code waits for your approval of “{name}”",
                "A server from a project's own .mcp.json connects only after you accept it once.",
                f"cd {shlex.quote(str(project))} && claude   # accept “{name}” when it asks", ID, registration.path,
            )  # fmt: skip
    if place := switched_off(host, files, registration):
        return Finding(
            "registration.dead", "warning", f"“{name}” is switched off in this project in Claude Code",
            f"{OFF} of {place} in {claude_places.main_file(host)} names it: it is not started there.",
            f"cd {shlex.quote(str(place))} && claude   # then /mcp, and switch “{name}” on", ID,
            claude_places.main_file(host),
        )  # fmt: skip
    return None
