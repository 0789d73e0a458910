from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.memory.steps import ALICE, add, found

from mem0_agent.memory import clock, terms
from mem0_agent.memory.local import LocalMemory
from mem0_agent.memory.protocol import Refused


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("We moved auth from sessions to JWT", "add refresh token rotation to the auth system"),
        ("The tests are running on Postgres", "run the test"),
        ("Deployments happen on Fridays", "when do we deploy on friday"),
        ("call getUserById for it", "user by id"),
        ("call getUserById for it", "getuserbyid"),
        ("call get_user_by_id for it", "getUserById"),
        ("call getUserById for it", "get_user_by_id"),
        ("HTTPServer is broken", "server"),
        ("we use oauth2 here", "oauth"),
        ("look in src/api/routes.py", "routes.py"),
        ("Ümläuts are fine", "umlauts"),
        ("我们把认证从会话改成了令牌", "令牌认证"),
        ("データベースの移行", "データベース"),
        ("the café is open", "cafe\u0301"),
        ("what is this", "this"),
        ('say "hello" AND goodbye', 'hello" AND (goodbye NEAR'),
    ],
)
def test_what_is_found(memory: LocalMemory, text: str, query: str) -> None:
    add(memory, text)
    add(memory, "quite another matter")
    assert found(memory, query)[:1] == [text]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "!!! ???",
        "\x00",
        '"',
        "*",
        "(",
        "AND",
        "NOT",
        "NEAR(",
        'foo"bar',
        "a:b",
        "col:x^2",
        "-x",
        "💥",
        "x" * 50_000,
        "word " * 20_000,
    ],
)
def test_no_query_is_an_error(memory: LocalMemory, query: str) -> None:
    add(memory, "something")
    assert found(memory, query) == []


def test_better_hits_come_first_with_scores_between_0_and_1(memory: LocalMemory) -> None:
    for number in range(30):
        add(memory, f"filler number {number} about nothing")
    add(memory, "the billing service uses Stripe webhooks")
    add(memory, "the search service uses Elastic")
    hits = memory.search("billing service with Stripe", ALICE)["results"]
    assert [hit["memory"][:11] for hit in hits] == ["the billing", "the search "]
    assert hits[0]["score"] == 1.0
    assert 0 < hits[1]["score"] < 1
    assert hits[0]["score_breakdown"]["bm25"] > hits[1]["score_breakdown"]["bm25"] > 0


def test_threshold_drops_nothing_and_top_k_does(memory: LocalMemory) -> None:
    for number in range(20):
        add(memory, f"shared word, number {number}")
    assert len(found(memory, "shared", threshold=0.99, top_k=5)) == 5
    assert len(found(memory, "shared", threshold=0.99, rerank=True, top_k=100)) == 20
    assert len(found(memory, "shared", top_k=0)) == 1


def test_a_captured_session_stands_behind_its_equal(memory: LocalMemory) -> None:
    state = {"type": "session_state"}
    add(memory, "auth uses JWT now", metadata={"type": "decision"})
    for number in range(50):
        add(memory, "auth uses JWT now", {"user_id": "alice", "run_id": f"r{number}"}, metadata=state)
    hits = memory.search("auth JWT", ALICE, top_k=3)["results"]
    assert [hit["metadata"]["type"] for hit in hits] == ["decision", "session_state", "session_state"]
    assert hits[1]["score"] == pytest.approx(0.6, abs=0.05)


def test_a_captured_session_is_found_where_nothing_else_is(memory: LocalMemory) -> None:
    add(memory, "moved auth to JWT", metadata={"type": "session_state"})
    assert found(memory, "auth") == ["moved auth to JWT"]


def test_search_keeps_to_its_scope(memory: LocalMemory) -> None:
    add(memory, "secret of bob", {"user_id": "bob"})
    add(memory, "secret of alice", {"user_id": "alice", "app_id": "shop"})
    assert found(memory, "secret") == ["secret of alice"]
    assert found(memory, "secret", {"AND": [ALICE, {"app_id": "other"}]}) == []
    assert len(found(memory, "secret", {"OR": [{"user_id": "*"}]})) == 2


@pytest.mark.parametrize("filters", [{}, {"metadata": {"type": "x"}}, {"NOT": {"user_id": "bob"}}, {"foo": 1}])
def test_nobody_named_is_refused(memory: LocalMemory, filters: dict[str, Any]) -> None:
    with pytest.raises(Refused) as searched:
        memory.search("x", filters)
    with pytest.raises(Refused) as listed:
        memory.memories(filters)
    assert (searched.value.code, listed.value.code) == ("invalid_filters", "invalid_filters")


def test_the_expired_is_not_returned_unless_asked_for(memory: LocalMemory) -> None:
    gone = add(memory, "gone by now", expiration_date="2020-01-01")
    add(memory, "gone by the hour", expiration_date="2020-01-01T10:00:00+02:00")
    add(memory, "here until now", expiration_date="2999-12-31")
    assert found(memory, "gone until hour") == ["here until now"]
    assert [one["memory"] for one in memory.memories(ALICE)["results"]] == ["here until now"]
    asked = {"AND": [ALICE, {"expiration_date": {"lt": "2021-01-01"}}]}
    assert [one["expiration_date"] for one in memory.memories(asked)["results"]] == [
        "2020-01-01T08:00:00.000000Z",
        "2020-01-01",
    ]
    assert memory.memory(gone)["expiration_date"] == "2020-01-01"


def test_a_day_of_expiry_counts_to_its_end(memory: LocalMemory) -> None:
    add(memory, "valid today", expiration_date=clock.now()[:10])
    assert found(memory, "today") == ["valid today"]


def test_pages_are_newest_first(memory: LocalMemory) -> None:
    for number in range(7):
        add(memory, f"number {number}")
    first, last = (memory.memories(ALICE, page=page, page_size=3) for page in (1, 3))
    assert [one["memory"] for one in first["results"]] == ["number 6", "number 5", "number 4"]
    assert (first["count"], first["previous"], first["next"]) == (7, None, "?page=2&page_size=3")
    assert [one["memory"] for one in last["results"]] == ["number 0"]
    assert (last["previous"], last["next"]) == ("?page=2&page_size=3", None)
    beyond = memory.memories(ALICE, page=10**9)
    assert (beyond["results"], beyond["count"], beyond["next"]) == ([], 7, None)
    assert memory.memories(ALICE, page_size=7)["count"] == memory.memories(ALICE, page_size=8)["count"] == 7


@given(query=st.text(alphabet=st.characters(max_codepoint=127)))
def test_the_words_of_plain_ascii_are_those_of_the_expression(query: str) -> None:
    assert terms.spoken(query) == re.findall(terms.WORD, query)


@given(word=st.from_regex(r"[A-Za-z0-9]{1,12}", fullmatch=True))
def test_a_word_that_is_not_looked_into_has_no_parts(word: str) -> None:
    found = re.findall(terms.PART, word)
    assert terms.parts(word) == ([part for part in found if len(part) > 1] if len(found) > 1 else [])
