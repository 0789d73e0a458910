"""Fixtures of the end-to-end tests: each of them drives the real programs of both releases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import claude
from tests.e2e.network import Network, loopback_only
from tests.e2e.releases import AGES, Programs, programs
from tests.e2e.sandbox import Sandbox, sandbox


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def network() -> Iterator[Network]:
    made = loopback_only()
    yield made
    made.close()


@pytest.fixture(scope="session", params=AGES)
def release(request: pytest.FixtureRequest) -> Programs:
    return programs(request.param)


@pytest.fixture
def box(tmp_path: Path, release: Programs, network: Network) -> Sandbox:
    """A fresh user with both programs on PATH."""
    return sandbox(tmp_path / "user", release, network)


@pytest.fixture(scope="module")
def module_box(tmp_path_factory: pytest.TempPathFactory, release: Programs, network: Network) -> Sandbox:
    """One user for all tests of a module and release."""
    return sandbox(tmp_path_factory.mktemp("user") / "user", release, network)


SETTINGS = b'{ "env":  {"EDITOR": "ed"},\r\n  "model": "opus" }\r\n'
CONFIG = b'# mine\nmodel = "gpt-5.1-codex" # the good one\n\n[tui]\nnotifications = false'


@pytest.fixture
def used(box: Sandbox) -> Sandbox:
    """A user whose programs have run before, with settings of their own."""
    (box.home / ".codex").mkdir()
    for argv in (["claude", "plugin", "list"], ["codex", "plugin", "list"]):
        assert box.run([box.bin / argv[0], *argv[1:]], env=claude.QUIET).exit_code == 0
    (box.home / ".claude").mkdir(exist_ok=True)
    for name, data in ((".claude/settings.json", SETTINGS), (".codex/config.toml", CONFIG)):
        (box.home / name).write_bytes(data)
        (box.home / name).chmod(0o640)
    return box
