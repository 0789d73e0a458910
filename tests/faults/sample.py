"""Which of so many points are tried, and by which of several programs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """Every ``stride``-th point, and of those every ``shards``-th, from number ``shard`` (from 0) on."""

    stride: int
    shard: int = 0
    shards: int = 1

    def points(self, count: int) -> range:
        return range(1 + self.stride // 2 + self.shard * self.stride, count + 1, self.stride * self.shards)


def sample(text: str) -> Sample:
    """``STRIDE`` or ``STRIDE:SHARD/SHARDS``."""
    stride, _, part = text.partition(":")
    shard, _, shards = part.partition("/")
    return Sample(int(stride), int(shard or 0), int(shards or 1))
