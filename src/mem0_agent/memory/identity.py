"""Who and where: the four names under which this session's memories stand, the same in every client."""
# pathlib takes longer to import than this wing may take to start
# ruff: noqa: PTH113, PTH118, PTH119, PTH120, PTH123

from __future__ import annotations

import os
import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mem0_agent.memory.protocol import Scope
    from mem0_agent.memory.settings import Settings

ALIASES = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
    "ssh.dev.azure.com": "dev.azure.com",
}
"""Hosts that answer ssh where the main one is closed to it."""
CONFIG_LIMIT = 1_000_000


def scope(settings: Settings, client: str, cwd: str, session: str) -> Scope:
    """``{"user_id", "app_id", "agent_id", "run_id"}`` of a session, the last only where there is one."""
    names = {"user_id": settings.user_id, "app_id": project(cwd), "agent_id": client, "run_id": session}
    return {name: value for name, value in names.items() if value}


def project(cwd: str) -> str:
    """``host/owner/name`` of the git remote (``origin`` first), else the root's name and a hash of its path.

    Without a git repository ``cwd`` itself is the root. The worktrees of one repository are one project.
    """
    root, folder = repository(cwd)
    for url in remotes(folder):
        name = normal(url)
        if name:
            return name
    return f"{os.path.basename(root) or 'root'}-{zlib.crc32(os.fsencode(root)):08x}"


def repository(cwd: str) -> tuple[str, str]:
    """Answer the main work tree that ``cwd`` belongs to, and its git folder; ``(cwd, "")`` outside of git."""
    start = here = os.path.realpath(cwd)
    while True:
        folder = git_folder(os.path.join(here, ".git"))
        if folder:
            main = os.path.basename(folder) == ".git"
            return (os.path.dirname(folder) if main else here), folder
        parent = os.path.dirname(here)
        if parent == here:
            return start, ""
        here = parent


def git_folder(dotgit: str) -> str:
    """Answer the folder that holds ``config``: ``dotgit`` or where its ``gitdir:`` line leads; else empty."""
    if os.path.isfile(os.path.join(dotgit, "HEAD")):
        return dotgit
    text = start_of(dotgit) if os.path.isfile(dotgit) else ""
    if not text.startswith("gitdir:"):
        return ""
    folder = os.path.join(os.path.dirname(dotgit), text[7:].strip())
    common = start_of(os.path.join(folder, "commondir")).strip()
    return os.path.realpath(os.path.join(folder, common) if common else folder)


def remotes(folder: str) -> list[str]:
    """Answer the addresses in ``folder/config``, that of ``origin`` first, the others as they stand."""
    found: list[tuple[bool, str]] = []
    section = ""
    for line in start_of(os.path.join(folder, "config")).splitlines() if folder else ():
        text = line.strip()
        if text.startswith("["):
            section = text.lower() if text.lower().startswith("[remote") else ""
        elif section and text.partition("=")[0].strip().lower() == "url":
            found.append((section != '[remote "origin"]', text.partition("=")[2].strip().strip('"')))
    return [url for _, url in sorted(found, key=lambda pair: pair[0])]


def normal(url: str) -> str:
    """``host/owner/name`` in lower case, whether ssh, scp-like or https; empty for no network address.

    User names, passwords, ports and a final ``.git`` are no part of it: ssh and https differ in all of them.
    """
    scheme, found, rest = url.partition("://")
    if not found:
        host, colon, path = url.partition(":")
        if not colon or "/" in host or "\\" in path or len(host) < 2:
            return ""
    elif scheme.lower() == "file":
        return ""
    else:
        host, _, path = rest.partition("/")
        host = host.rpartition("@")[2].partition(":")[0]
    host = host.rpartition("@")[2].lower()
    parts = [part for part in path.partition("?")[0].split("/") if part and part not in {"v3", "_git"}]
    name = "/".join(parts).lower().removesuffix(".git")
    return f"{ALIASES.get(host, host)}/{name}" if host and name else ""


def start_of(path: str) -> str:
    """Answer the text of a small file of git's; empty where there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(CONFIG_LIMIT)
    except OSError:
        return ""
