from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mem0_agent.edits import document, dotenv_text, json_text, toml_text
from mem0_agent.edits.document import Reverted, perform, revert
from mem0_agent.model import Edit, UserError

JSON, TOML, DOTENV = Path("/h/.claude.json"), Path("/h/config.toml"), Path("/h/.env")
SERVER = ("mcpServers", "mem0")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (".claude.json", json_text),
        (".mcp.json", json_text),
        ("SETTINGS.JSON", json_text),
        ("config.toml", toml_text),
        (".env", dotenv_text),
        ("local.env", dotenv_text),
    ],
)
def test_the_name_tells_the_editor(name: str, expected: Any) -> None:
    assert document.editor(Path("/h") / name) is expected


@pytest.mark.parametrize("name", ["config.yaml", "json", ".bashrc", "x.json5"])
def test_another_kind_of_file_is_refused(name: str) -> None:
    with pytest.raises(UserError) as caught:
        document.editor(Path("/h") / name)
    assert (caught.value.code, caught.value.path) == ("config.unsupported", Path("/h") / name)


@pytest.mark.parametrize(
    ("path", "result"),
    [
        (JSON, b'{\n  "mcpServers": {\n    "mem0": {\n      "url": "u"\n    }\n  }\n}\n'),
        (TOML, b'[mcpServers.mem0]\nurl = "u"\n'),
    ],
)
def test_a_file_that_is_not_there_starts_fresh(path: Path, result: bytes) -> None:
    text, done = perform(path, None, [Edit("put", SERVER, {"url": "u"})])
    assert text == result
    assert done == (Edit("put", SERVER, {"url": "u"}, made=1),)
    assert revert(path, text, done) == Reverted(document.editor(path).fresh(), ())


def test_edits_are_completed_one_after_the_other() -> None:
    edits = [
        Edit("put", ("a", "b", "c"), 1),
        Edit("put", ("a", "d"), 2),
        Edit("put", ("old",), 3),
        Edit("add", ("h", "Stop"), {"n": 1}),
        Edit("add", ("h", "Stop"), {"n": 2}),
        Edit("drop", ("gone",)),
        Edit("take", ("list",), 1),
        Edit("take", ("list",), 9),
        Edit("drop", ("never",)),
    ]
    before = b'{"old": "x", "gone": {"y": 1}, "list": [1, 2]}'
    text, done = perform(JSON, before, edits)
    assert json_text.parse(text) == {
        "old": 3, "list": [2], "a": {"b": {"c": 1}, "d": 2}, "h": {"Stop": [{"n": 1}, {"n": 2}]},
    }  # fmt: skip
    assert [(edit.was, edit.made) for edit in done] == [
        (None, 2), (None, 0), ("x", 0), (None, 2), (None, 0), ({"y": 1}, 0), (1, 0), (None, 0), (None, 0),
    ]  # fmt: skip
    back = revert(JSON, text, done)
    assert back.edited == ()
    assert json_text.parse(back.text) == {"old": "x", "gone": {"y": 1}, "list": [2, 1]}


@pytest.mark.parametrize("path", [JSON, TOML])
def test_nothing_to_do_gives_back_the_same_object(path: Path) -> None:
    text, done = perform(path, None, [Edit("put", SERVER, {"url": "u"})])
    again, nothing = perform(path, text, [Edit("put", SERVER, {"url": "u"}), Edit("drop", ("x",))])
    assert again is text
    assert revert(path, again, nothing).text is text
    assert revert(path, revert(path, text, done).text, done).edited == ()


@pytest.mark.parametrize(
    ("path", "before", "moved"),
    [
        (JSON, '{"a": 1}', ('"a": 1', '"z": [],  "a": 2')),
        (TOML, "a = 1\n", ("a = 1\n", "# mine\na = 2\n[z]\n")),
    ],
)
def test_our_edits_alone_are_taken_back_when_the_file_moved_on(path: Path, before: str, moved: tuple[str, str]) -> None:
    edits = [Edit("put", SERVER, {"url": "u"}), Edit("add", ("hooks", "Stop"), {"n": 1})]
    text, done = perform(path, before.encode(), edits)
    assert revert(path, text.replace(moved[0].encode(), moved[1].encode()), done) == Reverted(
        before.replace(*moved).encode(), ()
    )


EDITED = {
    "a changed entry": (Edit("put", ("a",), 1, made=0), '{"a": 2}', '{"a": 2}', "{}"),
    "a changed entry over another": (Edit("put", ("a",), 1, was=0), '{"a": 2}', '{"a": 2}', '{"a": 0}'),
    "another kind of number": (Edit("put", ("a",), 1), '{"a": 1.0}', '{"a": 1.0}', "{}"),
    "a changed element": (Edit("add", ("a",), 1, made=1), '{"a": [2]}', '{"a": [2]}', '{"a": [2]}'),
    "a new entry where one was dropped": (Edit("drop", ("a",), was=0), '{"a": 2}', '{"a": 2}', '{"a": 0}'),
}


@pytest.mark.parametrize("kind", EDITED)
def test_what_somebody_changed_since_is_reported_and_left(kind: str) -> None:
    edit, text, left, forced = EDITED[kind]
    assert revert(JSON, text.encode(), [edit]) == Reverted(left.encode(), (edit,))
    assert revert(JSON, text.encode(), [edit], force=True) == Reverted(forced.encode(), (edit,))


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (Edit("put", ("a", "b"), 1, was=0, made=0), '{"a": {}}'),
        (Edit("put", ("a", "b"), 1, made=1), '{"a": []}'),
        (Edit("drop", ("a",), was=0), '{"a": 0}'),
        (Edit("add", ("a",), 1, made=1), '{"a": []}'),
        (Edit("add", ("a",), 1, made=1), '{"b": 1}'),
        (Edit("take", ("a",), 1, was=1), '{"a": [2, 1]}'),
        (Edit("take", ("a",), 1), '{"a": [2]}'),
    ],
)
def test_what_is_gone_or_back_already_is_no_matter(edit: Edit, text: str) -> None:
    before = text.encode()
    after, edited = revert(JSON, before, [edit])
    assert after is before
    assert edited == ()


def test_parents_that_somebody_uses_by_now_stay() -> None:
    text, done = perform(JSON, b"{}", [Edit("put", ("a", "b", "c"), 1)])
    used = text.replace(b'"c": 1', b'"c": 1, "d": 2')
    assert json_text.parse(revert(JSON, used, done).text) == {"a": {"b": {"d": 2}}}


def test_a_key_in_a_dotenv_file() -> None:
    text, done = perform(DOTENV, b"A=1", [Edit("put", ("MEM0_API_KEY",), "k")])
    assert text == b"A=1\nMEM0_API_KEY=k"
    assert revert(DOTENV, text, done) == Reverted(b"A=1", ())


@pytest.mark.parametrize(
    ("path", "text", "code", "line"),
    [
        (JSON, b'{\n "mcpServers": []}', "config.invalid", 2),
        (JSON, b"", "config.invalid", 1),
        (TOML, b"\nx =", "config.invalid", 2),
        (DOTENV, b"A", "config.invalid", 1),
    ],
)
def test_an_error_names_the_file(path: Path, text: bytes, code: str, line: int) -> None:
    keys = SERVER if path is not DOTENV else ("A",)
    with pytest.raises(UserError) as caught:
        perform(path, text, [Edit("put", keys, "v")])
    assert (caught.value.code, caught.value.path, caught.value.line) == (code, path, line)


@pytest.mark.parametrize("path", [JSON, TOML, DOTENV])
def test_an_error_on_the_way_back_names_the_file(path: Path) -> None:
    with pytest.raises(UserError) as caught:
        revert(path, b"\n?", [Edit("put", ("A",), "v")])
    assert (caught.value.code, caught.value.path, caught.value.line) == ("config.invalid", path, 2)


@pytest.mark.parametrize("number", ["1E400", "7" * 5000])
def test_what_no_record_can_keep_is_not_displaced(number: str) -> None:
    for edit in (Edit("put", ("a",), 1), Edit("drop", ("a",))):
        with pytest.raises(UserError, match="cannot be recorded") as caught:
            perform(JSON, f'{{"a": [{number}]}}'.encode(), [edit])
        assert (caught.value.code, caught.value.path) == ("config.unsupported", JSON)
    with pytest.raises(UserError, match="cannot be recorded"):
        perform(TOML, b"a = 2026-01-01\n", [Edit("drop", ("a",))])
