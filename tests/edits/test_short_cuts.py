"""What is known of a text without reading it whole is what reading it whole tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mem0_agent.edits import json_outline, json_scan, json_text, toml_family, toml_text
from mem0_agent.edits.memo import SIZE, Memo
from mem0_agent.edits.text import decoded, same
from mem0_agent.model import UserError
from tests.edits.strategies import ENTRIES, JSON_TEXTS, PATHS, SOUP, TABLES, TOML_TEXTS, noise

relaxed = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=300)
VALUES = ENTRIES | TABLES
OPS = st.sampled_from(["put", "drop", "add", "take"])
FAMILIES = st.sampled_from(["mcp_servers", "features", "hooks", "z", "user_id", "a", "t", "aot", "new"])


@pytest.fixture(scope="module", autouse=True)
def every_text_is_large() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(toml_family, "LARGE", 0)
        yield


def edited(kind: Any, text: bytes, op: str, keys: tuple[str, ...], value: Any) -> bytes:
    match op:
        case "drop":
            return kind.drop(text, keys, 2)  # type: ignore[no-any-return]
        case "take":
            return kind.take(text, keys, value, 1)  # type: ignore[no-any-return]
    return getattr(kind, op)(text, keys, value)  # type: ignore[no-any-return]


def outcome(work: Any) -> Any:
    try:
        return work()
    except UserError as error:
        return (error.code, error.message, error.line, error.column, error.hint)


# JSON


@relaxed
@given(JSON_TEXTS.map(str.encode) | noise(JSON_TEXTS))
def test_one_pass_reads_what_a_plain_reader_reads(text: bytes) -> None:
    def plainly() -> Any:
        source = decoded(text)[1]
        json_scan.root(source)
        return json_scan.value_of(source)

    one, other = outcome(lambda: json_outline.read(text).data), outcome(plainly)
    assert same(one, other)
    if isinstance(one, dict):
        assert list(one) == list(other)


@relaxed
@given(JSON_TEXTS.map(str.encode))
def test_the_members_of_the_root_are_where_a_scan_finds_them(text: bytes) -> None:
    doc = json_outline.read(text)
    assert doc.root == json_scan.box_at(doc.text, json_scan.root(doc.text))


@relaxed
@given(JSON_TEXTS.map(str.encode), st.lists(st.tuples(OPS, PATHS, VALUES), min_size=1, max_size=4))
def test_a_json_edit_knows_what_the_new_text_holds(text: bytes, edits: list[tuple[str, tuple[str, ...], Any]]) -> None:
    for op, keys, value in edits:
        with suppress(UserError):
            text = edited(json_text, text, op, keys, value)
        known, fresh = json_outline.outline(text), json_outline.read(text)
        assert (known.bom, known.text, known.root) == (fresh.bom, fresh.text, fresh.root)
        assert same(known.data, fresh.data)


BOX = '{"z": 1, "a": {"b": [1, 2], "c": {"d": "}"}}, "e": [true]}'


@pytest.mark.parametrize(
    ("cut", "new"),
    [
        ('"c"', '"c": 1, "c"'), ('"c"', '"q"'), (', "c"', ' "c"'), ("[1, 2]", "[1, 2]}, {"), ("[1, 2]", "[1, 2"), ('"b"', "b"),
        ("[1, 2]", '[1, 2], "x": 0'), ("}}", '}}, "f": {}'), ("[1, 2]", "1 2"), ('"b": [1, 2], ', ", "), ("}}", "}"), ("[1, 2]", "NaN"),
    ],
)  # fmt: skip
def test_a_splice_that_does_more_than_it_should_is_refused(cut: str, new: str) -> None:
    """Whatever a fault of ours could put there: only what was announced gets through."""
    doc = json_outline.read(BOX.encode())
    trail = json_scan.trail(doc.text, doc.root, ("a", "b"))
    start = BOX.index(cut, BOX.index('"a"'))
    with pytest.raises(UserError):
        json_outline.spliced(
            doc, json_outline.site(trail, 1, ("a", "b")), json_outline.Splice(start, start + len(cut), new), ['"b": 9']
        )


def test_a_number_that_runs_on_is_seen() -> None:
    doc = json_outline.read(b'{"a": 1, "b": 2}')
    for new in ("5", ".5", "e5", ' "c": 1'):
        with pytest.raises(UserError):
            json_outline.spliced(doc, json_outline.Site((), doc.root, -1), json_outline.Splice(7, 7, new), [])


# TOML


@relaxed
@given(TOML_TEXTS, FAMILIES)
def test_a_document_is_the_sum_of_what_is_said_of_each_name(text: str, name: str) -> None:
    source = decoded(text.encode())[1]
    try:
        data = toml_text.read(source)
    except UserError:
        return
    parts = toml_family.shares(source, name)
    assert same(toml_text.read(parts.own), {key: data[key] for key in data.keys() & {name}})
    rest = toml_text.read("\n".join(parts.others))
    assert same(rest, {key: value for key, value in data.items() if key != name})


@relaxed
@given(TOML_TEXTS, st.lists(st.tuples(OPS, PATHS, VALUES), min_size=1, max_size=3))
def test_a_toml_edit_knows_what_the_new_text_holds(text: str, edits: list[tuple[str, tuple[str, ...], Any]]) -> None:
    now = text.encode()
    for op, keys, value in edits:
        with suppress(UserError):
            now = edited(toml_text, now, op, keys, value)
            assert same(toml_text.parse(now), toml_text.read(decoded(now)[1]))


LINES = st.sampled_from([
    "[mcp_servers.new]", "[mcp_servers]", "[z]", "[hooks]", "[[aot]]", "[[hooks.SessionStart]]", "x = 1", "y = '''", "'''",
    'q = """', '"""', "n = [", "]", "n = [[1], [", '"mcp\\u005fservers".k = 1', '["mcp\\u005fservers".e]', "# c", "# \x07", "",
    "mcp_servers.k = {", "}", "garbage", "a = 1 garbage", "hooks = 1", "[ 'mcp_servers' . w ] # c", "['c']", "t = {x = 1}",
])  # fmt: skip


@st.composite
def disturbed(draw: st.DrawFn) -> tuple[str, str]:
    """A text, and what became of it by lines that came and lines that went; or by less than a line."""
    before = decoded(draw(TOML_TEXTS).encode())[1]
    lines = before.split("\n")
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines)))
        lines[at : at + draw(st.integers(0, 2))] = draw(st.lists(LINES, max_size=3))
    after = "\n".join(lines)
    at = draw(st.integers(0, len(after)))
    return before, after if draw(st.booleans()) else after[:at] + draw(SOUP).decode() + after[at:]


@settings(relaxed, max_examples=1500)
@given(disturbed(), FAMILIES)
def test_whatever_became_of_a_toml_text_nothing_wrong_is_known_of_it(texts: tuple[str, str], name: str) -> None:
    before, after = texts
    try:
        data = toml_text.read(before)
    except UserError:
        return
    known = toml_family.known(before, data, after, name, toml_text.read)
    if known is not None:
        assert same(known, toml_text.read(after))


def test_a_thousand_tables_are_not_read_twice() -> None:
    text = "\n".join(f"[projects.'/p/{n}']\ntrust_level = \"trusted\" # [x]\n" for n in range(1000))
    read: list[str] = []

    def counting(part: str) -> dict[str, Any]:
        read.append(part)
        return toml_text.read(part)

    after = text + '\n[mcp_servers.mem0]\ncommand = "x"\n'
    found = toml_family.known(text, toml_text.read(text), after, "mcp_servers", counting)
    assert found == toml_text.read(after)
    assert max(map(len, read)) < 100


# What is remembered


def test_equal_texts_are_worked_on_once() -> None:
    asked: list[bytes] = []

    def work(text: bytes) -> int:
        asked.append(text)
        return len(text)

    memo = Memo(work)
    assert [memo(bytes(bytearray(b"abc"))), memo(b"abc"), memo(b"abd"), memo(b"")] == [3, 3, 3, 0]
    memo.keep(b"kept", 7)
    assert (memo(b"kept"), asked) == (7, [b"abc", b"abd", b""])
    for number in range(SIZE):
        memo(b"%d" % number)
    assert (memo(b"abc"), asked[-1]) == (3, b"abc")
