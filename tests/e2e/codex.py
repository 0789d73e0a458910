"""The real Codex, through app-server and through ``codex exec``, against a fake model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.appserver import AppServer
from tests.e2e.dialogue import Fired, Prompt, Turn
from tests.e2e.responses import ResponsesApi, offered, tool_results
from tests.e2e.sandbox import Done, Sandbox

Json = Any
# Without plugins Codex looks for no marketplace on the network; a test of plugins turns them on again.
QUIET = ("--disable", "plugins", "-c", "analytics.enabled=false", "-c", "check_for_update_on_startup=false")
KEY = {"FAKE_PROVIDER_KEY": "not-a-real-key"}


def provider(url: str) -> list[str]:
    """Arguments that make the API at ``url`` the model, so that the configuration under test needs no change."""
    settings: dict[str, Json] = {
        "model": "gpt-5.1-codex",
        "model_provider": "fake",
        "model_providers.fake.name": "fake",
        "model_providers.fake.base_url": f"{url}/v1",
        "model_providers.fake.wire_api": "responses",
        "model_providers.fake.env_key": "FAKE_PROVIDER_KEY",
        "model_providers.fake.request_max_retries": 0,
        "model_providers.fake.stream_max_retries": 0,
        "model_providers.fake.supports_websockets": False,
    }
    return [word for name, value in settings.items() for word in ("-c", f"{name}={json.dumps(value)}")]


def turn(
    box: Sandbox,
    prompts: Sequence[Prompt],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    arguments: Sequence[str] = QUIET,
    resume: str = "",
) -> list[Turn]:
    """One thread in one app-server, a turn for each prompt; ``/compact`` is a prompt too.

    ``resume`` continues the thread of an earlier turn's ``session``.
    """
    place = cwd or box.project
    surroundings = {**KEY, **(env or {})}
    with (
        ResponsesApi(box.network.listener()) as api,
        AppServer(box, [*provider(api.url), *arguments], cwd=place, env=surroundings) as server,
    ):
        start = server.call("thread/resume", {"threadId": resume}) if resume else begin(server, place)
        thread = start["thread"]["id"]
        return [take(server, api, thread, prompt) for prompt in prompts]


def begin(server: AppServer, place: Path, **more: Json) -> Json:
    return server.call("thread/start", {"cwd": str(place), **more})


def take(server: AppServer, api: ResponsesApi, thread: str, prompt: Prompt) -> Turn:
    """One turn from its prompt to its end."""
    api.replies.clear()
    api.replies.extend(prompt.replies)
    known, since = len(api.bodies()), len(server.notes)
    if prompt.text == "/compact":
        server.call("thread/compact/start", {"threadId": thread})
    else:
        server.call("turn/start", {"threadId": thread, "input": [{"type": "text", "text": prompt.text}]})
    ended = server.wait_for("turn/completed", since)["params"]["turn"]
    servers = server.call("mcpServerStatus/list", {"threadId": thread})["data"]
    bodies = api.bodies()[known:]
    return Turn(
        prompt=prompt.text,
        exit_code=0 if ended["status"] == "completed" else 1,
        servers={each["name"]: status(each) for each in servers},
        tools=offered(bodies[0]) if bodies else (),
        hooks=tuple(hooks(server.notes[since:])),
        requests=tuple(bodies),
        results=tool_results(bodies[-1]) if bodies else (),
        answer=last_message(server.notes[since:]),
        session=thread,
    )


def status(server: Mapping[str, Json]) -> str:
    """``connected`` where its tools were read; older releases say no more than that, newer ones also why not."""
    return "connected" if server["tools"] else server.get("toolsError") or server.get("runtimeStatus") or "failed"


def hooks(notes: Sequence[Mapping[str, Json]]) -> Iterator[Fired]:
    for note in notes:
        if note["method"] == "hook/completed":
            run = note["params"]["run"]
            output = "\n".join(entry["text"] for entry in run["entries"])
            yield Fired(run["eventName"][:1].upper() + run["eventName"][1:], output, run["status"] == "completed")


def last_message(notes: Sequence[Mapping[str, Json]]) -> str:
    items = [note["params"]["item"] for note in notes if note["method"] == "item/completed"]
    texts = [item["text"] for item in items if item["type"] == "agentMessage"]
    return texts[-1] if texts else ""


def exec_turn(
    box: Sandbox,
    prompt: Prompt,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    arguments: Sequence[str] = QUIET,
) -> Turn:
    """One run of ``codex exec``; it tells nothing of hooks and servers, only what the model saw."""
    with ResponsesApi(box.network.listener()) as api:
        api.replies.extend(prompt.replies)
        argv = [str(box.bin / "codex"), "exec", "--skip-git-repo-check", "--json"]
        argv += [*provider(api.url), *arguments, prompt.text]
        done = box.run(argv, cwd=cwd, env={**KEY, **(env or {})})
        return from_exec(prompt, done, api.bodies())


def from_exec(prompt: Prompt, done: Done, bodies: Sequence[Json]) -> Turn:
    messages = [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]
    texts = [m["item"]["text"] for m in messages if m.get("item", {}).get("type") == "agent_message"]
    thread = next((m["thread_id"] for m in messages if m["type"] == "thread.started"), "")
    tools = offered(bodies[0]) if bodies else ()
    return Turn(
        prompt=prompt.text,
        exit_code=done.exit_code,
        servers={},
        tools=tools,
        hooks=(),
        requests=tuple(bodies),
        results=tool_results(bodies[-1]) if bodies else (),
        answer=texts[-1] if texts else "",
        session=thread,
        stderr=done.err,
    )


@contextmanager
def app(box: Sandbox, *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Iterator[AppServer]:
    """An app-server whose model cannot be reached, so that starting a thread does not wait for the real one."""
    nowhere = provider(f"http://127.0.0.1:{box.network.dead_port()}")
    with AppServer(box, [*nowhere, *QUIET], cwd=cwd, env={**KEY, **(env or {})}) as server:
        yield server


def call(
    box: Sandbox,
    server: str,
    tool: str,
    arguments: Mapping[str, Json] | None = None,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """The text that a tool answers when Codex itself calls it; AppServerError where Codex cannot."""
    with app(box, cwd=cwd, env=env) as client:
        thread = client.call("thread/start", {"cwd": str(cwd or box.project), "ephemeral": True})["thread"]["id"]
        request = {"threadId": thread, "server": server, "tool": tool, "arguments": dict(arguments or {})}
        content = client.call("mcpServer/tool/call", request)["content"]
    return "".join(part.get("text", "") for part in content)


def hooks_list(box: Sandbox, *, cwd: Path | None = None) -> list[dict[str, Json]]:
    """Every hook that Codex knows of, each with its key, command and trustStatus."""
    with app(box, cwd=cwd) as client:
        data = client.call("hooks/list", {"cwds": [str(cwd or box.project)]})["data"]
    return [hook for each in data for hook in each["hooks"]]


def trust(box: Sandbox, *, cwd: Path | None = None) -> None:
    """Accept every hook that Codex knows of, as its user does in the dialogue at the start."""
    found = {hook["key"]: {"trusted_hash": hook["currentHash"]} for hook in hooks_list(box, cwd=cwd)}
    edit = {"keyPath": "hooks.state", "mergeStrategy": "upsert", "value": found}
    with app(box, cwd=cwd) as client:
        client.call("config/batchWrite", {"edits": [edit]})
