"""The laws of the house that no linter knows: the core opens nothing, each library has one door."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "mem0_agent"
DOORS = {
    "typer": {"cli.py"},
    "rich": {"showing/render.py"},
    "httpx": {"asking/mcp_http.py", "asking/mcp_address.py"},
    "tomlkit": set(),
    "platformdirs": {"host.py"},
}
"""Which modules may import a library; tomlkit's are those of ``edits``."""

CORE = ("model", "contract", "edits", "clients", "planning", "doctor", "showing/diffs", "showing/envelope")

WATCHED = """
import sys
from dataclasses import replace
from pathlib import Path
from mem0_agent import package
from mem0_agent.planning import draft, install, registrations, runtime, uninstall
from mem0_agent.clients import CLIENTS
from mem0_agent.model import Backend, Dirs, Host
from mem0_agent.edits import document
import tomlkit, tomllib
kit = package.kit()
home = Path("/home/robin")
here = Host(home, home, "linux", {"MEM0_API_KEY": "k"}, "robin", Dirs(home / "c", home / "d", home / "s"), Path("/p"), lambda _: None)

def all_of_it():
    for backend in (Backend("local"), Backend("platform", "https://mcp.mem0.ai/mcp/")):
        request = draft.Request(tuple(CLIENTS), backend, key="k", store_key=True)
        files = {path: None for client in CLIENTS.values() for path in client.wants(here, home, {})}
        plan = install.plan(draft.Scene(here, files, None, request, kit))
        after = install.overlaid(files, plan.changes)
        again = install.plan(draft.Scene(here, after, None, replace(request, store_key=False), kit))
        install.endpoints(here, after, plan)
        uninstall.plan(here, after, None, uninstall.Request(tuple(CLIENTS)), lambda sha: b"")
        for client in CLIENTS.values():
            client.presence(here, after)
            client.environment(here, after)
            client.policy(here, after)
            for held in client.registrations(here, home, after):
                client.endpoint(here, after, held)
                client.approval(here, after, held)

all_of_it()
seen = []
FORBIDDEN = ("open", "subprocess.", "socket.", "shutil.", "tempfile.", "sqlite3.")
armed = True
def hook(event, args):
    if armed and (event.startswith(FORBIDDEN) or (event.startswith("os.") and event != "os.putenv")):
        seen.append((event, str(args)))
sys.addaudithook(hook)
all_of_it()
armed = False
print(seen)
"""


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("library", DOORS)
def test_each_library_has_its_door(library: str) -> None:
    users = {path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py") if library in imported(path)}
    allowed = {name for name in users if name.startswith("edits/")} if library == "tomlkit" else DOORS[library]
    assert users == allowed if allowed else users


def test_the_core_opens_no_file_and_starts_no_process() -> None:
    done = subprocess.run([sys.executable, "-c", WATCHED], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stdout[-2000:] + done.stderr[-2000:]


def modules(name: str) -> list[Path]:
    return [SOURCE / f"{name}.py"] if (SOURCE / f"{name}.py").exists() else sorted((SOURCE / name).rglob("*.py"))


@pytest.mark.parametrize("name", CORE)
def test_the_core_imports_nothing_that_could(name: str) -> None:
    paths = modules(name)
    assert paths
    for path in paths:
        assert not imported(path) & {
            "os",
            "subprocess",
            "socket",
            "shutil",
            "tempfile",
            "sqlite3",
            "httpx",
            "platformdirs",
        }, path


def test_clients_do_not_import_each_other() -> None:
    from mem0_agent.clients import CLIENTS

    own = {client.__name__.rpartition(".")[2] for client in CLIENTS.values()}  # type: ignore[attr-defined] # modules
    for name in own:
        text = (SOURCE / "clients" / f"{name}.py").read_text("utf-8")
        names = {
            alias.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom) for alias in node.names
        }
        assert not names & (own - {name})


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_a_small_word_loads_little(word: str) -> None:
    code = (
        "import sys\nsys.argv = ['mem0-agent', sys.argv[1]]\nfrom mem0_agent.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'httpx', 'tomlkit', 'sqlite3', 'mem0_agent.asking.probe'} & sys.modules.keys()), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, word], capture_output=True, text=True)
    assert done.stderr.strip() == "[]", done.stderr


def test_serve_loads_no_part_of_the_command_line() -> None:
    code = (
        "import sys\nsys.argv = ['mem0-agent', 'serve']\nfrom mem0_agent.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'typer', 'rich', 'httpx', 'tomlkit'} & sys.modules.keys()), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], input="", capture_output=True, text=True)
    assert done.stderr.strip() == "[]", done.stderr
