"""What stands of our own on this machine, as doctor looks at it: receipt, settings, program, memory."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from mem0_agent import host, package
from mem0_agent.memory import local, settings
from mem0_agent.memory.protocol import Refused
from mem0_agent.model import UserError
from mem0_agent.planning import runtime
from mem0_agent.writing import ledger

if TYPE_CHECKING:
    from pathlib import Path

    from mem0_agent.model import Host, Receipt


def receipt_of(here: Host, problems: list[UserError]) -> Receipt | None:
    try:
        return ledger.load(here.dirs)
    except UserError as error:
        problems.append(error)
        return None


def address(here: Host, receipt: Receipt | None) -> str:
    """Where the memory behind our own server is, as the receipt says, else our settings; empty for the local one."""
    if receipt:
        return receipt.backend.url
    table, _ = settings.parsed(str(here.dirs.config / "config.toml"))
    return str(table.get("url") or "")


def runtime_problem(here: Host, receipt: Receipt | None) -> str:
    """What is wrong with the program that clients start, as a finding's id; empty when nothing is."""
    if receipt is None or here.launcher not in receipt.records:
        return ""
    wing = package.wing()
    place = runtime.root(here, wing)
    text = host.read(here.launcher, [])
    if text is None or not here.python.exists():
        return "runtime.missing"
    if text != runtime.launcher(here, place):
        return "runtime.outdated"
    return "" if all((place / name).is_file() for name in wing) else "runtime.missing"


def memory(here: Host) -> tuple[int | None, str, str]:
    """How many memories this machine's own file holds, what keeps it from being written, and the line that mends it."""
    path = here.dirs.data / "memory.db"
    if not host.writable(here.dirs.data):
        return None, f"{here.dirs.data} is not writable", f"chmod u+rwx {quoted(here.dirs.data)}"
    if path.exists() and not host.writable_file(path):
        return None, f"{path} is not writable", f"chmod u+rw {quoted(path)}"
    try:
        store = local.LocalMemory(str(path), here.user)
        return int(store.memories({"user_id": "*"}, page=1, page_size=1)["count"]), "", ""
    except Refused as error:
        return None, f"{path}: {error.detail}", mended(path, error)


def mended(path: Path, error: Refused) -> str:
    """The line for a memory that SQLite will not open."""
    if error.code == "memory_unreadable":
        aside = quoted(path.with_name(f"{path.name}.damaged"))
        return f"mv {quoted(path)} {aside}   # keeps it; a new one begins, empty"
    if error.code == "memory_unwritable":
        return f"chmod u+rw {quoted(path)}"
    if error.code == "memory_busy":
        return "mem0-agent doctor   # again, when whoever writes it has ended"
    return (
        "python3 -m pip install --upgrade mem0-agent && mem0-agent install   # with a Python whose SQLite can open it"
    )


def quoted(path: Path) -> str:
    return shlex.quote(str(path))
