"""Where people live and work: odd names for homes, and a registration that belongs to one project."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e import claude, codex
from tests.e2e.dialogue import Call, prompt
from tests.e2e.network import Network
from tests.e2e.product import BOTH, SCRIPT, envelope, install, mem0_agent
from tests.e2e.releases import Programs
from tests.e2e.sandbox import Sandbox, sandbox

LOOK = prompt("who is remembered?", Call("mem0", "list_entities"))
ODD = {
    "space and quotes": 'Rob in\'s "own"',
    "shell": "$HOME `id` $(id) & ;",
    "letters": "Zoë 花子",
    "line": "two\nlines",
}


@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
def test_a_home_with_an_odd_name(tmp_path: Path, release: Programs, network: Network, name: str) -> None:
    box = sandbox(tmp_path / name, release, network)
    done = install(box)
    assert done.exit_code == 0, done.text
    (turn,) = claude.session(box, [LOOK])
    assert (turn.servers, len(turn.results)) == ({"mem0": "connected"}, 1), turn.stderr
    assert "total_users" in codex.call(box, "mem0", "list_entities")


def test_one_project_and_no_other(box: Sandbox) -> None:
    """A project's files go to other people, so they name the command and no path of this machine."""
    (box.bin / "mem0-agent").symlink_to(SCRIPT)
    elsewhere = box.root / "elsewhere"
    elsewhere.mkdir()
    (box.home / ".codex").mkdir()
    trusted = f'[projects."{box.project}"]\ntrust_level = "trusted"\n'
    (box.home / ".codex" / "config.toml").write_text(trusted)
    done = install(box, "--scope", "project", "--project", str(box.project))
    assert done.exit_code == 0, done.text
    (here,) = claude.session(box, [LOOK])
    (there,) = claude.session(box, [LOOK], cwd=elsewhere)
    assert (here.servers, there.servers) == ({"mem0": "connected"}, {})
    (here,) = codex.turn(box, [LOOK])
    (there,) = codex.turn(box, [LOOK], cwd=elsewhere)
    assert (here.servers, there.servers) == ({"mem0": "connected"}, {})


def test_doctor_asks_the_clients_themselves(box: Sandbox) -> None:
    """The addresses of both companies are out of reach here, so the clients are told of others that refuse at once."""
    assert install(box, "--trust-hooks").exit_code == 0
    nowhere = {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{box.network.dead_port()}"}
    done = mem0_agent(box, "doctor", "--deep", *BOTH, "--json", env=nowhere)
    bad = [each for each in envelope(done)["data"]["findings"] if each["severity"] == "error"]
    assert (done.exit_code, bad) == (0, []), done.text
