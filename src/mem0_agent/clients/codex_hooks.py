"""Hooks, their trust, and skills of OpenAI Codex, as observed on 0.169.0."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

from mem0_agent.clients import codex_policy, programs, shop
from mem0_agent.model import Edit, Finding, Hook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mem0_agent.model import Files, Handler, Host, Json, Scope, Trust

ID = "codex"
EVENTS = (
    Hook("SessionStart", 10),
    Hook("UserPromptSubmit", 10),
    Hook("PreCompact", 10),
    Hook("PostCompact", 10),
    Hook("Stop", 10),
    Hook("SessionEnd", 3),  # the longest that it grants
)

WITHOUT_MATCHER = frozenset({"UserPromptSubmit", "Stop", "Interrupt", "PreModelRequest", "PostModelRequest"})
LATER = frozenset({"SessionEnd"})
"""Events that older releases (0.143 is one) do not know: they never list such a hook, and never ask for its trust."""
CACHED = re.compile(r"/plugins/cache/(?P<market>[^/]+)/(?P<name>[^/]+)/[^/]+/(?P<rest>.+)\Z")
SHORT = frozenset({"SessionEnd", "Interrupt"})
LONGEST_SHORT = 3
USUAL = 600
"""Seconds that a hook has without a timeout of its own; one of SHORT has one."""


def folder(host: Host) -> Path:
    configured = host.env.get("CODEX_HOME")
    return programs.told(host, configured) if configured else host.home / ".codex"


def places(host: Host, project: Path | None) -> tuple[tuple[str, Path], ...]:
    """hooks.json and the inline form, of the user and of the project, and our plugin's; all of them run."""
    brought = folder(host) / "plugins" / "cache" / shop.MARKET / shop.PLUGIN
    plugin = [("plugin", brought / version / shop.CODEX_HOOKS) for version in host.names(brought)]
    homes = [("user", folder(host)), *([("project", project / ".codex")] if project else [])]
    return (*((scope, home / name) for scope, home in homes for name in ("hooks.json", "config.toml")), *plugin)


def file(host: Host, files: Files, scope: Scope, project: Path | None) -> Path:
    """hooks.json, unless the user keeps hooks inline: both forms in one layer make Codex warn at every start."""
    home = project / ".codex" if scope == "project" and project else folder(host)
    inline, own = home / "config.toml", home / "hooks.json"
    held = programs.document(inline, files).get("hooks")
    events = [name for name in held if name != "state"] if isinstance(held, dict) else []
    return inline if events and files.get(own) is None else own


def faults(document: Mapping[str, Json]) -> tuple[str, ...]:
    """What voids a whole hooks.json; the inline form has no such rule of its own."""
    strange = [key for key in document if key not in ("hooks", "description")]
    found = [f"“{key}” may not stand beside “hooks”" for key in strange]
    for event, groups in (document.get("hooks") or {}).items():
        for group in groups if isinstance(groups, list) else ():
            entries = group.get("hooks") if isinstance(group, dict) else None
            for entry in entries if isinstance(entries, list) else ():
                timeout = entry.get("timeout", 1) if isinstance(entry, dict) else None
                if type(timeout) is not int:
                    found.append(f"a hook of “{event}” has the timeout {timeout!r}, which is no whole number")
    return tuple(found)


def off(host: Host, files: Files, project: Path | None) -> Finding | None:
    """What keeps every hook from running: first what an administrator decides, then the user's own switch."""
    if banned := codex_policy.hook_ban(files):
        return banned
    paths = [folder(host) / "config.toml", *([project / ".codex/config.toml"] if project else [])]
    for path in paths:
        features = programs.document(path, files).get("features")
        for name in ("hooks", "codex_hooks"):
            if isinstance(features, dict) and features.get(name) is False:
                detail = f"[features] {name} = false in {path}"
                fix = programs.opened(path, f"set {name} = true under [features]")
                return Finding("hooks.disabled", "error", "Hooks are switched off in Codex", detail, fix, ID, path)
    return None


# Trust: Codex runs a hook only after its user accepted that very hook


def trust(host: Host, files: Files, handler: Handler) -> Trust:
    """What config.toml says; Codex itself has the last word, and ``doctor --deep`` asks it."""
    state = entry(host, files, key(handler.path, handler.event, handler.group, handler.index))
    if state is None or "trusted_hash" not in state:
        return "not-needed" if handler.event in LATER and neighbours_trusted(host, files, handler) else "awaiting"
    return "trusted" if state["trusted_hash"] == identity(handler) else "modified"


def neighbours_trusted(host: Host, files: Files, handler: Handler) -> bool:
    """Whether the same command is trusted at another event: then a release that asks for all has asked for all."""
    held = programs.document(handler.path, files).get("hooks", {}).items()
    lists = [(event, groups) for event, groups in held if isinstance(groups, list)]
    groups = [(event, number, group) for event, several in lists for number, group in enumerate(several)]
    places = [
        key(handler.path, event, number, index)
        for event, number, group in groups
        for index, other in enumerate(group.get("hooks", []) if isinstance(group, dict) else ())
        if isinstance(other, dict) and other.get("command") == handler.command
    ]
    return any("trusted_hash" in (entry(host, files, place) or {}) for place in places)


def entry(host: Host, files: Files, name: str) -> Mapping[str, Json] | None:
    hooks = programs.document(folder(host) / "config.toml", files).get("hooks")
    states = hooks.get("state") if isinstance(hooks, dict) else None
    state = states.get(name) if isinstance(states, dict) else None
    return state if isinstance(state, dict) else None


def key(path: Path, event: str, group: int, index: int) -> str:
    """The name under which Codex keeps the trust of one hook: its file (a plugin's by the plugin) and its position."""
    if found := CACHED.search(path.as_posix()):
        return f"{found['name']}@{found['market']}:{found['rest']}:{snake(event)}:{group}:{index}"
    return f"{path}:{snake(event)}:{group}:{index}"


def snake(event: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", event).lower()


def identity(handler: Handler) -> str:
    """The hash by which Codex knows a command hook: read to tell a trusted hook from a changed one, never written."""
    short = handler.event in SHORT
    timeout = max(1, handler.entry.get("timeout") or (1 if short else USUAL))
    about = {
        "type": "command", "command": handler.command, "async": handler.entry.get("async", False),
        "timeout": min(timeout, LONGEST_SHORT) if short else timeout,
        **{name: handler.entry[name] for name in ("statusMessage",) if name in handler.entry},
    }  # fmt: skip
    whole = {"event_name": snake(handler.event), "hooks": [about]}
    if handler.event not in WITHOUT_MATCHER and handler.holder.get("matcher") is not None:
        whole["matcher"] = handler.holder["matcher"]
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def farewell(host: Host, files: Files, taken: Sequence[Handler]) -> tuple[tuple[Path, Edit], ...]:
    """Forget the trust of the hooks that go, and move that of the user's hooks behind them with its hooks.

    The hash stays the one that the user accepted: only the position in its name is another one.
    """
    path = folder(host) / "config.toml"
    edits = []
    for gone in taken:
        name = key(gone.path, gone.event, gone.group, gone.index)
        if entry(host, files, name) is not None:
            edits.append(Edit("drop", ("hooks", "state", name)))
    for gone_path, event in sorted({(handler.path, handler.event) for handler in taken}):
        gone_at = {(h.group, h.index) for h in taken if (h.path, h.event) == (gone_path, event)}
        edits += moved(host, files, gone_path, event, gone_at)
    return tuple((path, edit) for edit in edits)


def moved(host: Host, files: Files, path: Path, event: str, gone: set[tuple[int, int]]) -> list[Edit]:
    """A drop and a put for each hook whose number changes; a group goes with the last of its hooks."""
    edits: list[Edit] = []
    lost = 0
    for number, group in enumerate(programs.document(path, files).get("hooks", {}).get(event, [])):
        total = len(group.get("hooks", [])) if isinstance(group, dict) else 0
        stays = [index for index in range(total) if (number, index) not in gone]
        lost += bool(total and not stays)
        for place, index in enumerate(stays):
            name, new = key(path, event, number, index), key(path, event, number - lost, place)
            if name != new and (state := entry(host, files, name)) is not None:
                edits += [Edit("drop", ("hooks", "state", name)), Edit("put", ("hooks", "state", new), dict(state))]
    return edits


# Skills


def skills(host: Host, scope: Scope, project: Path | None) -> Path:
    return (project if scope == "project" and project else host.home) / ".agents" / "skills"


def traces(host: Host) -> tuple[Path, ...]:
    return (folder(host) / "history.jsonl", folder(host) / "sessions")
