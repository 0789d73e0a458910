"""What was asked for, on what it is decided, and the edits of a plan while it grows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mem0_agent.clients import CLIENTS
from mem0_agent.edits import document
from mem0_agent.model import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mem0_agent.clients.shop import Listing
    from mem0_agent.model import Backend, Edit, Files, Host, Kit, Receipt, Scope


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for. ``key`` is a key that was given to us, never one that we found.

    ``bundle`` are the templates of the plugin by their path, where ``mode`` is plugin; ``listings`` what clients are to
    take from another's marketplace instead of ours, none or one for each of ``clients``. ``named`` is False where the
    clients are those that were found; ``running`` are those of them whose app runs.
    """

    clients: tuple[str, ...]
    backend: Backend
    scope: Scope = "user"
    project: Path | None = None
    mode: Literal["direct", "plugin"] = "direct"
    key: str = ""
    store_key: bool = False
    replace: bool = False
    allow_duplicate: bool = False
    skip: frozenset[str] = frozenset()
    trust_hooks: bool = False
    bundle: Mapping[str, bytes] = field(default_factory=dict)
    listings: Mapping[str, Listing] = field(default_factory=dict)
    named: bool = True
    running: frozenset[str] = frozenset()


def no_backup(sha: str) -> bytes:
    raise KeyError(sha)


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that a plan is made from. ``backup`` gives the bytes kept under a SHA-256."""

    host: Host
    files: Files
    receipt: Receipt | None
    request: Request
    kit: Kit
    backup: Callable[[str], bytes] = no_backup


@dataclass(slots=True)
class Draft:
    """The edits of a plan while it grows: at the end one Change a path."""

    edits: dict[Path, list[Edit]] = field(default_factory=dict)
    reasons: dict[Path, str] = field(default_factory=dict)
    owners: dict[Path, str] = field(default_factory=dict)
    private: set[Path] = field(default_factory=set)
    whole: list[Change] = field(default_factory=list)

    def add(self, client: str, path: Path, edit: Edit, reason: str, *, again: bool = False) -> None:
        if edit in self.edits.get(path, ()) and not again:
            return
        self.edits.setdefault(path, []).append(edit)
        self.owners.setdefault(path, client)
        self.reasons[path] = "; ".join(dict.fromkeys([*filter(None, [self.reasons.get(path)]), reason]))

    def take(self, other: Draft) -> None:
        """Make what stands in ``other``, which is about other paths, part of this one."""
        self.edits |= other.edits
        self.reasons |= other.reasons
        self.owners |= other.owners
        self.private |= other.private
        self.whole += other.whole

    def changes(self, host: Host, files: Files, scope: Scope) -> list[Change]:
        edited = [self.change(host, files, scope, path) for path in self.edits]
        return [*(change for change in edited if change.after != change.before), *self.whole]

    def change(self, host: Host, files: Files, scope: Scope, path: Path) -> Change:
        before, owner = files.get(path), self.owners[path]
        scope = "user" if path in self.private else scope  # a key is kept for its user, whatever the rest is for
        after, edits = document.perform(path, before, self.edits[path])
        shown = path.name == ".mcp.json" or scope == "project"
        return Change(
            path, before, after, self.reasons[path], owner, edits, mode=0o644 if shown else 0o600,
            lock=CLIENTS[owner].lock(host, path), private=path in self.private, scope=scope,
        )  # fmt: skip
