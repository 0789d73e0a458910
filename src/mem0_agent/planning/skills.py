"""Skills as files: which are to be there, which are ours, which somebody has made his own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mem0_agent.clients import CLIENTS
from mem0_agent.model import Change, digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mem0_agent.model import Files, Host, Kit, Receipt, Scope


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file of one skill, where a client reads it."""

    skill: str
    path: Path
    text: bytes


def wanted(host: Host, client: str, scope: Scope, project: Path | None, kit: Kit) -> tuple[Wanted, ...]:
    side = CLIENTS[client].hooks
    if side is None:
        return ()
    folder = side.skills(host, scope, project)
    return tuple(Wanted(name.split("/")[0], folder / name, text) for name, text in sorted(kit.skills.items()))


def names(kit: Kit) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.split("/")[0] for name in sorted(kit.skills)))


def changes(
    files: Files, receipt: Receipt | None, client: str, scope: Scope, want: tuple[Wanted, ...]
) -> Iterator[Change]:
    """What is missing or was ours and is outdated. A file that is not as we wrote it stays its author's.

    A new file does not wait for the disk: what a power cut leaves of it is ours still.
    """
    for item in want:
        before = files.get(item.path)
        if before != item.text and (before is None or ours(receipt, item, before)):
            yield Change(
                item.path, before, item.text, f"the skill {item.skill}", client,
                mode=0o644, scope=scope, durable=before is not None,
            )  # fmt: skip


def ours(receipt: Receipt | None, item: Wanted, now: bytes) -> bool:
    """Whether it is what we wrote last, or what a power cut leaves of that: nothing, or zeros at its end."""
    record = receipt.records.get(item.path) if receipt else None
    torn = now[-1:] in (b"", b"\0") and item.text.startswith(now.rstrip(b"\0"))
    return record is not None and (record.result == digest(now) or torn)


def edited(files: Files, receipt: Receipt | None, want: tuple[Wanted, ...]) -> tuple[Path, ...]:
    """The files that are there in words that are not ours, neither of this version nor of the one installed."""
    return tuple(
        item.path
        for item in want
        if (now := files.get(item.path)) is not None and now != item.text and not ours(receipt, item, now)
    )


def faults(files: Files, want: tuple[Wanted, ...]) -> Mapping[Path, str]:
    """What keeps a client from reading a skill, by the SKILL.md that it concerns."""
    found = {}
    for item in want:
        text = files.get(item.path)
        if item.path.name == "SKILL.md" and text is not None and (fault := front_matter_fault(text)):
            found[item.path] = fault
    return found


def front_matter_fault(text: bytes) -> str:
    """Both clients want a block between two lines of dashes that has a name and a description."""
    lines = text.decode("utf-8", "replace").lstrip("\ufeff").splitlines()
    if not lines or lines[0].strip() != "---" or "---" not in (line.strip() for line in lines[1:]):
        return "has no front matter between two lines of ---"
    head = lines[1 : next(n for n, line in enumerate(lines[1:], 1) if line.strip() == "---")]
    keys = {line.split(":")[0].strip() for line in head if ":" in line and line.split(":", 1)[1].strip()}
    missing = [key for key in ("name", "description") if key not in keys]
    return f"has no {' and no '.join(missing)} in its front matter" if missing else ""
