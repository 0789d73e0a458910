"""One element out of an array inside an element of another array: a handler out of a group that somebody shares."""

from __future__ import annotations

from pathlib import Path

import pytest

from mem0_agent.edits import document, json_text, toml_text
from mem0_agent.model import Edit, UserError

PATH = ("hooks", "Stop", "#1", "hooks")
OURS = {"type": "command", "command": "ours", "timeout": 10}
JSON = {
    "indented": (
        """{
  "hooks": {
    "Stop": [
      {"hooks": [{"type": "command", "command": "theirs"}]},
      {
        "hooks": [
          {
            "type": "command",
            "command": "ours",
            "timeout": 10
          },
          { "type":"command", "command": "mine" }
        ]
      }
    ]
  }
}
""",
        """{
  "hooks": {
    "Stop": [
      {"hooks": [{"type": "command", "command": "theirs"}]},
      {
        "hooks": [
          { "type":"command", "command": "mine" }
        ]
      }
    ]
  }
}
""",
    ),
    "minified": (
        '{"hooks":{"Stop":[{},{"hooks":[{"x":1},{"type":"command","command":"ours","timeout":10}]}]},"a":1e0}',
        '{"hooks":{"Stop":[{},{"hooks":[{"x":1}]}]},"a":1e0}',
    ),
    "odd": (
        '{"hooks" : {"Stop":[ {} ,\r\n {"hooks":[{"command":"ours","type":"command","timeout":10} ,\r\n\t{"x":1.0}]}]}}',
        '{"hooks" : {"Stop":[ {} ,\r\n {"hooks":[{"x":1.0}]}]}}',
    ),
}  # fmt: skip
LAST = (
    '[[hooks.Stop]]\n[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ncommand = "mine"\n\n[[hooks.Stop.hooks]]\n'
    'type = "command"\ncommand = "ours"\ntimeout = 10\n\n[hooks.state]\n"a:b" = {}\n'
)
HEAD = '[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = "command"\ncommand = "ours"\ntimeout = 10\n\n'
OTHER = '# two\n[[hooks.Stop]]\n\n[[hooks.Stop.hooks]] # ours\ntype = "command"\ncommand = "ours"\ntimeout = 10\n\n'
TOML = {
    "tables": (
        HEAD + OTHER + '[[hooks.Stop.hooks]]\ncommand = "mine" # own\n\n[[hooks.Stop]]\nhooks = []\n',
        HEAD + '# two\n[[hooks.Stop]]\n\n[[hooks.Stop.hooks]]\ncommand = "mine" # own\n\n[[hooks.Stop]]\nhooks = []\n',
    ),
    "tables, the last": (
        LAST,
        '[[hooks.Stop]]\n[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ncommand = "mine"\n\n[hooks.state]\n"a:b" = {}\n',
    ),
    "inline in tables": (
        '[[hooks.Stop]]\n[[hooks.Stop]]\nhooks = [\n  { type = "command", command = "ours", timeout = 10 }, # ours\n  { command = "mine" },\n]\n',
        '[[hooks.Stop]]\n[[hooks.Stop]]\nhooks = [\n  { command = "mine" },\n]\n',
    ),
    "inline": (
        'hooks.Stop = [{}, { hooks = [{ command = "mine" }, { type = "command", command = "ours", timeout = 10 }] }]\n',
        'hooks.Stop = [{}, { hooks = [{ command = "mine" }] }]\n',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), JSON.values(), ids=JSON)
def test_out_of_json(before: str, after: str) -> None:
    assert json_text.take(before.encode(), PATH, OURS) == after.encode()


@pytest.mark.parametrize(("before", "after"), TOML.values(), ids=TOML)
def test_out_of_toml(before: str, after: str) -> None:
    assert toml_text.take(before.encode(), PATH, OURS) == after.encode()


ALL = {
    **{f"json {name}": (json_text, Path("h.json"), before) for name, (before, _) in JSON.items()},
    **{f"toml {name}": (toml_text, Path("c.toml"), before) for name, (before, _) in TOML.items()},
}


@pytest.mark.parametrize(("kind", "path", "before"), ALL.values(), ids=ALL)
@pytest.mark.parametrize(
    ("keys", "value"),
    [(PATH, {"type": "command"}), (("hooks", "Stop", "#7", "hooks"), OURS), (("hooks", "Start", "#0", "hooks"), OURS),
     (("hooks", "Stop", "#0", "none"), OURS)],
)  # fmt: skip
def test_what_is_not_there_is_left(
    kind: document.Editor, path: Path, before: str, keys: tuple[str, ...], value: dict[str, object]
) -> None:
    del path
    text = before.encode()
    assert kind.take(text, keys, value) is text


@pytest.mark.parametrize(("kind", "path", "before"), ALL.values(), ids=ALL)
def test_what_was_taken_is_reported_and_not_given_to_whoever_has_that_number_now(
    kind: document.Editor, path: Path, before: str
) -> None:
    text, done = document.perform(path, before.encode(), [Edit("take", PATH, OURS)])
    assert done[0].was == OURS
    assert document.revert(path, text, done) == document.Reverted(text, done)
    assert document.revert(path, before.encode(), done).edited == ()
    assert kind.parse(text) != kind.parse(before.encode())


def test_nothing_is_put_into_an_array_as_if_it_were_an_object() -> None:
    with pytest.raises(UserError) as caught:
        json_text.put(b'{"a": [1]}', ("a", "#3"), 2)
    assert caught.value.code == "config.unsupported"


def test_a_member_may_be_called_like_an_element() -> None:
    assert json_text.put(b'{"a": {"#1": 1}}', ("a", "#1"), 2) == b'{"a": {"#1": 2}}'
    assert toml_text.put(b'a."#1" = 1\n', ("a", "#1"), 2) == b'a."#1" = 2\n'
