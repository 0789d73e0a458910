"""What the clients have besides files of their own: plugins, policy over servers, and hints of further routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mem0_agent.clients import claude_code, claude_plugins, codex, codex_plugins, cowork, cowork_app

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mem0_agent.clients.shop import Traces
    from mem0_agent.model import Endpoint, Files, Finding, Host, Json, Registration


class PluginSide(Protocol):
    """What a client's module for plugins exports; data in, data out."""

    def server_ban(self, host: Host, files: Files, target: Registration, endpoint: Endpoint) -> Finding | None:
        """What keeps the client from loading ``target``, as an administrator or the user's own settings decide."""

    def plugin_ban(self, host: Host, files: Files) -> Finding | None:
        """What keeps our marketplace and its plugin out."""

    def hints(self, host: Host, files: Files) -> tuple[str, ...]:
        """Routes to a Mem0 that may exist and that no file proves, each as a sentence."""


class OwnPlugin(Protocol):
    """What a client's module exports that can take our own plugin through the client's own commands."""

    @property
    def JOIN(self) -> tuple[tuple[str, ...], ...]:  # noqa: N802
        """The client's commands that bring the plugin in, in their order; ``{market}`` is our folder."""

    @property
    def LEAVE(self) -> tuple[tuple[str, ...], ...]:  # noqa: N802
        """The commands that take it out again, in the order that leaves nothing active."""

    def ours(self, host: Host, entry: Mapping[str, Json]) -> Registration:
        """The server of our plugin as it will be, at the place of its switch."""

    def traces(self, host: Host, files: Files) -> Traces:
        """Where the client keeps that it has our plugin."""

    def joined(self, host: Host, files: Files, version: str) -> bool:
        """Whether the client has our plugin as it is wanted, and has it on."""


OWN: dict[str, OwnPlugin] = {claude_code.ID: claude_plugins, codex.ID: codex_plugins}

PLUGINS: dict[str, PluginSide] = {
    claude_code.ID: claude_plugins,
    codex.ID: codex_plugins,
    cowork.ID: cowork_app,
}
