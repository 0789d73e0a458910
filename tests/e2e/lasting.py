"""What of a home lasts: everything that an install and its undoing have to do with."""

from __future__ import annotations

from typing import Any

from tests.e2e.sandbox import Sandbox, tree

Json = Any
OWN = (".claude/settings.json", ".claude/plugins/installed_plugins.json", ".claude/plugins/known_marketplaces.json",
       ".codex/config.toml", ".codex/hooks.json", ".claude/skills", ".agents/skills", ".config/mem0-agent",
       ".local/share/mem0-agent", ".local/state/mem0-agent", ".claude/plugins/cache", ".codex/plugins/cache",
       ".claude/plugins/marketplaces", ".codex/.tmp/marketplaces/mem0")  # fmt: skip


def ours(box: Sandbox) -> dict[str, Json]:
    """Everything that is ours or that we have to do with; what the programs keep for themselves is left out."""
    return {name: found for name, found in tree(box.home).items() if name.startswith(OWN)}


def differences(box: Sandbox, before: dict[str, Json]) -> list[tuple[str, Json, Json]]:
    """What is not as it was before: each name, with what it was and what it is."""
    after = ours(box)
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return [(name, before.get(name), after.get(name)) for name in names]
