"""Whatever stands on the pipe: the server answers in JSON lines, a hook ends with 0 and says one JSON object or nothing."""

from __future__ import annotations

import io
import json
import os
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mem0_agent.memory import capture, hook
from mem0_agent.memory import settings as configuration
from mem0_agent.memory.events import CLIENTS, KNOWN, Event
from mem0_agent.memory.server import Server
from tests.faults import tally
from tests.memory.hooks.helpers import Home

SOME = int(os.environ.get("MEM0_AGENT_EXAMPLES", "150"))
PLENTY = settings(
    max_examples=SOME,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
FEW = settings(PLENTY, max_examples=max(10, SOME // 15))

TEXT = st.text(max_size=30) | st.sampled_from(
    ["../../x", "\x00", "\ud800", "a" * 5000, "\x1b[2J", "</mem0>", "/", "~", "%s{}"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda one: st.lists(one, max_size=4) | st.dictionaries(TEXT, one, max_size=4),
    max_leaves=10,
)
METHODS = st.sampled_from(
    ["initialize", "ping", "tools/list", "tools/call", "server/discover", "notifications/cancelled", ""]
)
REQUESTS = st.fixed_dictionaries(
    {}, optional={"jsonrpc": st.just("2.0"), "id": JSON, "method": METHODS | TEXT, "params": JSON}
)
NUMBERS = st.sampled_from(
    [b"1e400", b"-1e400", b"NaN", b"1" * 400, b"-0", b"0.1e-400", b"[" * 20_000, b'"\\ud800"', b'"\\u0000"']
)


def line(value: Any) -> bytes:
    return json.dumps(value).encode()


LINES = (
    (REQUESTS | st.lists(REQUESTS | JSON, max_size=3)).map(line)
    | NUMBERS.map(lambda number: b'{"jsonrpc": "2.0", "id": ' + number + b', "method": "ping"}')
    | st.binary(max_size=60)
    | JSON.map(line)
)


ENDLESS = (float("inf"), -float("inf"))
"""What 1e400 is read as; no answer could hold it."""


def asked(lines: list[bytes]) -> Counter[str]:
    """The ids of all requests in ``lines``, as JSON: each wants an answer of its own."""
    found: Counter[str] = Counter()
    for one in lines:
        try:
            value = strictly(one)
        except (ValueError, RecursionError):
            continue
        for message in value if isinstance(value, list) else [value]:
            if isinstance(message, dict) and message.get("jsonrpc") == "2.0" and isinstance(message.get("method"), str):
                number = message.get("id")
                if isinstance(number, str | int | float) and not isinstance(number, bool) and number not in ENDLESS:
                    found[whole(number)] += 1
    return found


def whole(number: Any) -> str:
    """An id as it comes back: half a character cannot be written."""
    return json.dumps(number, ensure_ascii=False).encode("utf-8", "replace").decode()


def answered(replies: list[Any]) -> Counter[str]:
    flat = [one for reply in replies for one in (reply if isinstance(reply, list) else [reply])]
    return Counter(whole(one.get("id")) for one in flat)


def strictly(data: bytes) -> Any:
    def no(name: str) -> None:
        raise ValueError(f"{name} is no JSON")

    return json.loads(data.decode("utf-8"), parse_constant=no)


class Answers:
    """Both ends of the pipe that a server writes to."""

    def __init__(self) -> None:
        self.end, self.output = os.pipe()
        self.data = b""
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self) -> None:
        while piece := os.read(self.end, 1 << 16):
            self.data += piece

    def all(self) -> list[bytes]:
        os.close(self.output)
        self.reader.join()
        os.close(self.end)
        return self.data.splitlines(keepends=True)


@PLENTY
@given(lines=st.lists(LINES, min_size=1, max_size=5))
@example(lines=[b'{"jsonrpc": "2.0", "id": 1e400, "method": "ping"}'])
@example(lines=[b'{"jsonrpc": "2.0", "id": "\\ud800", "method": "ping"}'])
@example(lines=[b"\xff\xfe", b"", b"null", b"[]", b"[[]]", b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}'])
def test_a_server_answers_in_lines_of_json_and_lives(tmp_path: Path, lines: list[bytes]) -> None:
    answers = Answers()
    server = Server(configuration.load(*(str(tmp_path / name) for name in ("c", "d", "s"))), answers.output)
    said = b"\n".join(one.replace(b"\n", b" ").replace(b"\r", b" ") for one in lines)
    server.serve(io.BytesIO(said + b'\n{"jsonrpc": "2.0", "id": "the last", "method": "ping"}\n'))
    server.finish()
    found = answers.all()
    assert all(one.endswith(b"\n") for one in found)
    replies = [strictly(one) for one in found]
    missing = asked(said.split(b"\n")) - answered(replies)
    tally.counts.update(inputs=len(lines), missing=missing.total())
    assert not missing
    assert {"jsonrpc": "2.0", "id": "the last", "result": {}} in replies
    codes = [one.get("error", {}).get("code") for one in replies if isinstance(one, dict)]
    assert -32603 not in codes


FIELDS = ("session_id", "transcript_path", "cwd", "prompt", "source", "tool_name", "tool_input", "tool_response",
          "agent_id", "trigger", "stop_hook_active", "last_assistant_message", "compact_summary", "reason", "model",
          "permission_mode", "custom_instructions", "task_id", "turn_id")  # fmt: skip
EVENTS = st.fixed_dictionaries(
    {"hook_event_name": st.sampled_from(sorted(KNOWN)) | TEXT}, optional=dict.fromkeys(FIELDS, JSON)
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@PLENTY
@given(client=st.sampled_from(CLIENTS), fields=EVENTS)
def test_no_field_of_an_event_breaks_what_answers_it(home: Home, client: str, fields: Any) -> None:
    """No exception at all, not even one that the hook would turn into silence."""
    event = Event(home.settings(), client, json.loads(json.dumps(fields)))
    if event.name not in KNOWN:
        return
    reply, error = hook.timed(event)
    tally.counts.update(inputs=1, missing=bool(error))
    assert error == "", error
    assert not reply.text or event.name == "PreCompact" or strictly(reply.text.encode())
    if event.captured():
        capture.capture(event.settings, client, event.fields)


@FEW
@given(
    client=st.sampled_from([*CLIENTS, "nobody"]),
    data=st.binary(max_size=200) | EVENTS.map(line) | JSON.map(line) | NUMBERS,
)
def test_a_hook_ends_well_whatever_it_is_given(home: Home, client: str, data: bytes) -> None:
    status, out, err = home.raw(client, data)
    tally.counts.update(inputs=1, missing=bool(status))
    assert (status, err) == (0, b"")
    assert not out or b"PreCompact" in data or strictly(out)
