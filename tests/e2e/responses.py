"""A stand-in for the OpenAI Responses API: plays the replies it was given and keeps every request body."""

from __future__ import annotations

import itertools
import json
import re
import socket
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from tests.e2e.dialogue import Reply, Say
from tests.e2e.loopback import Answer, Request, Server, event_stream

Json = Any
NUMBERS = itertools.count(1)
WRAPPED = re.compile(r"\AWall time: [^\n]*\nOutput:\n?(.*)\Z", re.DOTALL)


class ResponsesApi(Server):
    """``replies`` are played first to last, then every request is answered ``done``."""

    def __init__(self, listener: socket.socket) -> None:
        super().__init__(listener, self.response)
        self.replies: deque[Reply] = deque()

    def bodies(self) -> list[Json]:
        return [r.body for r in self.requests if r.path == "/v1/responses" and r.method == "POST"]

    def response(self, request: Request) -> Answer:
        if request.path != "/v1/responses" or request.method != "POST":
            return Answer(404, {"error": {"message": "no such thing here"}})
        return event_stream(list(events(self.replies.popleft() if self.replies else Say())))


def item(number: int, reply: Reply) -> dict[str, Json]:
    """The reply as one output item."""
    if isinstance(reply, Say):
        content = [{"type": "output_text", "text": reply.text, "annotations": []}]
        return {
            "type": "message",
            "id": f"msg_{number}",
            "role": "assistant",
            "status": "completed",
            "content": content,
        }
    call = {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}", "status": "completed"}
    namespace = {"namespace": f"mcp__{reply.server}"} if reply.server else {}
    return {**call, **namespace, "name": reply.tool, "arguments": json.dumps(dict(reply.arguments))}


def events(reply: Reply) -> Iterator[tuple[str, dict[str, Json]]]:
    """One response, streamed."""
    number = next(NUMBERS)
    made = item(number, reply)
    usage = {
        "input_tokens": reply.tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": reply.tokens + 5,
    }
    identity = {"id": f"resp_{number}"}
    yield "response.created", {"response": {**identity, "status": "in_progress", "output": []}}
    yield "response.output_item.added", {"output_index": 0, "item": made}
    yield "response.output_item.done", {"output_index": 0, "item": made}
    yield (
        "response.completed",
        {"response": {**identity, "status": "completed", "output": [made], "usage": usage}},
    )


def offered(body: Mapping[str, Json]) -> tuple[str, ...]:
    """The full names of all tools in a request; those of a namespace as namespace__name."""
    names: list[str] = []
    for tool in body.get("tools", []):
        inner = tool.get("tools", []) if tool.get("type") == "namespace" else []
        names += [f"{tool['name']}__{each['name']}" for each in inner] or [tool.get("name") or tool["type"]]
    return tuple(names)


def tool_results(body: Mapping[str, Json]) -> tuple[str, ...]:
    """The texts of every tool result in a request, in order, without the client's own line about time."""
    outputs = [i["output"] for i in body.get("input", []) if i.get("type") == "function_call_output"]
    return tuple(plain(output) for output in outputs)


def plain(output: Json) -> str:
    """Newer releases send a list of parts, the first of them the time; older ones, and all of them for structured
    content, put everything in one string behind the time."""
    if not isinstance(output, str):
        texts = [part.get("text", "") for part in output]
        return "".join(text for text in texts if not WRAPPED.match(text))
    wrapped = WRAPPED.match(output)
    if wrapped is None:
        return output
    return plain(json.loads(wrapped[1])) if wrapped[1].startswith("[{") else wrapped[1]
