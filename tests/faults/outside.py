"""Every operation on files of install and uninstall gone wrong once, from outside, and what became of the files.

``python -m tests.faults.outside FOLDER [STRIDE[:SHARD/SHARDS]] [files|wing] [COMMAND|SUITE …]``, started with the shim in
LD_PRELOAD, prints a table of counts and a line for each thing that went wrong (its first words are the kind); ends with
how many points there were.
"""

from __future__ import annotations

import errno
import importlib
import marshal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults import shim
from tests.faults.box import INSTALL, UNINSTALL, Box
from tests.faults.sample import sample
from tests.faults.shim import Fault
from tests.faults.summary import Faults, head

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.faults.box import End, Look
    from tests.faults.sample import Sample

STATE = ".local/state/mem0-agent"
OWN = {".local", ".local/state", STATE}
"""May stay, empty, where a run is killed before it could note that it made them."""

COMMANDS = {"install": INSTALL, "uninstall": UNINSTALL}
SUITES: dict[str, Fault] = {
    "kill before": Fault(shim.KILL_BEFORE, shim.CHANGES),
    "kill after": Fault(shim.KILL_AFTER, shim.CHANGES),
    "EIO": Fault(shim.ONCE, shim.LOOKS, number=errno.EIO),
    "EACCES": Fault(shim.ONCE, shim.CHANGES, number=errno.EACCES),
    "ENOSPC": Fault(shim.ONCE, shim.GROWS, number=errno.ENOSPC),
    "disk full": Fault(shim.FROM_THERE, shim.GROWS, number=errno.ENOSPC),
    "short write": Fault(shim.SHORT, shim.WRITES),
}
WINGS = "/mem0-agent/runtime/"
"""Three dozen files that are all written in the same way: left out of the full count, looked at by ``wing``."""

PRELOADED = (
    "cli",
    "commands.install",
    "commands.uninstall",
    "commands.conclusion",
    "showing.render",
    "showing.diffs",
    "showing.envelope",
)


class Trial:
    """One command in one home, again and again.

    ``sound`` holds the seals of states, byte for byte, from which the command and then uninstall have led where they
    should: what a fault has left in such a state need not be run again. ``here`` is the seal of the state that stands.
    """

    def __init__(self, box: Box, command: tuple[str, ...], without: str) -> None:
        self.box, self.command, self.without = box, command, without
        box.build()
        self.original = box.look()
        box.save("original")
        self.well(box.run(INSTALL))
        self.installed = box.look()
        box.save("installed")
        self.start = "original" if command == INSTALL else "installed"
        ends = {"original": self.original, "installed": self.installed}
        self.before = ends.pop(self.start)
        (self.after,) = ends.values()
        self.sound: set[bytes] = set()
        self.here = b""
        self.box.restore(self.start)
        self.beginning = self.box.seal()

    def well(self, end: End) -> None:
        assert end.code == 0, end.said

    def points(self, fault: Fault) -> int:
        self.box.restore(self.start)
        self.here = b""
        return self.box.run(self.command, Fault(least=fault.least), self.without).count

    def hurt(self, fault: Fault, counts: Faults) -> None:
        """One point: hurt, look, run again, look, uninstall, look."""
        counts.points += 1
        if self.here != self.beginning:
            self.box.restore(self.start)
        end = self.box.run(self.command, fault, self.without)
        self.here = self.box.seal()
        story = f"{counts.name} {fault.point}: {end.hit} (exit {end.code})"
        self.judge(end, fault, counts, story)
        if self.here not in self.sound:
            self.recover(counts, story)

    def recover(self, counts: Faults, story: str) -> None:
        """Run again, look, uninstall, look."""
        left, bad = self.here, counts.bad
        self.here = b""
        again = self.box.run(self.command)
        self.compare(again, self.after, counts, f"{story}, run again")
        if self.command == INSTALL:
            self.compare(self.box.run(UNINSTALL), self.original, counts, f"{story}, uninstalled")
        if counts.bad == bad:
            self.sound.add(left)

    def judge(self, end: End, fault: Fault, counts: Faults, story: str) -> None:
        found = self.box.look()
        torn = [name for name in theirs(self.before, self.after) if found.get(name) not in self.sides(name)]
        if torn:
            counts.damaged += 1
            counts.stories.append(f"DAMAGED {story}: {few(torn)}")
        if broken := unloadable(self.box.home):
            counts.damaged += 1
            counts.stories.append(f"BROKEN {story}: {broken}")
        if end.code == 0 and (wrong := differences(found, self.after, theirs(self.before, self.after))):
            counts.silent += 1
            counts.stories.append(f"SILENT {story}: {few(wrong)}")
        caches = {name for name in self.before if "/__pycache__" in name}  # Python makes them anew when it wants them
        moved = differences(found, self.before, (found.keys() | self.before.keys()) - caches)
        if end.code > 0 and fault.mode != shim.FROM_THERE:
            self.unmoved(moved, counts, story)
        if end.code in {3, 98, 99} or "Traceback" in end.said:
            counts.unexplained += 1
            counts.stories.append(f"UNEXPLAINED {story}: {end.said[-600:]}")

    def unmoved(self, moved: list[str], counts: Faults, story: str) -> None:
        """After a run that said that it failed: nothing is as it was not before."""
        if any(name in self.before for name in moved):
            counts.damaged += 1
            counts.stories.append(f"CHANGED {story}: {few(moved)}")
        elif left := [name for name in moved if name not in OWN]:
            counts.litter += 1
            counts.stories.append(f"LEFT {story}: {few(left)}")

    def sides(self, name: str) -> tuple[object, object]:
        return self.before.get(name), self.after.get(name)

    def compare(self, end: End, wanted: Look, counts: Faults, story: str) -> None:
        found = self.box.look()
        caches = [name for name in wanted if "/__pycache__" in name]  # Python makes them anew when it wants them
        wrong = differences(found, wanted, (found.keys() | wanted.keys()) - set(caches))
        if end.code != 0 or any(name in wanted for name in wrong):
            counts.lost += 1
            counts.stories.append(
                f"NOT RECOVERED {story}: exit {end.code}, {few(wrong)} {end.said[-300:] if end.code else ''}"
            )
        elif left := [name for name in wrong if name not in OWN]:
            counts.litter += 1
            counts.stories.append(f"LITTER {story}: {few(left)}")


def few(found: list[str]) -> str:
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return f"{found[:5]}{more}"


def theirs(before: Look, after: Look) -> set[str]:
    """Every file but those of our own state, which a run that was hurt may leave in between, and caches."""
    names = before.keys() | after.keys()
    return {name for name in names if not name.startswith(STATE) and name not in OWN and "/__pycache__" not in name}


def unloadable(home: Path) -> list[str]:
    """Compiled modules that Python would take for good and could not load: a torn one breaks every later start."""
    return [path.name for path in home.rglob("*.pyc") if not loadable(path.read_bytes())]


def loadable(compiled: bytes) -> bool:
    try:
        marshal.loads(compiled[16:])
    except (EOFError, ValueError, TypeError):
        return False
    return True


def differences(found: Look, wanted: Look, names: set[str]) -> list[str]:
    return sorted(name for name in names if found.get(name) != wanted.get(name))


def chosen(known: Iterable[str], names: tuple[str, ...]) -> list[str]:
    """Those of ``known`` that are among ``names``; all of them where none is."""
    return [name for name in known if name in names] or list(known)


def sweep(box: Box, some: Sample, names: tuple[str, ...], without: str) -> Iterator[Faults]:
    for label in chosen(COMMANDS, names):
        trial = Trial(box, COMMANDS[label], without)
        for name in chosen(SUITES, names):
            counts, fault = Faults(f"{label}, {name}"), SUITES[name]
            for point in some.points(trial.points(fault)):
                trial.hurt(Fault(fault.mode, fault.least, point, fault.number), counts)
            yield counts


def main(folder: str, stride: str = "1", wing: str = "", *names: str) -> None:
    for module in PRELOADED:
        importlib.import_module(f"mem0_agent.{module}")
    box = Box(Path(folder), shim.Shim())
    total = Faults("all")
    print(head(""))
    for counts in sweep(box, sample(stride), names, "" if wing == "wing" else WINGS):
        print(counts.line(), *counts.stories, sep="\n", flush=True)
        total.take(counts)
    print(total.line())
    print(f"{total.points} points, {total.bad} faults")
    sys.exit(1 if total.bad else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
