from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.memory.peer import Peer

from mem0_agent.memory.local import LocalMemory


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the three directories of one user would be made; none of them exists."""
    return tmp_path / "home"


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[LocalMemory]:
    memory = LocalMemory(str(tmp_path / "data" / "memory.db"), "alice")
    yield memory
    memory.close()


@pytest.fixture
def serve(home: Path) -> Iterator[Callable[..., Peer]]:
    """Start servers as the launcher would, and end what is left of them."""
    peers: list[Peer] = []

    def start(**environment: str) -> Peer:
        peers.append(Peer(home, environment))
        return peers[-1]

    yield start
    for peer in peers:
        peer.end()
