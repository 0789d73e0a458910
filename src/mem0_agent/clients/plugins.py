"""What the clients have besides files of their own: plugins, policy over servers, and hints of further routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mem0_agent.clients import claude_code, claude_plugins, codex, codex_plugins, cowork, cowork_app

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mem0_agent.clients.shop import Traces
    from mem0_agent.model import Endpoint, Files, Finding, Host, Json, Offer, Registration


class PluginSide(Protocol):
    """What a client's module for plugins exports; data in, data out."""

    def server_ban(self, host: Host, files: Files, target: Registration, endpoint: Endpoint) -> Finding | None:
        """What keeps the client from loading ``target``, as an administrator or the user's own settings decide."""

    def hints(self, host: Host, files: Files) -> tuple[str, ...]:
        """Routes to a Mem0 that may exist and that no file proves, each as a sentence."""


class Shopper(Protocol):
    """What a client's module exports that can take a plugin through the client's own commands."""

    @property
    def CATALOGUES(self) -> tuple[str, ...]:  # noqa: N802
        """Where a marketplace lists its plugins; the first that is there counts."""

    @property
    def MANIFESTS(self) -> tuple[str, ...]:  # noqa: N802
        """Where a plugin says what it brings; the first that is there counts."""

    def taking(self, offer: Offer) -> tuple[tuple[str, ...], ...]:
        """The client's commands that bring the plugin in, in their order."""

    def leaving(self, offer: Offer) -> tuple[tuple[str, ...], ...]:
        """The commands that take it out again, in the order that leaves nothing active."""

    def brought(self, host: Host, offer: Offer, name: str, entry: Mapping[str, Json]) -> Registration:
        """The plugin's server ``name`` as it will be, at the place of the plugin's switch."""

    def plugin_ban(self, host: Host, files: Files, offer: Offer) -> Finding | None:
        """What keeps a marketplace, or this plugin of it, out."""

    def traces(self, host: Host, files: Files, offer: Offer) -> Traces:
        """Where the client keeps that it has the plugin."""

    def knows(self, host: Host, files: Files, market: str) -> bool:
        """Whether the client has a marketplace of that name."""

    def taken(self, host: Host, files: Files, offer: Offer, version: str = "") -> bool:
        """Whether the client has the plugin, and has it on; our own also in ``version`` and from our folder."""


SHOPPERS: dict[str, Shopper] = {claude_code.ID: claude_plugins, codex.ID: codex_plugins}

PLUGINS: dict[str, PluginSide] = {
    claude_code.ID: claude_plugins,
    codex.ID: codex_plugins,
    cowork.ID: cowork_app,
}
