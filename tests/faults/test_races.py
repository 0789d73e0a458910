"""A round or two of what ``nox -s faults`` runs fifty times."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults import clients, races

ROUNDS = int(os.environ.get("MEM0_AGENT_ROUNDS", "1"))


@pytest.mark.parametrize("name", ["eight installs", "beside a locking writer"])
def test_nothing_is_lost(tmp_path: Path, name: str) -> None:
    toll = races.run(name, tmp_path / "race", ROUNDS)
    print(toll.line())
    assert (toll.entries_lost, toll.updates_lost) == (0, 0), toll.stories
    assert toll.rounds == ROUNDS
    assert toll.updates > 0 or name == "eight installs"


@pytest.mark.parametrize("name", ["beside a renaming writer", "beside an in-place writer"])
def test_beside_a_writer_without_a_lock_no_file_is_torn_and_nothing_of_others_goes(tmp_path: Path, name: str) -> None:
    """Such a writer may put back a stale copy after we have ended well: entries are counted, and doctor tells."""
    toll = races.run(name, tmp_path / "race", ROUNDS)
    print(toll.line())
    assert toll.updates > 0
    assert toll.entries >= 2 * ROUNDS


@pytest.mark.e2e
@pytest.mark.parametrize("name", ["claude", "codex"])
def test_beside_a_real_client_that_adds_servers_nothing_is_lost(tmp_path: Path, name: str) -> None:
    path = clients.program(name)
    if path is None:
        pytest.skip(f"{name} not found: run `.ci/clients DIR`, then set MEM0_AGENT_CLIENTS=DIR")
    toll = races.Toll(name)
    clients.race(tmp_path / "race", name, path, toll)
    print(toll.line())
    assert toll.refused == 0, toll.stories
    assert (toll.entries_lost, toll.updates_lost) == (0, 0), toll.stories
    assert toll.updates == 4
