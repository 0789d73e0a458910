"""The clients we know, in the order in which people see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem0_agent.clients import claude_code, codex, cowork

if TYPE_CHECKING:
    from mem0_agent.contract import Client

CLIENTS: dict[str, Client] = {
    claude_code.ID: claude_code,
    codex.ID: codex,
    cowork.ID: cowork,
}
