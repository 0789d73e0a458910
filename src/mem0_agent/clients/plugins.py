"""What the clients have besides files of their own: plugins, policy over servers, and hints of further routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mem0_agent.clients import claude_code, claude_plugins, codex, codex_plugins, cowork, cowork_app

if TYPE_CHECKING:
    from mem0_agent.model import Endpoint, Files, Finding, Host, Registration


class PluginSide(Protocol):
    """What a client's module for plugins exports; data in, data out."""

    def server_ban(self, host: Host, files: Files, target: Registration, endpoint: Endpoint) -> Finding | None:
        """What keeps the client from loading ``target``, as an administrator or the user's own settings decide."""

    def plugin_ban(self, host: Host, files: Files) -> Finding | None:
        """What keeps our marketplace and its plugin out."""

    def hints(self, host: Host, files: Files) -> tuple[str, ...]:
        """Routes to a Mem0 that may exist and that no file proves, each as a sentence."""


PLUGINS: dict[str, PluginSide] = {
    claude_code.ID: claude_plugins,
    codex.ID: codex_plugins,
    cowork.ID: cowork_app,
}
