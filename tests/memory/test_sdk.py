"""The official SDK's client against the real server, in both dialects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError, StdioServerParameters
from tests.memory.peer import command

NOBODY = "00000000-0000-4000-8000-000000000000"
EXAMPLES: dict[str, dict[str, Any]] = {
    "search_memories": {"query": "auth", "limit": 3},
    "get_memories": {"page_size": 5},
    "list_entities": {},
    "list_events": {},
    "delete_all_memories": {"user_id": "nobody"},
    "delete_entities": {"run_id": "none"},
}
WRONG: dict[str, dict[str, Any]] = {
    "add_memory": {"text": 7},
    "search_memories": {},
    "get_memory": {"memory_id": NOBODY},
    "delete_entities": {},
}


def client(home: Path, mode: Any) -> Client:
    program, *words = command(home)
    return Client(StdioServerParameters(command=program, args=words), mode=mode)


def text(result: Any) -> Any:
    assert result.structured_content is None
    return json.loads(result.content[0].text)


@pytest.mark.parametrize(
    ("mode", "version"), [("auto", "2026-07-28"), ("legacy", "2025-11-25"), ("2026-07-28", "2026-07-28")]
)
def test_a_whole_session(home: Path, mode: str, version: str) -> None:
    async def session() -> None:
        async with client(home, mode) as peer:
            assert peer.protocol_version == version
            listed = {tool.name: tool for tool in (await peer.list_tools()).tools}
            assert len(listed) == 11
            assert listed["delete_memory"].annotations
            assert listed["delete_memory"].annotations.destructive_hint is True
            added = text(await peer.call_tool("add_memory", {"text": "auth uses JWT", "app_id": "shop"}))
            one = added["results"][0]["id"]
            assert text(await peer.call_tool("get_memory", {"memory_id": one}))["memory"] == "auth uses JWT"
            changed = await peer.call_tool("update_memory", {"memory_id": one, "text": "auth uses PASETO"})
            assert text(changed)["memory"] == "auth uses PASETO"
            assert (
                text(await peer.call_tool("get_event_status", {"event_id": added["event_id"]}))["status"] == "SUCCEEDED"
            )
            for name, arguments in EXAMPLES.items():
                result = await peer.call_tool(name, arguments)
                assert not result.is_error, name
            gone = await peer.call_tool("delete_memory", {"memory_id": one})
            assert not gone.is_error

    anyio.run(session)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_errors_as_the_client_sees_them(home: Path, mode: str) -> None:
    async def session() -> None:
        async with client(home, mode) as peer:
            for name, arguments in WRONG.items():
                result = await peer.call_tool(name, arguments)
                assert result.is_error
                assert set(text(result)) == {"error", "detail"}
            with pytest.raises(MCPError) as caught:
                await peer.call_tool("no_such_tool", {})
            assert caught.value.code == -32602

    anyio.run(session)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_calls_at_the_same_time(home: Path, mode: str) -> None:
    async def session() -> None:
        async with client(home, mode) as peer:

            async def add(number: int) -> None:
                result = await peer.call_tool("add_memory", {"text": f"number {number}"})
                assert text(result)["results"][0]["memory"] == f"number {number}"

            async with anyio.create_task_group() as group:
                for number in range(40):
                    group.start_soon(add, number)
            assert text(await peer.call_tool("get_memories", {}))["count"] == 40

    anyio.run(session)


def test_two_clients_share_one_memory(home: Path) -> None:
    async def session() -> None:
        async with client(home, "auto") as first, client(home, "legacy") as second:
            await first.call_tool("add_memory", {"text": "we moved auth from sessions to JWT"})
            found = await second.call_tool(
                "search_memories", {"query": "add refresh token rotation to the auth system"}
            )
            assert [hit["memory"] for hit in text(found)["results"]] == ["we moved auth from sessions to JWT"]

    anyio.run(session)
