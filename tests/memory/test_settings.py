from __future__ import annotations

import copy
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mem0_agent.memory import settings
from mem0_agent.memory.settings import DEFAULTS, Settings

Load = Callable[..., Settings]


@pytest.fixture
def load(home: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    for name in ("MEM0_USER_ID", "MEM0_API_KEY", "LNAME", "USER", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOGNAME", "os-user")
    (home / "config").mkdir(parents=True)
    (home / "state").mkdir()

    def load(text: str | bytes | None = None) -> Settings:
        if text is not None:
            data = text if isinstance(text, bytes) else text.encode()
            (home / "config" / "config.toml").write_bytes(data)
        return settings.load(*(str(home / name) for name in ("config", "data", "state")))

    return load


def hooks(found: Settings) -> dict[str, Any]:
    return {name: getattr(found.hooks, name) for name in found.hooks.__slots__}


def test_defaults_hold_where_there_is_no_file(load: Load, home: Path) -> None:
    found = load()
    assert (found.backend, found.url, found.api_url, found.user_id) == ("local", "", "", "os-user")
    assert hooks(found) == DEFAULTS["hooks"]
    assert found.problem == ""
    assert found.database == str(home / "data" / "memory.db")
    assert list((home / "state").iterdir()) == []


def test_directories_may_be_missing(tmp_path: Path) -> None:
    found = settings.load(str(tmp_path / "a"), str(tmp_path / "b"), str(tmp_path / "c"))
    assert found.problem == ""
    assert list(tmp_path.iterdir()) == []


def test_every_key_can_be_set(load: Load) -> None:
    found = load(
        'backend = "self-hosted"\nurl = "http://localhost:8888/"\nuser_id = " bob "\n[hooks]\ncapture = "listed"\n'
        'directories = ["/a"]\nexclude = ["/a/b"]\nrecall = false\nmax_memories = 3\nmax_characters = 900\n'
        "min_prompt = 0\nlocal_budget_ms = 99\nnetwork_budget_ms = 1000\n"
    )
    assert (found.problem, found.backend, found.user_id) == ("", "self-hosted", "bob")
    assert (found.url, found.api_url) == ("http://localhost:8888/", "http://localhost:8888")
    assert hooks(found) == {
        "capture": "listed",
        "directories": ["/a"],
        "exclude": ["/a/b"],
        "recall": False,
        "max_memories": 3,
        "max_characters": 900,
        "min_prompt": 0,
        "local_budget_ms": 99,
        "network_budget_ms": 1000,
    }


@pytest.mark.parametrize(
    ("text", "api_url"),
    [
        ('backend = "platform"', "https://api.mem0.ai"),
        ('backend = "platform"\nurl = "https://mcp.example/mcp"', "https://api.mem0.ai"),
        ('backend = "platform"\napi_url = "https://api.example/"', "https://api.example"),
        ('backend = "self-hosted"\nurl = "https://mem.example"', "https://mem.example"),
        (
            'backend = "self-hosted"\nurl = "https://a.example"\napi_url = "https://b.example"',
            "https://b.example",
        ),
        ('backend = "local"\napi_url = "https://b.example"', ""),
    ],
)
def test_the_rest_api_of_each_backend(load: Load, text: str, api_url: str) -> None:
    assert load(text).api_url == api_url


@pytest.mark.parametrize(
    ("configured", "variable", "user"),
    [
        ("", "", "os-user"),
        ("", "from-env", "from-env"),
        ('user_id = ""', "from-env", "from-env"),
        ('user_id = "from-file"', "from-env", "from-file"),
    ],
)
def test_the_user(load: Load, monkeypatch: pytest.MonkeyPatch, configured: str, variable: str, user: str) -> None:
    monkeypatch.setenv("MEM0_USER_ID", variable)
    assert load(configured).user_id == user


def test_the_user_without_an_environment(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOGNAME")
    assert load().user_id


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('backend = "locale"', "backend"),
        ("user_id = 3", "user_id"),
        ("[hooks]\nmax_memories = true", "max_memories"),
        ("[hooks]\nmax_memories = -1", "max_memories"),
        ("[hooks]\nrecall = 1", "recall"),
        ('[hooks]\nmin_prompt = "20"', "min_prompt"),
    ],
)
def test_an_unusable_value_is_the_default_and_named(load: Load, text: str, named: str) -> None:
    found = load(text)
    assert named in found.problem
    assert found.hooks.capture == "on"
    assert {
        "backend": found.backend,
        "url": found.url,
        "api_url": found.api_url,
        "user_id": found.user_id,
        "hooks": hooks(found),
    } == {**DEFAULTS, "user_id": "os-user"}


@pytest.mark.parametrize(
    "text",
    [
        "not toml at all",
        b"user_id = '\xff'",
        "hooks = 3",
        '[hooks]\ncapture = "no"',
        "[hooks]\ncapture = false",
        '[hooks]\nexclude = "/secret"',
        "[hooks]\ndirectories = [1]",
    ],
)
def test_doubt_about_what_may_be_captured_captures_nothing(load: Load, text: str | bytes) -> None:
    found = load(text)
    assert found.problem.endswith(".")
    assert found.hooks.capture == "off"
    assert {**hooks(found), "capture": "on"} == DEFAULTS["hooks"]


def test_a_config_that_is_a_directory_is_a_problem(load: Load, home: Path) -> None:
    (home / "config" / "config.toml").mkdir()
    found = load()
    assert "config.toml" in found.problem
    assert (found.backend, found.hooks.capture) == ("local", "off")


def test_unknown_keys_and_a_byte_order_mark_are_let_pass(load: Load) -> None:
    found = load(b'\xef\xbb\xbfuser_id = "bob"\nfuture = 2026-01-01\n')
    assert (found.problem, found.user_id) == ("", "bob")


def test_defaults_are_never_changed(load: Load) -> None:
    before = copy.deepcopy(DEFAULTS)
    load('[hooks]\nmax_memories = 9\ndirectories = ["/x"]')
    load("[hooks]\nexclude = 3")
    assert before == DEFAULTS


def test_the_copy_is_used_while_the_file_is_the_same(load: Load, home: Path) -> None:
    load('user_id = "bob"')
    copied = home / "state" / "settings.json"
    assert stat.S_IMODE(copied.stat().st_mode) == 0o600
    document = json.loads(copied.read_bytes())
    document["table"]["user_id"] = "from-the-copy"
    copied.write_text(json.dumps(document))
    assert load().user_id == "from-the-copy"
    assert load('user_id = "carol"').user_id == "carol"
    assert list((home / "state").iterdir()) == [copied]


def test_a_replaced_file_of_same_size_and_time_is_seen(load: Load, home: Path) -> None:
    load('user_id = "bob"')
    config = home / "config" / "config.toml"
    before = config.stat()
    other = home / "config" / "other"
    other.write_text('user_id = "eve"')
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(config)
    assert load().user_id == "eve"


@pytest.mark.parametrize("garbage", [b"", b"{", b"[]", b"\xff", b'{"stamp": 1}', b'{"stamp": null, "table": 3}'])
def test_a_broken_copy_is_no_harm(load: Load, home: Path, garbage: bytes) -> None:
    load('user_id = "bob"')
    (home / "state" / "settings.json").write_bytes(garbage)
    assert load().user_id == "bob"


def test_a_state_directory_that_takes_no_file_is_no_harm(load: Load, home: Path) -> None:
    (home / "state").rmdir()
    (home / "state").write_text("a file in the way")
    assert load('user_id = "bob"').user_id == "bob"


def test_a_copy_that_cannot_be_replaced_leaves_nothing_behind(load: Load, home: Path) -> None:
    (home / "state" / "settings.json").mkdir()
    assert load('user_id = "bob"').user_id == "bob"
    assert [one.name for one in (home / "state").iterdir()] == ["settings.json"]


def test_the_key(load: Load, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().key() == ""
    (home / "config" / "credentials").write_text("m0-from-file\n")
    assert load().key() == "m0-from-file"
    monkeypatch.setenv("MEM0_API_KEY", " m0-from-env ")
    assert load().key() == "m0-from-env"


def test_a_key_file_that_is_no_text_is_no_key(load: Load, home: Path) -> None:
    (home / "config" / "credentials").write_bytes(b"\xff\xfe")
    assert load().key() == ""
