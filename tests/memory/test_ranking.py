"""The few rows that are read give the same answer as all of them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from tests.memory.steps import ALICE, add, found

from mem0_agent.memory import local, ranking, rows, terms
from mem0_agent.memory.local import LocalMemory

WORDS = ["auth", "token", "session", "cookie", "queue", "cache", "index", "retry", "deploy", "billing"]


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalMemory]:
    """600 memories of two users: every third is a captured session, every tenth has expired."""
    chance = random.Random(1)
    memory = LocalMemory(str(tmp_path_factory.mktemp("crowded") / "memory.db"), "alice")
    with memory.store.writing() as connection:
        for number in range(600):
            text = f"{' '.join(chance.choices(WORDS, k=chance.randint(2, 12)))} number{number % 50}"
            about = {"type": "session_state" if number % 3 == 0 else "decision"}
            expires = rows.expiry("2020-01-01" if number % 10 == 0 else None)
            rows.insert(connection, text, {"user_id": "alice" if number % 4 else "bob"}, about, expires)
    yield memory
    memory.close()


@pytest.mark.parametrize("query", ["auth", "auth token", "queue cache index retry", "number7 billing", " ".join(WORDS)])
@pytest.mark.parametrize("user", ["alice", "bob", "nobody"])
@pytest.mark.parametrize("top_k", [1, 5, 40, 300, 1000])
def test_the_order_is_that_of_all_hits(crowded: LocalMemory, query: str, user: str, top_k: int) -> None:
    condition, params = local.narrowed({"user_id": user})
    match = terms.match(query)
    with crowded.store.reading() as connection:
        some = ranking.ranked(connection, match, condition, params, top_k)
        assert some == ranking.every(connection, match, condition, params, top_k)


def test_hits_of_somebody_else_hide_none(memory: LocalMemory) -> None:
    for number in range(200):
        add(memory, "auth auth auth", {"user_id": "bob", "run_id": f"r{number}"})
    add(memory, "one word about auth among a good many others that say nothing of it at all")
    assert len(found(memory, "auth", top_k=1)) == 1


def test_captured_sessions_hide_nothing_that_is_about_as_strong(memory: LocalMemory) -> None:
    for number in range(200):
        add(memory, "auth JWT", {**ALICE, "run_id": f"r{number}"}, metadata={"type": "session_state"})
    add(memory, "auth uses JWT in this place", metadata={"type": "decision"})
    assert found(memory, "auth JWT", top_k=1) == ["auth uses JWT in this place"]


def test_of_equals_the_newest_come_first(memory: LocalMemory) -> None:
    for number in range(100):
        add(memory, "auth uses JWT", {**ALICE, "run_id": f"r{number:03}"})
    hits = memory.search("auth", ALICE, top_k=3)["results"]
    assert [hit["run_id"] for hit in hits] == ["r099", "r098", "r097"]
