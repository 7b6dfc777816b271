"""The map of the course, and what to go on with."""

from __future__ import annotations

import itertools
import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from checker.progress import Progress
from checker.record import Record
from checker.result import CheckResult, Result, Status
from checker.standing import Standing, course_map_of, next_step, stamp, standing_of

if TYPE_CHECKING:
    from checker.course import Course
    from checker.standing import NextStep

COUNT, GREET, LEAVE, PAGE = (f"01-small/{name}" for name in ("count", "greet", "leave-it-running", "page"))
_numbers = itertools.count(1)


def ran(course: Course, exercise: str, status: Status = Status.PASSED) -> None:
    """Keep a check run; each one is later than what was kept before."""
    number = next(_numbers)
    at = datetime.now(UTC) + timedelta(seconds=number)
    score = 3.0 if status is Status.PASSED else 1.0
    check = CheckResult("one", "A check", status, score, 3)
    started = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    Progress(course).record(
        Result(str(number), exercise, status, True, score, 3, 7, started, 1.0, [check], "1", "0" * 64)
    )


def passed(course: Course, exercise: str) -> None:
    ran(course, exercise)


def where(course: Course, exercise: str) -> Standing:
    return standing_of(course, Progress(course), exercise)


def step(course: Course) -> NextStep:
    progress = Progress(course)
    return next_step(course, progress, course_map_of(course, progress))


def lesson(course: Course, chapter: str, *sources: str) -> None:
    """Write a lesson and the learner's copy of it."""
    cells = [{"cell_type": "code", "source": source} for source in sources]
    for folder in ("notebooks", "work"):
        (course.root / folder).mkdir(exist_ok=True)
        (course.root / folder / f"{chapter}.ipynb").write_text(json.dumps({"cells": cells}))


def test_an_exercise_goes_from_not_begun_to_passed(fake_course: Course) -> None:
    assert (where(fake_course, GREET).state, where(fake_course, GREET).word) == ("open", "not begun")
    fake_course.work(GREET).mkdir(parents=True)
    assert (where(fake_course, GREET).word, where(fake_course, GREET).started) == ("begun", False)
    Record(GREET, "1", 7, "an engine").write(fake_course.work(GREET))
    assert where(fake_course, GREET).started
    ran(fake_course, GREET, Status.FAILED)
    assert (where(fake_course, GREET).state, where(fake_course, GREET).word) == ("begun", "tried")
    passed(fake_course, GREET)
    ran(fake_course, GREET, Status.FAILED)  # after a reset, for example: what was passed stays passed
    found = where(fake_course, GREET)
    assert (found.state, found.word, found.score, found.attempts) == ("passed", "passed", 3, 3)


def test_a_solution_that_was_opened_first_is_said(fake_course: Course) -> None:
    Progress(fake_course).give_up(GREET)
    assert where(fake_course, GREET).word == "solution seen"
    passed(fake_course, GREET)
    assert (where(fake_course, GREET).word, where(fake_course, GREET).alone) == (
        "passed, solution seen",
        False,
    )


def test_the_map_has_the_order_of_the_lesson(fake_course: Course) -> None:
    lesson(
        fake_course, "01-small", "# Small things\n", f'exercise_link("{PAGE}")', f'exercise_link("{COUNT}")'
    )
    chapter, odd = course_map_of(fake_course, Progress(fake_course))
    assert [row.id for row in chapter.exercises] == [PAGE, COUNT, GREET, LEAVE]
    assert (chapter.title, chapter.lesson) == ("Small things", "work/01-small.ipynb")
    assert (odd.title, odd.lesson) == ("", "")


def test_a_damaged_lesson_leaves_the_map_as_it_is(fake_course: Course) -> None:
    (fake_course.root / "notebooks" / "01-small.ipynb").write_text("{")
    chapter, _ = course_map_of(fake_course, Progress(fake_course))
    assert [row.id for row in chapter.exercises] == [COUNT, GREET, LEAVE, PAGE]


def test_it_begins_with_the_first_core_exercise(fake_course: Course) -> None:
    assert (step(fake_course).say, step(fake_course).exercise) == ("Begin with", GREET)


def test_it_goes_on_with_what_was_touched_last(fake_course: Course) -> None:
    ran(fake_course, PAGE, Status.FAILED)
    ran(fake_course, COUNT, Status.FAILED)
    assert (step(fake_course).say, step(fake_course).exercise) == ("Go on with", COUNT)
    passed(fake_course, COUNT)
    assert step(fake_course).exercise == GREET  # the next core one


def test_a_saved_notebook_counts_as_touched(fake_course: Course) -> None:
    ran(fake_course, COUNT, Status.FAILED)
    notebook = fake_course.work(PAGE) / "exercise.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.write_text("{}")
    later = (datetime.now(UTC) + timedelta(hours=1)).timestamp()
    os.utime(notebook, (later, later))
    assert step(fake_course).exercise == PAGE


def test_a_lesson_that_was_read_last_is_opened_again(fake_course: Course) -> None:
    lesson(fake_course, "02-odd", "x")
    Progress(fake_course).predicted("02-odd", "file", "yes", "no", "not right")
    for exercise in (GREET, LEAVE, PAGE):
        passed(fake_course, exercise)
    found = step(fake_course)
    assert (found.lesson, found.exercise) == ("", COUNT)  # in the first chapter, whose page shows this
    passed(fake_course, COUNT)
    found = step(fake_course)
    assert (found.lesson, found.exercise) == ("work/02-odd.ipynb", "02-odd/engine-inside")


def test_where_all_is_passed_nothing_is_left(fake_course: Course) -> None:
    for exercise in fake_course.ids():
        passed(fake_course, exercise)
    assert (step(fake_course).say, step(fake_course).why) == ("", "Every exercise is passed.")


def test_the_stamp_changes_with_what_is_kept_and_begun(fake_course: Course) -> None:
    Progress(fake_course)
    first = stamp(fake_course)
    Progress(fake_course).done()  # reading changes nothing
    assert stamp(fake_course) == first
    ran(fake_course, GREET, Status.FAILED)
    second = stamp(fake_course)
    assert second != first
    fake_course.work(GREET).mkdir(parents=True)
    Record(GREET, "1", 7, "an engine").write(fake_course.work(GREET))
    assert stamp(fake_course) != second
