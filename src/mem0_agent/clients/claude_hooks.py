"""Hooks and skills of Claude Code, as observed on 2.1.197 and 2.1.329."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem0_agent.clients import claude_places, claude_policy, programs, shop
from mem0_agent.model import Finding, Hook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mem0_agent.model import Edit, Files, Handler, Host, Json, Scope, Trust

ID = "claude-code"
EVENTS = (
    Hook("SessionStart", 10),
    Hook("UserPromptSubmit", 10),
    Hook("PostToolUse", 10, "TaskUpdate"),
    Hook("PreCompact", 10),
    Hook("PostCompact", 10),
    Hook("Stop", 10),
    Hook("SessionEnd", 10),  # without a time of its own it would be cut after a second and a half
)
TYPES = frozenset({"command", "http", "mcp_tool", "prompt", "agent"})


folder = claude_places.folder


def places(host: Host, project: Path | None) -> tuple[tuple[str, Path], ...]:
    brought = folder(host) / "plugins" / "cache" / shop.MARKET / shop.PLUGIN
    plugin = [("plugin", brought / version / shop.CLAUDE_HOOKS) for version in host.names(brought)]
    own = (("user", folder(host) / "settings.json"), *plugin)
    if project is None:
        return own
    return (*own, ("project", project / ".claude/settings.json"), ("local", project / ".claude/settings.local.json"))


def file(host: Host, files: Files, scope: Scope, project: Path | None) -> Path:
    del files
    place = project / ".claude" if scope == "project" and project else folder(host)
    return place / "settings.json"


def faults(document: Mapping[str, Json]) -> tuple[str, ...]:
    """One hook that it cannot read makes Claude Code ignore the whole file, without a word."""
    events = document.get("hooks", {})
    if not isinstance(events, dict):
        return (f"“hooks” is {programs.kind(events)} where an object of events belongs",)
    return tuple(fault for event, groups in events.items() for fault in event_faults(event, groups))


def event_faults(event: str, groups: Json) -> Iterator[str]:
    if not isinstance(groups, list):
        yield f"“hooks.{event}” is {programs.kind(groups)} where a list of groups belongs"
        return
    for number, group in enumerate(groups, 1):
        entries = group.get("hooks") if isinstance(group, dict) else None
        if not isinstance(entries, list):
            yield f"group {number} of “hooks.{event}” has no list “hooks”"
            continue
        for entry in entries:
            if fault := entry_fault(entry):
                yield f"a hook in group {number} of “hooks.{event}” {fault}"


def entry_fault(entry: Json) -> str:
    if not isinstance(entry, dict):
        return "is not an object"
    if entry.get("type") not in TYPES:
        return f"has the type {entry.get('type')!r}, which Claude Code does not know"
    if entry["type"] == "command" and not isinstance(entry.get("command"), str):
        return "has no command"
    timeout = entry.get("timeout", 1)
    return "" if isinstance(timeout, int | float) and timeout > 0 else f"has the timeout {timeout!r}"


def off(host: Host, files: Files, project: Path | None) -> Finding | None:
    """What keeps our hooks from running: first what an administrator decides, then the user's own switch."""
    if banned := claude_policy.hook_ban(host, files):
        return banned
    for _, path in places(host, project):
        if programs.document(path, files).get("disableAllHooks") is True:
            return Finding(
                "hooks.disabled", "error", "Hooks are switched off in Claude Code",
                f"disableAllHooks is true in {path}", programs.opened(path, "take “disableAllHooks” out"), ID, path,
            )  # fmt: skip
    return None


def trust(host: Host, files: Files, handler: Handler) -> Trust:
    del host, files, handler
    return "not-needed"


def farewell(host: Host, files: Files, taken: Sequence[Handler]) -> tuple[tuple[Path, Edit], ...]:
    del host, files, taken
    return ()


def skills(host: Host, scope: Scope, project: Path | None) -> Path:
    return (project / ".claude" if scope == "project" and project else folder(host)) / "skills"


def traces(host: Host) -> tuple[Path, ...]:
    return (folder(host) / "history.jsonl", folder(host) / "projects")
