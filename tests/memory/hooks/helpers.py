"""A home of our own on disk, hooks run as a client runs them, session files and events as the clients write them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import mem0_agent.memory
from mem0_agent.memory import journal, settings
from mem0_agent.memory.local import LocalMemory

PROGRAM = Path(mem0_agent.memory.__file__).with_name("__main__.py")
SESSION = "0a1b2c3d-1111-2222-3333-444455556666"
REMOTE = "git@github.com:Acme/Widgets.git"
APP = "github.com/acme/widgets"
PATIENCE_S = 20.0

Fields = dict[str, Any]


class Home:
    """Three directories of ours, a project beside them, and the hook command as the launcher runs it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config, self.data, self.state = (root / name for name in ("config", "data", "state"))
        self.project = root / "project"
        repository(self.project, REMOTE)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(root), "LANG": "C.UTF-8"}
        self.configure()

    def configure(self, text: str = "", **hooks: object) -> None:
        """Write config.toml: a generous budget unless ``hooks`` say otherwise, for this machine may be busy."""
        table = {"local_budget_ms": 10_000, "network_budget_ms": 10_000, **hooks}
        self.config.mkdir(parents=True, exist_ok=True)
        lines = [text or 'backend = "local"', 'user_id = "alice"', "[hooks]"]
        lines += [f"{name} = {json.dumps(value)}" for name, value in table.items()]
        (self.config / "config.toml").write_text("\n".join(lines), encoding="utf-8")

    def settings(self) -> settings.Settings:
        return settings.load(str(self.config), str(self.data), str(self.state))

    def memory(self) -> LocalMemory:
        return LocalMemory(str(self.data / "memory.db"), "alice")

    def store(self, text: str, kind: str = "decision", **scope: str) -> str:
        names = {"user_id": "alice", "app_id": APP, **scope}
        memory = self.memory()
        answer = memory.add([{"role": "user", "content": text}], names, {"type": kind})
        memory.close()
        return str(answer["results"][0]["id"])

    def states(self) -> list[Fields]:
        filters = {"AND": [{"user_id": "alice"}, {"metadata": {"type": "session_state"}}]}
        memory = self.memory()
        rows: list[Fields] = memory.memories(filters, page_size=200)["results"]
        memory.close()
        return rows

    def command(self, client: str) -> list[str]:
        home = [str(self.config), str(self.data), str(self.state)]
        return [sys.executable, "-I", "-S", str(PROGRAM), "--home", *home, "hook", client]

    def start(self, client: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command(client),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
            cwd=self.project,
        )

    def raw(self, client: str, data: bytes) -> tuple[int, bytes, bytes]:
        """Exit status, stdout and stderr of one hook that reads ``data``."""
        process = self.start(client)
        out, err = process.communicate(data, timeout=60)
        return process.returncode, out, err

    def run(self, client: str, event: str, **fields: object) -> str:
        """What one hook prints; it must end with 0 and say nothing on stderr."""
        status, out, err = self.raw(client, json.dumps(self.event(client, event, **fields)).encode())
        assert (status, err) == (0, b"")
        return out.decode()

    def event(self, client: str, event: str, **fields: object) -> Fields:
        """The event as that client sends it, on top of what all its events have."""
        common: Fields = {"session_id": SESSION, "transcript_path": str(self.root / f"{client}.jsonl")}
        return {
            **common,
            "cwd": str(self.project),
            "hook_event_name": event,
            **EVENTS[client].get(event, {}),
            **fields,
        }

    def context(self, client: str, event: str, **fields: object) -> str:
        """The additional context that one hook gives, empty where it prints nothing."""
        out = self.run(client, event, **fields)
        if not out:
            return ""
        answer = json.loads(out)
        assert list(answer) == ["hookSpecificOutput"]
        assert sorted(answer["hookSpecificOutput"]) == ["additionalContext", "hookEventName"]
        assert answer["hookSpecificOutput"]["hookEventName"] == event
        return str(answer["hookSpecificOutput"]["additionalContext"])

    def captures(self, client: str = "claude-code") -> int:
        return int(self.note(client, "Capture").get("count", 0))

    def note(self, client: str, event: str) -> Fields:
        return journal.document(str(self.state / "hooks" / f"{client}.{event}.json"))

    def captured(self, client: str, event: str, **fields: object) -> str:
        """What one hook prints, once the detached process that it left behind has done its work."""
        before = self.captures(client)
        out = self.run(client, event, **fields)
        until(lambda: self.captures(client) > before)
        return out

    def log(self) -> str:
        path = self.state / "hook.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def written(self) -> bytes:
        """Every byte under our three directories."""
        return b"".join(path.read_bytes() for path in sorted(self.root.glob("*/**/*")) if self.ours(path))

    def ours(self, path: Path) -> bool:
        return path.is_file() and any(folder in path.parents for folder in (self.config, self.data, self.state))


def until(condition: Any) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def repository(path: Path, *urls: str) -> Path:
    """A git work tree as far as identity reads it."""
    (path / ".git").mkdir(parents=True)
    (path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    names = ["origin", "upstream", "third"]
    remotes = [f'[remote "{name}"]\n\turl = {url}\n' for name, url in zip(names, urls, strict=False)]
    (path / ".git" / "config").write_text("[core]\n\tbare = false\n" + "".join(remotes))
    return path


EVENTS: dict[str, dict[str, Fields]] = {
    "claude-code": {
        "SessionStart": {"source": "startup"},
        "UserPromptSubmit": {"prompt_id": "p1", "permission_mode": "default", "prompt": "add refresh token rotation to the auth system"},
        "PreCompact": {"trigger": "manual", "custom_instructions": None},
        "PostCompact": {"trigger": "manual", "compact_summary": "<analysis>hm</analysis><summary>Goals: move auth to JWT.</summary>"},
        "PostToolUse": {
            "tool_name": "TaskUpdate",
            "tool_input": {"taskId": "1", "status": "completed"},
            "tool_response": {"success": True},
            "tool_use_id": "toolu_1",
        },
        "TaskCompleted": {"task_id": "1", "task_subject": "auth", "task_description": "move it"},
        "Stop": {"stop_hook_active": False, "last_assistant_message": "Auth now issues JWTs.", "background_tasks": [], "session_crons": []},
        "SessionEnd": {"reason": "other"},
    },
    "codex": {
        "SessionStart": {"model": "m", "permission_mode": "default", "source": "startup"},
        "UserPromptSubmit": {"model": "m", "turn_id": "t1", "prompt": "add refresh token rotation to the auth system"},
        "PreCompact": {"model": "m", "turn_id": "t1", "trigger": "auto"},
        "PostCompact": {"model": "m", "turn_id": "t1", "trigger": "auto"},
        "PostToolUse": {"model": "m", "tool_name": "Bash", "tool_input": {"command": "ls"}, "tool_response": "", "tool_use_id": "call_1"},
        "Stop": {"model": "m", "turn_id": "t1", "stop_hook_active": False, "last_assistant_message": "Auth now issues JWTs."},
        "SessionEnd": {"reason": "other"},
    },
}  # fmt: skip
"""What each event carries beside the common fields."""


def claude_lines(*turns: tuple[str, str], edits: tuple[str, ...] = (), tools: tuple[str, ...] = ()) -> str:
    """A session file of Claude Code, with the bookkeeping and the texts in the user's place that real ones hold."""
    rows: list[Fields] = [
        {"type": "queue-operation", "operation": "enqueue", "sessionId": SESSION, "content": "not said"},
        {
            "type": "attachment",
            "attachment": {"type": "environment"},
            "rendered": [{"content": "<system-reminder>not said</system-reminder>"}],
        },
        user("<local-command-caveat>not said</local-command-caveat>", isMeta=True),
        user("<command-name>/not-said</command-name>"),
        user("This session is being continued. not said", isCompactSummary=True),
        user("not said by the user", isSidechain=True),
    ]
    for role, text in turns:
        content: object = (
            text if role == "user" else [{"type": "thinking", "thinking": "not said"}, {"type": "text", "text": text}]
        )
        rows.append(
            {
                "type": role,
                "isSidechain": False,
                "message": {"role": role, "content": content},
                "sessionId": SESSION,
            }
        )
    for path in edits:
        rows.append(assistant_uses("Write", {"file_path": path, "content": "not said"}))
        rows.append(
            user(
                [{"type": "tool_result", "tool_use_id": "toolu", "content": "not said"}],
                toolUseResult={"filePath": path},
            )
        )
    rows += [assistant_uses(name, {"text": "not said"}) for name in tools]
    rows.append({"type": "system", "subtype": "stop_hook_summary", "hookInfos": []})
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)


def user(content: object, **more: object) -> Fields:
    return {"type": "user", "isSidechain": False, "message": {"role": "user", "content": content}, **more}


def assistant_uses(name: str, given: Fields) -> Fields:
    block = {"type": "tool_use", "id": "toolu", "name": name, "input": given}
    return {"type": "assistant", "isSidechain": False, "message": {"role": "assistant", "content": [block]}}


def codex_lines(*turns: tuple[str, str], edits: tuple[str, ...] = (), form: str = "item") -> str:
    """A session file of Codex, in today's form (item), that of releases before (event), or with replies only (sent)."""
    rows: list[Fields] = [
        {"type": "session_meta", "payload": {"id": SESSION, "base_instructions": {"text": "not said"}}},
        sent("developer", "input_text", "not said"),
        sent("user", "input_text", "<environment_context>\n  not said\n</environment_context>"),
        sent("user", "input_text", "# AGENTS.md instructions for here\n\nnot said"),
        {"type": "turn_context", "payload": {"summary": "not said"}},
    ]
    for role, text in turns:
        rows.append(sent(role, "input_text" if role == "user" else "output_text", text))
        if form == "item":
            kind, part = ("UserMessage", "text") if role == "user" else ("AgentMessage", "Text")
            said: Fields = {"type": kind, "id": "i", "content": [{"type": part, "text": text}]}
            rows.append({"type": "event_msg", "payload": {"type": "item_completed", "item": said}})
        elif form == "event":
            kind = "user_message" if role == "user" else "agent_message"
            rows.append({"type": "event_msg", "payload": {"type": kind, "message": text}})
    for path in edits:
        changes: Fields = {path: {"type": "add", "content": "not said"}}
        item: Fields = {"type": "FileChange", "changes": changes, "status": "completed"}
        payload: Fields = {"type": "patch_apply_end", "success": True, "changes": changes}
        rows.append(
            {
                "type": "event_msg",
                "payload": payload if form == "event" else {"type": "item_completed", "item": item},
            }
        )
    rows.append({"type": "event_msg", "payload": {"type": "token_count", "info": None}})
    return "".join(json.dumps({"timestamp": "2026-11-21T14:00:00Z", **row}) + "\n" for row in rows)


def sent(role: str, kind: str, text: str) -> Fields:
    return {
        "type": "response_item",
        "payload": {"type": "message", "role": role, "content": [{"type": kind, "text": text}]},
    }
