"""Hooks in documents: what is added, what is ours, what was the vendor's, what goes and what it takes along."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from mem0_agent.clients import CLIENTS, claude_hooks, codex_hooks
from mem0_agent.edits import document
from mem0_agent.model import Edit
from mem0_agent.planning import hooks

if TYPE_CHECKING:
    from mem0_agent.model import Files, Handler, Host
    from tests.machine import Machine

Json = Any
SIDES = {"claude-code": claude_hooks, "codex": codex_hooks}
THEIRS = {"type": "command", "command": "true mine", "timeout": 7}


@pytest.fixture
def host(here: Machine) -> Host:
    return here.host()


def file(host: Host, client: str) -> Path:
    side = CLIENTS[client].hooks
    assert side
    return side.file(host, {}, "user", None)


def files_of(path: Path, events: Json, **more: Json) -> Files:
    return {path: json.dumps({"hooks": events, **more}).encode()}


def installed(host: Host, client: str, files: Files) -> Files:
    """``files`` after our hooks were added to them."""
    path = file(host, client)
    after, _ = document.perform(path, files.get(path), list(hooks.additions(host, client, "user", path, files)))
    return {**files, path: after}


def events_in(files: Files, path: Path) -> Json:
    data = files[path]
    assert data is not None
    return json.loads(data)["hooks"]


# What is added


@pytest.mark.parametrize("client", SIDES)
def test_every_event_gets_one_group_behind_all_others(host: Host, client: str) -> None:
    path = file(host, client)
    before = {
        "Stop": [{"hooks": [THEIRS]}, {"matcher": "", "hooks": [THEIRS, THEIRS]}],
        "Other": [{"hooks": [THEIRS]}],
    }
    after = events_in(installed(host, client, files_of(path, before)), path)
    assert after["Stop"][:2] == before["Stop"]
    assert after["Other"] == before["Other"]
    assert {event: len(groups) for event, groups in after.items()} == {
        **{hook.event: 1 for hook in SIDES[client].EVENTS}, "Stop": 3, "Other": 1,
    }  # fmt: skip
    lines = {handler["command"] for groups in after.values() for group in groups for handler in group["hooks"]}
    assert lines == {"true mine", hooks.command(host, client, "user")}
    assert not [*SIDES[client].faults({"hooks": after})]


@pytest.mark.parametrize("client", SIDES)
def test_nothing_is_added_twice(host: Host, client: str) -> None:
    path = file(host, client)
    files = installed(host, client, {})
    assert not [*hooks.additions(host, client, "user", path, files)]


@pytest.mark.parametrize("client", SIDES)
def test_a_hook_of_ours_that_somebody_changed_is_not_added_again(host: Host, client: str) -> None:
    path = file(host, client)
    events = events_in(installed(host, client, {}), path)
    events["Stop"][0]["hooks"][0]["timeout"] = 99
    events["SessionStart"][0]["hooks"].insert(0, THEIRS)
    assert not [*hooks.additions(host, client, "user", path, files_of(path, events))]


@pytest.mark.parametrize("client", SIDES)
def test_only_what_is_missing_is_added(host: Host, client: str) -> None:
    path = file(host, client)
    events = events_in(installed(host, client, {}), path)
    del events["Stop"]
    (edit,) = hooks.additions(host, client, "user", path, files_of(path, events))
    assert (edit.op, edit.keys) == ("add", ("hooks", "Stop"))


@pytest.mark.parametrize("name", ["plain", "with space", "it's", '"q"', "$HOME", "`id`", "two\nlines", "Zoë 花子"])
def test_a_shell_reads_our_command_as_the_launcher_and_two_words(host: Host, name: str, tmp_path: Path) -> None:
    import dataclasses
    import subprocess

    home = tmp_path / name
    moved = dataclasses.replace(host, dirs=dataclasses.replace(host.dirs, data=home))
    launcher = moved.launcher
    launcher.parent.mkdir(parents=True)
    launcher.write_text('#!/bin/sh\nprintf "%s|" "$0" "$@"\n')
    launcher.chmod(0o755)
    done = subprocess.run(["/bin/sh", "-c", hooks.command(moved, "codex", "user")], capture_output=True, check=True)
    assert done.stdout.decode() == f"{launcher}|hook|codex|"


def test_a_projects_file_names_no_path_of_this_machine(host: Host) -> None:
    assert hooks.command(host, "codex", "project") == "mem0-agent hook codex"


# What is ours, what was the vendor's


@pytest.mark.parametrize("client", SIDES)
@pytest.mark.parametrize("form", ["{}", "{} ", " {}", "{} --verbose", "time {}", "{} && true", "echo '{}'"])
def test_only_the_very_command_is_ours(host: Host, client: str, form: str) -> None:
    line = form.format(hooks.command(host, client, "user"))
    path = file(host, client)
    (found,) = hooks.handlers(
        client, "user", path, files_of(path, {"Stop": [{"hooks": [{**THEIRS, "command": line}]}]})
    )
    assert hooks.is_ours(host, found) == (form == "{}")


FORMER = [
    "bash /home/x/mem0/integrations/mem0-plugin/scripts/on_stop.sh",
    '"/opt/with space/mem0-plugin/scripts/on_user_prompt.sh"',
    "python3 ~/.claude/plugins/cache/mem0/claude-code-plugin/adapters/claude/hook.py Stop",
    'python3 "/x/codex-plugin/hooks/adapter.py" Stop',
    r'"C:\Users\x\mem0-plugin\scripts\on_stop.cmd"',
]
OTHERS = [
    "bash /home/x/my-mem0-plugin/scripts/on_stop.sh",
    "bash /home/x/mem0-plugin.bak/scripts/on_stop.sh",
    "bash ~/bin/mem0-plugin",
    "echo mem0-plugin scripts",
    "cat /home/x/mem0-plugin/README.md",
    "grep 'unbalanced /mem0-plugin/scripts/x",
    "",
]


@pytest.mark.parametrize(("line", "former"), [*((line, True) for line in FORMER), *((line, False) for line in OTHERS)])
def test_the_vendors_former_hooks_are_known_by_their_place(host: Host, line: str, former: bool) -> None:
    path = file(host, "codex")
    (found,) = hooks.handlers(
        "codex", "user", path, files_of(path, {"Stop": [{"hooks": [{**THEIRS, "command": line}]}]})
    )
    assert hooks.is_former(found) == former


def test_a_former_group_goes_whole_and_one_that_somebody_shares_stays(host: Host) -> None:
    path = file(host, "codex")
    old = {**THEIRS, "command": FORMER[0]}
    groups = [{"hooks": [old, old]}, {"hooks": [old, THEIRS]}, {"hooks": [THEIRS]}]
    found = tuple(hooks.handlers("codex", "user", path, files_of(path, {"Stop": groups})))
    assert [edit for _, edit in hooks.removals(found)] == [Edit("take", ("hooks", "Stop"), groups[0])]


STRANGE: list[Json] = [
    [],
    "x",
    3,
    None,
    {"Stop": 3},
    {"Stop": [3, None, {"hooks": 3}, {"hooks": [3, "x"]}, {}]},
]


@pytest.mark.parametrize("client", SIDES)
@pytest.mark.parametrize("events", STRANGE)
def test_strange_documents_hold_no_hooks(host: Host, client: str, events: Json) -> None:
    path = file(host, client)
    files = files_of(path, events)
    assert [*hooks.handlers(client, "user", path, files)] == []
    assert [*hooks.departures(host, client, "user", path, files)] == []


# What goes


def departed(host: Host, client: str, files: Files) -> Json:
    path = file(host, client)
    edits = [edit for _, edit in hooks.departures(host, client, "user", path, files)]
    return json.loads(document.perform(path, files[path], edits)[0])["hooks"]


@pytest.mark.parametrize("client", SIDES)
def test_our_part_of_a_group_goes_and_the_rest_stays(host: Host, client: str) -> None:
    path = file(host, client)
    events = events_in(installed(host, client, {}), path)
    events["Stop"][0]["hooks"].append(THEIRS)
    events["Stop"].append({"hooks": [THEIRS]})
    events["SessionStart"].insert(0, {"matcher": "x", "hooks": [THEIRS, events["Stop"][0]["hooks"][0]]})
    assert departed(host, client, files_of(path, events)) == {
        **{hook.event: [] for hook in SIDES[client].EVENTS},
        "Stop": [{"hooks": [THEIRS]}, {"hooks": [THEIRS]}],
        "SessionStart": [{"matcher": "x", "hooks": [THEIRS]}],
    }


def test_a_group_with_something_unreadable_in_it_is_shared(host: Host) -> None:
    path = file(host, "claude-code")
    ours = {**THEIRS, "command": hooks.command(host, "claude-code", "user")}
    assert departed(host, "claude-code", files_of(path, {"Stop": [{"hooks": ["?", ours]}]})) == {
        "Stop": [{"hooks": ["?"]}]
    }


# What it takes along in Codex: the trust of those behind


def handlers(host: Host, files: Files) -> list[Handler]:
    return [h for h in hooks.handlers("codex", "user", file(host, "codex"), files) if hooks.is_ours(host, h)]


def keyed(path: Path, *places: tuple[str, int, int]) -> list[str]:
    return [codex_hooks.key(path, *place) for place in places]


@pytest.mark.parametrize(
    ("groups", "before", "after"),
    [
        (["ot"], {(0, 1): "a"}, {(0, 0): "a"}),
        (["to"], {(0, 0): "a"}, {(0, 0): "a"}),
        (["o", "t", "tt"], {(1, 0): "a", (2, 0): "b", (2, 1): "c"}, {(0, 0): "a", (1, 0): "b", (1, 1): "c"}),
        (["t", "o", "t"], {(0, 0): "a", (2, 0): "b"}, {(0, 0): "a", (1, 0): "b"}),
        (
            ["o", "tot", "o", "t"],
            {(1, 0): "a", (1, 2): "b", (3, 0): "c"},
            {(0, 0): "a", (0, 1): "b", (1, 0): "c"},
        ),
        (["o", "t", "t"], {(2, 0): "b"}, {(1, 0): "b"}),
        (["oo", "", "t"], {(2, 0): "b"}, {(1, 0): "b"}),
    ],
)
def test_trust_moves_with_the_hook_that_it_was_given_to(
    host: Host, groups: list[str], before: dict[tuple[int, int], str], after: dict[tuple[int, int], str]
) -> None:
    """``o`` is a hook of ours, ``t`` one of theirs; ours are trusted too."""
    path, config = file(host, "codex"), host.home / ".codex/config.toml"
    ours = {**THEIRS, "command": hooks.command(host, "codex", "user")}
    held = [{"hooks": [ours if kind == "o" else THEIRS for kind in group]} for group in groups]
    own = {(n, i): "ours" for n, group in enumerate(groups) for i, kind in enumerate(group) if kind == "o"}
    states = {codex_hooks.key(path, "Stop", *at): {"trusted_hash": word} for at, word in {**before, **own}.items()}
    text, _ = document.perform(
        config, b'model = "x"\n', [Edit("put", ("hooks", "state", name), s) for name, s in states.items()]
    )
    files = {**files_of(path, {"Stop": held}), config: text}
    edits = [edit for where, edit in codex_hooks.farewell(host, files, handlers(host, files)) if where == config]
    done = document.editor(config).parse(document.perform(config, text, edits)[0])
    assert done["hooks"]["state"] == {
        codex_hooks.key(path, "Stop", *at): {"trusted_hash": word} for at, word in after.items()
    }


def test_nobody_is_asked_about_an_event_that_the_release_does_not_know(host: Host) -> None:
    path, config = file(host, "codex"), host.home / ".codex/config.toml"
    files = installed(host, "codex", files_of(path, {"Stop": [{"hooks": [THEIRS]}]}))
    assert {codex_hooks.trust(host, files, handler) for handler in handlers(host, files)} == {"awaiting"}
    stop = next(handler for handler in handlers(host, files) if handler.event == "Stop")
    assert stop.group == 1
    name = codex_hooks.key(path, stop.event, stop.group, stop.index)
    state = Edit("put", ("hooks", "state", name), {"trusted_hash": codex_hooks.identity(stop)})
    trusted = {**files, config: document.perform(config, b"", [state])[0]}
    told = {handler.event: codex_hooks.trust(host, trusted, handler) for handler in handlers(host, trusted)}
    assert (told["Stop"], told["SessionEnd"], told["SessionStart"]) == ("trusted", "not-needed", "awaiting")


# What makes a client ignore a file

FAULTS: list[tuple[str, Json, bool]] = [
    ("claude-code", {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "x"}]}]}, "model": "m"}, False),
    ("claude-code", {"hooks": {"Stop": [{"hooks": [{"type": "comand", "command": "x"}]}]}}, True),
    ("claude-code", {"hooks": {"Stop": [{"hooks": [{"type": "command"}]}]}}, True),
    ("claude-code", {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "x", "timeout": 0}]}]}}, True),
    ("claude-code", {"hooks": {"Stop": {}}}, True),
    ("claude-code", {"hooks": []}, True),
    ("codex", {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "x"}]}]}, "description": "d"}, False),
    ("codex", {"hooks": {}, "model": "x"}, True),
    ("codex", {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "x", "timeout": 1.5}]}]}}, True),
    ("codex", {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "x", "timeout": "1"}]}]}}, True),
]  # fmt: skip


@pytest.mark.parametrize(("client", "held", "bad"), FAULTS)
def test_what_voids_a_file_is_seen_before_we_write(host: Host, client: str, held: Json, bad: bool) -> None:
    path = file(host, client)
    assert bool([*SIDES[client].faults(hooks.ruled(path, {path: json.dumps(held).encode()}))]) == bad


def test_what_stands_beside_hooks_in_codexs_own_settings_is_no_fault(host: Host) -> None:
    config = host.home / ".codex/config.toml"
    text = b'model = "x"\n[[hooks.Stop]]\nhooks = [{ type = "command", command = "true" }]\n[hooks.state]\n'
    assert codex_hooks.file(host, {config: text}, "user", None) == config
    assert codex_hooks.faults(hooks.ruled(config, {config: text})) == ()
    assert PurePosixPath(config).name == "config.toml"
