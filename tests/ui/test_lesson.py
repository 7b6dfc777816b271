"""A lesson's cells where widgets cannot show, and what of them is kept."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from checker import lesson
from checker.chapter import chapter_file
from checker.engine.waiting import ticks
from checker.errors import CourseError, UsageError
from checker.paths import data_dir
from checker.progress import Progress
from checker.ui.tally import summary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.course import Course
    from checker.engine.connect import Engine
    from checker.ui.lesson_page import Lesson

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(autouse=True)
def settled(folder: Path) -> Iterator[None]:
    """Let what a test began be kept: in its own progress, not in the next one's."""
    yield
    for thread in threading.enumerate():
        if thread.name.startswith("course-") and thread.name != "course-panel":  # it reads on
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture
def small(folder: Path) -> Lesson:
    return lesson("01-small")


def bundle(shown: Any) -> dict[str, Any]:
    data, _ = shown._repr_mimebundle_()
    return dict(data)


def rows(query: str, count: int = 1) -> list[tuple[Any, ...]]:
    """Wait until the learner's progress holds ``count`` rows: they are written in another process."""
    path, found = data_dir() / "progress.sqlite3", list[tuple[Any, ...]]()
    for _ in ticks(20):
        if path.is_file():
            with closing(sqlite3.connect(path)) as database:
                known = database.execute("SELECT name FROM sqlite_master WHERE name = 'reasons'").fetchall()
                found = database.execute(query).fetchall() if known else []
        if len(found) >= count:
            break
    return found


def seen(widget: Any, key: str) -> Any:
    """Wait until a widget's view holds something under ``key``: it comes from another process."""
    for _ in ticks(20):
        if widget.view.get(key):
            break
    return widget.view.get(key)


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


def test_an_answer_that_nobody_could_choose_does_not_count(small: Lesson) -> None:
    small.predict("file").answer = {"prediction": "no"}
    shown = small.reveal("file", "perhaps")
    first, *rest = repr(shown).split("\n")
    assert first == (
        "You predicted no. The engine says perhaps. "
        "None of the choices says so, and this prediction does not count."
    )
    assert rest[0].startswith("What follows explains the answer that this chapter expects.")
    assert (shown.view["outcome"], shown.view["asks"]) == ("no choice fits", False)
    assert rows("SELECT outcome FROM predictions") == [("no choice fits",)]


def test_a_number_has_a_unit_and_may_be_about_right(folder: Path) -> None:
    more = lesson("02-more")
    asked = more.predict("slow")
    assert repr(asked).endswith("answer: a number of seconds (within 0.5 seconds counts)")
    asked.answer = {"prediction": "10,0"}
    shown = more.reveal("slow", 10.31234)
    assert shown.view["outcome"] == "about right"
    assert shown.view["sentence"] == (
        "You predicted 10,0 seconds. The engine says 10.31 seconds. That is within 0.5 seconds: it counts."
    )
    # What was measured differs from run to run: the text form says the same in each.
    again = more.reveal("slow", 10.1)
    assert (
        repr(shown)
        == repr(again)
        == ("The engine has answered. Its answer is a little different in each run.\nIt waits ten seconds.")
    )
    more.predict("state").answer = {"prediction": " Stopped"}
    assert more.reveal("state", "exited").view["outcome"] == "right"


def test_a_cell_that_runs_once_more_keeps_its_reasons_and_records_nothing(small: Lesson) -> None:
    small.predict("file").answer = {"prediction": "no"}
    shown = small.reveal("file", "yes")
    shown.answer = {"order": [2, 0, 1], "tried": [0]}
    shown.answer = {"order": [2, 0, 1], "tried": [0, 1]}
    assert len(rows("SELECT * FROM reasons", 2)) == 2
    again = small.reveal("file", "yes")
    assert (again.answer, again.run) == (shown.answer, shown.run)
    other = small.reveal("file", "no")  # now the engine says something else
    assert other.view["outcome"] == "right"
    assert other.answer == {}
    assert sorted(rows("SELECT found, outcome FROM predictions", 2)) == [
        ("no", "right"),
        ("yes", "not right"),
    ]
    assert sorted(rows("SELECT reason, was_right, run FROM reasons", 2)) == [
        ("Files end with the process.", 0, shown.run),
        ("The container stays.", 1, shown.run),
    ]


def test_a_reveal_without_a_prediction_may_run_twice(small: Lesson) -> None:
    small.reveal("file", "yes")
    small.reveal("file", "yes")
    assert not small.predict("code").view["seen"]
    late = small.predict("file")
    assert late.view["seen"]
    late.answer = {"prediction": "yes"}
    small.reveal("file", "yes")
    assert sorted(rows("SELECT outcome FROM predictions", 2)) == [("none",), ("right",)]


def test_what_is_said_first_is_kept_first(small: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[str] = []

    class Slow:
        def ask(self, do: str, **what: Any) -> None:
            time.sleep(0.3 if what.get("predicted") == "no" else 0)
            kept.append(f"{do} {what.get('predicted', what.get('reason'))}")

    monkeypatch.setattr("checker.ui.asking.helper", lambda _: Slow())
    small.predict("file").answer = {"prediction": "no"}
    small.reveal("file", "yes").answer = {"tried": [0, 1]}
    small.predict("file").answer = {"prediction": "yes"}
    small.reveal("file", "yes")
    for _ in ticks(5):
        if len(kept) == 4:
            break
    assert [words.split()[0] for words in kept] == ["predicted", "reasoned", "reasoned", "predicted"]
    assert (kept[0], kept[3]) == ("predicted no", "predicted yes")


def test_a_tally_counts_the_first_prediction_and_follows(small: Lesson) -> None:
    tally = small.predictions()
    assert seen(tally, "rows")[0]["outcome"] == "not predicted"
    assert tally.view["say"] == "You have made no prediction in this chapter yet."
    small.predict("file").answer = {"prediction": "no"}
    small.reveal("file", "yes").answer = {"tried": [1]}
    small.predict("file").answer = {"prediction": "yes"}
    small.reveal("file", "yes")
    small.predict("code").answer = {"skipped": True}
    small.reveal("code", 137)
    for _ in ticks(20):
        if (
            tally.view["counts"] == [["not right", 1], ["skipped", 1]]
            and "reason for it" in tally.view["worth"]
        ):
            break
    assert tally.view["say"] == "You made 1 of 2 predictions. None were right."
    assert tally.view["counts"] == [["not right", 1], ["skipped", 1]]
    first, second = tally.view["rows"]
    assert list(first.values())[1:] == ["no", "yes", "not right", "found"]
    assert list(second.values())[1:] == ["-", "137", "skipped", "-"]
    assert repr(tally.table()).splitlines()[2].split()[-4:] == ["-", "137", "skipped", "-"]
    assert not any(sign.isdigit() for sign in repr(tally))
    assert repr(tally) == repr(small.predictions())


@pytest.mark.parametrize(
    ("found", "say", "worth"),
    [
        ([("skipped", "-")], "You have made no prediction", "A wrong prediction teaches most."),
        (
            [("right", "-"), ("about right", "-")],
            "You made 2 of 2 predictions. 2 were right.",
            "You expected",
        ),
        (
            [("not right", "found")] * 2,
            "None were right.",
            "2 were not right, and you found the reason for each",
        ),
        ([("not right", "not found"), ("right", "-")], "1 was right.", "1 was not right. Its reason"),
        ([("not right", "found"), ("not right", "not picked")], "None", "found the reason for 1 of them"),
        ([("not right", "not found")] * 2, "None", "2 were not right. Their reasons"),
    ],
)
def test_a_tally_values_what_was_wrong(found: list[tuple[str, str]], say: str, worth: str) -> None:
    told = summary(found)
    assert say in told["say"]
    assert worth in told["worth"]


def test_a_tally_that_cannot_be_read_says_so(
    small: Lesson, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "file").write_text("in the way")
    monkeypatch.setenv("COURSE_DATA_DIR", str(folder / "file" / "data"))
    tally = small.predictions()
    assert seen(tally, "trouble")["next"].startswith("Make room there")
    assert tally.view["say"] == "Your predictions cannot be shown."


def test_an_opening_asks_the_default_of_whoever_has_answered_nothing(folder: Path) -> None:
    more = lesson("02-more")
    shown = more.opening()
    assert [one["key"] for one in seen(shown, "questions")] == [
        "01-small/steps", "01-small/left", "01-small/names",
    ]  # fmt: skip
    assert shown.view["origins"]["01-small"] == "01, small"


def test_an_opening_asks_first_what_was_not_right_and_its_text_stays(
    folder: Path, fake_course: Course
) -> None:
    more = lesson("02-more")
    text = repr(more.opening())
    Progress(fake_course).answered("01-small/names", ["None"], right=False)
    shown = lesson("02-more").opening()
    assert repr(shown) == text
    assert [one["key"] for one in seen(shown, "questions")] == [
        "01-small/names", "01-small/steps", "01-small/left",
    ]  # fmt: skip
    assert shown.view["before"] == {"01-small/names": "Not right at first, earlier today."}


def test_questions_stay_where_the_opening_runs_once_more(folder: Path, fake_course: Course) -> None:
    chapter_file(fake_course, "02-more").write_text('opening = ["01-small/left"]\n', "utf-8")
    more = lesson("02-more")
    shown = more.opening()
    assert len(seen(shown, "questions")) == 1
    shown.answer = {"01-small/left": {"picked": [0, 1], "right": True}}
    assert rows("SELECT was_right FROM quiz_answers") == [(1,)]
    again = more.opening()
    assert [one["key"] for one in seen(again, "questions")] == ["01-small/left"]
    assert again.view["before"] == {"01-small/left": "Answered right earlier today."}


def test_an_opening_needs_no_history(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "file").write_text("in the way")
    monkeypatch.setenv("COURSE_DATA_DIR", str(folder / "file" / "data"))
    assert len(seen(lesson("02-more").opening(), "questions")) == 3


def test_a_quiz_says_what_was_answered_before(small: Lesson, fake_course: Course) -> None:
    Progress(fake_course).answered("01-small/names", ["One"], right=True)
    quiz = small.quiz()
    assert len(quiz.view["questions"]) == 3
    assert seen(quiz, "before") == {"01-small/names": "Answered right earlier today."}


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
    assert seen(shown, "unkept").startswith("This is not kept: ")


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
