"""The question itself: open a session, look at the tools, call list_entities, understand the answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mem0_agent import __version__
from mem0_agent.asking.mcp_link import PROTOCOL, ProbeError, SessionLostError, complaint
from mem0_agent.model import TOOLS

if TYPE_CHECKING:
    from mem0_agent.asking.mcp_link import Link
    from mem0_agent.model import Json

PAGES = 20
"""Pages of a list of tools that are read at most."""


def conversation(link: Link) -> tuple[str, int | None]:
    """Return the server's name and the number of entities; a session that it forgets is opened once more."""
    try:
        return whole(link)
    except SessionLostError:
        link.agree("")
    try:
        return whole(link)
    except SessionLostError:
        raise ProbeError("not-mcp", "The server forgets every session at once (404).", 404) from None


def whole(link: Link) -> tuple[str, int | None]:
    server = greeted(link)
    missing = TOOLS - tools(link)
    if missing:
        raise ProbeError("tools-missing", f"The server lacks {', '.join(sorted(missing))}.")
    return server, entities(link.ask("tools/call", {"name": "list_entities", "arguments": {}}))


def greeted(link: Link) -> str:
    """Open the session and answer the server's name."""
    us = {"name": "mem0-agent", "version": __version__}
    reply = link.ask("initialize", {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": us})
    version, info = reply.get("protocolVersion"), reply.get("serverInfo")
    if not isinstance(version, str) or not version.isascii() or not version.isprintable():
        raise ProbeError("not-mcp", "The server names no version of MCP.")
    link.agree(version)
    link.tell("notifications/initialized")
    parts = [info.get("name"), info.get("version")] if isinstance(info, dict) else []
    return " ".join(part for part in parts if isinstance(part, str))


def tools(link: Link) -> frozenset[str]:
    """Return the names of the server's tools, from every page of its list."""
    names: set[str] = set()
    params: Json = {}
    for _ in range(PAGES):
        reply = link.ask("tools/list", params)
        listed = reply.get("tools")
        if not isinstance(listed, list):
            raise ProbeError("not-mcp", "The server's list of tools is not one of MCP.")
        names |= {str(tool.get("name")) for tool in listed if isinstance(tool, dict)}
        if not reply.get("nextCursor"):
            break
        params = {"cursor": reply["nextCursor"]}
    return frozenset(names)


def entities(reply: Json) -> int | None:
    """How many entities a result of list_entities holds. Raises ProbeError for one that tells of an error."""
    content = reply.get("content")
    items = content if isinstance(content, list) else []
    text = "\n".join(str(item["text"]) for item in items if isinstance(item, dict) and "text" in item)
    data = plain_data(text)
    if reply.get("isError") or (isinstance(data, dict) and data.get("error")):
        raise ProbeError("tool-error", f"list_entities failed: {complaint(data) or text or 'without a word'}")
    return size(data)


def plain_data(text: str) -> Json:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def size(data: Json) -> int | None:
    listed = data.get("results") if isinstance(data, dict) else data
    if isinstance(listed, list):
        return len(listed)
    count = data.get("count") if isinstance(data, dict) else None
    return count if type(count) is int else None
