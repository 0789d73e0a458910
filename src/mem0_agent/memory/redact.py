"""Secrets, private passages and our own injected blocks do not leave the machine, nor enter the memory."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FENCE = "mem0-memories-"
"""The stem of the tag round what a hook injects; a random marker follows."""
CONTROL = dict.fromkeys(
    [*range(9), 11, 12, *range(14, 32), *range(127, 160), 0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010),
     *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF, *range(0xE0000, 0xE0080)]
)  # fmt: skip
"""What no reader sees: control characters but tab and line ends, bidirectional and zero-width marks."""

compiled: dict[str, re.Pattern[str]] = {}


def redact(text: str, known: Iterable[str] = ()) -> str:
    """``text`` without private passages, injected memories and secrets (``[redacted:what]``).

    ``known`` are secrets of which the very value is known. Linear in the length of the text.
    """
    return secretless(unfenced(public(plain(text))), known)


def secretless(text: str, known: Iterable[str] = ()) -> str:
    """``text`` with each secret replaced by ``[redacted:what it was]``."""
    from mem0_agent.memory.shapes import CASELESS, RULES

    for value in known:
        if len(value) >= 6:
            text = text.replace(value, "[redacted:known-key]")
    lowered = text.lower()
    for name, words, shape in RULES:
        if any(word in lowered for word in words):
            text = pattern(shape, re.IGNORECASE if name in CASELESS else 0).sub(replacement(name), text)
    return text


def replacement(name: str) -> Callable[[re.Match[str]], str]:
    """Answer what puts ``[redacted:name]`` behind the part of a match that may stay."""

    def put(match: re.Match[str]) -> str:
        kept = match.groupdict().get("keep") or ""
        rest = match.group()[len(kept) :]
        return match.group() if rest.startswith("[redacted:") else f"{kept}[redacted:{name}]"

    return put


def pattern(shape: str, flags: int = 0) -> re.Pattern[str]:
    """``shape`` compiled once, and only when needed: all of them would take longer than a whole hook."""
    found = compiled.get(shape)
    if found is None:
        found = compiled[shape] = re.compile(shape, flags)
    return found


def public(text: str) -> str:
    """``text`` without its ``<private>`` passages, nested ones and one that is never closed included."""
    if "private" not in text.lower():
        return text
    kept, depth, end = [], 0, 0
    for tag in pattern(r"<(/?)private\b[^<>]{0,100}>", re.IGNORECASE).finditer(text):
        if depth == 0:
            kept.append(text[end : tag.start()])
        depth = max(0, depth - 1) if tag.group(1) else depth + 1
        end = tag.end()
    if depth == 0:
        kept.append(text[end:])
    return "".join(kept)


def unfenced(text: str) -> str:
    """``text`` without the blocks that our hooks put into it; one that is never closed goes to the end."""
    opening = f"<{FENCE}"
    kept, end = [], 0
    while (start := text.find(opening, end)) >= 0:
        kept.append(text[end:start])
        name = text[start + 1 : text.find(">", start)] if text.find(">", start, start + 80) > 0 else ""
        close = text.find(f"</{name}>", start) if name else -1
        if close < 0:
            return "".join(kept)
        end = close + len(name) + 3
    return "".join([*kept, text[end:]]) if kept else text


def plain(text: str) -> str:
    """``text`` as a reader sees it: no ANSI sequences, no invisible characters but tab and line ends."""
    if "\x1b" in text or "\x9b" in text:
        text = pattern(r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]?").sub("", text)
        text = pattern(r"\x1b[\]PX^_][^\x07\x1b\x9c]*+(?:\x07|\x1b\\|\x9c)?").sub("", text)
        text = pattern(r"\x1b[ -/]{0,8}[0-~]?").sub("", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(CONTROL)
    return text.encode("utf-8", "replace").decode("utf-8")


def line(text: str, limit: int) -> str:
    """``text`` on one line of at most ``limit`` characters, safe to show inside a fence of ours."""
    flat = " ".join(plain(text).split()).replace(FENCE, "mem0 memories ")
    return flat if len(flat) <= limit else flat[: max(0, limit - 1)].rstrip() + "…"
