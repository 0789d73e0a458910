"""The clients that are apps: their files may be written only while they are shut, and take programs only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mem0_agent.clients import cowork, cowork_app

if TYPE_CHECKING:
    from pathlib import Path

    from mem0_agent.model import Backend, Files, Finding, Host


class Desktop(Protocol):
    """What a client's module for its app exports; data in, data out."""

    @property
    def APP(self) -> str:  # noqa: N802
        """The name of the app."""

    @property
    def QUIT(self) -> str:  # noqa: N802
        """How it is really shut, as the beginning of a sentence."""

    def programs(self, host: Host) -> tuple[str, ...]:
        """Its programs' paths as patterns."""

    def key_file(self, host: Host) -> Path:
        """Our own file that holds the key, for the app hands none on."""

    def bundle_file(self, host: Host) -> Path:
        """Where the plugin lies that people upload by themselves."""

    def plugin_ban(self, host: Host, files: Files) -> Finding | None:
        """What forbids that."""

    def remarks(self, host: Host, backend: Backend) -> tuple[str, ...]:
        """What has to be said about an entry in its file."""

    def steps(self, host: Host, backend: Backend, *, hooks: bool, key: bool) -> tuple[str, ...]:
        """What people do with the plugin."""


DESKTOPS: dict[str, Desktop] = {cowork.ID: cowork_app}
