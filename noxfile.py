"""The habits of this project: `nox` runs them all, `nox -s NAME` one of them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "types", "layers", "tests", "build", "e2e"]

ROOT = Path(__file__).parent
CLIENTS = Path(os.environ.get("MEM0_AGENT_CLIENTS", ROOT / ".nox" / "clients"))


def set_up(session: nox.Session, *groups: str) -> None:
    session.install("-e", ".", *nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), *groups))


@nox.session
def tests(session: nox.Session) -> None:
    """Everything that needs no client: units, the memory, the protocol."""
    set_up(session, "test")
    session.run("pytest", "-n", "auto", "--reruns", "1", "-m", "not e2e and not bench", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    set_up(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    set_up(session, "types")
    session.run("mypy")


@nox.session
def layers(session: nox.Session) -> None:
    """The laws of the house, as contracts."""
    set_up(session, "lint")
    session.run("lint-imports")


@nox.session
def e2e(session: nox.Session) -> None:
    """The real Claude Code and the real Codex, without an account and without a network."""
    if shutil.which("npm") is None and "CI" not in os.environ:
        session.skip("npm installs the real clients, and it is not here")
    set_up(session, "test")
    session.run(".ci/clients", str(CLIENTS), external=True)
    env = {"MEM0_AGENT_CLIENTS": str(CLIENTS), "MEM0_AGENT_E2E": "required"}
    workers = str(2 * (os.cpu_count() or 1))  # they wait for the clients more than they work
    session.run("pytest", "-n", workers, "--reruns", "2", "-m", "e2e", *session.posargs, env=env)


@nox.session
def bench(session: nox.Session) -> None:
    """Ratios, measured side by side in one run."""
    set_up(session, "test")
    session.run(".ci/clients", str(CLIENTS), external=True)
    session.run("python", "-m", "tests.benchmarks", *session.posargs, env={"MEM0_AGENT_CLIENTS": str(CLIENTS)})


@nox.session
def faults(session: nox.Session) -> None:
    """Every operation on files gone wrong once, every race fifty times; `-- STRIDE ROUNDS EXAMPLES` takes a sample."""
    set_up(session, "test")
    if shutil.which("npm"):  # the races beside the real clients
        session.run(".ci/clients", str(CLIENTS), external=True)
    session.run("python", "-m", "tests.faults", *session.posargs, env={"MEM0_AGENT_CLIENTS": str(CLIENTS)})


@nox.session
def build(session: nox.Session) -> None:
    """The wheel, installed on its own, finds its templates and starts."""
    session.install("build")
    out = Path(session.create_tmp()) / "dist"
    shutil.rmtree(out, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(out), silent=True)
    (wheel,) = out.glob("*.whl")
    session.install("--force-reinstall", str(wheel))
    session.run("mem0-agent", "--version")
    session.run("python", "tests/wheel.py")
