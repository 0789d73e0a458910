"""Runs a transaction once for every operation on files that it makes, with that one going wrong, and reports damage.

A program of its own, because it forks: ``python -m tests.crash FOLDER OPERATION MODE [STRIDE]`` prints one line for
each thing that went wrong (its first words are the kind) and, last, how many points there were.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mem0_agent.model import UserError
from tests.transactions import Fault, build, counting, install, tree, uninstall, watched

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.transactions import Node

OPERATIONS: dict[str, tuple[Callable[[Path], None], Callable[[Path], None]]] = {
    "install": (lambda root: None, install),
    "upgrade": (install, lambda root: install(root, "2")),
    "uninstall": (install, uninstall),
}
RECEIPT = "xdg/state/mem0-agent/receipt.json"
LOCK = "xdg/state/mem0-agent/lock"
STATE = {"xdg", "xdg/state", "xdg/state/mem0-agent", LOCK}
"""May stay, empty, where a run is killed before it could note that it made them."""

TIDYING = ("rmdir", "lstat", "lexists", "unlink", "listdir")
"""What is only tidied away may stay where just that is what fails."""


def visible(root: Path) -> dict[str, Node]:
    """The tree less the wording of the receipt, which tells of folders that a killed run made."""
    nodes = tree(root)
    if RECEIPT in nodes:
        nodes[RECEIPT] = nodes[RECEIPT]._replace(content="")
    return nodes


class Bench:
    """One operation in one world, again and again."""

    def __init__(self, folder: Path, operation: str) -> None:
        self.root = folder / "home"
        self.prepare, self.operate = OPERATIONS[operation]
        self.faults: list[str] = []
        build(self.root)
        self.original = visible(self.root)
        self.prepare(self.root)
        self.before = visible(self.root)
        with counting(Fault(0, "none")) as fault:
            self.operate(self.root)
        self.after, self.points = visible(self.root), fault.count

    def renew(self) -> None:
        shutil.rmtree(self.root)
        build(self.root)
        self.prepare(self.root)

    def expect_tree(self, kind: str, what: str, wanted: dict[str, Node]) -> None:
        found = visible(self.root)
        names = (found.keys() | wanted.keys()) - STATE
        wrong = {n: (found.get(n), wanted.get(n)) for n in names if found.get(n) != wanted.get(n)}
        if wrong:
            self.faults.append(f"{kind if wrong.keys() & wanted.keys() else 'LITTER'} {what}: {wrong!r}")

    def whole(self, what: str) -> None:
        """Every watched file is as it was or as it is to be."""
        found = visible(self.root)
        for path in watched(self.root):
            name = str(path.relative_to(self.root))
            if found.get(name) not in {self.before.get(name), self.after.get(name)}:
                self.faults.append(f"DAMAGED {what}: {name} is {found.get(name)}")

    def kill(self, point: int, mode: str) -> None:
        for way in ("again", "back"):
            self.renew()
            child = os.fork()
            if child == 0:
                with counting(Fault(point, mode)):
                    self.operate(self.root)
                os._exit(0)
            os.waitpid(child, 0)
            self.whole(f"{mode} {point}")
            if way == "again":
                self.operate(self.root)
                self.expect_tree("NOT RECOVERED", f"{mode} {point}, run again", self.after)
            uninstall(self.root)
            self.expect_tree("NOT RECOVERED", f"{mode} {point}, {way}, uninstalled", self.original)

    def fail(self, point: int, mode: str, number: int) -> None:
        self.renew()
        outcome = "done"
        with counting(Fault(point, mode, number)) as fault:
            try:
                self.operate(self.root)
            except (UserError, KeyboardInterrupt) as error:
                outcome = type(error).__name__
        what = f"{mode} {errno.errorcode[number]} {point} {fault.hit[:80]} ({outcome})"
        if mode == "on":
            self.whole(what)
        else:
            if fault.hit.startswith(TIDYING):
                return self.whole(what)
            done = outcome == "done"
            self.expect_tree("SILENT" if done else "DAMAGED", what, self.after if done else self.before)
        self.operate(self.root)
        self.expect_tree("NOT RECOVERED", f"{what}, run again", self.after)
        uninstall(self.root)
        self.expect_tree("NOT RECOVERED", f"{what}, uninstalled", self.original)
        return None


def main(folder: str, operation: str, mode: str, stride: str = "1") -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # before the transaction has its own
    bench = Bench(Path(folder), operation)
    name, _, code = mode.partition(":")
    for point in range(1, bench.points + 1, int(stride)):
        try:
            if name.startswith("kill"):
                bench.kill(point, name)
            else:
                bench.fail(point, name, getattr(errno, code or "EIO"))
        except (OSError, UserError, KeyboardInterrupt) as error:
            bench.faults.append(f"NOT RECOVERED {mode} {point}: {type(error).__name__} {error}")
    tried = len(range(1, bench.points + 1, int(stride)))
    print("\n".join([*bench.faults, f"{tried} points, {len(bench.faults)} faults"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
