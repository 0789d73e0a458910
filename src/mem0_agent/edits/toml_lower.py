"""TOML 1.1 said in TOML 1.0, which is what the standard library reads before Python 3.15.

Only what 1.1 allows is rewritten, so what is wrong by 1.1 stays wrong.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from itertools import accumulate
from typing import Final, NamedTuple

TOKEN: Final = re.compile(
    r"""
    (?P<basic>"{3}(?:[^"\\]++|\\.|"{1,2}(?!"))*+"{3,5}|"(?:[^"\\\n]++|\\.)*+")
    |(?P<literal>'{3}(?:[^']++|'{1,2}(?!'))*+'{3,5}|'[^'\n]*+')
    |(?P<gap>(?:[ \t\n]|\r\n|\#[^\n]*+)++)
    |(?P<open>[\[{])|(?P<close>[\]}])
    |(?P<word>[^\s"'\#\[\]{}]++)
    |(?P<other>.)
    """,
    re.DOTALL | re.VERBOSE,
)
ESCAPE: Final = re.compile(r"\\(?:(e)|x([0-9A-Fa-f]{2})|.)", re.DOTALL)
MINUTE: Final = re.compile(r"((?:^|(?<=[Tt,=]))\d\d:\d\d)(?![:.\d])")


class Lowered(NamedTuple):
    """The text in TOML 1.0, and for each of its tokens the offsets (there, in the original)."""

    text: str
    marks: list[tuple[int, int]]

    def original(self, line: int, column: int) -> int:
        """Return the offset in the original of a place in ``text``, counted from 1."""
        start = 0
        for _ in range(line - 1):
            start = self.text.find("\n", start) + 1
        low, offset = self.marks[max(0, bisect_right(self.marks, (start + column - 1, sys.maxsize)) - 1)]
        return offset + start + column - 1 - low


def lowered(text: str) -> Lowered:
    """Return ``text`` with 1.1's escapes, short times and long inline tables as 1.0 has them."""
    out: list[str] = []
    stack: list[str] = []
    starts: list[int] = []
    for match in TOKEN.finditer(text):
        word = match.group()
        match match.lastgroup:
            case "basic":
                word = ESCAPE.sub(escape, word)
            case "word":
                word = MINUTE.sub(r"\1:00", word)
            case "open":
                stack.append(word)
            case "close":
                close(out, stack)
            case "gap" if stack[-1:] == ["{"] and loose(out, text[match.end() : match.end() + 1], word):
                word = " "
        out.append(word)
        starts.append(match.start())
    ends = accumulate(map(len, out), initial=0)
    return Lowered("".join(out), list(zip(ends, starts, strict=False)) or [(0, 0)])


def escape(match: re.Match[str]) -> str:
    if match[1]:
        return "\\u001b"
    return f"\\u00{match[2]}" if match[2] else match[0]


def loose(out: list[str], following: str, gap: str) -> bool:
    """Return whether a gap in an inline table has a line ending or a comment where 1.1 allows it."""
    ended = out[-1][-1:] in ("{", ",") or following in (",", "}")
    return ended and ("\n" in gap or "#" in gap)


def close(out: list[str], stack: list[str]) -> None:
    """Leave a bracket; the comma before the end of an inline table goes."""
    if not stack or stack.pop() != "{":
        return
    last = word_before(out, len(out))
    alone = out[last] == "," and out[word_before(out, last)] == "{"
    if out[last].endswith(",") and not alone:
        out[last] = out[last][:-1]


def word_before(out: list[str], index: int) -> int:
    """Return the index of the last token before ``index`` that is no white space."""
    index -= 1
    while index > 0 and out[index].isspace():
        index -= 1
    return index
