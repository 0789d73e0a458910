"""Reads one file once, or registers a server in it, and tells how long: ``edit_probe.py read|edit PATH``.

Started by ``editing`` in a process of its own, so that peak memory is that of one task.
"""

from __future__ import annotations

import json
import sys
import time
import tomllib
from pathlib import Path

KEYS = {".json": "mcpServers", ".toml": "mcp_servers"}
SERVER = {"command": "/opt/memory", "args": ["serve"]}


def main() -> None:
    task, path = sys.argv[1], Path(sys.argv[2])
    if task == "edit":
        from mem0_agent.edits import document
        from mem0_agent.model import Edit

        edit = Edit("put", (KEYS[path.suffix], "bench"), SERVER)
        data = path.read_bytes()
        started = time.perf_counter()
        after, _ = document.perform(path, data, [edit])
        spent = time.perf_counter() - started
        ok = path.suffix == ".toml" or json.loads(after)["mcpServers"]["bench"] == SERVER
        ok = ok and len(after) > len(data)
    else:
        data = path.read_bytes()
        started = time.perf_counter()
        ok = bool((json.loads if path.suffix == ".json" else tomllib.loads)(data.decode()))
        spent = time.perf_counter() - started
    print(json.dumps({"spent": spent, "ok": ok}))


if __name__ == "__main__":
    main()
