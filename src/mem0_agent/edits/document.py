"""Edits carried out on a file's text and taken back again, whatever the format."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from mem0_agent.edits import dotenv_text, json_text, toml_text
from mem0_agent.edits.text import BY_HAND, MISSING, depth_at, element, same, shallow, value_at
from mem0_agent.model import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mem0_agent.model import Edit, Json


class Editor(Protocol):
    """What each format's module exports: bytes in, bytes out, by spans, every other byte kept.

    Each function gives back the very object it was given when there is nothing to do.
    UserError is all that they raise.
    """

    def parse(self, text: bytes) -> dict[str, Json]:
        """Return the document as plain data, shared between callers: do not change it."""

    def fresh(self) -> bytes:
        """Return the empty document that a new file starts from."""

    def put(self, text: bytes, keys: Sequence[str], value: Json) -> bytes:
        """Make the member at ``keys`` ``value``, and its parents where they are missing."""

    def drop(self, text: bytes, keys: Sequence[str], made: int = 0) -> bytes:
        """Take the member at ``keys`` away, and after it up to ``made`` parents that it leaves empty."""

    def add(self, text: bytes, keys: Sequence[str], value: Json) -> bytes:
        """Append ``value`` to the array at ``keys``, which is made where it is missing."""

    def take(self, text: bytes, keys: Sequence[str], value: Json, made: int = 0) -> bytes:
        """Take the first element equal to ``value`` away; then up to ``made`` of array and parents."""


EDITORS: Final[dict[str, Editor]] = {".json": json_text, ".toml": toml_text, ".env": dotenv_text}


class Reverted(NamedTuple):
    """A text less our edits, and those of them that somebody has changed since."""

    text: bytes
    edited: tuple[Edit, ...]


class Step(NamedTuple):
    """One edit taken back; ``edited`` tells that its value is no longer ours."""

    text: bytes
    edited: bool = False


def editor(path: Path) -> Editor:
    """Return the editor for what the file's name says it is. Raises UserError where it says nothing."""
    suffix = ".env" if path.name == ".env" else path.suffix.lower()
    if suffix not in EDITORS:
        raise UserError("config.unsupported", "This is no kind of file that we edit.", hint=BY_HAND, path=path)
    return EDITORS[suffix]


@shallow
def perform(path: Path, before: bytes | None, edits: Sequence[Edit]) -> tuple[bytes, tuple[Edit, ...]]:
    """Return the text after ``edits``, and the edits completed with what ``revert`` needs.

    ``was`` is what put or drop displaced and, for take, the element if it was there; ``made`` counts what
    put and add had to make. ``before`` None is no file. Raises UserError with ``path``.
    """
    kind = editor(path)
    text = kind.fresh() if before is None else before
    done: list[Edit] = []
    try:
        for edit in edits:
            complete = completed(kind.parse(text), edit)
            text = applied(kind, text, complete)
            done.append(complete)
    except UserError as error:
        error.path = path
        raise
    return text, tuple(done)


def completed(data: dict[str, Json], edit: Edit) -> Edit:
    """Return ``edit`` with ``was`` and ``made`` as the document stands."""
    here, missing = value_at(data, edit.keys), len(edit.keys) - depth_at(data, edit.keys)
    if edit.op == "put":
        return dataclasses.replace(edit, was=recorded(edit, here), made=max(0, missing - 1))
    if edit.op == "drop":
        return dataclasses.replace(edit, was=recorded(edit, here))
    if edit.op == "add":
        return dataclasses.replace(edit, made=missing)
    return dataclasses.replace(edit, was=edit.value if holds(here, edit.value) else None)


def recorded(edit: Edit, here: Json) -> Json:
    """Return what will be displaced, None for nothing. Raises UserError where no record could keep it."""
    if here is MISSING:
        return None
    try:
        kept = same(json.loads(json.dumps(here, allow_nan=False)), here)
    except (TypeError, ValueError):
        kept = False
    if not kept:
        message = f'"{".".join(edit.keys)}" holds a value that cannot be recorded for the way back.'
        raise UserError("config.unsupported", message, hint=BY_HAND)
    return here


def holds(array: Json, value: Json) -> bool:
    return isinstance(array, list) and any(same(item, value) for item in array)


def applied(kind: Editor, text: bytes, edit: Edit) -> bytes:
    """Return ``text`` after one edit."""
    match edit.op:
        case "put":
            return kind.put(text, edit.keys, edit.value)
        case "drop":
            return kind.drop(text, edit.keys, edit.made)
        case "add":
            return kind.add(text, edit.keys, edit.value)
        case "take":
            return kind.take(text, edit.keys, edit.value, edit.made)


@shallow
def revert(path: Path, text: bytes, edits: Sequence[Edit], *, force: bool = False) -> Reverted:
    """Take back ``edits``, as ``perform`` completed them, last first; the text may have changed since.

    What somebody changed since is reported and, unless ``force``, left as it is. What is gone already is
    no matter. Raises UserError with ``path``.
    """
    kind = editor(path)
    edited: list[Edit] = []
    try:
        for edit in reversed(edits):
            step = undone(kind, text, edit, force=force)
            text = step.text
            edited += [edit] if step.edited else []
    except UserError as error:
        error.path = path
        raise
    return Reverted(text, tuple(reversed(edited)))


def undone(kind: Editor, text: bytes, edit: Edit, *, force: bool) -> Step:
    """Return ``text`` less one edit."""
    here = value_at(kind.parse(text), edit.keys)
    match edit.op:
        case "put":
            return unput(kind, text, edit, here, force=force)
        case "drop":
            return undropped(kind, text, edit, here, force=force)
        case "add":
            if holds(here, edit.value):
                return Step(kind.take(text, edit.keys, edit.value, edit.made))
            return Step(text, edited=isinstance(here, list) and bool(here))
        case "take":
            back = edit.was is not None and not holds(here, edit.value)
            if any(element(key) is not None for key in edit.keys):
                return Step(text, edited=back)  # by now that number may be another element's
            return Step(kind.add(text, edit.keys, edit.value) if back else text)


def unput(kind: Editor, text: bytes, edit: Edit, here: Json, *, force: bool) -> Step:
    """Return ``text`` with what put displaced, or less what it made."""
    if here is MISSING:
        return Step(text)
    edited = not same(here, edit.value)
    if edited and not force:
        return Step(text, edited=True)
    if edit.was is None:
        return Step(kind.drop(text, edit.keys, edit.made), edited)
    return Step(kind.put(text, edit.keys, edit.was), edited)


def undropped(kind: Editor, text: bytes, edit: Edit, here: Json, *, force: bool) -> Step:
    """Return ``text`` with what drop displaced, unless something else stands there by now."""
    if edit.was is None:
        return Step(text)
    edited = here is not MISSING and not same(here, edit.was)
    if edited and not force:
        return Step(text, edited=True)
    return Step(kind.put(text, edit.keys, edit.was), edited)
