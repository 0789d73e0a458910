"""Another's marketplace before any client has seen it: what it may be called, and which plugin of it counts."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mem0_agent import host
from mem0_agent.asking.checkout import checkout
from mem0_agent.clients import sources
from mem0_agent.clients.plugins import SHOPPERS
from mem0_agent.clients.shop import Listing
from mem0_agent.model import Offer, UserError
from mem0_agent.planning import market
from tests.machine import Machine
from tests.trees import write_tree

Json = Any
PLATFORM = {"url": "https://mcp.mem0.ai/mcp/"}
CATALOGUE = ".claude-plugin/marketplace.json"
PLUGIN = ".claude-plugin/plugin.json"


@pytest.mark.parametrize(
    ("words", "url", "ref"),
    [
        ("mem0ai/mem0", "https://github.com/mem0ai/mem0.git", ""),
        ("mem0ai/mem0@v1.2", "https://github.com/mem0ai/mem0.git", "v1.2"),
        ("https://git.example.com/a/b.git", "https://git.example.com/a/b.git", ""),
        ("https://git.example.com/a/b.git#main", "https://git.example.com/a/b.git", "main"),
        ("git@example.com:a/b.git", "git@example.com:a/b.git", ""),
        ("http://127.0.0.1:8000/b.git", "http://127.0.0.1:8000/b.git", ""),
    ],
)
def test_what_git_brings(here: Machine, words: str, url: str, ref: str) -> None:
    assert sources.source(here.host(), words) == sources.Source(
        words, url=url, ref=ref, short=words.startswith("mem0ai/")
    )


@pytest.mark.parametrize("words", ["./market", "market", "~/market", "/srv/market", "a/b/c", "../mem0ai/mem0"])
def test_what_is_a_folder(here: Machine, words: str) -> None:
    made = here.host()
    folder = made.home / words[2:] if words.startswith("~") else made.cwd / words
    assert sources.source(made, words) == sources.Source(str(folder), folder)


@pytest.mark.parametrize(
    "words", ["http://example.com/b.git", "ftp://example.com/b", "file:///srv/b", "https://e.com/b.git#--upload-pack=x"]
)
def test_what_is_no_address_for_us(here: Machine, words: str) -> None:
    with pytest.raises(UserError, match="no address") as caught:
        sources.source(here.host(), words)
    assert caught.value.code == "marketplace.unusable"


def catalogue(*rows: tuple[str, str], name: str = "shelf") -> str:
    return json.dumps({"name": name, "plugins": [{"name": plugin, "source": source} for plugin, source in rows]})


def plugin(name: str, **servers: Json) -> str:
    return json.dumps({"name": name, "mcpServers": servers})


def listing(here: Machine, tree: dict[str, str], client: str = "claude-code") -> Listing:
    root = here.root / "market"
    write_tree(root, tree)
    files = host.gather([partial(market.wants, root, client)])
    return market.listing(here.host(), client, sources.Source(str(root), root), root, files)


def test_the_one_called_mem0_comes_first(here: Machine) -> None:
    found = listing(here, {
        CATALOGUE: catalogue(("notes", "./notes"), ("mem0", "./memory")),
        f"notes/{PLUGIN}": plugin("notes", memory=PLATFORM),
        f"memory/{PLUGIN}": plugin("mem0", other={"command": "x"}, mem0=PLATFORM),
    })  # fmt: skip
    assert (found.offer.identity, found.server, dict(found.entry)) == ("mem0@shelf", "mem0", PLATFORM)


def test_another_name_will_do_where_the_server_is_a_mem0(here: Machine) -> None:
    found = listing(here, {
        CATALOGUE: catalogue(("theme", "./theme"), ("notes", "./notes")),
        f"theme/{PLUGIN}": plugin("theme"),
        f"notes/{PLUGIN}": plugin("notes", memory=PLATFORM, clock={"command": "clock"}),
    })  # fmt: skip
    assert (found.offer.identity, found.server) == ("notes@shelf", "memory")


def test_codex_has_a_list_and_a_manifest_of_its_own(here: Machine) -> None:
    theirs = {"name": "codex-shelf", "plugins": [{"name": "mem0", "source": {"source": "local", "path": "./c"}}]}
    tree = {
        CATALOGUE: catalogue(("mem0", "./a")),
        ".agents/plugins/marketplace.json": json.dumps(theirs),
        f"a/{PLUGIN}": plugin("mem0", mem0={"command": "a"}),
        "c/.codex-plugin/plugin.json": plugin("mem0", mem0=PLATFORM),
    }
    assert listing(here, tree).offer.market == "shelf"
    found = listing(here, tree, "codex")
    assert (found.offer.identity, dict(found.entry)) == ("mem0@codex-shelf", PLATFORM)


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {CATALOGUE: "{"},
        {CATALOGUE: "[]"},
        {CATALOGUE: json.dumps({"name": "shelf", "plugins": 3})},
        {CATALOGUE: catalogue(("mem0", "./mem0"), name="../../.ssh"), f"mem0/{PLUGIN}": plugin("mem0", mem0=PLATFORM)},
        {CATALOGUE: catalogue(("mem0", "./mem0"), name=""), f"mem0/{PLUGIN}": plugin("mem0", mem0=PLATFORM)},
        {CATALOGUE: catalogue(("mem0", "./mem0"), name="mem0-agent"), f"mem0/{PLUGIN}": plugin("mem0", mem0=PLATFORM)},
        {CATALOGUE: catalogue(("../mem0", "./mem0")), f"mem0/{PLUGIN}": plugin("mem0", mem0=PLATFORM)},
        {CATALOGUE: catalogue(("-x", "./mem0")), f"mem0/{PLUGIN}": plugin("mem0", mem0=PLATFORM)},
        {CATALOGUE: catalogue(("mem0", "../elsewhere")), f"../elsewhere/{PLUGIN}": plugin("mem0", mem0=PLATFORM)},
        {CATALOGUE: catalogue(("theme", "./theme")), f"theme/{PLUGIN}": plugin("theme", clock={"command": "clock"})},
    ],
    ids=["empty", "broken", "a list", "no list", "name leads out", "no name", "our name", "plugin leads out", "a flag", "source leads out",
         "no memory"],
)  # fmt: skip
def test_what_cannot_be_used(here: Machine, tree: dict[str, str]) -> None:
    with pytest.raises(UserError) as caught:
        listing(here, tree)
    assert caught.value.code == "marketplace.unusable"


# Git


@pytest.fixture
def git(here: Machine) -> str:
    """The program, put on PATH."""
    found = shutil.which("git")
    if not found:
        pytest.skip("git is not here")
    (here.bin / "git").symlink_to(found)
    return found


def test_a_link_in_a_repository_leads_nowhere(here: Machine, git: str) -> None:
    secret = here.root / "secret.json"
    secret.write_text(catalogue(("mem0", "./mem0"), name="stolen"))
    root = here.root / "evil"
    (root / ".claude-plugin").mkdir(parents=True)
    (root / CATALOGUE).symlink_to(secret)
    for words in (("init", "-q"), ("add", "-A"), ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x")):
        subprocess.run([git, *words], cwd=root, check=True, env=here.environment())
    (here.home / ".gitconfig").write_text(f'[url "file://{root}"]\n\tinsteadOf = https://example.com/evil.git\n')
    where = sources.source(here.host(), "https://example.com/evil.git")
    with checkout(where, here.environment()) as place:
        assert not (place / CATALOGUE).is_symlink()
        files = host.gather([partial(market.wants, place, "claude-code")])
        with pytest.raises(UserError) as caught:
            market.listing(here.host(), "claude-code", where, place, files)
    assert (caught.value.code, place.exists()) == ("marketplace.unusable", False)


def test_without_git_it_says_so(here: Machine) -> None:
    done = here.run("install", "-c", "codex", "--mode", "plugin", "--marketplace", "mem0ai/mem0", "--json", "--yes")
    assert (done.code, "there is no git on PATH" in done.error["message"]) == (1, True), done.all


@pytest.mark.usefixtures("git")
def test_what_git_says_is_handed_on(here: Machine) -> None:
    (here.home / ".gitconfig").write_text('[url "file:///nowhere/"]\n\tinsteadOf = https://github.com/\n')
    done = here.run("install", "-c", "codex", "--mode", "plugin", "--marketplace", "mem0ai/mem0", "--json", "--yes")
    assert (done.code, done.error["code"]) == (1, "marketplace.unusable"), done.all
    assert "/nowhere/mem0ai/mem0.git" in done.error["message"]


# What an administrator allows; each row as both releases of Claude Code were seen to take it

GITHUB = {"source": "github", "repo": "mem0ai/mem0"}
SSH, HTTPS = "git@git.example.com:a/b.git", "https://git.example.com/a/b.git"


@pytest.mark.parametrize(
    ("key", "rules", "source", "banned"),
    [
        ("strictKnownMarketplaces", [], "mem0ai/mem0", True),
        ("strictKnownMarketplaces", "x", "mem0ai/mem0", True),
        ("strictKnownMarketplaces", [GITHUB], "mem0ai/mem0", False),
        ("strictKnownMarketplaces", [GITHUB], "mem0ai/mem0@main", True),
        ("strictKnownMarketplaces", [{**GITHUB, "ref": "main"}], "mem0ai/mem0@main", False),
        ("strictKnownMarketplaces", [{**GITHUB, "ref": "main"}], "mem0ai/mem0", True),
        ("strictKnownMarketplaces", [GITHUB], "https://github.com/mem0ai/mem0.git", True),
        ("strictKnownMarketplaces", [{"source": "git", "url": HTTPS}], HTTPS, False),
        ("strictKnownMarketplaces", [{"source": "directory", "path": "/srv/m"}], "/srv/m", False),
        ("strictKnownMarketplaces", [{"source": "pathPattern", "pathPattern": "rv"}], "/srv/m", False),
        ("strictKnownMarketplaces", [{"source": "pathPattern", "pathPattern": "("}], "/srv/m", True),
        ("strictKnownMarketplaces", [{"source": "pathPattern", "pathPattern": "rv"}], HTTPS, True),
        ("strictKnownMarketplaces", [{"source": "hostPattern", "hostPattern": r"^github\.com$"}], "mem0ai/mem0", False),
        ("strictKnownMarketplaces", [{"source": "hostPattern", "hostPattern": r"^git\.example\.com$"}], SSH, False),
        ("strictKnownMarketplaces", [{"source": "hostPattern", "hostPattern": "example"}], HTTPS, False),
        ("blockedMarketplaces", [], "mem0ai/mem0", False),
        ("blockedMarketplaces", [GITHUB], "mem0ai/mem0", True),
        ("blockedMarketplaces", [GITHUB], "mem0ai/mem0@main", True),
        ("blockedMarketplaces", [GITHUB], "https://github.com/mem0ai/mem0.git", True),
        ("blockedMarketplaces", [GITHUB], "mem0ai/other", False),
        ("blockedMarketplaces", [{"source": "hostPattern", "hostPattern": "github"}], "mem0ai/mem0", True),
        ("blockedMarketplaces", ["mem0-plugins"], "mem0ai/mem0", False),
        ("enabledPlugins", {"mem0@mem0-plugins": False}, "mem0ai/mem0", True),
        ("enabledPlugins", {"mem0@mem0-plugins": True}, "mem0ai/mem0", False),
    ],
)
def test_an_administrators_lists(here: Machine, key: str, rules: Json, source: str, banned: bool) -> None:
    path = Path("/etc/claude-code/managed-settings.json")
    offer = Offer("mem0-plugins", "mem0", source)
    found = SHOPPERS["claude-code"].plugin_ban(here.host(), {path: json.dumps({key: rules}).encode()}, offer)
    assert (found is not None) == banned
    assert found is None or (found.id, found.path, key in found.detail) == ("policy.blocked", path, True)


# The command line


@pytest.mark.parametrize(
    "words",
    [
        ("--marketplace", "x"),
        ("--mode", "plugin", "--marketplace", "x", "--backend", "local"),
        ("--mode", "plugin", "--marketplace", "x", "--url", "http://localhost:1"),
        ("--mode", "plugin", "--marketplace", "x", "--skip", "hooks"),
        ("--mode", "plugin", "--marketplace", "x", "--client", "cowork"),
    ],
)
def test_words_that_do_not_go_together(here: Machine, words: tuple[str, ...]) -> None:
    done = here.run("install", "-c", "codex", *words, "--json", "--yes")
    assert (done.code, done.error["code"], here.dirs.state.exists()) == (2, "usage", False), done.all


def test_the_app_is_told_by_hand(here: Machine) -> None:
    done = here.run("install", "-c", "cowork", "--mode", "plugin", "--marketplace", "mem0ai/mem0", "--yes")
    assert (done.code, "Add marketplace, and there: mem0ai/mem0" in done.err) == (2, True), done.all


def test_the_clients_command_is_needed(here: Machine, tmp_path: Path) -> None:
    write_tree(
        tmp_path / "m", {CATALOGUE: catalogue(("mem0", "./mem0")), f"mem0/{PLUGIN}": plugin("mem0", mem0=PLATFORM)}
    )
    done = here.run(
        "install", "-c", "codex", "--mode", "plugin", "--marketplace", str(tmp_path / "m"), "--json", "--yes",
        env={"MEM0_API_KEY": "k"},
    )  # fmt: skip
    assert (done.code, done.error["code"], here.dirs.state.exists()) == (1, "plugin.no-program", False), done.all
