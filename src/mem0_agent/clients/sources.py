"""Where a marketplace comes from, in the words that clients take."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mem0_agent.model import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from mem0_agent.model import Host

REPOSITORY = re.compile(r"(?P<name>[\w-][\w.-]*/[\w-][\w.-]*)(?:@(?P<ref>[\w.][\w./-]*))?", re.ASCII)
ADDRESS = re.compile(
    r"(?P<url>(?:https://|ssh://|git@|http://(?:127\.0\.0\.1|localhost)[:/])[^#\s]+)(?:#(?P<ref>[\w.][\w./-]*))?"
)
SERVER = re.compile(r"(?:\w+://)?(?:[^@/]*@)?(?P<host>[^:/]+)[:/](?P<path>.*)")
FORGE = "github.com"


@dataclass(frozen=True, slots=True)
class Source:
    """A folder, or what git clones from ``url`` at ``ref`` (empty: its head); ``words`` is how clients are told.

    ``repository`` is ``owner/name`` where it is on the forge that clients know, however it was written.
    """

    words: str
    folder: Path | None = None
    url: str = ""
    ref: str = ""
    short: bool = False

    @property
    def host(self) -> str:
        found = SERVER.fullmatch(self.url)
        return found["host"] if found else ""

    @property
    def repository(self) -> str:
        found = SERVER.fullmatch(self.url)
        return found["path"].removesuffix(".git").strip("/") if found and found["host"] == FORGE else ""


def source(host: Host, words: str) -> Source:
    """``owner/repo[@ref]``, an address of git with ``#ref``, or a folder. Raises UserError for anything else."""
    if found := REPOSITORY.fullmatch(words):
        return Source(words, url=f"https://{FORGE}/{found['name']}.git", ref=found["ref"] or "", short=True)
    if found := ADDRESS.fullmatch(words):
        return Source(words, url=found["url"], ref=found["ref"] or "")
    if "://" in words or words.startswith("git@"):
        raise unusable(words, "it is no address that git and both clients take")
    folder = host.home / words[2:] if words.startswith("~/") else host.cwd / words
    return Source(str(folder), folder)


def unusable(words: str, why: str) -> UserError:
    return UserError(
        "marketplace.unusable", f"The marketplace {words} cannot be used: {why}",
        hint="Name a folder, owner/repo, or an https address of git; or leave it out for the plugin that we bring.",
    )  # fmt: skip
