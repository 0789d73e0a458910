"""The session counts what it is told, and leaves no point out."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.faults import tally
from tests.faults.sample import sample
from tests.faults.stopwatch import timed
from tests.faults.summary import Faults, Hostile, faults_lines


def test_every_story_is_counted_by_its_first_words() -> None:
    one = Faults("one")
    one.add(
        "  points  damaged\nDAMAGED a: b\nits second line\nLITTER c\nNOT RECOVERED d\nSILENT e\n7 points, 4 faults\n"
    )
    assert (one.points, one.damaged, one.silent, one.litter, one.lost, one.unexplained) == (7, 1, 1, 1, 1, 0)
    assert one.bad == 4
    assert list(faults_lines([one, one]))[-1].split() == ["all", "14", "2", "2", "0", "2", "2"]


@pytest.mark.parametrize("told", ["", "Traceback (most recent call last):\nValueError: x"])
def test_a_run_that_broke_off_is_no_good_run(told: str) -> None:
    one = Faults("one")
    one.add(told)
    assert (one.points, one.bad) == (0, 1)


@pytest.mark.parametrize("stride", [1, 2, 7])
def test_shards_leave_no_point_out_and_try_none_twice(stride: int) -> None:
    whole = sample(str(stride)).points(100)
    parts = [point for shard in range(4) for point in sample(f"{stride}:{shard}/4").points(100)]
    assert sorted(parts) == list(whole)


def test_a_stopwatch_hands_on_what_the_program_said(tmp_path: Path) -> None:
    program = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(4)"
    done, seconds = timed([sys.executable, "-c", program], dict(os.environ), tmp_path)
    assert (done.code, done.out, done.err) == (4, "out\n", "err\n")
    assert seconds > 0


def test_what_processes_have_counted_is_added_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = tally.Refusal("install", 0.5, 0.1, ("a",))
    monkeypatch.setattr(tally, "FOLDER", str(tmp_path))
    monkeypatch.setattr(tally, "counts", Counter(inputs=3))
    monkeypatch.setattr(tally, "refusals", [refusal])
    tally.keep()
    (tmp_path / "another.json").write_bytes(next(tmp_path.glob("*.json")).read_bytes())
    counts, refusals = tally.collected(tmp_path)
    assert counts["inputs"] == 6
    assert [(one.seconds, list(one.changed)) for one in refusals] == [(0.5, ["a"])] * 2
    assert Hostile(2, 0, 0, refusals).changed == 2
