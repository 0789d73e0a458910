"""A tiny MCP server over stdio, registered by hand to prove the harness itself. Remembers in the file it is given."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

READS = {"readOnlyHint": True}
WRITES = {"readOnlyHint": False, "destructiveHint": False, "openWorldHint": False}
TOOLS = {"list_entities": READS, "search_memories": READS, "add_memory": WRITES}


def listing(name: str, annotations: dict[str, bool]) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"text": {"type": "string"}, "query": {"type": "string"}}}
    return {"name": name, "description": name, "inputSchema": schema, "annotations": annotations}


def called(store: Path, tool: str, arguments: dict[str, Any]) -> str:
    notes = store.read_text().splitlines() if store.exists() else []
    if tool == "add_memory":
        store.write_text("\n".join([*notes, arguments["text"]]))
        return "stored"
    if tool == "search_memories":
        return json.dumps([note for note in notes if arguments["query"] in note])
    return json.dumps({"count": len(notes)})


def result(store: Path, method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    if method == "initialize":
        about = {"name": "tiny", "version": "0"}
        return {
            "protocolVersion": params["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": about,
        }
    if method == "tools/list":
        return {"tools": [listing(name, hints) for name, hints in TOOLS.items()]}
    if method == "tools/call":
        return {"content": [{"type": "text", "text": called(store, params["name"], params.get("arguments", {}))}]}
    return None


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if "id" not in request:
            continue
        answer = result(Path(sys.argv[1]), request["method"], request.get("params", {}))
        outcome = {"error": {"code": -32601, "message": "unknown method"}} if answer is None else {"result": answer}
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **outcome}), flush=True)


if __name__ == "__main__":
    main()
