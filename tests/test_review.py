"""What a chapter opens with, and what of a learner's answers counts for it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from checker.progress import Predicted, Progress
from checker.review import Past, draw, earlier, told

if TYPE_CHECKING:
    from checker.course import Course

DAY = date(2026, 3, 1)
BANK = ["00-a/x", "00-a/y", "01-b/x", "01-b/y", "02-c/x", "02-c/y", "02-c/z"]
DEFAULT = ["02-c/y", "02-c/z", "00-a/y"]


def past(**days: tuple[int, bool]) -> dict[str, Past]:
    """Answers by question, ``c_x`` for ``02-c/x``: on which day, and whether right."""
    chapters = {"a": "00-a", "b": "01-b", "c": "02-c"}
    return {
        f"{chapters[name[0]]}/{name[2]}": Past(DAY + timedelta(day), right)
        for name, (day, right) in days.items()
    }


@pytest.mark.parametrize(
    ("answered", "drawn"),
    [
        ({}, DEFAULT),
        ({"a_x": (0, True)}, ["02-c/y", "02-c/z", "00-a/y"]),
        ({"c_x": (0, False)}, ["02-c/x", "02-c/y", "00-a/y"]),
        ({"c_x": (0, False), "b_y": (5, False)}, ["02-c/x", "02-c/y", "01-b/y"]),
        ({"c_x": (1, False), "c_z": (0, False)}, ["02-c/z", "02-c/x", "00-a/y"]),
        ({"c_y": (0, True)}, ["02-c/z", "02-c/x", "00-a/y"]),
        ({"c_x": (2, True), "c_y": (1, True), "c_z": (3, True)}, ["02-c/y", "02-c/x", "00-a/y"]),
        ({"a_y": (0, True), "a_x": (0, False)}, ["02-c/y", "02-c/z", "00-a/x"]),
        ({"a_y": (0, True)}, ["02-c/y", "02-c/z", "00-a/x"]),
    ],
)
def test_wrong_comes_before_never_and_never_before_right(
    answered: dict[str, tuple[int, bool]], drawn: list[str]
) -> None:
    assert draw(BANK, past(**answered), DEFAULT) == drawn


def test_where_few_questions_are_there_the_others_fill_up() -> None:
    answered = past(a_x=(0, False))
    assert draw(BANK[:2], answered, []) == ["00-a/x", "00-a/y"]
    assert draw(["00-a/x", "00-a/y", "00-a/z", "00-a/u"], answered, []) == ["00-a/x", "00-a/y", "00-a/z"]
    assert draw(["00-a/x", "00-a/y", "00-a/z", "01-b/x"], answered, []) == ["01-b/x", "00-a/x", "00-a/y"]
    assert draw([], answered, ["00-a/x"]) == ["00-a/x"]


def test_answers_to_other_questions_are_no_history() -> None:
    assert draw(BANK[:2], past(c_x=(0, False)), ["00-a/y"]) == ["00-a/y"]
    assert "09-z/gone" not in draw(BANK, past(c_x=(0, False)), ["09-z/gone"])


def test_earlier_chapters_stand_in_the_order_of_the_course() -> None:
    assert earlier(["03-d", "01-b", "02-c", "00-a"], "02-c") == ["00-a", "01-b"]


def test_a_former_answer_is_told_in_a_sentence_without_a_number() -> None:
    assert told(Past(DAY, True), DAY) == "Answered right earlier today."
    assert told(Past(DAY, True), DAY + timedelta(40)) == "Answered right on an earlier day."
    assert told(Past(DAY, False), DAY + timedelta(1)) == "Not right at first, on an earlier day."


def test_the_first_answer_of_the_last_day_counts(
    fake_course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = Progress(fake_course)
    answers = [(1, False), (1, True), (2, True), (2, False)]
    for day, right in answers:
        monkeypatch.setattr("checker.progress._now", lambda day=day: f"2026-03-0{day}T12:00:00+00:00")
        progress.answered("01-small/names", ["One"], right=right)
        progress.answered("01-small/left", ["The log"], right=not right)
        if day == 1:
            assert not progress.answers()["01-small/names"].right
    assert progress.answers() == {
        "01-small/names": Past(date(2026, 3, 2), True),
        "01-small/left": Past(date(2026, 3, 2), False),
    }


def test_the_first_prediction_counts_with_its_last_reason(fake_course: Course) -> None:
    progress = Progress(fake_course)
    progress.predicted("01-small", "file", None, "yes", "none", run="a")
    assert progress.predictions("01-small") == {"file": Predicted(None, "yes", "none", None, False)}
    progress.predicted("01-small", "file", None, "yes", "skipped", run="b")
    assert progress.predictions("01-small")["file"].outcome == "skipped"
    progress.predicted("01-small", "file", "no", "perhaps", "no choice fits", run="c")
    progress.predicted("01-small", "file", "no", "yes", "not right", run="d")
    progress.predicted("01-small", "file", "yes", "yes", "right", run="e")
    assert progress.predictions("01-small")["file"].reason is None
    progress.reasoned("d", "It ended.", right=False)
    progress.reasoned("d", "It stays.", right=True)
    progress.reasoned("e", "Another one's.", right=False)
    assert progress.predictions("01-small") == {
        "file": Predicted("no", "yes", "not right", "It stays.", True)
    }
    assert progress.predictions("02-more") == {}


def test_a_file_of_an_earlier_version_is_kept_and_written_on(fake_course: Course) -> None:
    path = Progress(fake_course).path
    with closing(sqlite3.connect(path)) as old, old:
        old.execute("DROP TABLE predictions")
        old.execute("DROP TABLE reasons")
        old.execute(
            "CREATE TABLE predictions (course TEXT, chapter TEXT, prediction TEXT, predicted TEXT, "
            "found TEXT, outcome TEXT, at TEXT)"
        )
        old.execute(
            "INSERT INTO predictions VALUES (?, '01-small', 'file', 'no', 'yes', 'not right', '2026-01-01')",
            (fake_course.key,),
        )
    progress = Progress(fake_course)
    progress.predicted("01-small", "code", "1", "137", "not right", run="a")
    progress.reasoned("a", "It was killed.", right=True)
    assert progress.predictions("01-small") == {
        "file": Predicted("no", "yes", "not right", None, False),
        "code": Predicted("1", "137", "not right", "It was killed.", True),
    }
    assert progress.message == ""
    assert len(Progress(fake_course).predictions("01-small")) == 2
