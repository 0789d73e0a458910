"""Diffs that are true: what ``patch`` makes of them is what we write."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mem0_agent.model import Change
from mem0_agent.showing.diffs import shown, unified

PATCH = shutil.which("patch")
PIECES = st.sampled_from(
    [
        b"a\n",
        b"b\n",
        b"\n",
        b"-- x\n",
        b"++ y\n",
        b"@@ z\n",
        b"\ttab\r\n",
        b"\x0cfeed\n",
        "ä\u2028ö\n".encode(),
        b"\\ n\n",
    ]
)
TEXTS = st.builds(
    lambda lines, end: b"".join(lines) + end,
    st.lists(PIECES, max_size=30),
    st.sampled_from([b"", b"end", b"--- a", b"+++ b"]),
)


def change(before: bytes | None, after: bytes | None, path: str = "/x/file") -> Change:
    return Change(Path(path), before, after, "why")


def told(before: bytes | None, after: bytes | None, path: str = "/x/file") -> str:
    return "".join(line + "\n" for line in unified(change(before, after, path)))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, b"a\n", "--- /dev/null\n+++ /x/file\n@@ -0,0 +1 @@\n+a\n"),
        (b"a\n", None, "--- /x/file\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"),
        (b"a\n", b"a\nb", "--- /x/file\n+++ /x/file\n@@ -1 +1,2 @@\n a\n+b\n\\ No newline at end of file\n"),
        (b"-- a", b"", "--- /x/file\n+++ /x/file\n@@ -1 +0,0 @@\n--- a\n\\ No newline at end of file\n"),
        (b"a\r\n", b"a\r\nb\r\n", "--- /x/file\n+++ /x/file\n@@ -1 +1,2 @@\n a\r\n+b\r\n"),
        (b"same\n", b"same\n", ""),
    ],
)
def test_shape(before: bytes | None, after: bytes | None, expected: str) -> None:
    assert told(before, after) == expected


def test_far_down_a_long_file_lines_are_counted_from_its_top() -> None:
    before = b"".join(b"%d\n" % n for n in range(10000))
    text = told(before, before.replace(b"\n7777\n", b"\n7777\nnew\n"))
    assert "@@ -7776,6 +7776,7 @@\n 7775\n 7776\n 7777\n+new\n 7778\n" in text


@pytest.mark.skipif(PATCH is None, reason="there is no patch here")
@given(TEXTS, TEXTS)
def test_patch_makes_of_it_what_we_write(tmp_path_factory: pytest.TempPathFactory, before: bytes, after: bytes) -> None:
    check_patched(tmp_path_factory.mktemp("patch") / "file", before, after)


@pytest.mark.skipif(PATCH is None, reason="there is no patch here")
@pytest.mark.parametrize("name", ["a file", 'a "file"', "caf\u00e9", "line\nfeed", "ta\tb", "back\\slash"])
def test_hostile_names(tmp_path: Path, name: str) -> None:
    check_patched(tmp_path / name, b"a\nb\n", b"a\nc\n")


def check_patched(path: Path, before: bytes, after: bytes) -> None:
    path.write_bytes(before)
    text = told(before, after, path.name)
    if text:
        assert PATCH
        command: list[str | Path] = [PATCH, "--binary", "-p0", "-s", "-d", path.parent]
        done = subprocess.run(command, input=text.encode(), capture_output=True)
        assert done.returncode == 0, (done.stdout, done.stderr, text)
    assert (path.read_bytes() if path.exists() else b"") == after


@pytest.mark.parametrize(
    "line",
    [
        '  "MEM0_API_KEY": "odd \\"quoted\\" \\\\ key",',
        '{"env":{"MEM0_API_KEY":"odd \\"quoted\\""},"a":1}',
        "MEM0_API_KEY='odd \"quoted\" \\ key'",
        "export MEM0_API_KEY=odd quoted key",
        'env = { MEM0_API_KEY = "odd quoted" }',
    ],
)
def test_a_key_is_never_shown(line: str) -> None:
    *head, told = shown(change(line.encode() + b"\n", b""))
    assert head == ["--- /x/file", "+++ /x/file", "@@ -1 +0,0 @@"]
    assert "MEM0_API_KEY" in told
    assert not {"odd", "quoted", "key"} & set(told.replace('"', " ").replace("\\", " ").split())


@pytest.mark.parametrize(
    "line",
    [
        '"Authorization": "Token ${MEM0_API_KEY}"', '"headers":{"Authorization":"Bearer ${TOKEN}"},"a":1', '"MEM0_API_KEY": "${MEM0_API_KEY}"',
        'bearer_token_env_var = "MEM0_API_KEY"', '"args": ["serve"]',
    ],
)  # fmt: skip
def test_what_only_names_a_variable_is_shown(line: str) -> None:
    assert list(shown(change(line.encode() + b"\n", b"")))[3] == "-" + line


@pytest.mark.parametrize(("path", "private"), [("/c/credentials", False), ("/c/key", True)])
def test_a_file_that_is_a_key_is_not_shown(path: str, private: bool) -> None:
    lines = list(shown(Change(Path(path), b"odd old", b"odd new\n", "why", private=private)))
    assert "odd" not in "".join(lines)
    assert [line[:2] for line in lines] == ["--", "++", "@@", "-•", "\\•", "+•"]


@pytest.mark.parametrize("secret", ["ghp_" + "a1B2" * 9, "sk-ant-api03-" + "a1B2" * 9, "m0-" + "a1B2" * 9])
def test_other_peoples_secrets_are_not_shown_either(secret: str) -> None:
    text = f'{{\n  "env": {{"T": "{secret}"}},\n  "a": 1\n}}\n'
    lines = "\n".join(shown(change(text.encode(), text.replace("1", "2").encode())))
    assert secret not in lines
    assert '+  "a": 2' in lines
