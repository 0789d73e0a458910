from __future__ import annotations

import json
from typing import Any

import pytest

from mem0_agent.edits import json_text
from mem0_agent.model import UserError

KEYS = ("mcpServers", "mem0")
ENTRY = {"type": "http", "headers": {}}

# Whole documents of the kinds that are found on people's machines, each with another server already.
KINDS = {
    "tabs": '{\n\t"mcpServers": {\n\t\t"a": {"command": "x"}\n\t},\n\t"theme": "dark"\n}\n',
    "two spaces": '{\n  "mcpServers": {\n    "a": {\n      "command": "x"\n    }\n  },\n  "theme": "dark"\n}\n',
    "four spaces": '{\n    "theme": "dark",\n    "mcpServers": {\n        "a": {"command": "x"}\n    }\n}\n',
    "minified": '{"mcpServers":{"a":{"command":"x"}},"theme":"dark"}',
    "one line, spaced": '{"mcpServers": {"a": {"command": "x"}}, "theme": "dark"}\n',
    "unicode": '{\n  "mcpServers": {\n    "é\\u00e9": {"command": "\\ud83d\\ude00 😀 \u2028"}\n  }\n}\n',
    "big integer": '{\n  "n": 12345678901234567890,\n  "mcpServers": {"a": {"n": 98765432109876543210}}\n}\n',
    "floats": '{\n  "f": [1.0, 1E400, -0, -0.0, 1e-7, 0.1000],\n  "mcpServers": {\n    "a": {"t": 30.0}\n  }\n}\n',
    "duplicates elsewhere": '{\n  "x": 1,\n  "x": 2,\n  "mcpServers": {\n    "a": {"k": 1, "k": 1}\n  }\n}\n',
    "deep": '{\n  "d": ' + "[" * 200 + "]" * 200 + ',\n  "mcpServers": {\n    "a": {}\n  }\n}\n',
    "integer-like names": '{\n  "10": 1,\n  "2": 2,\n  "__proto__": {"a": 1},\n  "mcpServers": {\n    "1": {}\n  }\n}\n',
    "crlf": '{\r\n  "mcpServers": {\r\n    "a": {"command": "x"}\r\n  }\r\n}\r\n',
    "bom": '\ufeff{\n  "mcpServers": {\n    "a": {"command": "x"}\n  }\n}\n',
    "no final newline": '{\n  "mcpServers": {\n    "a": {"command": "x"}\n  }\n}',
    "same name at the root": '{\n  "mem0": {"url": "u"},\n  "mcpServers": {\n    "a": {}\n  }\n}\n',
    "same url": '{\n  "mcpServers": {\n    "memory": {"type": "http", "url": "u"}\n  }\n}\n',
    "no servers": '{\n  "theme": "dark"\n}\n',
    "no servers, on one line": '{ "theme": "dark" }',
    "empty servers": '{\n  "mcpServers": {},\n  "theme": "dark"\n}\n',
    "empty servers, spaced": '{\n  "mcpServers": { }\n}\n',
    "empty servers, broken up": '{\n  "mcpServers": {\n  }\n}\n',
    "empty servers, minified": '{"mcpServers":{},"a":1}',
    "empty": "{}",
    "empty, spaced": "{ }\n",
    "empty, broken up": "{\r\n}\r\n",
    "surrogate": '{"a": "\\ud800", "mcpServers": {"\\udfff": 1}}',
    "wild spacing": ' {\n"mcpServers" :\t{ "a":{ } ,\n\n   "b" : 1\n} }\n\n ',
}
WITHOUT_PARENT = {kind for kind, text in KINDS.items() if "mcpServers" not in text}


@pytest.mark.parametrize("kind", KINDS)
def test_put_then_drop_gives_back_the_bytes(kind: str) -> None:
    before = KINDS[kind].encode()
    after = json_text.put(before, KEYS, ENTRY)
    was = json_text.parse(before)
    assert json_text.parse(after) == {**was, "mcpServers": {**was.get("mcpServers", {}), "mem0": ENTRY}}
    assert json_text.drop(after, KEYS, int(kind in WITHOUT_PARENT)) == before


@pytest.mark.parametrize("kind", KINDS)
def test_putting_only_inserts(kind: str) -> None:
    before, after = KINDS[kind].encode(), json_text.put(KINDS[kind].encode(), KEYS, ENTRY)
    head = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before))
    assert after.endswith(before[head:])


@pytest.mark.parametrize("kind", KINDS)
def test_add_then_take_gives_back_the_bytes(kind: str) -> None:
    before = KINDS[kind].encode()
    after = json_text.add(before, ("hooks", "Stop"), {"n": 1})
    assert json_text.parse(after)["hooks"] == {"Stop": [{"n": 1}]}
    assert json_text.take(after, ("hooks", "Stop"), {"n": 1}, 2) == before


NOTHING_TO_DO = [
    ("put", '{"a": {"b": [1, 2.0]}}', ("a",), {"b": [1, 2.0]}),
    ("put", '{ "n":12345678901234567890 }', ("n",), 12345678901234567890),
    ("put", '{"\\u0061": "\\u00e9"}', ("a",), "é"),
    ("put", '{"a": null}', ("a",), None),
    ("drop", '{"a": 1}', ("b",), None),
    ("drop", '{"a": {}}', ("a", "b"), None),
    ("drop", '{"a": {}}', ("c", "b"), None),
    ("take", '{"a": [1.0, true, "1"]}', ("a",), 1),
    ("take", '{"a": []}', ("a",), 1),
    ("take", '{"b": 1}', ("a",), 1),
]


@pytest.mark.parametrize(("op", "text", "keys", "value"), NOTHING_TO_DO)
def test_nothing_to_do_gives_back_the_same_object(op: str, text: str, keys: tuple[str, ...], value: Any) -> None:
    before = text.encode()
    after = json_text.drop(before, keys) if op == "drop" else getattr(json_text, op)(before, keys, value)
    assert after is before


CHANGES = [
    # put: new members follow the layout around them
    ("put", "{}\n", ("a", "b"), 1, '{\n  "a": {\n    "b": 1\n  }\n}\n'),
    ("put", '{"a":1}', ("b",), {"c": [1, 2]}, '{"a":1,"b":{"c":[1,2]}}'),
    ("put", '{"a": 1}', ("b",), {"c": [1, 2]}, '{"a": 1, "b": {"c": [1, 2]}}'),
    ("put", '{"a":1, "b":2}', ("c",), [1, 2], '{"a":1, "b":2, "c":[1, 2]}'),
    ("put", '{ "a" : 1 }', ("b",), {"c": 1}, '{ "a" : 1, "b": {"c": 1} }'),
    ("put", '{\n\t"a": {}\n}', ("a", "b"), {"c": 1}, '{\n\t"a": {\n\t\t"b": {\n\t\t\t"c": 1\n\t\t}\n\t}\n}'),
    ("put", '{\r\n "a": 1\r\n}', ("b",), [1], '{\r\n "a": 1,\r\n "b": [\r\n  1\r\n ]\r\n}'),
    ("put", '{\n"a":1\n}', ("b",), {"c": 1}, '{\n"a":1,\n"b":{\n"c":1\n}\n}'),
    ("put", '{\n  "a": {"x": 1}\n}', ("a", "b"), {"c": 1}, '{\n  "a": {"x": 1, "b": {"c": 1}}\n}'),
    # put: values are replaced where they stand
    ("put", '{"a":1, "b":2}', ("a",), 1.0, '{"a":1.0, "b":2}'),
    ("put", '{\n  "a": 1,\n  "b": 2\n}', ("a",), {"x": 1}, '{\n  "a": {\n    "x": 1\n  },\n  "b": 2\n}'),
    ("put", '{"a": true}', ("a",), 1, '{"a": 1}'),
    ("put", "{}", ("é",), "\ud800", '{\n  "é": "\\ud800"\n}'),
    # drop: the comma and the line go along
    ("drop", '{"a":1, "b":2, "c":3}', ("a",), None, '{"b":2, "c":3}'),
    ("drop", '{"a":1, "b":2, "c":3}', ("b",), None, '{"a":1, "c":3}'),
    ("drop", '{"a":1, "b":2, "c":3}', ("c",), None, '{"a":1, "b":2}'),
    ("drop", '{\n  "a": 1,\n  "b": 2\n}\n', ("a",), None, '{\n  "b": 2\n}\n'),
    ("drop", '{\n  "a": 1,\n  "b": 2\n}\n', ("b",), None, '{\n  "a": 1\n}\n'),
    ("drop", '{"a": {"b": {"c": 1}}, "d": 1}', ("a", "b", "c"), None, '{"a": {"b": {}}, "d": 1}'),
    # add and take
    ("add", '{"a": [1, 2]}', ("a",), "x", '{"a": [1, 2, "x"]}'),
    ("add", '{\n  "a": [\n    1\n  ]\n}', ("a",), {"x": 1}, '{\n  "a": [\n    1,\n    {\n      "x": 1\n    }\n  ]\n}'),
    ("add", '{\n  "a": []\n}', ("a",), 1, '{\n  "a": [\n    1\n  ]\n}'),
    ("take", '{"a": [1.0, 1, 2, 1]}', ("a",), 1, '{"a": [1.0, 2, 1]}'),
    ("take", '{"a": [{"y": 2, "x": 1}]}', ("a",), {"x": 1, "y": 2}, '{"a": []}'),
]  # fmt: skip


@pytest.mark.parametrize(("op", "text", "keys", "value", "result"), CHANGES)
def test_changes(op: str, text: str, keys: tuple[str, ...], value: Any, result: str) -> None:
    before = text.encode()
    after = json_text.drop(before, keys) if op == "drop" else getattr(json_text, op)(before, keys, value)
    assert after.decode() == result


@pytest.mark.parametrize(
    ("made", "result"), [(0, '{"z": 1, "a": {"b": {}}}'), (1, '{"z": 1, "a": {}}'), (2, '{"z": 1}')]
)
def test_drop_takes_as_many_empty_parents_as_were_made(made: int, result: str) -> None:
    assert json_text.drop(b'{"z": 1, "a": {"b": {"c": 1}}}', ("a", "b", "c"), made).decode() == result


def test_a_parent_with_another_member_stays() -> None:
    assert json_text.drop(b'{"a": {"b": 1, "c": 2}}', ("a", "b"), 5) == b'{"a": {"c": 2}}'


# Refusals: where, and what is wrong. Line and column count from 1.
BROKEN = [
    ("", 1, 1, "empty"),
    (" \n\t", 1, 1, "empty"),
    ("[]", 1, 1, "not a JSON object"),
    ('\n "a"', 2, 2, "not a JSON object"),
    ('{\n  // comment\n  "mcpServers": {}\n}', 2, 3, ""),
    ('{"mcpServers": {} /* comment */}', 1, 19, ""),
    ('{\n  "a": 1,\n}', 3, 1, ""),
    ('{"a": [1,]}', 1, 10, ""),
    ('{"a": NaN}', 1, 7, "NaN"),
    ('{"b": "NaN",\n "a": [-Infinity]}', 2, 8, "-Infinity"),
    ('{"a": 01}', 1, 8, ""),
    ('{"a" 1}', 1, 6, ""),
    ("{'a': 1}", 1, 2, ""),
    ('{"a": 1} x', 1, 10, "end of the file"),
    ('{"a": "\t"}', 1, 8, ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column", "words"), BROKEN)
def test_what_is_not_strict_json_is_refused(text: str, line: int, column: int, words: str) -> None:
    for work in (
        json_text.parse,
        lambda data: json_text.put(data, KEYS, 1),
        lambda data: json_text.drop(data, KEYS),
    ):
        with pytest.raises(UserError) as caught:
            work(text.encode())
        error = caught.value
        assert (error.code, error.line, error.column) == ("config.invalid", line, column)
        assert words in error.message
        assert error.hint


@pytest.mark.parametrize("text", ['{"mcpServers": {"a": 1', '{"mcpServers": {"a": "x', '{"a', "{", '{"a":'])
def test_a_truncated_file_is_refused(text: str) -> None:
    for work in (json_text.parse, lambda data: json_text.put(data, KEYS, 1)):
        with pytest.raises(UserError) as caught:
            work(text.encode())
        assert (caught.value.code, caught.value.line) == ("config.invalid", 1)


@pytest.mark.parametrize(
    ("data", "line", "column", "words"),
    [
        (b'{\n "\xff": 1}', 2, 3, "not UTF-8"),
        (b'{"\xed\xa0\x80": 1}', 1, 3, "not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), 1, 1, "UTF-16"),
    ],
)
def test_other_encodings_are_refused(data: bytes, line: int, column: int, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        json_text.parse(data)
    assert (caught.value.code, caught.value.line, caught.value.column) == ("config.invalid", line, column)


@pytest.mark.parametrize(
    ("op", "text", "code", "line", "column"),
    [
        ("put", '{\n  "mcpServers": []\n}', "config.invalid", 2, 17),
        ("put", '\ufeff{"mcpServers": "x"}', "config.invalid", 1, 16),
        ("drop", '{"mcpServers": null}', "config.invalid", 1, 16),
        ("add", '{"mcpServers": {"mem0": {}}}', "config.invalid", 1, 25),
        ("take", '{"mcpServers": {"mem0": 1}}', "config.invalid", 1, 25),
        ("put", '{"mcpServers": {},\n "mcpServers": {}}', "config.unsupported", 2, 2),
        ("put", '{"mcpServers": {"mem0": 1, "mem\\u0030": 2}}', "config.unsupported", 1, 28),
        ("drop", '{"mcpServers": {"mem0": 1, "mem0": 2}}', "config.unsupported", 1, 28),
    ],
)
def test_what_stands_in_the_way_is_named(op: str, text: str, code: str, line: int, column: int) -> None:
    with pytest.raises(UserError) as caught:
        json_text.drop(text.encode(), KEYS) if op == "drop" else getattr(json_text, op)(text.encode(), KEYS, 1)
    error = caught.value
    assert (error.code, error.line, error.column) == (code, line, column)
    assert error.hint


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, {1}, b"x", object(), [10**5000]])
def test_a_value_that_json_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(UserError) as caught:
        json_text.put(b"{}", ("a",), value)
    assert caught.value.code == "config.unsupported"


def test_an_edit_of_nothing_is_refused() -> None:
    with pytest.raises(UserError, match="name the member"):
        json_text.put(b"{}", (), 1)


@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_endless_nesting_is_refused(bracket: str) -> None:
    for work in (
        json_text.parse,
        lambda data: json_text.put(data, KEYS, 1),
        lambda data: json_text.drop(data, ("a",)),
    ):
        with pytest.raises(UserError):
            work(('{"a":' + bracket * 200_000).encode())


def test_an_integer_of_any_length_is_kept() -> None:
    digits = "7" * 6000
    before = f'{{"n": {digits}}}'.encode()
    assert str(json_text.parse(before)["n"]) == digits
    assert json_text.drop(json_text.put(before, KEYS, 1), KEYS, 1) == before


def test_a_new_file_is_laid_out_by_two_spaces() -> None:
    assert json_text.put(json_text.fresh(), ("a",), [1]) == b'{\n  "a": [\n    1\n  ]\n}\n'


def test_ten_megabytes() -> None:
    projects = {f"/p/{n}": {"history": ["hello, world " * 8, n, 1.5, None], "mcpServers": {}} for n in range(60_000)}
    before = json.dumps({"projects": projects, "z": 12345678901234567890}, indent=2).encode()
    assert len(before) > 10_000_000
    for keys, made in ((KEYS, 1), (("projects", "/p/31415", *KEYS), 0)):
        after = json_text.put(before, keys, ENTRY)
        assert json_text.drop(after, keys, made) == before
        assert len(after) > len(before)
    assert json_text.parse(after)["projects"]["/p/31415"]["mcpServers"] == {"mem0": ENTRY}
