"""A lesson's cells where widgets cannot show, and what of them is kept."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from checker import lesson
from checker.errors import CourseError, UsageError
from checker.paths import data_dir
from checker.ui.asking import same

if TYPE_CHECKING:
    from pathlib import Path

    from checker.engine.connect import Engine
    from checker.ui.lesson_page import Lesson

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def small(folder: Path) -> Lesson:
    return lesson("01-small")


def bundle(shown: Any) -> dict[str, Any]:
    data, _ = shown._repr_mimebundle_()
    return dict(data)


def rows(query: str, count: int = 1) -> list[tuple[Any, ...]]:
    """Wait until the learner's progress holds ``count`` rows: they are written in another process."""
    ends = time.monotonic() + 20
    found: list[tuple[Any, ...]] = []
    while len(found) < count and time.monotonic() < ends:
        time.sleep(0.05)
        path = data_dir() / "progress.sqlite3"
        if path.is_file():
            with closing(sqlite3.connect(path)) as database:
                known = database.execute(
                    "SELECT name FROM sqlite_master WHERE name = 'quiz_answers'"
                ).fetchall()
                found = database.execute(query).fetchall() if known else []
    return found


def test_it_says_which_lesson_it_is(small: Lesson) -> None:
    assert repr(small) == "The lesson 01-small."
    with pytest.raises(UsageError, match="no lesson"):
        lesson("01-smaal")


def test_the_text_of_what_is_asked_holds_no_answer(small: Lesson) -> None:
    assert (
        repr(small.predict("file"))
        == "Predict: Is the file <b>still</b> there, in `fake-note`?\n  choices: yes / no"
    )
    assert repr(small.predict("code")) == "Predict: Which exit code?\n  answer: a number"
    assert repr(small.quiz("names", "steps")) == (
        "Questions:\n1. How many names has a container? (one is right)\n   - None\n   - One\n"
        "2. Put these in order. (put these in order)\n   - docker rm\n   - docker run\n   - docker stop"
    )
    assert [line[0] for line in repr(small.quiz()).splitlines()[1:] if line[0] != " "] == ["1", "2", "3"]
    assert repr(small.opening()).startswith("From earlier chapters:\n1. How many names")
    with pytest.raises(UsageError, match="no question"):
        small.quiz("nmaes")


def test_two_runs_show_the_same_text(small: Lesson) -> None:
    def texts() -> list[dict[str, Any]]:
        shown = [small.predict("file"), small.reveal("file", "yes"), small.quiz(), small.opening()]
        return [{key: value for key, value in bundle(one).items() if key != VIEW} for one in shown]

    first = texts()
    assert first == texts()
    assert all(one["text/markdown"].startswith("**") for one in first)


def test_what_was_not_predicted_is_explained_at_once(small: Lesson) -> None:
    shown = small.reveal("file", "yes\n")
    assert repr(shown) == (
        "Not predicted. The engine says: yes.\nStopping ends the *process*.\n\nThe container stays."
    )
    assert rows("SELECT chapter, prediction, predicted, found, outcome FROM predictions") == [
        ("01-small", "file", None, "yes", "none")
    ]


def test_the_last_prediction_is_compared_and_kept(small: Lesson) -> None:
    asked = small.predict("file")
    asked.answer = {"prediction": "yes"}
    asked.answer = {"prediction": "no"}
    assert small.predict("file").predicted == "no"  # its cell has run once more
    shown = small.reveal("file", "yes")
    assert repr(shown).startswith("You predicted no. The engine says yes.")
    assert (shown.view["outcome"], len(shown.view["reasons"])) == ("not right", 3)
    assert small.predict("file").predicted is None  # the engine has answered: this is another one
    assert rows("SELECT predicted, outcome FROM predictions") == [("no", "not right")]


def test_right_and_skipped_are_told_apart(small: Lesson) -> None:
    small.predict("code").answer = {"prediction": "137"}
    assert small.reveal("code", 137).view["sentence"] == "You predicted 137, and the engine says 137."
    small.predict("code").answer = {"skipped": True}
    small.reveal("code", 137)
    outcomes = rows("SELECT outcome FROM predictions", 2)
    assert sorted(outcomes) == [("right",), ("skipped",)]


def test_what_the_engine_says_counts_also_where_nobody_could_choose_it(small: Lesson) -> None:
    small.predict("file").answer = {"prediction": "no"}
    assert small.reveal("file", "perhaps").view["outcome"] == "not right"


@pytest.mark.parametrize(
    ("kind", "predicted", "found", "equal"),
    [
        ("number", "137.0", "137", True),
        ("number", "1e2", "100", True),
        ("number", "13", "137", False),
        ("number", "2", "none", False),
        ("text", " Exited  (0)", "exited (0)", True),
        ("text", "10", "10.0", False),
        ("choice", "Yes", "yes", True),
        ("choice", "yes", "no", False),
    ],
)
def test_a_prediction_is_compared_by_its_kind(kind: str, predicted: str, found: str, equal: bool) -> None:
    assert same(kind, predicted, found) is equal


def test_answers_are_kept_each_once(small: Lesson) -> None:
    quiz = small.quiz()
    order = {"order": [1, 0]}
    quiz.answer = {"01-small/names": order}
    quiz.answer = {"01-small/names": {**order, "picked": [1], "right": True}}
    quiz.answer = {"01-small/names": {**order, "picked": [1], "right": True, "all": True}}
    assert rows("SELECT question, picked, was_right FROM quiz_answers") == [("01-small/names", '["One"]', 1)]
    quiz.answer = {**quiz.answer, "01-small/steps": {"picked": [1, 0, 2], "right": False}}
    assert rows("SELECT picked FROM quiz_answers", 2)[1:] == [('["docker stop", "docker run", "docker rm"]',)]


def test_where_it_cannot_be_kept_this_is_said(
    small: Lesson, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "file").write_text("in the way")
    monkeypatch.setenv("COURSE_DATA_DIR", str(folder / "file" / "data"))
    shown = small.reveal("file", "yes")
    ends = time.monotonic() + 20
    while "unkept" not in shown.view and time.monotonic() < ends:
        time.sleep(0.05)
    assert shown.view["unkept"].startswith("This is not kept: ")


@pytest.mark.engine
def test_begin_and_end_are_sentences(
    small: Lesson, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert repr(small.begin()) == (
        "Ready. The engine answers, the images are there, and nothing of an earlier run is left."
    )
    assert repr(small.end()) == "Cleaned up. Nothing of this chapter is left on your engine."
    assert capsys.readouterr().out == "Preparing 01-small.\nCleaning up 01-small.\n"


def test_no_engine_ends_the_cell_with_two_lines(small: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such.sock")
    with pytest.raises(CourseError, match=r"unix:///no/such\.sock") as error:
        small.begin()
    _, step = error.value._render_traceback_()
    assert step.startswith("Next: ")


def test_asking_needs_no_sdk(small: Lesson) -> None:
    code = "from checker import lesson; lesson('01-small').quiz(); import sys; print('docker' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stdout == "False\n", run.stderr
