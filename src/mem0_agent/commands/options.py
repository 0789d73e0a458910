"""From the words of a command line to what was asked for."""

from __future__ import annotations

import difflib
import getpass
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from mem0_agent import host, package
from mem0_agent.asking.checkout import checkout
from mem0_agent.clients import CLIENTS, sources
from mem0_agent.clients.desktops import DESKTOPS
from mem0_agent.clients.plugins import SHOPPERS
from mem0_agent.model import KEY_VARIABLE, PLATFORM_URL, Backend, Exit, UserError
from mem0_agent.planning import apps, market
from mem0_agent.planning.draft import Request
from mem0_agent.writing import ledger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mem0_agent.clients.shop import Listing
    from mem0_agent.model import Host, Kit
    from mem0_agent.showing.render import Face

Words = dict[str, Any]
"""The command line's values by the name of their flag."""


@dataclass(frozen=True, slots=True)
class Options:
    """What does not change the plan, only how it is carried out. ``timeout`` in seconds."""

    verify: bool = True
    timeout: float = 10.0
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One run of install: on which machine, for what, how, whom to tell, and what there is to hand out."""

    here: Host
    request: Request
    options: Options
    face: Face
    kit: Kit


PARTS = ("mcp", "hooks", "skills")


def usage(message: str, hint: str = "") -> UserError:
    return UserError("usage", message, hint=hint or "See mem0-agent install --help", exit_code=Exit.USAGE)


def chosen_clients(names: Sequence[str]) -> tuple[str, ...]:
    """``names`` without repetition. Raises UserError with the known names for another."""
    for name in names:
        if name not in CLIENTS:
            near = difflib.get_close_matches(name, CLIENTS, 1, 0.4)
            maybe = f" Did you mean {near[0]}?" if near else ""
            raise usage(f"There is no client “{name}”.{maybe}", f"Clients: {', '.join(CLIENTS)}")
    return tuple(dict.fromkeys(names))


def request_of(here: Host, words: Words, face: Face) -> Request:
    """What ``install`` is asked to do. Raises UserError for words that do not go together or are for later."""
    if words["mode"] == "plugin" and words["scope"] == "project":
        raise usage("--mode plugin is for you, not for a project's files", "Leave --scope out, or use --mode direct")
    if unknown := [word for word in words["skip"] if word not in PARTS]:
        raise usage(f"There is nothing called “{unknown[0]}” to skip.", f"Parts: {', '.join(PARTS)}")
    if set(words["skip"]) == set(PARTS):
        raise usage("With all of it skipped there is nothing to install")
    if words["marketplace"]:
        check_marketplace(words)
    key = given_key(here, words, face)
    face.secrets += [key] if key else []
    backend = backend_of(here, words, key)
    named = chosen_clients(words["client"])
    clients = apps.scoped(named or detected(here), words["scope"], named=bool(named))
    if words["marketplace"]:
        clients = shoppers(clients, words["marketplace"], named=bool(named))
    return Request(
        clients, backend, words["scope"], project_folder(here, words["project"]), words["mode"],
        key, words["store_key"], words["replace"], words["allow_duplicate"], frozenset(words["skip"]),
        words["trust_hooks"], named=bool(named),
        bundle=package.tree(package.template_path("plugin")) if words["mode"] == "plugin" else {},
        listings=listings(here, words["marketplace"], clients) if words["marketplace"] else {},
    )  # fmt: skip


# Another's marketplace


def check_marketplace(words: Words) -> None:
    if words["mode"] != "plugin":
        raise usage("--marketplace goes with --mode plugin", "mem0-agent install --mode plugin --marketplace SOURCE")
    for flag, usual in (("backend", "auto"), ("url", ""), ("skip", [])):
        if words[flag] != usual:
            raise usage(f"--{flag} has no say in another's plugin: it brings its own server, hooks and skills")


def shoppers(clients: tuple[str, ...], words: str, *, named: bool) -> tuple[str, ...]:
    """The clients that take a marketplace by a command. Raises UserError for a named one, or all, that do not."""
    able = tuple(name for name in clients if name in SHOPPERS)
    if not able or (named and len(able) < len(clients)):
        app = next(DESKTOPS[name].APP for name in clients if name in DESKTOPS)
        how = f"In {app}: Customize, Plugins, Add marketplace, and there: {words}"
        raise usage(f"{app} takes a marketplace by hand alone", how)
    return able


def listings(here: Host, words: str, clients: tuple[str, ...]) -> dict[str, Listing]:
    """What each client is to take from the marketplace. Raises UserError ``marketplace.unusable``."""
    where = sources.source(here, words)
    with checkout(where, here.env) as root:
        return {
            name: market.listing(here, name, where, root, host.gather([partial(market.wants, root, name)]))
            for name in clients
        }


def given_key(here: Host, words: Words, face: Face) -> str:
    """The key from standard input, from the environment, or typed unseen where it is to be stored."""
    if words["api_key_stdin"]:
        if not words["store_key"]:
            raise usage("--api-key-stdin needs --store-key: else no client would find the key when it starts")
        key = sys.stdin.readline().strip()
        if not key:
            raise usage("--api-key-stdin found no key on standard input")
        return key
    key = here.env.get(KEY_VARIABLE, "").strip()
    if not key and words["store_key"] and face.interactive:
        try:
            return getpass.getpass("Mem0 API key (not shown): ").strip()
        except EOFError as error:
            raise usage("No key was given") from error
    return key


def backend_of(here: Host, words: Words, key: str) -> Backend:
    """``auto`` is what an earlier install chose, else the platform where there is a key, else the local memory."""
    kind, url = words["backend"], words["url"]
    if words["marketplace"]:
        return Backend("platform", PLATFORM_URL)
    if kind == "auto":
        receipt = ledger.load(here.dirs)
        if receipt and not url:
            return receipt.backend
        kind = receipt.backend.kind if receipt else "platform" if key or url else "local"
    if kind == "local" and url:
        raise usage("--url goes with --backend platform or self-hosted; the local memory has no address")
    if kind == "self-hosted" and not url:
        raise usage("--backend self-hosted needs --url, for example --url http://localhost:8888")
    return Backend(kind, url or (PLATFORM_URL if kind == "platform" else ""))


def detected(here: Host) -> tuple[str, ...]:
    """Every client on this machine. Raises UserError, with where it looked, when there is none."""
    found, looked = [], []
    for name, client in CLIENTS.items():
        files = host.gather([partial(client.wants, here, None)], problems=[])
        presence = client.presence(here, files)
        found += [name] if presence.detected else []
        looked.append(f"  {client.TITLE}: {presence.evidence}")
    if not found:
        raise UserError(
            "client.absent", "No client was found on this machine:\n" + "\n".join(looked),
            hint="Set one up anyway by name: mem0-agent install --client claude-code",
        )  # fmt: skip
    return tuple(found)


def project_folder(here: Host, named: Path | None) -> Path:
    """The folder named, else the repository's root above the current folder, else that folder."""
    if named is not None:
        folder = here.cwd / named
        if not folder.is_dir():
            raise usage(f"--project {named} is not a folder")
        return folder
    return next((place for place in (here.cwd, *here.cwd.parents) if (place / ".git").exists()), here.cwd)
