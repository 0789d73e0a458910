"""Reads one file once, or registers a server in it, and tells how long: ``edit_probe.py read|edit PATH``.

Started by ``editing`` in a process of its own, so that peak memory is that of one task.
"""

from __future__ import annotations

import json
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

KEYS = {".json": "mcpServers", ".toml": "mcp_servers"}
SERVER = {"command": "/opt/memory", "args": ["serve"]}


def main() -> None:
    task, path = sys.argv[1], Path(sys.argv[2])
    spent, done = (edited if task == "edit" else read)(path)
    print(json.dumps({"spent": spent, "ok": done}))


def parsed(path: Path, content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = (json.loads if path.suffix == ".json" else tomllib.loads)(content.decode())
    return found


def read(path: Path) -> tuple[float, bool]:
    """Seconds of parsing, and whether there was anything."""
    content = path.read_bytes()
    started = time.perf_counter()
    found = parsed(path, content)
    return time.perf_counter() - started, bool(found)


def edited(path: Path) -> tuple[float, bool]:
    """Seconds of the edit, and whether the server stands in the result."""
    from mem0_agent.edits import document
    from mem0_agent.model import Edit

    content = path.read_bytes()
    key = KEYS[path.suffix]
    started = time.perf_counter()
    after, _ = document.perform(path, content, [Edit("put", (key, "bench"), SERVER)])
    spent = time.perf_counter() - started
    return spent, parsed(path, after)[key]["bench"] == SERVER


if __name__ == "__main__":
    main()
