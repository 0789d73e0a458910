"""What a text is found by: its words, and the words inside its identifiers."""

from __future__ import annotations

import re

COMMON = """
a about all also an and any are as at be been but by can could did do does for from get had has have how i
if in into is it its just let like may me more my need no not now of on or our out please should so some
than that the their them then there these they this to us use was we were what when where which who why will
with would you your
"""
STOP_WORDS = frozenset(COMMON.split())
"""Words that only cost time and blur the ranking."""

MAX_TERMS = 48
"""How many words of a question are looked for; a pasted page asks no better than its first paragraph."""

MAX_EXTRA = 20_000
WORD = r"(?:[^\W_]|[\u0300-\u036f])+"
SPACED = {code: " " for code in range(128) if not chr(code).isalnum()}
"""The same division for plain ASCII, for which no expression has to be compiled."""
IDENTIFIER = r"\w+"
PART = r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+"
UNSPACED = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}"
"""Runs of the scripts that put no spaces between words: two neighbouring characters stand in for a word."""


def match(query: str) -> str:
    """Write a question as an FTS5 expression: quoted terms joined by OR; empty where there is no word."""
    return " OR ".join(f'"{term}"' for term in terms(query))


def terms(query: str) -> list[str]:
    """List the lower-case terms of a question, without stop words unless there is nothing else."""
    words = spoken(query)
    found = dict.fromkeys(word.lower() for word in words)
    for word in words[: MAX_TERMS * 4]:
        found.update(dict.fromkeys(part.lower() for part in parts(word)))
    found.update(dict.fromkeys(pairs(query[:MAX_EXTRA])))
    telling = [term for term in found if term not in STOP_WORDS]
    return (telling or list(found))[:MAX_TERMS]


def spoken(query: str) -> list[str]:
    """List the words of a question: runs of letters and digits, with the accents that stand after them."""
    return query.translate(SPACED).split() if query.isascii() else re.findall(WORD, query)


def hidden(text: str) -> str:
    """List what plain words would miss: parts of camelCase, joined snake_case, pairs of unspaced scripts."""
    found: dict[str, None] = {}
    for identifier in re.findall(IDENTIFIER, text):
        pieces = [piece for piece in identifier.split("_") if piece]
        if len(pieces) > 1:
            found["".join(pieces).lower()] = None
        for piece in pieces:
            found.update(dict.fromkeys(part.lower() for part in parts(piece)))
    found.update(dict.fromkeys(pairs(text)))
    return " ".join(found)[:MAX_EXTRA]


def parts(word: str) -> list[str]:
    """Split ``getUserById`` or ``oauth2`` where case or kind changes; an undivided word has no parts."""
    if word.isdigit() or (word.isalpha() and (word.islower() or word.isupper() or word.istitle())):
        return []  # most words, and no expression to be compiled for them
    found = re.findall(PART, word)
    return [part for part in found if len(part) > 1] if len(found) > 1 else []


def pairs(text: str) -> list[str]:
    """List the neighbouring characters of every run without spaces."""
    if text.isascii():
        return []
    return [run[at : at + 2] for run in re.findall(UNSPACED, text) for at in range(len(run) - 1)]
