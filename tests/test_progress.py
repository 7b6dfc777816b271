from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from checker.course import Course, open_course
from checker.errors import Refused
from checker.hints import next_hint, shown_hints
from checker.progress import Progress
from checker.result import CheckResult, Result, Status

if TYPE_CHECKING:
    from pathlib import Path

GREET = "01-small/greet"


def a_result(
    status: Status = Status.FAILED, score: float | None = 1, run_id: str = "1", reason: str = ""
) -> Result:
    check = CheckResult("greeter", "A container", status, score, 3, reason=reason)
    return Result(
        run_id, GREET, status, status is not Status.ERROR, score, 3, 7,
        f"2026-01-01T00:00:0{run_id}Z", 12.5, [check],
        "1",
        "0" * 64,
    )  # fmt: skip


def test_the_best_result_stays(fake_course: Course) -> None:
    progress = Progress(fake_course)
    assert (progress.best(GREET), progress.attempts(GREET), progress.passed(GREET)) == (None, 0, False)

    progress.record(a_result(Status.PASSED, 3, "1"))
    progress.record(a_result(Status.FAILED, 2, "2"))
    progress.record(a_result(Status.ERROR, None, "3"))

    best = Progress(fake_course).best(GREET)
    assert best is not None
    assert (best.status, best.score) == (Status.PASSED, 3)
    assert progress.passed(GREET)
    assert progress.attempts(GREET) == 2  # an error is nobody's attempt


def test_a_run_is_recorded_once(fake_course: Course) -> None:
    progress = Progress(fake_course)
    progress.record(a_result())
    progress.record(a_result())

    assert progress.attempts(GREET) == 1


def test_courses_do_not_mix(fake_course: Course) -> None:
    Progress(fake_course).record(a_result())

    assert Progress(replace(fake_course, key="another")).attempts(GREET) == 0


def test_giving_up_is_kept(fake_course: Course) -> None:
    progress = Progress(fake_course)
    assert not progress.gave_up(GREET)
    progress.give_up(GREET)
    progress.give_up(GREET)
    assert progress.gave_up(GREET)


def test_hints_come_one_at_a_time_and_stay_shown(fake_course: Course) -> None:
    progress = Progress(fake_course)
    general = fake_course.load(GREET).exercise.hints.general

    for number, text in enumerate(general, 1):
        hint = next_hint(fake_course, progress, GREET)
        assert hint is not None
        assert (hint.text, hint.number, hint.total) == (text, number, 3)
    assert next_hint(fake_course, progress, GREET) is None
    assert [hint.text for hint in shown_hints(fake_course, Progress(fake_course), GREET)] == list(general)


def test_a_hint_for_what_was_observed_comes_first(fake_course: Course) -> None:
    progress = Progress(fake_course)
    next_hint(fake_course, progress, GREET)
    progress.record(a_result(reason="wrong-name"))

    hint = next_hint(fake_course, progress, GREET)
    assert hint is not None
    assert "sign by sign" in hint.text
    assert (hint.number, hint.total) == (2, 4)


WRITE = """
import sys
from checker.course import open_course
from checker.progress import Progress

progress = Progress(open_course())
for number in range(40):
    progress.show_hint("01-small/greet", f"{sys.argv[1]}-{number}")
"""


def test_two_notebooks_may_write_at_once(fake_course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_ROOT", str(fake_course.root))
    writers = [subprocess.Popen([sys.executable, "-c", WRITE, name]) for name in "ab"]

    assert [writer.wait() for writer in writers] == [0, 0]
    assert len(Progress(open_course()).hints_shown(GREET)) == 80


def test_a_damaged_file_is_put_aside_with_a_message(fake_course: Course) -> None:
    progress = Progress(fake_course)
    progress.record(a_result())
    progress.path.write_bytes(b"no database" * 1000)

    again = Progress(fake_course)
    assert "was damaged" in again.message
    assert again.attempts(GREET) == 0
    kept = [path for path in progress.path.parent.iterdir() if "damaged" in path.name]
    assert any(path.read_bytes().startswith(b"no database") for path in kept)


def test_a_file_that_cannot_be_written_is_said_so(fake_course: Course, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(Refused, match="cannot be kept"):
        Progress(fake_course, tmp_path / "file" / "progress.sqlite3")


def test_a_file_that_is_busy_is_not_taken_for_damaged(
    fake_course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = Progress(fake_course)
    monkeypatch.setattr("checker.progress._BUSY", 0.05)

    with closing(sqlite3.connect(progress.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Refused, match="locked"):
            progress.give_up(GREET)
        assert progress.path.exists()
        other.execute("ROLLBACK")
    progress.give_up(GREET)
