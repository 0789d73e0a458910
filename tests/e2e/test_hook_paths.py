"""Hooks where people live: homes, data folders and projects with odd names; and many sessions at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e import claude, codex
from tests.e2e.dialogue import prompt
from tests.e2e.evidence import captured, counts, failures, patient, recalled, settings, states, until
from tests.e2e.network import Network
from tests.e2e.product import install
from tests.e2e.releases import Programs
from tests.e2e.sandbox import Sandbox, sandbox

SAID = "we keep the release notes in Portuguese"
ASKED = "write the release notes for the next version"
LINE = 'é 花 \'s "x" $HOME `id` $(id) & ; # %41 [a] *'
NAMES = {"one line": LINE, "two lines": f"{LINE}\n{LINE}"}
"""No backslash: Claude Code 2.1.204 itself finds no working directory with one in its name."""


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_hooks_run_from_a_home_with_an_odd_name(tmp_path: Path, release: Programs, network: Network, name: str) -> None:
    """Home, data folder and project all lie below that name."""
    box = sandbox(tmp_path / name, release, network)
    done = install(box, "--trust-hooks")
    assert done.exit_code == 0, done.text
    patient(settings(box))
    claude.session(box, [prompt(SAID)])
    captured(box, SAID)
    (turn,) = codex.turn(box, [prompt(ASKED)])
    assert [line for line in recalled(turn.requests[0]) if SAID in line], turn.hooks
    captured(box, ASKED)
    assert counts(box, "claude-code").keys() >= {"SessionStart", "UserPromptSubmit", "Stop", "SessionEnd"}
    assert counts(box, "codex").keys() >= {"SessionStart", "UserPromptSubmit", "Stop"}
    assert failures(box) == []
    assert sorted(path.name for path in box.root.iterdir()) == ["bin", "home", "project", "tmp"]


def test_data_in_a_folder_of_an_odd_name(tmp_path: Path, release: Programs, network: Network) -> None:
    """The home is plain; what XDG points at is not. Codex does not hand those variables on, so nothing may need them."""
    places = {
        f"XDG_{kind}_HOME": str(tmp_path / "elsewhere" / NAMES["two lines"] / kind)
        for kind in ("CONFIG", "DATA", "STATE")
    }
    box = sandbox(tmp_path / "user", release, network, **places)
    assert install(box, "--trust-hooks").exit_code == 0
    patient(Path(places["XDG_CONFIG_HOME"], "mem0-agent"))
    claude.session(box, [prompt(SAID)])
    database = Path(places["XDG_DATA_HOME"], "mem0-agent", "memory.db")
    until(lambda: any(SAID.encode() in path.read_bytes() for path in database.parent.glob("memory.db*")), SAID)
    (turn,) = codex.turn(box, [prompt(ASKED)])
    assert [line for line in recalled(turn.requests[0]) if SAID in line], turn.hooks
    assert not (box.home / ".local/share/mem0-agent").exists()


def test_several_sessions_at_once_lose_nothing(box: Sandbox) -> None:
    """Two clients, six sessions, some thirty hooks on one memory."""
    assert install(box, "--trust-hooks").exit_code == 0
    patient(settings(box))
    told = [f"decision number {number}: drawer {number} holds the maps" for number in range(6)]

    def one(number: int) -> int:
        said = prompt(told[number])
        if number % 2:
            return codex.turn(box, [said])[0].exit_code
        return claude.session(box, [said])[0].exit_code

    with ThreadPoolExecutor(len(told)) as pool:
        assert list(pool.map(one, range(len(told)))) == [0] * len(told)
    for text in told:
        captured(box, text)
    assert len(states(box)) == len(told)
    assert failures(box) == []
