"""Marketplaces as a vendor ships them, in a folder or a repository, for both clients."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

Json = Any
GIT = ("git", "-c", "user.name=somebody", "-c", "user.email=somebody@example.com")


def marketplace(root: Path, market: str, plugins: dict[str, dict[str, Json]]) -> Path:
    """A folder with one plugin for each name; its value are the members that its manifest has besides the usual ones."""
    rows = [{"name": name, "source": f"./{name}", "description": name} for name in plugins]
    write(root / ".claude-plugin/marketplace.json", {"name": market, "owner": {"name": "somebody"}, "plugins": rows})
    for name, more in plugins.items():
        manifest = {"name": name, "version": "0.2.13", "description": name, "author": {"name": "somebody"}, **more}
        write(root / name / ".claude-plugin/plugin.json", manifest)
    return root


def dialect(root: Path, plugin: str, **more: Json) -> None:
    """What the manifest for Codex has of its own."""
    write(
        root / plugin / ".codex-plugin/plugin.json",
        {"name": plugin, "version": "0.2.13", "description": plugin, **more},
    )


def repository(root: Path, home: Path, name: str) -> None:
    """Make ``root`` a git repository that this user's git finds where it looks for ``owner/repo`` on the forge."""
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "first")):
        subprocess.run(
            [*GIT, *words], cwd=root, check=True, capture_output=True, env={"HOME": str(home), "PATH": "/usr/bin:/bin"}
        )
    forge = home.parent / "forge"
    bare = forge / f"{name}.git"
    subprocess.run([*GIT, "clone", "-q", "--bare", str(root), str(bare)], check=True, capture_output=True)
    (home / ".gitconfig").write_text(
        f'[url "file://{forge}/"]\n\tinsteadOf = https://github.com/\n\tinsteadOf = git@github.com:\n'
        "\tinsteadOf = ssh://git@github.com/\n[safe]\n\tdirectory = *\n"
    )


def write(path: Path, value: Json) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2))
