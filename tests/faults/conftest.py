"""What a run of these tests has to tell besides that it went well."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.faults.hostile import REFUSALS

if TYPE_CHECKING:
    import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if REFUSALS and os.environ.get("MEM0_AGENT_TIMES"):
        text = f"{len(REFUSALS)} refusals, the slowest after {max(REFUSALS):.2f} s"
        terminalreporter.write_line(text)
