"""Where Claude Code keeps its settings, and where its administrator does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mem0_agent.clients import programs

if TYPE_CHECKING:
    from mem0_agent.model import Host


def folder(host: Host) -> Path:
    configured = host.env.get("CLAUDE_CONFIG_DIR")
    return programs.told(host, configured) if configured else host.home / ".claude"


def main_file(host: Host) -> Path:
    """Where user and local scope live. With CLAUDE_CONFIG_DIR it moves inside that folder."""
    configured = host.env.get("CLAUDE_CONFIG_DIR")
    return (programs.told(host, configured) if configured else host.home) / ".claude.json"


def settings_file(host: Host) -> Path:
    return folder(host) / "settings.json"


def managed_root(host: Host) -> Path:
    return {
        "darwin": Path("/Library/Application Support/ClaudeCode"),
        "win32": Path("C:/Program Files/ClaudeCode"),
    }.get(host.platform, Path("/etc/claude-code"))


def managed_files(host: Host) -> tuple[Path, ...]:
    """The administrator's settings; what is added in their folder comes first, for it has the last word."""
    root = managed_root(host)
    added = [name for name in host.names(root / "managed-settings.d") if name.endswith(".json") and name[0] != "."]
    return (*(root / "managed-settings.d" / name for name in reversed(added)), root / "managed-settings.json")
