from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mem0_agent.edits.document import editor, perform, revert
from mem0_agent.edits.text import MISSING, depth_at, same, value_at
from mem0_agent.model import Edit, UserError
from tests.edits.strategies import DOTENV_TEXTS, ENTRIES, JSON_TEXTS, PATHS, TABLES, TOML_TEXTS, noise

JSON, TOML, DOTENV = Path("x.json"), Path("config.toml"), Path(".env")
DOCUMENTS = st.one_of(
    st.tuples(st.just(JSON), JSON_TEXTS),
    st.tuples(st.just(TOML), TOML_TEXTS),
    st.tuples(st.just(TOML), TOML_TEXTS),
).map(lambda pair: (pair[0], pair[1].encode()))
VALUES = ENTRIES | TABLES
CODES = {"config.invalid", "config.unsupported"}

relaxed = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=100)
"""Generated documents take as long as they take."""


def expected(data: Any, keys: tuple[str, ...], value: Any) -> Any:
    """``data`` with ``value`` at ``keys``; MISSING takes the member away."""
    key, *rest = keys
    if rest:
        return {**data, key: expected(data.get(key, {}), tuple(rest), value)}
    kept = {name: item for name, item in data.items() if name != key}
    return kept if value is MISSING else {**kept, key: value}


def stands_in_table(data: Any, keys: tuple[str, ...]) -> bool:
    """Whether every parent of the member is a table or missing."""
    depth = min(depth_at(data, keys), len(keys) - 1)
    return all(isinstance(value_at(data, keys[:n]), dict) for n in range(depth + 1))


REASONS = ("stands twice", "is not an object", "is not an array", "takes only tables", "cannot be recorded")
"""The few refusals that a readable document deserves; the second and third where a name stands twice."""


def justified(error: UserError) -> bool:
    return error.code in {"config.invalid", "config.unsupported"} and any(word in error.message for word in REASONS)


@relaxed
@given(DOCUMENTS, PATHS, VALUES)
def test_put_means_just_that_and_undo_is_exact(document: tuple[Path, bytes], keys: tuple[str, ...], value: Any) -> None:
    path, before = document
    kind = editor(path)
    data = kind.parse(before)
    assume(stands_in_table(data, keys))
    try:
        after, done = perform(path, before, [Edit("put", keys, value)])
    except UserError as error:
        assert justified(error)  # noqa: PT017 - either outcome is fine
        return
    assert same(kind.parse(after), expected(data, keys, value))
    assert kind.put(after, keys, value) is after
    back, edited = revert(path, after, done)
    assert edited == ()
    if value_at(data, keys) is MISSING:
        assert back == before
    elif value_at(data, keys) is not None:
        assert same(kind.parse(back), data)


@relaxed
@given(DOCUMENTS, PATHS, ENTRIES | TABLES)
def test_add_means_just_that_and_undo_is_exact(document: tuple[Path, bytes], keys: tuple[str, ...], value: Any) -> None:
    path, before = document
    kind = editor(path)
    data = kind.parse(before)
    array = value_at(data, keys)
    assume(stands_in_table(data, keys) and (array is MISSING or isinstance(array, list)))
    try:
        after, done = perform(path, before, [Edit("add", keys, value)])
    except UserError as error:
        assert justified(error)  # noqa: PT017 - either outcome is fine
        return
    old = [] if array is MISSING else array
    assert same(kind.parse(after), expected(data, keys, [*old, value]))
    assume(not any(same(item, value) for item in old))
    assert revert(path, after, done).text == before


@relaxed
@given(DOCUMENTS, PATHS)
def test_drop_leaves_all_else(document: tuple[Path, bytes], keys: tuple[str, ...]) -> None:
    path, before = document
    kind = editor(path)
    data = kind.parse(before)
    assume(value_at(data, keys) is not MISSING)
    try:
        after, done = perform(path, before, [Edit("drop", keys)])
    except UserError as error:
        assert justified(error)  # noqa: PT017 - either outcome is fine
        return
    left = expected(data, keys, MISSING)
    found = kind.parse(after)
    for n in range(len(keys)):  # a table that only its members' headers spoke of goes with the last of them
        if same(found, left):
            break
        assert value_at(left, keys[: -n - 1]) == {}
        left = expected(left, keys[: -n - 1], MISSING)
    assert same(found, left)
    if value_at(data, keys) is not None:
        assert same(kind.parse(revert(path, after, done).text), data)


@relaxed
@given(DOCUMENTS, st.data())
def test_take_removes_the_first_equal_element(document: tuple[Path, bytes], choice: st.DataObject) -> None:
    path, before = document
    kind, keys = editor(path), ("hooks", "SessionStart")
    data = kind.parse(before)
    array = value_at(data, keys)
    assume(isinstance(array, list) and array)
    value = choice.draw(st.sampled_from(array))
    first = next(n for n, item in enumerate(array) if same(item, value))
    try:
        after = kind.take(before, keys, value)
    except UserError as error:
        assert justified(error)  # noqa: PT017 - either outcome is fine
        return
    left = value_at(kind.parse(after), keys)
    assert same([] if left is MISSING else left, array[:first] + array[first + 1 :])


@relaxed
@given(
    DOTENV_TEXTS,
    st.sampled_from(["MEM0_API_KEY", "A", "C", "NEW"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0\r")),
)
def test_a_variable_is_put_and_undone(text: str, key: str, value: str) -> None:
    before = text.encode()
    data = editor(DOTENV).parse(before)
    after, done = perform(DOTENV, before, [Edit("put", (key,), value)])
    assert editor(DOTENV).parse(after) == {**data, key: value}
    back = revert(DOTENV, after, done).text
    assert back == before if key not in data else editor(DOTENV).parse(back) == data


@relaxed
@given(
    st.one_of(
        st.tuples(st.just(JSON), noise(JSON_TEXTS)),
        st.tuples(st.just(TOML), noise(TOML_TEXTS)),
        st.tuples(st.just(DOTENV), noise(DOTENV_TEXTS)),
    ),
    PATHS,
    VALUES | st.sampled_from([None, {1, 2}, {1: 2}, float("nan"), "\ud800", b"x", {"\ud800": [None]}, object()]),
)
def test_bad_bytes_and_values_raise_nothing_but_a_user_error(
    document: tuple[Path, bytes], keys: tuple[str, ...], value: Any
) -> None:
    path, data = document
    kind = editor(path)
    for work in (
        lambda: kind.parse(data),
        lambda: kind.put(data, keys, value),
        lambda: kind.drop(data, keys, 2),
        lambda: kind.add(data, keys, value),
        lambda: kind.take(data, keys, value, 1),
        lambda: revert(path, *perform(path, data, [Edit("put", keys, value), Edit("add", ("h", "S"), value)])),
    ):
        try:
            work()
        except UserError as error:
            assert error.code in CODES  # noqa: PT017 - any other exception must fail here


@relaxed
@given(noise(TOML_TEXTS) | noise(JSON_TEXTS), PATHS, VALUES)
def test_whatever_is_accepted_is_undone_exactly(before: bytes, keys: tuple[str, ...], value: Any) -> None:
    for path in (JSON, TOML):
        kind = editor(path)
        try:
            data = kind.parse(before)
            after, done = perform(path, before, [Edit("put", keys, value)])
        except UserError:
            continue
        if value_at(data, keys) is MISSING:
            assert same(kind.parse(after), expected(data, keys, value))
            assert revert(path, after, done).text == before
