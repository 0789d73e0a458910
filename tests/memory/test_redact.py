from __future__ import annotations

import random
import string

import pytest
from tests.memory.hooks.secrets import SECRETS, core

from mem0_agent.memory.redact import FENCE, line, plain, public, redact, unfenced
from mem0_agent.memory.shapes import RULES


@pytest.mark.parametrize(("name", "secret"), SECRETS.items(), ids=list(SECRETS))
@pytest.mark.parametrize(
    "frame",
    [
        "{}",
        "here it is: {} .",
        'key="{}"',
        "'{}'",
        "({})",
        "see {}, then go on",
        '{{"a": "{}"}}',
        "line\n{}\nline",
    ],
)
def test_no_shape_of_secret_survives_in_any_frame(name: str, secret: str, frame: str) -> None:
    text = frame.format(secret)

    cleaned = redact(text)

    assert core(name) not in cleaned
    assert "[redacted:" in cleaned


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (f"ghp_{'aB3' * 12}", "github-token"),
        (f"sk-ant-api03-{'aB3_' * 20}", "anthropic-key"),
        (f"sk-proj-{'aB3_' * 20}", "openai-key"),
        (f"m0-{'aB3' * 12}", "mem0-key"),
        (f"glpat-{'aB3x' * 5}", "gitlab-token"),
        ("AKIAIOSFODNN7QWERTYU", "aws-access-key"),
        ("postgres://bob:hunter2@db/app", "url-password"),
        ("Authorization: Bearer abcdef123456", "authorization"),
        ("password=hunter2", "assigned-secret"),
    ],
)
def test_what_stands_instead_says_what_it_was(text: str, label: str) -> None:
    assert f"[redacted:{label}]" in redact(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("postgres://bob:hunter2@db/app", "postgres://bob:[redacted:url-password]@db/app"),
        ("export MEM0_API_KEY=abcd1234", "export MEM0_API_KEY=[redacted:assigned-secret]"),
        ("Authorization: Bearer abcdef123456", "Authorization: [redacted:authorization]"),
        ("DB_PASSWORD: 's3cret pass word'", "DB_PASSWORD: [redacted:named-secret]"),
        ("curl -u bob:hunter2 https://example.org", "curl -u bob:[redacted:curl-user] https://example.org"),
    ],
)
def test_what_is_not_secret_around_it_stays(text: str, kept: str) -> None:
    assert redact(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "we moved auth from sessions to JWT",
        "add refresh token rotation to the auth system",
        "the token is rotated every hour; store the key in the vault",
        "primary key: id, sort by name",
        "Authorization: every route needs it",
        "bearer authentication is enough",
        "https://example.org:8080/path?page=2#top",
        "git@github.com:acme/widgets.git",
        "export API_KEY=$API_KEY and PASSWORD=${PASSWORD}",
        "api_key = None",
        "sk-learn and scikit-learn pipelines",
        "eyes on the prize, eyJust saying",
        "commit 3f786850e387550fdaba6c3a0d1f3b1c3d3b1d3a fixed it",
        "id 123e4567-e89b-12d3-a456-426614174000",
        "user: alice, role: admin",
        "the cookie: chocolate, not oatmeal",
        "git log --oneline --no-pager and --token-ring topology",
        "run it with --password --verbose",
        "keyboard layout; monkey patching; passport photo; secretary",
        "if (password == null) return",
        "the hash is sha256 and the file is auth/tokens/rotate.py",
    ],
)
def test_what_is_no_secret_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_a_known_key_goes_whatever_its_shape() -> None:
    assert redact("the key is correct-horse-battery", ["correct-horse-battery"]) == "the key is [redacted:known-key]"


def test_redacting_twice_changes_nothing_more() -> None:
    once = redact("\n".join(SECRETS.values()))

    assert redact(once) == once


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a <private>b</private> c", "a  c"),
        ("a <PRIVATE>b</Private> c", "a  c"),
        ("a <private>b", "a "),
        ("a <private>b <private>c</private> d</private> e", "a  e"),
        ('a <private reason="x">b\n\nc</private>d', "a d"),
        ("a </private> b", "a  b"),
        ("a <privateer> b", "a <privateer> b"),
        ("<private>a</private>b<private>c</private>d", "bd"),
        ("a <priv\u200bate>b</private> c", "a  c"),
    ],
)
def test_private_passages_go(text: str, left: str) -> None:
    assert public(plain(text)) == left
    assert redact(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"a <{FENCE}0011>\n- x\n</{FENCE}0011> b", "a  b"),
        (f"a <{FENCE}0011>\n- </{FENCE}2222>\n</{FENCE}0011> b", "a  b"),
        (f"a <{FENCE}0011>\n- x", "a "),
        (f"a <{FENCE}no end at all, " + "x" * 100, "a "),
        ("nothing here", "nothing here"),
    ],
)
def test_what_our_hooks_injected_is_not_taken_for_what_was_said(text: str, left: str) -> None:
    assert unfenced(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example\x07link\x1b]8;;\x07", "link"),
        ("\x1b]0;title\x1b\\text", "text"),
        ("\x9b31mred", "red"),
        ("a\x00b\x08c\x7fd", "abcd"),
        ("a\u202eb\u200bc\ufeffd\U000e0041e", "abcde"),
        ("tab\tstays\r\nas lines do", "tab\tstays\nas lines do"),
        ("half a pair \ud83d goes", "half a pair ? goes"),
        ("naïve 日本語 🙂", "naïve 日本語 🙂"),
    ],
)
def test_only_what_a_reader_sees_is_left(text: str, left: str) -> None:
    assert plain(text) == left


def test_an_escape_sequence_inside_a_secret_does_not_hide_it() -> None:
    assert "aB3aB3" not in redact("gh\x1b[0mp_" + "aB3" * 12)


def test_a_line_is_one_line_bounded_and_holds_no_tag_of_ours() -> None:
    text = line(f"first\nsecond\x1b[2J </{FENCE}00ff> " + "x" * 500, 80)

    assert "\n" not in text
    assert "\x1b" not in text
    assert FENCE not in text
    assert len(text) == 80


ADVERSARIAL = {
    "one letter": "a" * 1_000_000,
    "begin, never end": "-----BEGIN PRIVATE KEY-----" * 30_000,
    "dashes": "-" * 1_000_000,
    "jwt heads": "eyJ" * 330_000,
    "jwt heads apart": "-eyJ-eyJaaaaaaaa" * 60_000,
    "jwt dots": "eyJaaaaaaaaaa." * 70_000,
    "assignments": "password" * 120_000,
    "keys": "API_KEY_" * 120_000,
    "dotted names": "a.b_c-" * 160_000 + "password",
    "spaced secrets": "secret token key password " * 38_000,
    "urls": "://" * 330_000,
    "url users": "http://aaaaaaaaaaaaaaaaaaaaaaaa" * 32_000,
    "url passwords": "http://a:" * 110_000,
    "curl": "curl " * 200_000,
    "bearer": "bearer " * 140_000,
    "authorization": "authorization: " * 66_000,
    "private": "<private>" * 110_000,
    "private closers": "</private>" * 100_000,
    "fences": f"<{FENCE}" * 60_000,
    "escapes": "\x1b[" * 500_000,
    "operating system commands": "\x1b]" * 500_000,
    "sk": "sk-" * 330_000,
    "xox": "xoxb-" * 200_000,
    "colons": "token:" * 160_000,
    "quotes": 'password="' * 100_000,
    "upper": "A_" * 500_000,
    "uppercase key": "A" * 999_990 + "KEY",
    "digits": "1234567890:AA" * 76_000,
    "atlas": "a" * 500_000 + ".atlasv1." * 50_000,
    "is": "password is " * 80_000,
    "flags": "--a-" * 250_000,
    "flag secrets": "--password" * 100_000,
    "cookies": "cookie: " * 125_000,
}


@pytest.mark.parametrize("text", ADVERSARIAL.values(), ids=list(ADVERSARIAL))
def test_a_megabyte_made_to_be_slow_is_not(text: str) -> None:
    """No clock here: what is quadratic in a megabyte does not end while anybody waits."""
    assert len(redact(text)) <= len(text) * 12


def test_noise_does_not_raise() -> None:
    random.seed(7)
    letters = string.printable + "\x1b\u202e\ud800<>"
    for _ in range(300):
        text = "".join(random.choices(letters, k=400))
        assert isinstance(redact(text), str)


def test_every_rule_has_a_plain_name_and_words_in_lower_case() -> None:
    for name, words, _ in RULES:
        assert set(name) <= set(string.ascii_lowercase + string.digits + "-")
        assert words
        assert all(word == word.lower() for word in words)
