"""What is measured on: memories, projects and configuration files, the same ones every time."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from mem0_agent.memory.local import LocalMemory

USER = "robin"
PROJECTS = 50
KINDS = (
    "decision",
    "convention",
    "task_learning",
    "anti_pattern",
    "user_preference",
    "environmental",
    "session_state",
)
WEIGHTS = (25, 20, 25, 10, 3, 7, 10)
TOPICS = tuple(
    """
    auth refresh token rotation session login password cookie jwt database migration index query transaction
    cache retry queue worker deploy container build release pipeline test fixture coverage lint format type schema
    endpoint handler router request response timeout socket stream parser encoder logger metric trace alert
    billing invoice payment webhook upload download storage bucket image search ranking filter page cursor
    """.split()  # noqa: SIM905 - sixty quoted words would be harder to read
)
PLAIN = (
    "we",
    "use",
    "the",
    "for",
    "in",
    "and",
    "with",
    "when",
    "of",
    "to",
    "is",
    "not",
    "that",
    "must",
    "from",
    "this",
)
SYLLABLES = (
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ha",
    "je",
    "ki",
    "lo",
    "mu",
    "na",
    "pe",
    "ri",
    "so",
    "tu",
    "va",
    "we",
    "xi",
)
PROMPT = "add refresh token rotation to the auth system and keep the session tests green"


@dataclass(frozen=True)
class Note:
    """One memory; ``rare`` are two words that hardly any other memory has."""

    text: str
    project: str
    kind: str
    rare: str


def project(number: int) -> str:
    return f"git.example/acme/service-{number % PROJECTS:02}"


def vocabulary(chance: random.Random) -> list[str]:
    """Some 4,000 words, the common ones first: with chances that fall as in plain text."""
    made = dict.fromkeys("".join(chance.choices(SYLLABLES, k=chance.choice((2, 2, 3)))) for _ in range(5000))
    return [*PLAIN, *TOPICS, *made]


def notes(count: int) -> Iterator[Note]:
    """The first ``count`` memories, of 10 to 40 words, spread over the projects and kinds."""
    chance = random.Random(20)
    words = vocabulary(chance)
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
    for number in range(count):
        said = chance.choices(words, cum_weights=weights, k=chance.randint(8, 38))
        rare = f"{chance.choice(TOPICS)}{number:x} {''.join(chance.choices(SYLLABLES, k=3))}{number % 97}"
        kind = chance.choices(KINDS, WEIGHTS)[0]
        yield Note(f"{' '.join(said).capitalize()}: {rare}.", project(number), kind, rare)


def question(note: Note, chance: random.Random) -> str:
    """What somebody asks who looks for ``note``: some of its words, among others of everyday."""
    said = note.text.split()
    return " ".join([*chance.sample(said, 4), *chance.choices(TOPICS, k=3), *chance.choices(PLAIN, k=3), note.rare])


def store(path: Path, count: int) -> list[Note]:
    """Fill a new memory at ``path`` through its own ``add``, and answer what stands in it."""
    kept = list(notes(count))
    groups: dict[tuple[str, str], list[str]] = {}
    for note in kept:
        groups.setdefault((note.project, note.kind), []).append(note.text)
    memory = LocalMemory(str(path), USER)
    for (app, kind), texts in groups.items():
        scope = {"user_id": USER, "app_id": app}
        for at in range(0, len(texts), 200):
            said = [{"role": "user", "content": text} for text in texts[at : at + 200]]
            memory.add(said, scope, {"type": kind}, infer=False)
    memory.close()
    return kept


def repository(folder: Path, number: int) -> Path:
    """A git checkout of a project, as far as anybody looks who only asks where it comes from."""
    git = folder / ".git"
    git.mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    for name in ("objects", "refs"):
        (git / name).mkdir()
    (git / "config").write_text(f'[core]\n\tbare = false\n[remote "origin"]\n\turl = https://{project(number)}.git\n')
    return folder


def claude_json(projects: int) -> bytes:
    """A ``.claude.json`` of about 1 kB a project, as years of work leave it."""
    chance = random.Random(21)
    table = {f"/home/robin/work/{chance.choice(TOPICS)}-{number:05}": one_project(chance) for number in range(projects)}
    document = {"numStartups": 4211, "theme": "dark", "mcpServers": {}, "projects": table, "userID": "0" * 64}
    return json.dumps(document, indent=2).encode()


def one_project(chance: random.Random) -> dict[str, object]:
    return {
        "allowedTools": [f"Bash({chance.choice(TOPICS)}:*)" for _ in range(6)],
        "history": [{"display": " ".join(chance.choices(TOPICS, k=9)), "pastedContents": {}} for _ in range(3)],
        "mcpContextUris": [], "mcpServers": {}, "enabledMcpjsonServers": [], "disabledMcpjsonServers": [],
        "hasTrustDialogAccepted": True, "projectOnboardingSeenCount": chance.randint(0, 9),
        "lastCost": round(chance.random() * 9, 6), "lastAPIDuration": chance.randint(1, 10**7),
        "lastSessionId": f"{chance.getrandbits(128):032x}",
    }  # fmt: skip


def config_toml(tables: int) -> bytes:
    """A Codex ``config.toml`` of about 100 bytes a table, with the comments that people put into it."""
    chance = random.Random(22)
    parts = ['model = "gpt-5"\napproval_policy = "on-request"  # asks first\n']
    for number in range(tables):
        word = chance.choice(TOPICS)
        parts.append(
            f'[projects."/home/robin/work/{word}-{number:05}"]\ntrust_level = "trusted"  # {word}, by hand, in spring\n'
        )
    return "\n".join(parts).encode()
