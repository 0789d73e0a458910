from __future__ import annotations

import errno
import os
import socket
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from mem0_agent.model import UserError
from mem0_agent.writing import disk, files
from mem0_agent.writing.reads import PIECE
from tests.transactions import Fault, counting, tree


def hostile(root: Path, kind: str) -> Path:
    path = root / "config.json"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/null")
    elif kind == "dangling":
        path.symlink_to(root / "nowhere")
    elif kind == "dangling parent":
        (root / "parent").symlink_to(root / "nowhere")
        return root / "parent" / "config.json"
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "huge":
        with path.open("wb") as file:
            file.truncate(files.LIMIT + 1)
    elif kind == "file as folder":
        (root / "plain").write_bytes(b"")
        return root / "plain" / "config.json"
    elif kind == "nul":
        return root / "a\0b"
    return path


KINDS = ["folder", "pipe", "device", "dangling", "dangling parent", "loop", "huge", "file as folder", "nul"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_trap_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    path = hostile(tmp_path, kind)
    with pytest.raises(UserError) as caught:
        files.read(path)
    assert caught.value.code == "config.unreadable"
    assert repr(str(path))[1:-1] in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("kind", KINDS)
def test_a_trap_is_not_written_into(tmp_path: Path, kind: str) -> None:
    path = hostile(tmp_path, kind)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UserError):
        files.write_atomic(path, b"new", expect=None)
    assert sorted(tmp_path.iterdir()) == before


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("sock")
        with pytest.raises(UserError, match="a socket"):
            files.read(tmp_path / "sock")


def test_a_device_is_still_a_device(tmp_path: Path) -> None:
    assert os.name != "posix" or stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    path.write_bytes(b"{}")
    fault = Fault(2, "once", errno.EACCES)  # stat succeeds, open does not; root would be let in
    with counting(fault), pytest.raises(UserError, match="Permission denied"):
        files.read(path)
    assert fault.hit.startswith("open")


def test_nothing_there_is_no_error(tmp_path: Path) -> None:
    assert files.read(tmp_path / "a" / "b") is None


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")
    assert files.read(tmp_path / "link") == b"x"


@pytest.mark.parametrize(("target", "inside"), [("within", True), ("../outside", False), (".", True)])
def test_inside_sees_through_links(tmp_path: Path, target: str, inside: bool) -> None:
    project = tmp_path / "project"
    (project / "within").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (project / "folder").symlink_to(target)
    assert files.inside(project / "folder" / "f.json", project) is inside


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o400])
def test_link_and_mode_survive(tmp_path: Path, mode: int) -> None:
    real = tmp_path / "dots" / "real"
    real.parent.mkdir()
    real.write_bytes(b"old")
    real.chmod(mode)
    (tmp_path / "link").symlink_to("dots/real")
    assert files.write_atomic(tmp_path / "link", b"new", expect=b"old", mode=0o777) == ()
    assert (tmp_path / "link").is_symlink()
    assert tree(tmp_path)["dots/real"] == ("file", mode, b"new")
    assert len(tree(tmp_path)) == 3


def test_exact_tightens_an_existing_file(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    path.chmod(0o644)
    files.write_atomic(path, b"new", expect=b"old", mode=0o600, exact=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_missing_folders_are_made_private_and_reported(tmp_path: Path) -> None:
    made = files.write_atomic(tmp_path / "a" / "b" / "f", b"", expect=None, mode=0o644)
    assert made == (tmp_path / "a", tmp_path / "a" / "b")
    assert [node.mode for node in tree(tmp_path).values()] == [0o700, 0o700, 0o644]


@pytest.mark.parametrize(("now", "expect"), [(b"other", b"old"), (None, b"old"), (b"there", None)])
def test_a_moved_file_is_left(tmp_path: Path, now: bytes | None, expect: bytes | None) -> None:
    path = tmp_path / "sub" / "f"
    if now is not None:
        path.parent.mkdir()
        path.write_bytes(now)
    before = tree(tmp_path)
    with pytest.raises(files.Moved) as caught:
        files.write_atomic(path, b"new", expect=expect)
    assert caught.value.code == "config.moved"
    assert tree(tmp_path) == before


def test_a_change_right_before_the_rename_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")

    def perform(call: Any, *args: Any, **kwargs: Any) -> Any:
        if call is os.fsync:
            path.write_bytes(b"theirs")
        return call(*args, **kwargs)

    with counting(perform), pytest.raises(files.Moved):
        files.write_atomic(path, b"new", expect=b"old")
    assert tree(tmp_path) == {"f": ("file", path.stat().st_mode & 0o777, b"theirs")}


@pytest.mark.parametrize("call", ["write", "delete", "inside"])
def test_a_disk_that_does_not_tell_what_is_a_link_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """A link that is taken for a file would be written over."""
    (tmp_path / "real").write_bytes(b"old")
    link, lstat = tmp_path / "link", os.lstat
    link.symlink_to("real")

    def broken(path: Any, **kwargs: Any) -> os.stat_result:
        if os.fspath(path) == str(link):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return lstat(path, **kwargs)

    def at_work() -> None:
        if call == "inside":
            files.inside(link, tmp_path)
        elif call == "write":
            files.write_atomic(link, b"new", expect=b"old")
        else:
            files.delete(link, b"old")

    monkeypatch.setattr(os, "lstat", broken)
    with pytest.raises(UserError, match="Input/output error"):
        at_work()
    monkeypatch.undo()
    assert link.is_symlink()
    assert link.read_bytes() == b"old"


@pytest.mark.parametrize("target", ["there", "deep/there", "../elsewhere/there", "second"])
def test_a_path_through_links_to_what_is_not_there_yet(tmp_path: Path, target: str) -> None:
    home, second = tmp_path / "home", tmp_path / "home/second"
    home.mkdir()
    second.symlink_to("last")
    (home / "link").symlink_to(target)
    wanted = home / "last" if target == "second" else Path(os.path.normpath(home / target))
    assert disk.real(home / "link") == wanted
    assert disk.real(home / "new/file") == home / "new/file"


def test_a_link_turned_elsewhere_is_seen(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(b"same")
    link = tmp_path / "link"
    link.symlink_to("one")

    def perform(call: Any, *args: Any, **kwargs: Any) -> Any:
        if call is os.fsync and link.readlink() == Path("one"):
            link.unlink()
            link.symlink_to("two")
        return call(*args, **kwargs)

    with counting(perform), pytest.raises(files.Moved):
        files.write_atomic(link, b"new", expect=b"same")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes() == b"same"


def test_hard_links_are_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"old")
    os.link(tmp_path / "f", tmp_path / "g")
    with pytest.raises(UserError) as caught:
        files.write_atomic(tmp_path / "f", b"new", expect=b"old")
    assert caught.value.code == "config.hard-linked"
    assert (tmp_path / "g").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 2


def test_what_a_killed_run_left_is_cleared_even_if_it_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"p")
    (tmp_path / files.TEMPORARY).symlink_to("precious")
    files.write_atomic(tmp_path / "f", b"new", expect=None)
    assert sorted(tree(tmp_path)) == ["f", "precious"]
    assert (tmp_path / "precious").read_bytes() == b"p"


def written(path: Path) -> UserError | None:
    try:
        files.write_atomic(path, b"new", expect=b"old")
    except UserError as error:
        return error
    return None


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EACCES, errno.EROFS])
@pytest.mark.parametrize("mode", ["once", "after"])
def test_every_failing_operation_leaves_old_or_new(tmp_path: Path, mode: str, number: int) -> None:
    path = tmp_path / "sub" / "f"
    for point in range(1, 60):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"old")
        with counting(Fault(point, mode, number)) as fault:
            failed = isinstance(written(path), UserError)
        assert path.read_bytes() in ({b"old", b"new"} if failed else {b"new"})
        if not fault.hit.startswith("unlink"):
            assert list(path.parent.iterdir()) == [path]
    assert not fault.hit


def test_short_writes_are_completed(tmp_path: Path) -> None:
    def perform(call: Any, *args: Any, **kwargs: Any) -> Any:
        return os.write(args[0], bytes(args[1])[:3]) if call is os.write else call(*args, **kwargs)

    with counting(perform):
        files.write_atomic(tmp_path / "f", b"0123456789", expect=None)
    assert (tmp_path / "f").read_bytes() == b"0123456789"


def test_the_owner_that_cannot_be_kept(tmp_path: Path) -> None:
    """Ours already: go on, without the group's rights; another user's: refuse."""
    path = tmp_path / "f"
    path.write_bytes(b"old")
    path.chmod(0o660)
    other = {"gid": 1}

    def perform(call: Any, *args: Any, **kwargs: Any) -> Any:
        if call is os.fchown:
            raise PermissionError(errno.EPERM, "Operation not permitted")
        result = call(*args, **kwargs)
        if call is os.stat and args[0] == path:
            values = list(result)
            values[4] += other.get("uid", 0)
            values[5] += other.get("gid", 0)
            return os.stat_result(values)
        return result

    with counting(perform):
        files.write_atomic(path, b"new", expect=b"old")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        other["uid"] = 1
        with pytest.raises(UserError, match="owner"):
            files.write_atomic(path, b"newer", expect=b"new")
    assert path.read_bytes() == b"new"


def test_delete(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"x")
    with pytest.raises(files.Moved):
        files.delete(path, b"y")
    files.delete(path, b"x")
    assert list(tmp_path.iterdir()) == []


def test_delete_refuses_what_has_become_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "f").symlink_to("real")
    with pytest.raises(UserError, match="become a link"):
        files.delete(tmp_path / "f", b"x")
    assert (tmp_path / "real").exists()


def test_readers_never_see_half_a_file(tmp_path: Path) -> None:
    path, stop, torn = tmp_path / "f", threading.Event(), []
    texts = {b"a" * 300_000, b"b" * 200_000}
    path.write_bytes(b"a" * 300_000)

    def look() -> None:
        while not stop.is_set():
            if (data := path.read_bytes()) not in texts:
                torn.append(len(data))

    reader = threading.Thread(target=look)
    reader.start()
    for _ in range(30):
        now = files.read(path)
        files.write_atomic(path, (texts - {now}).pop(), expect=now)
    stop.set()
    reader.join()
    assert torn == []


@pytest.mark.parametrize(("durable", "syncs"), [(True, 2), (False, 0)])
def test_only_what_must_outlast_a_power_cut_waits_for_the_disk(tmp_path: Path, durable: bool, syncs: int) -> None:
    calls = []

    def perform(call: Any, /, *args: Any, **kwargs: Any) -> Any:
        calls.append(call)
        return call(*args, **kwargs)

    with counting(perform):
        files.write_atomic(tmp_path / "f", b"x", expect=None, durable=durable)
    assert calls.count(os.fsync) == syncs
    assert tree(tmp_path) == {"f": ("file", 0o600, b"x")}


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_holds_says_what_a_comparison_of_the_whole_would(tmp_path: Path, size: int) -> None:
    path, data = tmp_path / "f", bytes(n % 251 for n in range(size))
    assert files.holds(path, None)
    assert not files.holds(path, data)
    path.write_bytes(data)
    others = [data, data + b"x", data[:-1], b"x" + data[1:], data[:-1] + b"x", data * 2]
    for other in others:
        assert files.holds(path, other) == (files.read(path) == other)
    assert not files.holds(path, None)


def test_holds_refuses_what_read_refuses(tmp_path: Path) -> None:
    for expected in (None, b""):
        with pytest.raises(UserError) as caught:
            files.holds(tmp_path, expected)
        assert caught.value.code == "config.unreadable"
