"""What each event of each client is answered with: an Event in, a Reply out."""
# pathlib takes longer to import than this wing may take to start
# ruff: noqa: PTH109

from __future__ import annotations

import json
import os

from mem0_agent.memory import policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mem0_agent.memory.protocol import Memory
    from mem0_agent.memory.settings import Settings

CLAUDE = frozenset({"claude-code", "cowork"})
"""The clients that run Claude's agent: their events, their tools and their session files are the same."""
CLIENTS = (*sorted(CLAUDE), "codex")
BUDGETED = frozenset({"SessionStart", "UserPromptSubmit", "Stop"})
"""The events whose answer has to be looked up, within the budget."""
CAPTURING = frozenset({"SessionStart", "PreCompact", "PostCompact", "Stop", "SessionEnd"})
"""The events after which something is stored, or sent."""
WORK = 3
"""Changes of files that make a session one in which something may have been learned."""
STOP_BYTES = 500_000
PROMPT = 100_000
"""Characters of a prompt that are looked at at all."""


class Event:
    """One event as a client sent it. ``agent`` is empty but in a subagent.

    ValueError for what is no event.
    """

    __slots__ = ("agent", "client", "cwd", "fields", "name", "session", "settings")

    def __init__(self, settings: Settings, client: str, fields: object) -> None:
        if not isinstance(fields, dict) or client not in CLIENTS:
            raise ValueError(f"no event of a known client: {client[:40]}")
        self.settings, self.client, self.fields = settings, client, fields
        self.name, self.session = self.word("hook_event_name"), self.word("session_id")
        self.agent, self.cwd = self.word("agent_id"), self.word("cwd") or os.getcwd()

    def word(self, name: str) -> str:
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def captured(self) -> bool:
        """Whether this event may store anything: what a subagent says and hears is not the user's."""
        return bool(self.session) and not self.agent and policy.captures(self.settings, self.cwd)


class Reply:
    """What goes to stdout. ``late`` says that the work behind it is still going on in a thread."""

    __slots__ = ("late", "text")

    def __init__(self, text: str = "", *, late: bool = False) -> None:
        self.text, self.late = text, late


def answer(event: Event) -> Reply:
    """Answer the reply to an event that is known, in a directory that is open to us."""
    text = KNOWN[event.name](event)
    if not text or event.name == "PreCompact":
        return Reply(text)
    return Reply(json.dumps({"hookSpecificOutput": {"hookEventName": event.name, "additionalContext": text}}))


def session_start(event: Event) -> str:
    """Answer the memory protocol and the most useful memories.

    What is shown after a compaction is all the model has seen.
    """
    if not policy.recalls(event.settings, event.cwd):
        return ""
    from mem0_agent.memory import identity, recall

    source = event.word("source")
    scope = identity.scope(event.settings, event.client, event.cwd, event.session)
    rows = recall.for_start(memory(event.settings), scope, source, local=event.settings.backend == "local")
    text, ids = recall.opening(source, scope, rows, event.settings.hooks)
    remember(event, ids, anew=source in {"clear", "compact"})
    return text


def user_prompt(event: Event) -> str:
    """Answer the memories that the prompt calls for and that this session has not seen."""
    settings, prompt = event.settings, event.word("prompt")
    if len(prompt.strip()) < settings.hooks.min_prompt or not policy.recalls(settings, event.cwd):
        return ""
    from mem0_agent.memory import identity, recall
    from mem0_agent.memory.redact import redact
    from mem0_agent.memory.session import Session

    local = settings.backend == "local"
    asked = prompt if local else redact(prompt[:PROMPT], [settings.key()])
    scope = identity.scope(settings, event.client, event.cwd, event.session)
    shown = Session(settings.state_dir, event.client, event.session, event.agent).shown
    rows = recall.for_prompt(memory(settings), scope, asked, shown, local=local, most=settings.hooks.max_memories)
    text, ids = recall.fenced(rows, settings.hooks.max_characters, asked)
    remember(event, ids)
    return text


def pre_compact(event: Event) -> str:
    """Claude takes plain text as instructions for the summary; Codex takes nothing."""
    from mem0_agent.memory.words import SUMMARY

    return SUMMARY if event.client in CLAUDE else ""


def tool_used(event: Event) -> str:
    """One reminder for each task that was finished, which Claude tells by the use of a tool."""
    task = finished(event)
    if not task or event.agent or not policy.recalls(event.settings, event.cwd):
        return ""
    from mem0_agent.memory.session import Session
    from mem0_agent.memory.words import FINISHED

    session = Session(event.settings.state_dir, event.client, event.session)
    if task in session.tasks:
        return ""
    session.tasks.append(task)
    session.reminded = True
    return FINISHED if session.save() else ""


def finished(event: Event) -> str:
    """Answer the number of the task that this use of a tool completed, else nothing."""
    given = event.fields.get("tool_input")
    if event.client not in CLAUDE or event.word("tool_name") != "TaskUpdate" or not isinstance(given, dict):
        return ""
    return str(given.get("taskId")) if given.get("status") == "completed" else ""


def stop(event: Event) -> str:
    """At most one reminder a session, after real work of which nothing was stored.

    Context on Stop makes Claude run its model once more: so never twice, and never where it was not
    written down first that it was said. Codex would have to be blocked for it, which we do not.
    """
    if event.client not in CLAUDE or event.agent or event.fields.get("stop_hook_active") is not False:
        return ""
    if not event.captured() or not policy.recalls(event.settings, event.cwd):
        return ""
    from mem0_agent.memory.session import Session
    from mem0_agent.memory.words import STOPPING

    session = Session(event.settings.state_dir, event.client, event.session)
    if session.reminded or not worked(event):
        return ""
    session.reminded = True
    return STOPPING if session.save() else ""


def worked(event: Event) -> bool:
    """Whether files were changed in this session, and nothing was stored by the agent."""
    from mem0_agent.memory import session, transcript
    from mem0_agent.memory.state import State

    state = State(session.path(event.settings.state_dir, event.client, event.session, "state"))
    try:
        found = transcript.read(event.word("transcript_path"), event.client, state.offset, STOP_BYTES)
    except OSError:
        return False
    return not (state.stored or found.stored) and state.edits + found.edits >= WORK


def nothing(_event: Event) -> str:
    return ""


def memory(settings: Settings) -> Memory:
    """Answer the memory of ``settings``, not yet asked anything."""
    if settings.backend == "local":
        from mem0_agent.memory.local import LocalMemory

        return LocalMemory(settings.database, settings.user_id)
    from mem0_agent.memory import remote

    return remote.open(settings, settings.hooks.network_budget_ms / 1000)


def remember(event: Event, ids: list[str], *, anew: bool = False) -> None:
    """Note what this session's model has seen; ``anew`` where it has lost what it saw before."""
    if not event.session or not (ids or anew):
        return
    from mem0_agent.memory.session import Session

    session = Session(event.settings.state_dir, event.client, event.session, event.agent)
    session.shown = list(dict.fromkeys([*([] if anew else session.shown), *ids]))
    session.save()


KNOWN: dict[str, Callable[[Event], str]] = {
    "SessionStart": session_start,
    "UserPromptSubmit": user_prompt,
    "PreCompact": pre_compact,
    "PostCompact": nothing,
    "PostToolUse": tool_used,
    "TaskCompleted": nothing,
    "Stop": stop,
    "SessionEnd": nothing,
}
"""What answers each event; all others are passed over."""
