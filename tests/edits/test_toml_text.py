from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from mem0_agent.edits import toml_text
from mem0_agent.edits.text import same
from mem0_agent.model import UserError

KEYS = ("mcp_servers", "mem0")
ENTRY = {"url": "http://127.0.0.1:1/mcp", "http_headers": {"X-A": "b"}, "args": ["-y", 'a"b']}
BLOCK = """[mcp_servers.mem0]
url = "http://127.0.0.1:1/mcp"
args = ["-y", "a\\"b"]

[mcp_servers.mem0.http_headers]
X-A = "b"
"""
INLINE = '{ url = "http://127.0.0.1:1/mcp", http_headers = { X-A = "b" }, args = ["-y", "a\\"b"] }'

# Whole documents of the kinds that are found on people's machines, most with another server already.
KINDS = {
    "comments": '# top\nmodel = "o3" # why\n\n# about a\n[mcp_servers.a] # header\n# inside\ncommand = "x" # end\n\n# last\n',
    "dotted": 'mcp_servers.a.command = "x"\nmodel = "o3"\n',
    "dotted, then tables": 'mcp_servers.a.command = "x"\n\n[model]\nn = 1\n',
    "inline": 'mcp_servers = { a = { command = "x" } }\nmodel = "o3"\n',
    "inline, empty": "mcp_servers = {}\nmodel = 1\n",
    "inline, spaced": "mcp_servers = { } # none",
    "inline, many lines": 'mcp_servers = {\n  a = { command = "x" }, # one\n}\n',
    "quoted": '[mcp_servers."a b"]\ncommand = \'x\'\n\n["mcp_servers".\'c.d\']\ncommand = "y"\n',
    "split": '[mcp_servers.a]\ncommand = "x"\n\n[model]\nn = 1\n\n[mcp_servers.b]\ncommand = "y"\n',
    "header alone": "[mcp_servers]\n\n[model]\nn = 1\n",
    "arrays of tables after": '[mcp_servers.a]\ncommand = "x"\n\n[[hooks.Stop]]\n[[hooks.Stop.hooks]]\nn = 1\n\n[[hooks.Stop]]\n',
    "crlf": '# top\r\n[mcp_servers.a]\r\ncommand = "x"\r\n',
    "bom": '\ufeffmodel = "o3"\n[mcp_servers.a]\ncommand = "x"\n',
    "no final newline": '[mcp_servers.a]\ncommand = "x"',
    "no final newline, crlf": 'a = 1\r\n[mcp_servers.a]\r\ncommand = "x" # end',
    "values": "a = 1_000\nb = 0xFF\nc = [1.0, inf, -nan]\nd = 1979-05-27T07:32:00Z\ne = '''\n[x]\n'''\nf = 12345678901234567890\n",
    "version 1.1": 'a = 07:32\nb = "\\e[0m\\x41"\nc = {\n  d = [1, 2,], # d\n  e = {},\n}\n',
    "same url": '[mcp_servers.memory]\nurl = "http://127.0.0.1:1/mcp"\n',
    "empty": "",
    "one empty line": "\n",
    "one comment": "# nothing yet",
    "spaces": "   ",
    "tabs": '[mcp_servers.a]\n\tcommand = "x"\n\t[mcp_servers.a.env]\n\t\tA = "b"\n\n\n',
    "trap in a string": 's = """\n[mcp_servers.mem0]\nurl = "no"\n"""\nt = "[mcp_servers.mem0]"\n',
    "no servers": 'model = "o3"\n\n[features]\nhooks = true\n',
}
MADE = {
    "values",
    "version 1.1",
    "empty",
    "one empty line",
    "one comment",
    "spaces",
    "trap in a string",
    "no servers",
}


@pytest.mark.parametrize("kind", KINDS)
def test_put_then_drop_gives_back_the_bytes(kind: str) -> None:
    before = KINDS[kind].encode()
    was = toml_text.parse(before)
    assert ("mcp_servers" not in was) == (kind in MADE)
    after = toml_text.put(before, KEYS, ENTRY)
    assert same(toml_text.parse(after), {**was, "mcp_servers": {**was.get("mcp_servers", {}), "mem0": ENTRY}})
    assert toml_text.drop(after, KEYS, int(kind in MADE)) == before


@pytest.mark.parametrize("kind", KINDS)
def test_put_only_inserts(kind: str) -> None:
    before = KINDS[kind]
    after = toml_text.put(before.encode(), KEYS, ENTRY).decode()
    block = BLOCK.replace("\n", "\r\n" if "\r\n" in before else "\n")
    if "inline" in kind:
        assert INLINE in after
    elif not before or before.endswith("\n"):
        newline = block[-2:].lstrip('"')
        assert after == before + (newline if before else "") + block
    else:
        assert (
            after == before + (block.rstrip() and block[block.index("]") + 1 : block.index("url")]) * 2 + block.rstrip()
        )


@pytest.mark.parametrize("kind", KINDS)
def test_scalars_and_arrays_are_undone_too(kind: str) -> None:
    before = KINDS[kind].encode()
    features = int("features" not in toml_text.parse(before))
    after = toml_text.put(before, ("features", "fresh"), False)
    assert toml_text.parse(after)["features"]["fresh"] is False
    assert toml_text.drop(after, ("features", "fresh"), features) == before
    after = toml_text.put(before, ("user_id",), "me")
    assert toml_text.parse(after)["user_id"] == "me"
    assert toml_text.drop(after, ("user_id",)) == before
    element = {"matcher": "*", "hooks": [{"command": "x"}]}
    after = toml_text.add(before, ("hooks", "SessionStart"), element)
    assert toml_text.parse(after)["hooks"]["SessionStart"] == [element]
    made = 2 - int("hooks" in toml_text.parse(before))
    assert toml_text.take(after, ("hooks", "SessionStart"), element, made) == before


NOTHING_TO_DO = [
    ("put", "a = 1 # c\n", ("a",), 1),
    ("put", "[a]\nb.c = 'x'\n", ("a",), {"b": {"c": "x"}}),
    ("put", "a = nan", ("a",), float("nan")),
    ("put", "[[a]]\nb = 1\n", ("a",), [{"b": 1}]),
    ("drop", "a = 1\n", ("b",), None),
    ("drop", "[a.b]\n", ("a", "c", "d"), None),
    ("take", "a = [1.0, true, '1']\n", ("a",), 1),
    ("take", "[[a]]\nb = 1.0\n", ("a",), {"b": 1}),
    ("take", "", ("a",), 1),
]


@pytest.mark.parametrize(("op", "text", "keys", "value"), NOTHING_TO_DO)
def test_nothing_to_do_gives_back_the_same_object(op: str, text: str, keys: tuple[str, ...], value: Any) -> None:
    before = text.encode()
    after = toml_text.drop(before, keys) if op == "drop" else getattr(toml_text, op)(before, keys, value)
    assert after is before


PUTS = [
    # a value in its place keeps the comment on its line
    ("a = 1 # c\nb = 2\n", ("a",), "x", 'a = "x" # c\nb = 2\n'),
    ("[features]\n  hooks=true\t# on\r\n", ("features", "hooks"), False, "[features]\n  hooks=false\t# on\r\n"),
    ("a = { b = 1, c = 2 } # c\n", ("a", "b"), [1], "a = { b = [1], c = 2 } # c\n"),
    ("a = '''\nx'''\n", ("a",), 1, "a = 1\n"),
    # a new line in the section that speaks of its table
    ("[a]\n  x = 1 # c\n\n[b]\n", ("a", "y"), 2, "[a]\n  x = 1 # c\n  y = 2\n\n[b]\n"),
    ("[a]\n# c\n[b]\n", ("a", "y"), 2, "[a]\ny = 2\n# c\n[b]\n"),
    ("a.x = 1\nb = 2\n", ("a", "y"), 2, "a.x = 1\na.y = 2\nb = 2\n"),
    ("[p]\na.x = 1\nb = 2\n", ("p", "a", "y"), 2, "[p]\na.x = 1\na.y = 2\nb = 2\n"),
    ("[a.b]\nx = 1\n", ("a", "y"), 2, "a.y = 2\n[a.b]\nx = 1\n"),
    ("[a]\nz = 1\n[a.b.c]\nx = 1\n", ("a", "b", "y"), 2, "[a]\nz = 1\nb.y = 2\n[a.b.c]\nx = 1\n"),
    # root keys stay above every header
    ("a = 1\n\n[b]\n", ("c",), 2, "a = 1\nc = 2\n\n[b]\n"),
    ("[b]\n", ("c",), 2, "c = 2\n[b]\n"),
    ("# licence\n# text\n\n# about b\n[b]\n", ("c",), 2, "# licence\n# text\nc = 2\n\n# about b\n[b]\n"),
    ("# about b\n[b]\n", ("c",), 2, "c = 2\n# about b\n[b]\n"),
    # tables go to the end, or inside where the parent is inline
    ("[a]\nx = 1\n\n[b]\n", ("a", "c"), {"y": 1}, "[a]\nx = 1\n\n[b]\n\n[a.c]\ny = 1\n"),
    ("a = {b.c = 1}\n", ("a", "b", "d"), {"y": 1}, "a = {b.c = 1, b.d = { y = 1 }}\n"),
    ("", ("a b", "é"), {"x.y": {}}, '["a b"."é"."x.y"]\n'),
    ("", ("a",), [{"x": [{"y": 1}]}, {}], "[[a]]\n\n[[a.x]]\ny = 1\n\n[[a]]\n"),
    ("", ("a",), {"d": dt.date(2026, 1, 2), "s": "\x7f\n\\"}, '[a]\nd = 2026-01-02\ns = "\\u007f\\n\\\\"\n'),
    # a table that is there is changed member by member
    (
        "[m.a]\nurl = 'u' # mine\n# more\nn = 1\nold = 2\n\n[m.a.env]\nA = 'b'\n",
        ("m", "a"),
        {"url": "v", "n": 1, "env": {"A": "c"}},
        '[m.a]\nurl = "v" # mine\n# more\nn = 1\n\n[m.a.env]\nA = "c"\n',
    ),
    ("m = { a = { x = 1 }, b = 2 }\n", ("m", "a"), {"y": 2}, "m = { a = { y = 2 }, b = 2 }\n"),
    # another kind of value
    ("[a.b]\nx = 1\n\n[c]\n", ("a", "b"), 1, "a.b = 1\n\n[c]\n"),
    ("[a]\n[a.b]\nx = 1\n", ("a", "b"), 1, "[a]\nb = 1\n"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "keys", "value", "result"), PUTS)
def test_puts(text: str, keys: tuple[str, ...], value: Any, result: str) -> None:
    assert toml_text.put(text.encode(), keys, value).decode() == result


DROPS = [
    ("a = 1\nb = 2 # c\nc = 3\n", ("b",), 0, "a = 1\nc = 3\n"),
    ("[a]\nx = 1\n\n# mine\n[b]\ny = 1\n# mine too\n\n[c]\n", ("b",), 0, "[a]\nx = 1\n\n# mine\n# mine too\n\n[c]\n"),
    ("[a]\n\n[b]\n[b.c]\nx = [\n1,\n]\n\n[d]\n[b.e]\n", ("b",), 0, "[a]\n\n[d]\n"),
    ('[m.a]\n\n[m."b"]\n\n[ m . \'b\' . c ]\n\n[m.bb]\n', ("m", "b"), 0, "[m.a]\n\n[m.bb]\n"),
    ("m.a.x = 1\nm.b.x = 1\nk = 1\nm.b.y = 2\n", ("m", "b"), 0, "m.a.x = 1\nk = 1\n"),
    ("m = { a = 1, b.x = 1, c = 2, b.y = 2 }\n", ("m", "b"), 0, "m = { a = 1, c = 2 }\n"),
    ("m = { a = 1 }\n", ("m", "a"), 0, "m = { }\n"),
    ("m = { a = 1 }\nk = 1\n", ("m", "a"), 1, "k = 1\n"),
    ("[m]\na = 1\n\n[k]\n", ("m", "a"), 0, "[m]\n\n[k]\n"),
    ("[m]\na = 1\n\n[k]\n", ("m", "a"), 1, "\n[k]\n"),
    ("[[h.S]]\n[[h.S.x]]\n\n[k]\n", ("h", "S"), 0, "\n[k]\n"),
    ("a = [ 1, # one\n 2, # two\n]\nb = 1", ("b",), 0, "a = [ 1, # one\n 2, # two\n]"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "keys", "made", "result"), DROPS)
def test_drops(text: str, keys: tuple[str, ...], made: int, result: str) -> None:
    assert toml_text.drop(text.encode(), keys, made).decode() == result


ELEMENTS = [
    ("add", "a = [1, 2] # c\n", ("a",), 3, "a = [1, 2, 3] # c\n"),
    ("add", "a = [\n  1, # one\n  2, # two\n]\n", ("a",), 3, "a = [\n  1, # one\n  2, # two\n  3,\n]\n"),
    ("add", "a = [\n  1,\n  2\n]\n", ("a",), 3, "a = [\n  1,\n  2,\n  3\n]\n"),
    ("add", "a = { b = [] }\n", ("a", "b"), {"x": 1}, "a = { b = [{ x = 1 }] }\n"),
    ("add", "[[a]]\nx = 1\n\n[b]\n", ("a",), {"x": 2}, "[[a]]\nx = 1\n\n[b]\n\n[[a]]\nx = 2\n"),
    ("add", "", ("a", "b"), 1, "[a]\nb = [1]\n"),
    ("take", "a = [1.0, 1, 2, 1]\n", ("a",), 1, "a = [1.0, 2, 1]\n"),
    ("take", "a = [\n  1, # one\n  2, # two\n  3,\n]\n", ("a",), 2, "a = [\n  1, # one\n  3,\n]\n"),
    ("take", "a = [\n  1, # one\n  # about two\n  2, # two\n]\n", ("a",), 1, "a = [\n  # about two\n  2, # two\n]\n"),
    ("take", "a = [\n  1, # one\n  # about two\n  2 # two\n]\n", ("a",), 2, "a = [\n  1, # one\n  # about two # two\n]\n"),
    ("take", "a = [1, 2, 3]\n", ("a",), 2, "a = [1, 3]\n"),
    ("take", "[[a]]\nx = 1\n[a.t]\ny = 1\n\n[[a]]\nx = 2\n[[a.s]]\n\n[b]\n", ("a",), {"x": 2, "s": [{}]}, "[[a]]\nx = 1\n[a.t]\ny = 1\n\n[b]\n"),
    ("take", "[[a]]\nx = 1\n\n[b]\n\n[[a]]\nx = 2\n", ("a",), {"x": 1}, "\n[b]\n\n[[a]]\nx = 2\n"),
]  # fmt: skip


@pytest.mark.parametrize(("op", "text", "keys", "value", "result"), ELEMENTS)
def test_elements(op: str, text: str, keys: tuple[str, ...], value: Any, result: str) -> None:
    assert getattr(toml_text, op)(text.encode(), keys, value).decode() == result


BROKEN = [
    ("a = \n", 1, 5),
    ("[a]\nx = 1\nx = 2\n", 3, 6),
    ("[mcp_servers.a\n", 1, 15),
    ("a = 1\r\n[b]\r\nc = 1 1\r\n", 3, 7),
    ("a = {\n  b = 1,\n  c = 1 1,\n}\n", 3, 9),
    ("a = {\n b\n = 1 }\n", 2, 3),
    ("a = { , }\n", 1, 7),
    ("a = 07:32.5\n", 1, 6),
    ("mcp_servers = {}\n[mcp_servers.a]\n", 2, 15),
]


@pytest.mark.parametrize(("text", "line", "column"), BROKEN)
def test_what_is_not_toml_is_refused(text: str, line: int, column: int) -> None:
    for work in (
        toml_text.parse,
        lambda data: toml_text.put(data, KEYS, 1),
        lambda data: toml_text.drop(data, KEYS),
    ):
        with pytest.raises(UserError) as caught:
            work(text.encode())
        assert (caught.value.code, caught.value.line, caught.value.column) == ("config.invalid", line, column)


@pytest.mark.parametrize(
    "text", ['[mcp_servers.a]\ncommand = "x', "[mcp_servers.a]\nargs = [", "[mcp_servers.a]\ne = '''\n"]
)
def test_a_truncated_file_is_refused(text: str) -> None:
    with pytest.raises(UserError) as caught:
        toml_text.put(text.encode(), KEYS, 1)
    assert (caught.value.code, caught.value.line) == ("config.invalid", text.count("\n") + 1)


@pytest.mark.parametrize(
    "data", [b"a = '\xff'", "a = 1".encode("utf-16"), b"a = \x001", b"a = 1\rb = 2", b"n = " + b"9" * 5000]
)
def test_bytes_that_are_no_toml_are_refused(data: bytes) -> None:
    with pytest.raises(UserError) as caught:
        toml_text.parse(data)
    assert caught.value.code == "config.invalid"


@pytest.mark.parametrize(
    ("op", "text", "code", "place"),
    [
        ("put", "x = 1\nmcp_servers = []\n", "config.invalid", (2, 15)),
        ("put", "[[mcp_servers]]\n", "config.invalid", (1, 1)),
        ("drop", "mcp_servers = 'x' # c\n", "config.invalid", (1, 15)),
        ("add", "[mcp_servers]\nmem0 = {}\n", "config.invalid", (2, 8)),
        ("add", "mcp_servers = {\n  mem0 = 'x' }\n", "config.invalid", (2, 10)),
        ("take", "\n[mcp_servers.mem0]\n", "config.invalid", (2, 1)),
        ("add", "[[mcp_servers.mem0]]\n", "config.unsupported", (1, 1)),
    ],
)
def test_what_stands_in_the_way_is_named(op: str, text: str, code: str, place: tuple[int, int]) -> None:
    with pytest.raises(UserError) as caught:
        toml_text.drop(text.encode(), KEYS) if op == "drop" else getattr(toml_text, op)(text.encode(), KEYS, 1)
    error = caught.value
    assert (error.code, (error.line, error.column)) == (code, place)
    assert error.hint


@pytest.mark.parametrize("value", [None, {"x": None}, "\ud800", {"\ud800": 1}, {1: 2}, {1}, b"x", [10**5000]])
def test_a_value_that_toml_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(UserError) as caught:
        toml_text.put(b"", ("a",), value)
    assert caught.value.code == "config.unsupported"


@pytest.mark.parametrize("bracket", ["[", "{a="])
def test_endless_nesting_is_refused(bracket: str) -> None:
    for work in (toml_text.parse, lambda data: toml_text.put(data, KEYS, 1)):
        with pytest.raises(UserError):
            work(("a = " + bracket * 50_000).encode())


def test_a_megabyte() -> None:
    parts = [
        f'[mcp_servers.s{n}] # {n}\ncommand = "npx"\nargs = ["-y", "x{n}"]\nstartup_timeout_sec = {n}\n\n'
        for n in range(11_000)
    ]
    before = ('model = "o3"\n\n' + "".join(parts)).encode()
    assert len(before) > 1_000_000
    after = toml_text.put(before, KEYS, ENTRY)
    assert after == before + b"\n" + BLOCK.encode()
    assert toml_text.drop(after, KEYS) == before
    without = toml_text.drop(before, ("mcp_servers", "s5000"))
    assert len(toml_text.parse(without)["mcp_servers"]) == 10_999
