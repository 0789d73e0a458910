from __future__ import annotations

from typing import Any

import pytest

from mem0_agent.edits import dotenv_text
from mem0_agent.model import UserError

KEY = ("MEM0_API_KEY",)


def test_every_form_is_read() -> None:
    text = """
# A=commented out
A=1
export B = 'x # y'   # why
\tC="l1\\nl2 \\"q\\" \\$x"
D=
E=a b   # c
F=a#b
G='two
lines'
A=last
"""
    found = {
        "A": "last",
        "B": "x # y",
        "C": 'l1\nl2 "q" $x',
        "D": "",
        "E": "a b",
        "F": "a#b",
        "G": "two\nlines",
    }
    assert dotenv_text.parse(text.encode()) == found
    assert dotenv_text.parse(b"\xef\xbb\xbfA=1\r\nB=2") == {"A": "1", "B": "2"}
    assert dotenv_text.parse(b"") == {}
    assert dotenv_text.fresh() == b""


PUTS = [
    ("", "k", "MEM0_API_KEY=k\n"),
    ("A=1\n", "k", "A=1\nMEM0_API_KEY=k\n"),
    ("A=1", "k", "A=1\nMEM0_API_KEY=k"),
    ("A=1\r\n", "k", "A=1\r\nMEM0_API_KEY=k\r\n"),
    ("# only a comment", "two words", "# only a comment\nMEM0_API_KEY='two words'"),
    ("A=1\n", "it's $5\n", "A=1\nMEM0_API_KEY=\"it's \\$5\\n\"\n"),
    ("A=1\n", "", "A=1\nMEM0_API_KEY=\n"),
    ("\ufeffA=1\n", "k", "\ufeffA=1\nMEM0_API_KEY=k\n"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value", "result"), PUTS)
def test_put_adds_a_line_and_drop_takes_it_away(text: str, value: str, result: str) -> None:
    after = dotenv_text.put(text.encode(), KEY, value)
    assert after.decode() == result
    assert dotenv_text.parse(after)[KEY[0]] == value
    assert dotenv_text.drop(after, KEY) == text.encode()


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (
            "A=1\nexport MEM0_API_KEY = 'old'  # mine\r\nB=2\n",
            "A=1\nexport MEM0_API_KEY = new  # mine\r\nB=2\n",
        ),
        ("MEM0_API_KEY=old # mine", "MEM0_API_KEY=new # mine"),
        ("MEM0_API_KEY=\nB=2\n", "MEM0_API_KEY=new\nB=2\n"),
    ],
)
def test_put_replaces_the_value_alone(text: str, result: str) -> None:
    assert dotenv_text.put(text.encode(), KEY, "new").decode() == result


def test_drop_takes_the_whole_line() -> None:
    assert dotenv_text.drop(b"A=1\n export MEM0_API_KEY='k' # c\nB=2", KEY) == b"A=1\nB=2"


@pytest.mark.parametrize("text", ["A=1\n", "MEM0_API_KEY_2=1", "# MEM0_API_KEY=1", "B='\nMEM0_API_KEY=1'\n"])
def test_nothing_to_drop_gives_back_the_same_object(text: str) -> None:
    before = text.encode()
    assert dotenv_text.drop(before, KEY, 1) is before


@pytest.mark.parametrize("text", ["MEM0_API_KEY=k", "export MEM0_API_KEY = 'k' # c", 'MEM0_API_KEY="\\k"'])
def test_nothing_to_put_gives_back_the_same_object(text: str) -> None:
    before = text.encode()
    assert dotenv_text.put(before, KEY, "k") is before


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("A=1\n  nonsense\n", 2, 3),
        ("A='open\n", 1, 1),
        ('A=1\r\nB="x" y\n', 2, 1),
        ("1A=2", 1, 1),
        ("=", 1, 1),
    ],
)
def test_a_line_that_is_no_assignment_is_refused(text: str, line: int, column: int) -> None:
    for work in (dotenv_text.parse, lambda data: dotenv_text.put(data, KEY, "k")):
        with pytest.raises(UserError) as caught:
            work(text.encode())
        assert (caught.value.code, caught.value.line, caught.value.column) == ("config.invalid", line, column)


def test_a_variable_set_twice_is_refused() -> None:
    with pytest.raises(UserError, match="set twice") as caught:
        dotenv_text.put(b"MEM0_API_KEY=1\nA=2\nMEM0_API_KEY=3\n", KEY, "k")
    assert (caught.value.code, caught.value.line, caught.value.column) == ("config.unsupported", 3, 1)


@pytest.mark.parametrize("value", [None, 1, ["k"], "a\0b", "a\rb", "\ud800"])
def test_a_value_that_is_no_plain_text_is_refused(value: Any) -> None:
    with pytest.raises(UserError) as caught:
        dotenv_text.put(b"", KEY, value)
    assert caught.value.code == "config.unsupported"


@pytest.mark.parametrize("keys", [(), ("A", "B"), ("A B",), ("1",), ("",)])
def test_what_is_no_variable_name_is_refused(keys: tuple[str, ...]) -> None:
    with pytest.raises(UserError) as caught:
        dotenv_text.drop(b"A=1\n", keys)
    assert caught.value.code == "config.unsupported"


def test_there_are_no_arrays() -> None:
    with pytest.raises(UserError, match="no arrays"):
        dotenv_text.add(b"", KEY, "k")
    with pytest.raises(UserError, match="no arrays"):
        dotenv_text.take(b"", KEY, "k")
