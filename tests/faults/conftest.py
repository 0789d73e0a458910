"""What a run of these tests has counted is kept where somebody asked for it."""

from __future__ import annotations

from tests.faults import tally


def pytest_sessionfinish() -> None:
    tally.keep()
