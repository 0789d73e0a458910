"""What a client's modules export: the seams at which a new client comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mem0_agent.model import (
        Backend,
        Edit,
        Endpoint,
        Files,
        Finding,
        Handler,
        Hook,
        Host,
        Json,
        Presence,
        Registration,
        Scope,
        Trust,
    )


class HookSide(Protocol):
    """What a client's module for hooks and skills exports; data in, data out."""

    @property
    def EVENTS(self) -> tuple[Hook, ...]:
        """Every event that we ask to be called at."""

    def places(self, host: Host, project: Path | None) -> tuple[tuple[str, Path], ...]:
        """Each file that may hold hooks, with the scope that it stands for."""

    def file(self, host: Host, files: Files, scope: Scope, project: Path | None) -> Path:
        """The file that ours go into."""

    def faults(self, document: Mapping[str, Json]) -> tuple[str, ...]:
        """What in ``document`` makes the client ignore the whole file, as sentences."""

    def off(self, host: Host, files: Files, project: Path | None) -> Finding | None:
        """The switch that keeps every hook from running, if one is set."""

    def trust(self, host: Host, files: Files, handler: Handler) -> Trust:
        """Whether the client will run ``handler``, as its own files say."""

    def farewell(self, host: Host, files: Files, taken: Sequence[Handler]) -> tuple[tuple[Path, Edit], ...]:
        """What else has to change when ``taken`` go, so that every other hook stays as trusted as it is."""

    def skills(self, host: Host, scope: Scope, project: Path | None) -> Path:
        """The folder whose subfolders the client reads as skills."""

    def traces(self, host: Host) -> tuple[Path, ...]:
        """Files and folders whose time tells that the client was used."""


class Client(Protocol):
    """What a module in ``clients/`` exports. All of it is data in, data out: no file is opened there."""

    @property
    def ID(self) -> str:
        """The word that ``--client`` takes."""

    @property
    def TITLE(self) -> str:
        """The name people know it by."""

    @property
    def PROGRAM(self) -> str:
        """The command on PATH."""

    @property
    def RESTART(self) -> str:
        """What makes a running client see a new registration, as one sentence."""

    @property
    def hooks(self) -> HookSide | None:
        """Its module for hooks and skills; None where it has none that we could serve."""

    def wants(self, host: Host, project: Path | None, known: Files) -> frozenset[Path]:
        """Which paths it wants read, given what is known so far; asked again until it wants no more."""

    def main_file(self, host: Host) -> Path:
        """The file of user scope."""

    def presence(self, host: Host, files: Files) -> Presence:
        """Whether it is installed, from files and PATH alone."""

    def version(self, output: str) -> str:
        """The version in what ``PROGRAM --version`` printed; empty where there is none."""

    def registrations(self, host: Host, project: Path | None, files: Files) -> tuple[Registration, ...]:
        """Every MCP server it would or could start. Raises UserError for a file that does not parse."""

    def entry(self, host: Host, backend: Backend, scope: Scope, project: Path | None) -> Registration:
        """The registration that we write for ``backend``, and where."""

    def endpoint(self, host: Host, files: Files, registration: Registration) -> Endpoint:
        """How the client would reach that server, with the environment which the client will have."""

    def environment(self, host: Host, files: Files) -> Mapping[str, str]:
        """The variables that the client sees: this process's, then those its own files set."""

    def key_edit(self, host: Host, key: str) -> tuple[Path, Edit]:
        """Where the client reads a key by itself, and the edit that puts it there."""

    def lock(self, host: Host, path: Path) -> Path | None:
        """The directory that the client takes as its lock on ``path``, if it takes one."""

    def policy(self, host: Host, files: Files) -> tuple[Finding, ...]:
        """What an administrator or a project's approval forbids or holds back, as findings."""

    def approval(self, host: Host, files: Files, registration: Registration) -> Finding | None:
        """What the user still has to accept in the client before it reads ``registration``."""
