from __future__ import annotations

import errno
import json
import os
import py_compile
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mem0_agent.edits import document
from mem0_agent.model import Backend, Change, Edit, Offer, Receipt, Record, UserError, digest
from mem0_agent.writing import apply, client_locks, files, ledger, leftovers, locks, standing
from mem0_agent.writing.receipt import Journal, Visited
from tests.transactions import OLD, build, counting, dirs_in, edited, install, planned, tree, uninstall

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
LOCAL = Backend("local")


def receipt_in(root: Path) -> Receipt:
    receipt = ledger.load(dirs_in(root))
    assert receipt is not None
    return receipt


def change_of(path: Path, *edits: Edit) -> Change:
    change = edited(path, list(edits))
    assert change is not None
    return change


def backup_of(root: Path) -> str:
    baseline = receipt_in(root).records[root / ".client.json"].baseline
    assert baseline is not None
    return baseline


@pytest.fixture
def root(tmp_path: Path) -> Path:
    build(tmp_path / "home")
    return tmp_path / "home"


def mtimes(root: Path) -> dict[Path, int]:
    return {path: path.lstat().st_mtime_ns for path in root.rglob("*")}


def times_of_files(root: Path) -> dict[Path, int]:
    return {path: when for path, when in mtimes(root).items() if path.is_file()}


def test_install_then_uninstall_is_the_same_tree(root: Path) -> None:
    before = tree(root)
    install(root)
    assert json.loads((root / ".fresh/deep/new.json").read_bytes())["a"]["b"]["version"] == "1"
    assert tree(root)["xdg/data/bin/run"] == ("file", 0o755, b"1")
    uninstall(root)
    assert tree(root) == before


def test_a_second_run_writes_nothing(root: Path) -> None:
    install(root)
    before, times = tree(root), times_of_files(root)
    install(root)
    assert (tree(root), times_of_files(root)) == (before, times)


def test_nothing_to_do_makes_no_folder(root: Path) -> None:
    before = mtimes(root)
    with apply.transaction([], dirs_in(root), backend=LOCAL) as receipt:
        assert receipt.records == {}
    assert not (root / "xdg").exists()
    assert {path: when for path, when in mtimes(root).items() if path != root} == before


def test_state_is_private(root: Path) -> None:
    install(root)
    modes = {name: node.mode for name, node in tree(root).items() if name.startswith("xdg/state")}
    assert {mode for name, mode in modes.items() if tree(root)[name].kind == "folder"} == {0o700}
    assert {mode for name, mode in modes.items() if tree(root)[name].kind == "file"} == {0o600}


def test_the_receipt_is_there_in_the_body_and_knows_the_baseline(root: Path) -> None:
    dirs = dirs_in(root)
    with apply.transaction(planned(root), dirs, backend=LOCAL, clients=["client"], version="1") as receipt:
        assert ledger.load(dirs) == receipt
    assert (receipt.clients, receipt.version, receipt.backend) == (("client",), "1", LOCAL)
    record = receipt.records[root / ".client.json"]
    assert ledger.restore_bytes(dirs, record.baseline or "") == OLD
    assert record.result == digest((root / ".client.json").read_bytes())
    assert receipt.records[root / ".fresh/deep/new.json"].folders == (root / ".fresh", root / ".fresh/deep")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, RuntimeError, UserError("x", "y")])
@pytest.mark.parametrize("installed", [False, True])
def test_whatever_the_body_raises_takes_everything_back(root: Path, error: Any, installed: bool) -> None:
    if installed:
        install(root)
    before, receipt = tree(root), ledger.load(dirs_in(root))
    kind = error if isinstance(error, type) else type(error)
    with (  # noqa: PT012 - the body is the matter
        pytest.raises(kind),
        apply.transaction(planned(root, "2"), dirs_in(root), backend=LOCAL, version="2"),
    ):
        assert tree(root) != before
        raise error
    assert tree(root) == before
    assert ledger.load(dirs_in(root)) == receipt


def test_taking_back_a_deletion(root: Path) -> None:
    install(root)
    before = tree(root)
    change = Change(root / ".fresh/deep/new.json", files.read(root / ".fresh/deep/new.json"), None, "away")
    with pytest.raises(KeyboardInterrupt), apply.transaction([change], dirs_in(root)):  # noqa: PT012 - the body is the matter
        assert not change.path.exists()
        raise KeyboardInterrupt
    assert tree(root) == before


def test_what_others_write_during_the_body_survives_taking_back(root: Path) -> None:
    path = root / ".other/hooks.json"
    with pytest.raises(KeyboardInterrupt), apply.transaction(planned(root), dirs_in(root), backend=LOCAL):  # noqa: PT012 - the body is the matter
        data = json.loads(path.read_bytes())
        path.write_text(json.dumps(data | {"theirs": 1}))
        raise KeyboardInterrupt
    assert json.loads(path.read_bytes()) == {"hooks": {"Stop": [{"mine": True}]}, "theirs": 1}


def test_a_moved_file_stops_everything_before_the_first_write(root: Path) -> None:
    changes = planned(root)
    (root / ".other/hooks.json").write_bytes(b"{}")
    before = tree(root)
    with pytest.raises(apply.Moved) as caught, apply.transaction(changes, dirs_in(root), backend=LOCAL):
        raise AssertionError
    assert caught.value.code == "config.moved"
    assert caught.value.path == root / ".other/hooks.json"
    assert tree(root) == before


def test_what_others_write_beside_our_entry_meanwhile_is_kept(root: Path) -> None:
    changes = planned(root)
    path = root / "dotfiles/real.json"
    path.write_bytes(OLD.replace(b'"x"}', b'"y"}, "theirs": {}'))
    with apply.transaction(changes, dirs_in(root), backend=LOCAL):
        pass
    assert json.loads(path.read_bytes())["mcpServers"].keys() == {"other", "theirs", "mem0"}
    assert apply.settled([change for change in changes if change.edits], files.read) == []
    uninstall(root)
    assert path.read_bytes() == OLD.replace(b'"x"}', b'"y"}, "theirs": {}')


def test_what_others_write_in_our_place_meanwhile_is_not(root: Path) -> None:
    changes = planned(root)
    path = root / "dotfiles/real.json"
    path.write_bytes(OLD.replace(b'"x"}', b'"x"}, "mem0": {}'))
    before = tree(root)
    with pytest.raises(apply.Moved), apply.transaction(changes, dirs_in(root), backend=LOCAL):
        raise AssertionError
    assert tree(root) == before


def test_a_compiled_module_goes_with_its_source(root: Path) -> None:
    place = root / "xdg/data/wing"
    change = Change(place / "tool.py", None, b"x = 1\n", "the wing", durable=False)
    before = tree(root)
    with pytest.raises(RuntimeError), apply.transaction([change], dirs_in(root), backend=LOCAL):  # noqa: PT012 - the body is the matter
        py_compile.compile(str(place / "tool.py"), doraise=True)
        raise RuntimeError
    assert tree(root) == before


@pytest.mark.parametrize("left", ["lock", files.TEMPORARY])
def test_a_run_without_changes_clears_away_what_a_killed_one_left(root: Path, left: str) -> None:
    install(root)
    after = tree(root)
    (dirs_in(root).state / left).write_bytes(b"")
    apply.mend(dirs_in(root))
    assert tree(root) == after
    times = mtimes(root)
    apply.mend(dirs_in(root))
    assert mtimes(root) == times


def test_folders_made_for_the_lock_are_known_even_to_a_run_that_wrote_nothing(root: Path) -> None:
    """Of runs that start at once, one makes a folder and another the next; each may find that its plan is old."""
    install(root)
    dirs = dirs_in(root)
    journal = ledger.journal_on_disk(dirs)
    assert journal
    assert dirs.state in journal.folders
    ledger.write(dirs, replace(journal, folders=journal.folders[:1]))
    note = {"pid": 1, "folders": [str(folder) for folder in journal.folders[1:]], "locks": {}}
    (dirs.state / "lock").write_text(json.dumps(note), "utf-8")
    old = Change(root / ".other/hooks.json", b"what once was", b"{}", "late")
    with pytest.raises(apply.Moved), apply.transaction([old], dirs):
        raise AssertionError
    uninstall(root)
    assert not (root / "xdg").exists()


def test_a_file_that_cannot_be_put_back_is_named_and_stays_known(root: Path) -> None:
    path = root / ".other/hooks.json"
    with pytest.raises(UserError) as caught, apply.transaction(planned(root), dirs_in(root), backend=LOCAL):  # noqa: PT012 - the body is the matter
        os.link(path, root / "second-name")
        raise KeyboardInterrupt
    assert caught.value.code == "rollback.incomplete"
    assert str(path) in caught.value.message
    assert tree(root)["dotfiles/real.json"].content == OLD
    (root / "second-name").unlink()
    uninstall(root)
    assert not (root / "xdg").exists()
    assert json.loads(path.read_bytes()) == {"hooks": {"Stop": [{"mine": True}]}}


# The very end


def test_the_receipt_knows_the_folders_until_everything_is_swept(root: Path) -> None:
    install(root)
    dirs, cache = dirs_in(root), root / "xdg/data/bin/cache"
    cache.write_bytes(b"made by nobody's change")
    journal = ledger.journal_on_disk(dirs)
    assert journal
    made = {folder for record in journal.receipt.records.values() for folder in record.folders}
    folders = tuple(sorted(made.union(journal.folders), key=lambda folder: len(folder.parts)))
    changes = [
        Change(record.path, files.read(record.path), baseline_of(root, record), "") for record in records_in(root)
    ]

    def ended(_: locks.OwnLock) -> None:
        raise KeyboardInterrupt

    def swept(own: locks.OwnLock) -> None:
        cache.unlink()
        leftovers.sweep(dirs, own, purge=False)

    with pytest.raises(KeyboardInterrupt), apply.transaction(changes, dirs, farewell=apply.Farewell(folders, ended)):
        pass
    assert ledger.load(dirs) is None
    left = ledger.journal_on_disk(dirs)
    assert left
    assert set(left.folders) == set(folders)
    with apply.transaction([], dirs, farewell=apply.Farewell(left.folders, swept)):
        pass
    assert not (root / "xdg").exists()
    assert not (root / ".fresh").exists()


def records_in(root: Path) -> list[Record]:
    return list(receipt_in(root).records.values())


def baseline_of(root: Path, record: Record) -> bytes | None:
    return ledger.restore_bytes(dirs_in(root), record.baseline) if record.baseline else None


@pytest.mark.parametrize("times", [1, 2])
def test_a_sweep_tries_twice_and_names_what_will_not_go(root: Path, times: int) -> None:
    install(root)
    dirs = dirs_in(root)
    with locks.own_lock(dirs) as own, counting(Stubborn(leftovers.remove_once, "backups", times)):
        if times == 1:
            leftovers.sweep(dirs, own, purge=False)
            assert not (dirs.state / "backups").exists()
        else:
            with pytest.raises(UserError, match="backups cannot be removed: Input/output error"):
                leftovers.sweep(dirs, own, purge=False)
            assert ledger.journal_on_disk(dirs)


class Stubborn:
    """Lets ``call`` fail ``times`` times where its path ends with ``name``."""

    def __init__(self, call: Callable[..., Any], name: str, times: int) -> None:
        self.call, self.name, self.times = call, name, times

    def __call__(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if call is self.call and self.times and str(args[0]).endswith(self.name):
            self.times -= 1
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return call(*args, **kwargs)


# Undo when others have written since


def test_a_baseline_follows_what_others_wrote(root: Path) -> None:
    path = root / ".client.json"
    install(root)
    theirs = path.read_bytes().replace(b'"big"', b'"new": [1.0],\r\n\t"big"')
    path.write_bytes(theirs)
    install(root, "2")
    uninstall(root)
    assert path.read_bytes() == OLD.replace(b'"big"', b'"new": [1.0],\r\n\t"big"')


def test_a_file_that_was_put_back_by_hand_starts_anew(root: Path) -> None:
    install(root)
    (root / ".client.json").write_bytes(OLD)
    install(root, "2")
    assert len(receipt_in(root).records[root / ".client.json"].edits) == 1
    uninstall(root)
    assert (root / ".client.json").read_bytes() == OLD


def test_edits_of_several_runs_add_up_and_cancel(root: Path) -> None:
    path, hook = root / ".other/hooks.json", Edit("add", ("hooks", "Stop"), {"second": 1})
    install(root)

    def run(*edits: Edit) -> list[Any]:
        after, done = document.perform(path, path.read_bytes(), edits)
        with apply.transaction([Change(path, path.read_bytes(), after, "", "client", done)], dirs_in(root)):
            pass
        return [edit.value for edit in receipt_in(root).records[path].edits]

    assert run(hook) == [{"ours": True}, {"second": 1}]
    assert run(replace(hook, op="take")) == [{"ours": True}]
    assert run(Edit("put", ("x",), 1)) == [{"ours": True}, 1]
    assert run(Edit("put", ("x",), 2)) == [{"ours": True}, 2]
    assert run(Edit("drop", ("x",))) == [{"ours": True}]
    path.write_bytes(path.read_bytes() + b"\n")
    uninstall(root)
    assert json.loads(path.read_bytes()) == {"hooks": {"Stop": [{"mine": True}]}}


def test_a_private_change_tightens_the_mode_and_uninstall_gives_it_back(root: Path) -> None:
    path = root / ".other/hooks.json"
    before = tree(root)
    change = replace(change_of(path, Edit("put", ("env", "KEY"), "k")), private=True)
    with apply.transaction([change], dirs_in(root), backend=LOCAL):
        assert path.stat().st_mode & 0o777 == 0o600
    assert receipt_in(root).records[path].mode == 0o644
    uninstall(root)
    assert tree(root) == before


def test_a_file_made_by_us_and_emptied_of_us_may_go(root: Path) -> None:
    """Others changed our new file and changed it back but for its bytes: deleting it ends its record."""
    path = root / ".fresh/deep/new.json"
    install(root)
    path.write_bytes(path.read_bytes() + b"\n")
    with apply.transaction([Change(path, path.read_bytes(), None, "")], dirs_in(root)) as receipt:
        assert path not in receipt.records
    assert not (root / ".fresh").exists()


# A receipt that is not to be believed


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda text: b"",
        lambda text: b"[]",
        lambda text: b"{}",
        lambda text: text.replace(b'"schema": 1', b'"schema": 2'),
        lambda text: text.replace(b'"path": "/', b'"path": "'),
        lambda text: text.replace(b".other/hooks.json", b"../../hooks.json"),
        lambda text: text.replace(b'"result": "', b'"result": "../'),
        lambda text: text.replace(b'"op": "put"', b'"op": "run"'),
        lambda text: text.replace(b'"made": 0', b'"made": "0"'),
        lambda text: text.replace(b'"kind": "local"', b'"kind": "else"'),
        lambda text: b"[" * 100_000,
        lambda text: b"\xff\xfe",
    ],
)
def test_a_broken_receipt_is_named(root: Path, spoil: Callable[[bytes], bytes]) -> None:
    install(root)
    path = ledger.path(dirs_in(root))
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(UserError) as caught:
        ledger.load(dirs_in(root))
    assert (caught.value.code, caught.value.path) == ("receipt.invalid", path)


def test_a_backup_is_checked_before_it_is_used(root: Path) -> None:
    install(root)
    dirs = dirs_in(root)
    sha = backup_of(root)
    (dirs.state / "backups" / sha).write_bytes(b"{}")
    with pytest.raises(UserError, match="was changed"):
        ledger.restore_bytes(dirs, sha)
    with pytest.raises(UserError, match="is gone"):
        ledger.restore_bytes(dirs, "0" * 64)


def test_what_is_written_is_read(root: Path) -> None:
    install(root)
    dirs, path = dirs_in(root), root / ".client.json"
    was = Visited(
        "client", Offer("m", "p", "/s", known=True), {path: "0" * 64}, {path: 0o640}, {path: (root,)}, (root,)
    )
    journal = replace(journal_in(root), visits=(was, replace(was, before={path: None}, modes={}, folders={path: ()})))
    ledger.write(dirs, journal)
    assert ledger.journal_on_disk(dirs) == journal
    assert ledger.visits(dirs) == journal.visits
    install(root, "2")
    assert ledger.visits(dirs) == journal.visits


def journal_in(root: Path) -> Journal:
    journal = ledger.journal_on_disk(dirs_in(root))
    assert journal is not None
    return journal


# Locks


def test_the_lock_names_its_holder(root: Path) -> None:
    with apply.transaction(planned(root), dirs_in(root), backend=LOCAL):
        with pytest.raises(UserError) as caught, apply.transaction([], dirs_in(root), patience=0.05):
            raise AssertionError
        assert caught.value.code == "busy"
        assert str(os.getpid()) in caught.value.message
        assert (dirs_in(root).state / "lock").exists()
    assert not (dirs_in(root).state / "lock").exists()


def test_a_stale_client_lock_is_broken_and_ours_is_removed(root: Path) -> None:
    lock = root / "dotfiles/real.json.lock"
    lock.mkdir()
    os.utime(lock, (0, 0))
    install(root)
    assert not lock.exists()


def test_a_fresh_client_lock_is_waited_for(root: Path) -> None:
    lock = root / "dotfiles/real.json.lock"
    lock.mkdir()
    before = tree(root)
    seen = []

    def let_go() -> None:
        time.sleep(0.2)
        seen.append({name: node for name, node in tree(root).items() if not name.startswith("xdg")} == before)
        lock.rmdir()

    thread = threading.Thread(target=let_go)
    thread.start()
    install(root)
    thread.join()
    assert seen == [True]
    assert not lock.exists()


def test_a_client_lock_that_is_never_let_go_stays(root: Path) -> None:
    lock = root / "c.lock"
    lock.mkdir()
    with locks.own_lock(dirs_in(root)) as own:
        assert not client_locks.take(lock, own, patience=0.05)
        client_locks.release(lock, own)
    assert lock.exists()


@pytest.mark.parametrize("times", [1, 2])
def test_a_client_lock_that_will_not_go_is_taken_away_by_the_next_run(root: Path, times: int) -> None:
    lock = root / "dotfiles/real.json.lock"
    with counting(Stubborn(os.rmdir, "real.json.lock", times)):
        install(root)
    assert lock.exists() == (times == 2)
    assert (dirs_in(root).state / "lock").exists() == (times == 2)
    apply.mend(dirs_in(root))
    assert not lock.exists()
    assert not (dirs_in(root).state / "lock").exists()
    uninstall(root)
    assert not (root / "xdg").exists()


def test_a_lock_that_is_not_told_of_once_is_taken_all_the_same(root: Path) -> None:
    hits: list[Any] = []

    def once(call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if call is os.fstat and not hits:
            hits.append(args)
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return call(*args, **kwargs)

    with counting(once), locks.own_lock(dirs_in(root)):
        pass
    assert hits
    assert not (dirs_in(root).state / "lock").exists()


def test_eight_runs_at_once_lose_nothing(root: Path) -> None:
    program = """
import sys
from pathlib import Path
from mem0_agent.writing import apply
from mem0_agent.model import Backend, Edit
from tests.transactions import dirs_in, edited
root, name = Path(sys.argv[1]), sys.argv[2]
for _ in range(100):
    change = edited(root / ".client.json", [Edit("put", ("mcpServers", name), {"command": name})])
    try:
        with apply.transaction([change], dirs_in(root), backend=Backend("local"), clients=["client"]):
            break
    except apply.Moved:
        continue
else:
    sys.exit("never came through")
"""
    names = [f"server{number}" for number in range(8)]
    running = [subprocess.Popen([sys.executable, "-c", program, str(root), name], cwd=ROOT) for name in names]
    assert [child.wait(timeout=120) for child in running] == [0] * 8
    assert json.loads((root / ".client.json").read_bytes())["mcpServers"].keys() == {"other", *names}
    edits = receipt_in(root).records[root / ".client.json"].edits
    assert {edit.keys[1] for edit in edits} == set(names)
    uninstall(root)
    assert (root / ".client.json").read_bytes() == OLD
    assert not (root / "xdg").exists()


# Signals

BODY = """
import sys, time
from pathlib import Path
from mem0_agent.writing import apply
from mem0_agent.model import Backend
from tests.transactions import dirs_in, planned
root = Path(sys.argv[1])
try:
    with apply.transaction(planned(root), dirs_in(root), backend=Backend("local")):
        print("in", flush=True)
        time.sleep(60)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_the_body_takes_everything_back(root: Path, number: int) -> None:
    before = tree(root)
    with subprocess.Popen([sys.executable, "-c", BODY, str(root)], cwd=ROOT, stdout=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdout.readline() == b"in\n"
        assert tree(root) != before
        child.send_signal(number)
        assert child.wait(timeout=30) == 130
    assert tree(root) == before


def test_killed_in_the_body_the_next_run_completes_and_undoes(root: Path) -> None:
    before = tree(root)
    with subprocess.Popen([sys.executable, "-c", BODY, str(root)], cwd=ROOT, stdout=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdout.readline() == b"in\n"
        child.kill()
        child.wait(timeout=30)
    install(root, "1")
    uninstall(root)
    assert tree(root) == before


def test_handlers_are_as_before(root: Path) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    install(root)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == handlers


# Afterwards


@pytest.mark.parametrize(
    ("now", "lost"),
    [
        (lambda after: after, False),
        (lambda after: None, True),
        (lambda after: OLD, True),
        (lambda after: after.replace(b'"big"', b'"more": 1, "big"'), False),
        (lambda after: after.replace(b'"version": "1"', b'"version": "0"'), True),
        (lambda after: after[:20], True),
    ],
)
def test_settled_names_what_a_client_took_away(root: Path, now: Any, lost: bool) -> None:
    change = next(change for change in planned(root) if change.path.name == ".client.json")
    assert apply.settled([change], {change.path: now(change.after)}.get) == ([change] if lost else [])


@pytest.mark.parametrize(
    ("edit", "shows"),
    [
        (Edit("add", ("a",), {"x": 1}), True),
        (Edit("add", ("a",), {"x": 1.0}), False),
        (Edit("take", ("a",), {"x": 2}), True),
        (Edit("take", ("a",), {"x": 1}), False),
        (Edit("drop", ("b",)), True),
        (Edit("drop", ("a",)), False),
        (Edit("put", ("c", "d"), None), True),
    ],
)
def test_whether_an_edit_shows(edit: Edit, shows: bool) -> None:
    assert standing.holds({"a": [{"x": 1}], "c": {"d": None}}, edit) is shows
