"""What was worked out of a text once, for everybody who asks again."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SIZE = 32
"""Texts that are remembered: more than one command reads of one format, on a machine as people have it."""


class Memo(Generic[T]):
    """``work``, done once for each of the last texts.

    Texts are compared, never hashed: most differ in length, the same object is known at once, and equal ones are
    compared as fast as memory is read.
    """

    def __init__(self, work: Callable[[bytes], T]) -> None:
        self.work = work
        self.known: deque[tuple[bytes, T]] = deque(maxlen=SIZE)

    def __call__(self, text: bytes) -> T:
        """Return what ``work`` makes of ``text``, shared between callers: do not change it."""
        for known, result in tuple(self.known):
            if known == text:
                return result
        result = self.work(text)
        self.keep(text, result)
        return result

    def keep(self, text: bytes, result: T) -> None:
        """Know that ``work`` would make ``result`` of ``text``."""
        self.known.appendleft((text, result))
