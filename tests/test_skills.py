"""Skills as files: what is written, what is outdated, what somebody has made their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mem0_agent.model import Backend, Receipt, Record, digest
from mem0_agent.package import kit
from mem0_agent.planning import skills

if TYPE_CHECKING:
    from pathlib import Path

    from mem0_agent.model import Host, Kit
    from tests.machine import Machine

CLIENTS = ("claude-code", "codex")
HEAD = b"---\nname: x\ndescription: does x\n---\n"


@pytest.fixture
def host(here: Machine) -> Host:
    return here.host()


@pytest.fixture
def given() -> Kit:
    return replace(kit(), skills={"one/SKILL.md": HEAD, "one/references/a.md": b"a\n", "two/SKILL.md": HEAD})


def receipt(*held: tuple[Path, bytes]) -> Receipt:
    return Receipt(Backend("local"), {path: Record(path, "codex", None, digest(text)) for path, text in held})


def test_each_client_reads_them_in_its_own_folder(host: Host, given: Kit) -> None:
    at = {name: {item.path for item in skills.wanted(host, name, "user", None, given)} for name in CLIENTS}
    roots = {"claude-code": host.home / ".claude/skills", "codex": host.home / ".agents/skills"}
    assert at == {name: {root / item for item in given.skills} for name, root in roots.items()}
    project = skills.wanted(host, "codex", "project", host.cwd, given)
    assert {item.path.relative_to(host.cwd).parts[:2] for item in project} == {(".agents", "skills")}
    assert skills.names(given) == ("one", "two")


@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_missing_or_ours_and_outdated_is_written(host: Host, given: Kit, client: str) -> None:
    want = skills.wanted(host, client, "user", None, given)
    old, same, gone = want
    files = {old.path: b"of the last version", same.path: same.text, gone.path: None}
    known = receipt((old.path, b"of the last version"))
    found = list(skills.changes(files, known, client, "user", want))
    assert [(change.path, change.before, change.after) for change in found] == [
        (old.path, b"of the last version", old.text), (gone.path, None, gone.text),
    ]  # fmt: skip
    assert skills.edited(files, known, want) == ()


@pytest.mark.parametrize("known", [True, False], ids=["since", "before us"])
def test_what_somebody_wrote_stays_and_is_named(host: Host, given: Kit, known: bool) -> None:
    want = skills.wanted(host, "codex", "user", None, given)
    files = {item.path: item.text for item in want} | {want[0].path: b"my own words"}
    held = receipt((want[0].path, want[0].text)) if known else None
    assert list(skills.changes(files, held, "codex", "user", want)) == []
    assert skills.edited(files, held, want) == (want[0].path,)


@pytest.mark.parametrize("left", [b"", b"\0" * 9, HEAD[:7] + b"\0\0"])
def test_what_a_power_cut_leaves_of_ours_is_ours(host: Host, given: Kit, left: bytes) -> None:
    want = skills.wanted(host, "codex", "user", None, given)
    files = {item.path: item.text for item in want} | {want[0].path: left}
    known = receipt((want[0].path, want[0].text))
    assert [change.after for change in skills.changes(files, known, "codex", "user", want)] == [want[0].text]
    assert skills.edited(files, known, want) == ()
    assert skills.edited(files, None, want) == (want[0].path,)
    assert list(skills.changes(files, None, "codex", "user", want)) == []


def test_what_somebody_has_cut_short_is_theirs(host: Host, given: Kit) -> None:
    want = skills.wanted(host, "codex", "user", None, given)
    files = {item.path: item.text for item in want} | {want[0].path: want[0].text[:-9]}
    known = receipt((want[0].path, want[0].text))
    assert list(skills.changes(files, known, "codex", "user", want)) == []
    assert skills.edited(files, known, want) == (want[0].path,)


def test_only_a_new_file_need_not_wait_for_the_disk(host: Host, given: Kit) -> None:
    want = skills.wanted(host, "codex", "user", None, given)
    files = {want[0].path: b"of the last version"}
    found = skills.changes(files, receipt((want[0].path, b"of the last version")), "codex", "user", want)
    assert [change.durable for change in found] == [True, False, False]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (HEAD, ""), (HEAD.replace(b"\n", b"\r\n"), ""), (b"\xef\xbb\xbf" + HEAD, ""),
        (b"# no front matter\n", "no front matter"), (b"", "no front matter"), (b"---\nname: x\n", "no front matter"),
        (b"---\nname: x\n---\n", "no description"), (b"---\ndescription: x\n---\n", "no name"),
        (b"---\nname:\ndescription: x\n---\n", "no name"), (b"---\n---\n", "no name and no description"),
    ],
)  # fmt: skip
def test_what_a_client_could_not_read_is_seen(host: Host, given: Kit, text: bytes, fault: str) -> None:
    want = skills.wanted(host, "codex", "user", None, given)
    found = skills.faults({want[0].path: text, want[1].path: b"any", want[2].path: None}, want)
    assert (list(found) == [want[0].path] and fault in found[want[0].path]) if fault else found == {}
