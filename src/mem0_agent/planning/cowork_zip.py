"""The plugin that people upload to Cowork by themselves: skills and hooks, no server; the same bytes every time."""

from __future__ import annotations

import io
import json
import shlex
import zipfile
from typing import TYPE_CHECKING

from mem0_agent import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mem0_agent.model import Host, Json

NAME = "mem0-agent"
"""Not ``mem0``: that is the vendor's own plugin."""
EPOCH = (1980, 1, 1, 0, 0, 0)
EVENTS = ("SessionStart", "UserPromptSubmit", "Stop", "SessionEnd")
CLIENT = "cowork"
"""Its events are Claude's own; what is stored, and what doctor reads of them, carries Cowork's name."""


def bundle(host: Host, skills: Mapping[str, bytes], *, hooks: bool) -> bytes:
    """The zip, laid out as a plugin's own folder: the manifest, skills by their names, hooks where they can run."""
    content = {".claude-plugin/plugin.json": text(manifest())}
    content |= {f"skills/{name}": data for name, data in skills.items()}
    if hooks and not host.windows:
        content["hooks/hooks.json"] = text(handlers(host))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(content.items()):
            member = zipfile.ZipInfo(name, EPOCH)
            member.create_system, member.external_attr = 3, 0o100644 << 16
            archive.writestr(member, data)
    return buffer.getvalue()


def text(value: Json) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def manifest() -> dict[str, Json]:
    return {
        "name": NAME,
        "version": __version__,
        "description": "One memory for every coding agent: how to search it, what to store, and how to build on Mem0.",
        "author": {"name": "mem0-agent contributors"},
        "license": "Apache-2.0",
        "keywords": ["mem0", "memory"],
    }


def handlers(host: Host) -> dict[str, Json]:
    entry = {"type": "command", "command": command(host), "timeout": 10}
    return {"hooks": {event: [{"hooks": [entry]}] for event in EVENTS}}


def command(host: Host) -> str:
    """Our launcher where it is, nothing where it is not: a shell's own failure would block what the user does."""
    path = shlex.quote(str(host.launcher))
    return f"[ -x {path} ] && {path} hook {CLIENT}; exit 0"
