"""Which memories a session gets to see, and how they are shown: as data, fenced, short, each once."""

from __future__ import annotations

import os

from mem0_agent.memory.protocol import SESSION_STATE
from mem0_agent.memory.redact import FENCE, line
from mem0_agent.memory.words import NAMES, PROTOCOL, RECALLED, SOURCES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mem0_agent.memory.protocol import Json, Memory, Scope
    from mem0_agent.memory.settings import Hooks

NAME = 100
"""Characters of a user's or project's name."""
LINE = 400
"""Characters of one memory that are shown."""
STATE = 900
"""Characters of the captured state that a session starts with."""
QUERY = 2000
"""Characters of a prompt that are searched with."""
STATES = 2
"""Captured sessions among the memories of one prompt, however many there are in the local memory."""
FACTS = 3
"""The same for a remote memory, where each is one fact that was inferred from what was captured."""
CROWD = 15
"""Hits that are asked for beyond those that are shown, for captured sessions are among them."""
TOP = 60
CAPTURED_WEIGHT = 0.6
FAINT = 0.2
"""What part of the strength of the best of its kind a hit must have to be worth the model's attention."""
THRESHOLD = 0.3
"""The similarity that a remote memory's hit must have; the local one knows no such measure."""
ORDER = ("user_preference", "convention", "decision", "anti_pattern", "environmental", "task_learning")
"""What is most useful at the start of a session, first."""


def for_prompt(memory: Memory, scope: Scope, prompt: str, shown: list[str], *, local: bool, most: int) -> list[Json]:
    """Answer the memories that a prompt calls for, best first, at most ``most``, none that is in ``shown``.

    One that was stored on purpose is never pushed out by captured sessions, of which there are at most two.
    """
    query = prompt[:QUERY]
    own = scope.get("run_id", "")
    purposeful, captured = (apart if local else together)(memory, scope, query, most + len(shown))
    fresh = [row for row in purposeful if row.get("id") not in shown][:most]
    states = [row for row in captured if row.get("id") not in shown and run(row) != own]
    best = sorted([*fresh, *states[: STATES if local else FACTS]], key=strength, reverse=True)
    return distinct(best)[:most]


def apart(memory: Memory, scope: Scope, query: str, top_k: int) -> tuple[list[Json], list[Json]]:
    """Search the local memory for what was stored on purpose and what was captured, apart.

    One search tells both, unless captured sessions crowd it; then a second one looks past them.
    """
    wanted, most = reachable(scope), min(top_k + CROWD, TOP)
    found = memory.search(query, {"AND": wanted}, top_k=most)["results"]
    captured = [row for row in found if kind(row) == SESSION_STATE and not echo(row, query)]
    purposeful = [row for row in found if kind(row) != SESSION_STATE]
    if len(found) == most and len(purposeful) < top_k:
        state: Json = {"metadata": {"type": SESSION_STATE}}
        purposeful = memory.search(query, {"AND": [*wanted, {"NOT": [state]}]}, top_k=top_k)["results"]
    return telling(purposeful), telling(captured)


def echo(row: Json, query: str) -> bool:
    """Whether a captured session only asked the same: it hits best of all and has nothing to tell."""
    return stems(excerpt(str(row.get("memory") or ""), query, LINE)) <= stems(query)


def together(memory: Memory, scope: Scope, query: str, top_k: int) -> tuple[list[Json], list[Json]]:
    """One search of a remote memory, for each costs a round trip."""
    found = memory.search(query, {"AND": visible(scope)}, top_k=min(top_k + CROWD, TOP), threshold=THRESHOLD)["results"]
    captured = [row for row in found if kind(row) == SESSION_STATE]
    return [row for row in found if kind(row) != SESSION_STATE], captured


def visible(scope: Scope) -> list[Json]:
    """Answer the filters for this project's memories and, from anywhere, the user's preferences."""
    preference: Json = {"metadata": {"type": "user_preference"}}
    return [{"user_id": scope["user_id"]}, {"OR": [{"app_id": scope["app_id"]}, preference]}]


def reachable(scope: Scope) -> list[Json]:
    """The same and what was stored under no project, because nobody told the agent where it was."""
    owner, places = visible(scope)
    return [owner, {"OR": [*places["OR"], {"NOT": [{"app_id": "*"}]}]}]


def project(scope: Scope) -> list[Json]:
    return [{"user_id": scope["user_id"]}, {"app_id": scope["app_id"]}]


def telling(rows: list[Json]) -> list[Json]:
    """Answer the hits without those that are faint beside the best of them."""
    floor = FAINT * max(map(strength, rows), default=0.0)
    return [row for row in rows if strength(row) >= floor]


def strength(row: Json) -> float:
    """How strongly a hit speaks to the prompt, in a measure that holds across two answers of one memory."""
    breakdown = row.get("score_breakdown")
    bm25 = breakdown.get("bm25") if isinstance(breakdown, dict) else None
    value = bm25 if isinstance(bm25, int | float) else row.get("score")
    weight = CAPTURED_WEIGHT if kind(row) == SESSION_STATE else 1.0
    return weight * value if isinstance(value, int | float) else 0.0


def for_start(memory: Memory, scope: Scope, source: str, *, local: bool) -> list[Json]:
    """Answer the most useful memories of a project: preferences and decisions first, each kind newest first.

    After a resume or a compaction this session's own captured state leads; else the last session's closes.
    """
    state: Json = {"metadata": {"type": SESSION_STATE}}
    if local:
        rows = memory.memories({"AND": [*visible(scope), {"NOT": [state]}]}, page_size=50)["results"]
        captured = memory.memories({"AND": [*project(scope), state]}, page_size=20)["results"]
    else:
        found = memory.memories({"AND": visible(scope)}, page_size=50)["results"]
        rows = [row for row in found if kind(row) != SESSION_STATE]
        captured = [row for row in found if kind(row) == SESSION_STATE]
    own = [row for row in captured if run(row) == scope.get("run_id")]
    rows = distinct(sorted(rows, key=rank))
    if source in {"resume", "compact"}:
        leading = (own or captured)[:1]
        return [*leading, *rows, *([] if local else [row for row in captured if row not in leading])]
    others = [row for row in captured if row not in own]
    return [*rows, *(others[:1] if local else others)]


def rank(row: Json) -> int:
    return ORDER.index(kind(row)) if kind(row) in ORDER else len(ORDER)


def opening(source: str, scope: Scope, rows: list[Json], hooks: Hooks) -> tuple[str, list[str]]:
    """Answer what a session is told at its start, within ``hooks.max_characters``, and the ids in it."""
    names = NAMES.format(user_id=line(scope["user_id"], NAME), app_id=line(scope["app_id"], NAME))
    head = " ".join(part for part in (PROTOCOL, names, SOURCES.get(source, "")) if part)
    if len(head) > hooks.max_characters:
        return "", []
    block, ids = fenced(rows, hooks.max_characters - len(head) - 2)
    return (f"{head}\n\n{block}" if block else head), ids


def fenced(rows: list[Json], room: int, query: str = "") -> tuple[str, list[str]]:
    """Answer the memories as one block of at most ``room`` characters, and the ids of those that fitted.

    The block's tag carries a marker made for this request, so that no memory can end the block from within.
    """
    tag = f"{FENCE}{os.urandom(8).hex()}"
    frame = f"<{tag}>\n{RECALLED}\n</{tag}>"
    left, lines, ids = room - len(frame), [], []
    for row in rows:
        text = shown(row, query)
        if text and len(text) + 1 <= left:
            left -= len(text) + 1
            lines.append(text)
            ids.append(str(row.get("id")))
    if not lines:
        return "", []
    return "\n".join([f"<{tag}>", RECALLED, *lines, f"</{tag}>"]), ids


def shown(row: Json, query: str) -> str:
    """One memory on one line: type, day and text; of a captured session only the lines that matter here."""
    text = str(row.get("memory") or "")
    limit = LINE
    if kind(row) == SESSION_STATE:
        limit = LINE if query else STATE
        text = excerpt(text, query, limit)
    day = str(row.get("updated_at") or row.get("created_at") or "")[:10]
    label = ", ".join(part for part in (line(kind(row), 30), line(day, 10)) if part)
    flat = line(text, limit)
    return (f"- [{label}] {flat}" if label else f"- {flat}") if flat else ""


def excerpt(text: str, query: str, limit: int) -> str:
    """Answer the lines of a captured session that share most words with ``query``, or its first ones."""
    lines = [part for part in text.split("\n") if part.strip()]
    wanted = stems(query)
    shared = {part: len(wanted & stems(part)) for part in lines}
    kept: list[str] = []
    for part in sorted(lines, key=lambda part: -shared[part]):
        if kept and (sum(map(len, kept)) + len(part) > limit or (wanted and not shared[part])):
            break
        kept.append(part)
    return " ".join(part for part in lines if part in kept)


def stems(text: str) -> set[str]:
    """Answer the words of a text, cut so that endings matter little."""
    words = "".join(letter if letter.isalnum() else " " for letter in text.lower()).split()
    return {word[:5] for word in words if len(word) > 2}


def distinct(rows: list[Json]) -> list[Json]:
    """Answer the rows without repeated texts."""
    seen: dict[str, Json] = {}
    for row in rows:
        seen.setdefault(str(row.get("memory")), row)
    return list(seen.values())


def kind(row: Json) -> str:
    metadata = row.get("metadata")
    return str(metadata.get("type") or "") if isinstance(metadata, dict) else ""


def run(row: Json) -> str:
    return str(row.get("run_id") or row.get("session_id") or "")
