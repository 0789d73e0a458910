"""A stand-in for the Anthropic Messages API: plays the replies it was given and keeps every request body."""

from __future__ import annotations

import itertools
import json
import socket
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from tests.e2e.dialogue import Call, Reply, Say
from tests.e2e.loopback import Answer, Request, Server, event_stream

Json = Any
NUMBERS = itertools.count(1)


class MessagesApi(Server):
    """``replies`` are played first to last, then every request is answered ``done``."""

    def __init__(self, listener: socket.socket) -> None:
        super().__init__(listener, self.message)
        self.replies: deque[Reply] = deque()

    def bodies(self) -> list[Json]:
        return [
            request.body for request in self.requests if request.path == "/v1/messages" and request.method == "POST"
        ]

    def message(self, request: Request) -> Answer:
        if request.method == "HEAD":
            return Answer()
        if request.path == "/v1/messages/count_tokens":
            return Answer(body={"input_tokens": 1000})
        if request.path != "/v1/messages":
            return Answer(404, {"type": "error", "error": {"type": "not_found_error", "message": "no such thing here"}})
        reply = self.replies.popleft() if self.replies else Say()
        whole = message(request.body, reply)
        return event_stream(list(events(whole))) if request.body.get("stream") else Answer(body=whole)


def message(body: Mapping[str, Json], reply: Reply) -> dict[str, Json]:
    """The reply as the API's own message object."""
    number = next(NUMBERS)
    block: dict[str, Json] = (
        {
            "type": "tool_use",
            "id": f"toolu_{number:020}",
            "name": reply.full_name,
            "input": dict(reply.arguments),
        }
        if isinstance(reply, Call)
        else {"type": "text", "text": reply.text}
    )
    return {
        "id": f"msg_{number:020}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model", ""),
        "content": [block],
        "stop_reason": "tool_use" if isinstance(reply, Call) else "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": reply.tokens,
            "output_tokens": 5,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
        },
    }


def events(whole: Mapping[str, Json]) -> Iterator[tuple[str, dict[str, Json]]]:
    """The same message, streamed."""
    yield "message_start", {"message": {**whole, "content": [], "stop_reason": None}}
    for index, block in enumerate(whole["content"]):
        if block["type"] == "text":
            empty, delta = {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            empty = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        yield "content_block_start", {"index": index, "content_block": empty}
        yield "content_block_delta", {"index": index, "delta": delta}
        yield "content_block_stop", {"index": index}
    stop = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield "message_delta", {"delta": stop, "usage": {"output_tokens": 5}}
    yield "message_stop", {}


def tool_results(body: Mapping[str, Json]) -> tuple[str, ...]:
    """The texts of every tool result in a request, in order."""
    blocks = [b for m in body["messages"] if isinstance(m["content"], list) for b in m["content"]]
    contents = [block["content"] for block in blocks if block["type"] == "tool_result"]
    return tuple(c if isinstance(c, str) else "".join(part.get("text", "") for part in c) for c in contents)
