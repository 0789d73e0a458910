"""What was said becomes memory: one short state a session if local, the exchange itself if remote."""

from __future__ import annotations

from mem0_agent.memory import identity, policy, session, spool, transcript
from mem0_agent.memory.protocol import SESSION_STATE, Refused
from mem0_agent.memory.redact import redact
from mem0_agent.memory.state import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mem0_agent.memory.protocol import Json, Memory, Message, Scope
    from mem0_agent.memory.settings import Settings

MESSAGE = 8000
"""Characters of one message that are sent to a remote memory."""
EXCHANGE = 40_000
"""Characters of one exchange: what is older goes first."""
SILENCE = 20
"""An exchange of fewer characters says nothing."""


def capture(settings: Settings, client: str, event: Json) -> None:
    """Store what the session of ``event`` said since the last time.

    Raises Refused where the memory took nothing.

    Runs in a process of its own, one at a time for a session. What a remote memory does not take waits in
    the spool.
    """
    name, cwd = str(event.get("session_id") or ""), str(event.get("cwd") or "")
    if not name or not policy.captures(settings, cwd):
        return
    with spool.locked(session.path(settings.state_dir, client, name, "lock")):
        state = State(session.path(settings.state_dir, client, name, "state"))
        turns = news(state, client, event)
        known = [settings.key()]
        clean = [(role, text) for role, said in turns if (text := redact(said, known).strip())]
        summary = redact(compacted(event), known).strip()
        state.take(clean, summary, cwd)
        scope = identity.scope(settings, client, cwd, name)
        if settings.backend == "local" and (clean or summary):
            keep(settings, state, scope, client, clean)
        elif settings.backend != "local":
            queue(settings, cwd, said_of(clean, summary), scope, client)
        state.save()
    if settings.backend != "local":
        flush(settings)


def news(state: State, client: str, event: Json) -> list[tuple[str, str]]:
    """Answer what was said since ``state`` was saved, and the last answer if the file lacks it yet."""
    turns: list[tuple[str, str]] = []
    path = event.get("transcript_path")
    if isinstance(path, str) and path:
        try:
            found = transcript.read(path, client, state.offset)
        except OSError:
            found = transcript.Transcript(state.offset)
        turns = found.turns
        state.offset = found.end
        state.edits += found.edits
        state.stored = state.stored or found.stored
        state.touched([redact(path) for path in found.files])
    last = event.get("last_assistant_message")
    if isinstance(last, str) and last.strip() and ("assistant", last.strip()) not in turns[-3:]:
        turns = [*turns, ("assistant", last.strip())]
    return turns


def compacted(event: Json) -> str:
    """Answer the client's own summary of the conversation, without the thinking before it; else empty."""
    summary = event.get("compact_summary")
    if not isinstance(summary, str):
        return ""
    closing = summary.rfind("</analysis>")
    text = summary[closing + 11 :] if closing >= 0 else summary
    return text.replace("<summary>", "").replace("</summary>", "")


def keep(settings: Settings, state: State, scope: Scope, client: str, turns: list[tuple[str, str]]) -> None:
    """Write the session's one memory, in the place of its last one.

    If a person deleted that one, what it held stays forgotten, and only what was said since is kept.
    """
    text = state.text()
    if len(text) < SILENCE:
        return
    from mem0_agent.memory.local import LocalMemory

    memory = LocalMemory(settings.database, settings.user_id)
    metadata: Json = {"type": SESSION_STATE, "client": client, "source": "hook"}
    before = state.memory or first(memory, scope)
    if before and replaced(memory, before, text, metadata):
        state.memory = before
        return
    if before:
        state.forget(turns)
        text = state.text()
    if len(text) < SILENCE:
        return
    answer = memory.add([{"role": "user", "content": text}], scope, metadata, infer=False)
    state.memory = str(answer["results"][0]["id"])


def first(memory: Memory, scope: Scope) -> str:
    """Answer the id of the state that this session has already, in case our own file of it is gone."""
    wanted: list[Json] = [{name: value} for name, value in scope.items()]
    found = memory.memories({"AND": [*wanted, {"metadata": {"type": SESSION_STATE}}]}, page_size=1)["results"]
    return str(found[0]["id"]) if found else ""


def replaced(memory: Memory, memory_id: str, text: str, metadata: Json) -> bool:
    """Whether the memory was still there to be replaced: a person may have deleted it."""
    try:
        memory.update(memory_id, text, metadata=metadata)
    except Refused as refusal:
        if refusal.status != 404:
            raise
        return False
    return True


def said_of(turns: list[tuple[str, str]], summary: str) -> list[Message]:
    """Answer the messages of an exchange, bounded, the newest kept."""
    spoken = [*turns, *([("assistant", summary)] if summary else [])]
    kept: list[Message] = []
    room = EXCHANGE
    for role, text in reversed(spoken):
        content = text[: min(MESSAGE, room)]
        room -= len(content)
        if content:
            kept.append({"role": role, "content": content})
    return kept[::-1]


def queue(settings: Settings, cwd: str, messages: list[Message], scope: Scope, client: str) -> None:
    """Put an exchange into the spool.

    The platform files a fact under a user or under an agent, never both, and would not find it by user and
    project: so the agent is named in the metadata only.
    """
    if sum(len(message["content"]) for message in messages) < SILENCE:
        return
    owner = {name: value for name, value in scope.items() if name != "agent_id"}
    metadata: Json = {
        "type": SESSION_STATE,
        "client": client,
        "session_id": scope.get("run_id", ""),
        "source": "hook",
    }
    if not spool.put(settings, cwd, messages, owner, metadata):
        raise Refused("spool_unwritable", "The spool takes nothing: is the disk full?", 507)


def flush(settings: Settings) -> None:
    """Send what waits. Raises Refused with what the server said; what was not taken goes on waiting."""
    if not spool.waiting(settings.state_dir):
        return
    from mem0_agent.memory import remote

    spool.drain(settings, remote.open(settings))
