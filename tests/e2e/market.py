"""Marketplaces as a vendor ships them, in a folder, for both clients."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Json = Any


def marketplace(root: Path, market: str, plugins: dict[str, dict[str, Json]]) -> Path:
    """A folder with one plugin for each name; its value are the members that its manifest has besides the usual ones."""
    rows = [{"name": name, "source": f"./{name}", "description": name} for name in plugins]
    write(root / ".claude-plugin/marketplace.json", {"name": market, "owner": {"name": "somebody"}, "plugins": rows})
    for name, more in plugins.items():
        manifest = {"name": name, "version": "0.2.13", "description": name, "author": {"name": "somebody"}, **more}
        write(root / name / ".claude-plugin/plugin.json", manifest)
    return root


def write(path: Path, value: Json) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2))
