"""TOML 1.1 said in TOML 1.0, which is what the standard library reads before Python 3.15.

Only what 1.1 allows is rewritten, so what is wrong by 1.1 stays wrong. Lines keep their numbers.
"""

from __future__ import annotations

import re
from typing import Final

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


def lowered(text: str) -> str:
    """Return ``text`` with 1.1's escapes, short times and long inline tables as 1.0 has them."""
    out: list[str] = []
    stack: list[str] = []
    lines = 0
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
                lines += word.count("\n")
                word = " "
            case "gap" if not stack and "\n" in word:
                word, lines = word + "\n" * lines, 0
        out.append(word)
    return "".join(out)


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
