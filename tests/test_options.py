"""From the words of a command line to what was asked for."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mem0_agent.commands import options
from mem0_agent.model import PLATFORM_URL, Exit, UserError
from mem0_agent.showing.render import Face

if TYPE_CHECKING:
    from tests.machine import Machine

WORDS: dict[str, Any] = {
    "client": ["codex"], "scope": "user", "project": None, "mode": "direct", "marketplace": "", "backend": "auto", "url": "",
    "skip": [], "store_key": False, "api_key_stdin": False, "trust_hooks": False, "replace": False,
    "allow_duplicate": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "env", "kind", "url"),
    [
        ({}, {}, "local", ""),
        ({}, {"MEM0_API_KEY": "k"}, "platform", PLATFORM_URL),
        ({"url": "https://x/mcp"}, {}, "platform", "https://x/mcp"),
        ({"backend": "platform"}, {}, "platform", PLATFORM_URL),
        ({"backend": "local"}, {"MEM0_API_KEY": "k"}, "local", ""),
        ({"backend": "self-hosted", "url": "http://localhost:8888"}, {}, "self-hosted", "http://localhost:8888"),
    ],
)
def test_the_backend(here: Machine, words: dict[str, Any], env: dict[str, str], kind: str, url: str) -> None:
    backend = options.request_of(here.host(**env), WORDS | words, Face()).backend
    assert (backend.kind, backend.url) == (kind, url)


@pytest.mark.parametrize(
    "words",
    [
        {"mode": "plugin", "scope": "project"}, {"skip": ["mcp", "hooks", "skills"]}, {"skip": ["x"]}, {"client": ["nobody"]},
        {"backend": "local", "url": "http://x"}, {"backend": "self-hosted"}, {"api_key_stdin": True},
    ],
    ids=str,
)  # fmt: skip
def test_what_does_not_go_together_is_a_matter_of_usage(here: Machine, words: dict[str, Any]) -> None:
    with pytest.raises(UserError) as caught:
        options.request_of(here.host(), WORDS | words, Face())
    assert (caught.value.exit_code, caught.value.code.startswith("usage")) == (Exit.USAGE, True)


def test_a_given_key_is_a_secret_from_then_on(here: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("  the key \nmore\n"))
    face = Face()
    request = options.request_of(here.host(), WORDS | {"api_key_stdin": True, "store_key": True}, face)
    assert (request.key, face.secrets) == ("the key", ["the key"])


def test_clients_once_each_in_their_order() -> None:
    assert options.chosen_clients(["codex", "claude-code", "codex"]) == ("codex", "claude-code")


def test_the_project_is_the_repository_above(here: Machine) -> None:
    (here.work / "a/b").mkdir(parents=True)
    deep = replace(here.host(), cwd=here.work / "a/b")
    assert options.project_folder(deep, None) == here.work / "a/b"
    (here.work / ".git").mkdir()
    assert options.project_folder(deep, None) == here.work
    assert options.project_folder(deep, Path("..")).resolve() == here.work / "a"
