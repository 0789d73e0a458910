"""Whole lines put into a text and cut out of it, so that cutting undoes putting byte for byte."""

from __future__ import annotations

from mem0_agent.edits.text import newline_of, spliced

Span = tuple[int, int]


def empty_above(text: str, start: int) -> int:
    """Return the length of the empty line that ends at ``start``, or 0."""
    length = line_end(text, start)
    return length if start == length or text[start - length - 1 : start - length] == "\n" else 0


def line_end(text: str, start: int) -> int:
    """Return the length of the line ending right before ``start``, or 0."""
    if text[max(0, start - 2) : start] == "\r\n":
        return 2
    return int(text[max(0, start - 1) : start] == "\n")


def cut(text: str, spans: list[Span]) -> str:
    """Return ``text`` less ``spans``. A last line without an ending takes that of the line above along."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        touching = bool(joined) and start <= joined[-1][1]
        joined.append((joined.pop()[0] if touching else start, end))
    if joined and joined[-1][1] == len(text) and not text.endswith("\n"):
        start = joined[-1][0]
        joined[-1] = (start - line_end(text, start), len(text))
    return spliced(text, [(start, end, "") for start, end in joined])


def with_line(text: str, offset: int, line: str) -> str:
    """Return ``text`` with one more line at ``offset``; a text without a last line ending keeps none."""
    newline = newline_of(text)
    if offset == len(text) and text and not text.endswith("\n"):
        return text + newline + line
    return text[:offset] + line + newline + text[offset:]
