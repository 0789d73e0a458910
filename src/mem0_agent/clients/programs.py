"""What the clients share: a version read off the files beside a program, documents, and the shapes in them."""

from __future__ import annotations

import json
import ntpath
import posixpath
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from mem0_agent.edits.document import editor
from mem0_agent.model import Presence, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mem0_agent.model import Files, Host, Json

VERSION = re.compile(r"\d+\.\d+(?:\.\d+)+(?:[-+.\w]*)")


def located(host: Host, name: str, candidates: tuple[Path, ...]) -> Path | None:
    """The real program behind ``name``: on PATH, else at one of the places where installers put it."""
    for place in (name, *map(str, candidates)):
        if found := host.which(place):
            return found
    return None


def manifest(program: Path | None) -> frozenset[Path]:
    """The files beside an npm-installed program that tell its version without starting it."""
    if program is None:
        return frozenset()
    folder = program.parent
    return frozenset({folder / "package.json", folder.parent / "package.json", folder.parent / "codex-package.json"})


def file_version(program: Path | None, package: str, files: Files) -> str:
    """The version that ``program``'s own path or a manifest beside it tells; empty where none does.

    ``package`` is the name in npm; the packages that it has for each platform begin with it.
    """
    if program is None:
        return ""
    for path in sorted(manifest(program)):
        about = manifest_of(files.get(path))
        if str(about.get("name", package)).startswith(package) and about.get("version"):
            return str(about["version"])
    return program.name if VERSION.fullmatch(program.name) else ""


def presence(name: str, program: Path | None, package: str, main_file: Path, files: Files) -> Presence:
    """A client is here when its ``program`` is, or when its ``main_file`` tells that it was."""
    if program:
        version = file_version(program, package, files)
        return Presence(detected=True, version=version, program=program, evidence=str(program))
    if files.get(main_file) is not None:
        return Presence(detected=True, evidence=str(main_file))
    return Presence(detected=False, evidence=f"no {name} on PATH, no {main_file}")


def manifest_of(data: bytes | None) -> Mapping[str, Json]:
    try:
        document = json.loads(data or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def printed_version(output: str) -> str:
    found = VERSION.search(output)
    return found.group() if found else ""


def document(path: Path, files: Files) -> Mapping[str, Json]:
    """The file at ``path`` as data, empty where there is none. Raises UserError where it does not parse."""
    data = files.get(path)
    if data is None:
        return {}
    try:
        return editor(path).parse(data)
    except UserError as error:
        error.path = path
        raise


def table(document: Mapping[str, Json], key: str, path: Path) -> Mapping[str, Json]:
    """The object under ``key``, empty where it is absent. Raises UserError where it is something else."""
    value = document.get(key, {})
    if not isinstance(value, dict):
        raise UserError(
            "config.invalid", f"“{key}” is {kind(value)} where an object of servers belongs",
            hint="Correct it by hand; the client itself cannot read it like this.", path=path,
        )  # fmt: skip
    return value


def opened(path: Path, why: str) -> str:
    """The line that opens a file which only people can correct, and what they should do there."""
    return f"${{EDITOR:-vi}} {shlex.quote(str(path))}   # {why}"


def kind(value: Json) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def strings(value: Json) -> dict[str, str]:
    """The text members of an object, whatever else stands in it."""
    if not isinstance(value, dict):
        return {}
    return {str(name): text for name, text in value.items() if isinstance(text, str)}


def texts(value: Json) -> list[str]:
    """The elements of a list as text; none where it is no list."""
    return [str(element) for element in value] if isinstance(value, list) else []


def told(host: Host, folder: str) -> Path:
    """A folder that a variable names, from where the client would be started; no ``..`` is left in it."""
    return Path((ntpath if host.windows else posixpath).normpath(host.cwd / folder))


def ancestors(folder: Path) -> tuple[Path, ...]:
    """``folder`` and all that hold it, innermost first."""
    return (folder, *folder.parents)
