"""A lesson's pieces: what is read from its file, and each mistake of an author by its name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checker.chapter import (
    Prediction,
    chapter_file,
    chapter_ids,
    find_questions,
    opening_questions,
    read_chapter,
)
from checker.course import open_course
from checker.errors import CourseFault, UsageError
from checker.gate import findings_of_lessons

if TYPE_CHECKING:
    from checker.course import Course

PIECES = (Path(__file__).parent / "fake_course/notebooks/01-small.toml").read_text("utf-8")


def write(course: Course, text: str) -> None:
    chapter_file(course, "01-small").write_text(text, "utf-8")


def test_what_is_written_is_read(fake_course: Course) -> None:
    chapter = read_chapter(fake_course, "01-small")
    assert (chapter.images, chapter.owns.containers, chapter.owns.ports) == (
        ("busybox",),
        ("fake-note",),
        (8099,),
    )
    assert (chapter.prediction("file").kind, chapter.prediction("code").kind) == ("choice", "number")
    assert [option.right for option in chapter.question("names").options] == [False, True]
    assert [one.key for one in opening_questions(fake_course, chapter)] == ["01-small/names"]


def test_what_is_not_there_is_told_with_what_is_near(fake_course: Course) -> None:
    with pytest.raises(UsageError, match="no lesson '01-smal'") as error:
        read_chapter(fake_course, "01-smal")
    assert error.value.next == "Did you mean '01-small'?"
    chapter = read_chapter(fake_course, "01-small")
    with pytest.raises(UsageError, match="no prediction 'fiel'"):
        chapter.prediction("fiel")
    with pytest.raises(UsageError, match="no question 'x'"):
        chapter.question("x")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('ask = "Which exit code?"', "", "[predict.code] ask is missing"),
        ('why = "The signal\'s number is 9."', 'why = " "', "[predict.code] why is missing"),
        ('why = "The signal\'s number is 9."', 'why = "a"\nwyh = "b"', "[predict.code] wyh is unknown"),
        ('choices = ["yes", "no"]', "", "[predict.file] choices does not fit"),
        ('choices = ["yes", "no"]', 'choices = ["yes", "yes"]', "[predict.file] choices are fewer"),
        ('choices = ["yes", "no"]', 'choices = "yes"', "[predict.file] choices is no list"),
        ('kind = "number"', 'kind = "many"', "[predict.code] kind is 'many'"),
        (
            '{ say = "It ended well.", reply = "That would be 0." },',
            "",
            "[predict.code] reasons are not three",
        ),
        ('"It ended well.",', '"It ended well.", right = true,', "[predict.code] reasons are not three"),
        (', reply = "They end with the container."', "", "[predict.file.reasons 1] reply is missing"),
        ('"One", right = true', '"One"', "[quiz.names] options hold 0 right ones"),
        ('"None", why', '"None", right = true, why', "[quiz.names] options hold 2 right ones"),
        ('"One", right = true', '"One", right = 1', "[quiz.names.options 2] right is 1"),
        (
            'options = [\n  { say = "The log"',
            'options = []\nmore = [{ say = "x"',
            "[quiz.left] options are fewer",
        ),
        (', why = "The engine gives it one."', "", "[quiz.names.options 1] why is missing"),
        ('"None", why', '"One", why', "[quiz.names] options are fewer"),
        ('"docker run", why', '"docker run", right = true, why', "[quiz.steps] options are marked"),
        ('kind = "order"', 'kind = "sort"', "[quiz.steps] kind is 'sort'"),
        ('kind = "order"', 'kind = "many"', "[quiz.steps] options hold no right one"),
        ("ports = [8099]", 'ports = ["8099"]', "[owns] ports is no list"),
        ("ports = [8099]", "port = [8099]", "[owns] port is unknown"),
        ('images = ["busybox"]', 'image = ["busybox"]', "image is unknown"),
        ('images = ["busybox"]', "images = [", "01-small.toml: "),
        ('kind = "number"', 'kind = "number"\nwithin = 0', "[predict.code] within is 0"),
        ('kind = "number"', 'kind = "number"\nwithin = true', "[predict.code] within is True"),
        ('kind = "number"', 'kind = "number"\nfactor = 1', "[predict.code] factor is 1"),
        ('kind = "number"', 'kind = "number"\nfactor = inf', "[predict.code] factor is inf"),
        ('kind = "number"', 'kind = "number"\nwithin = 1\nfactor = 2', "[predict.code] within stands beside"),
        ('kind = "number"', 'kind = "text"\nunit = "s"', "[predict.code] unit is for numbers only"),
        ('kind = "number"', 'kind = "number"\nunit = " "', "[predict.code] unit is missing"),
        ('kind = "number"', 'kind = "number"\naccept = ["a", "b"]', "[predict.code] accept is for texts"),
        ('kind = "number"', 'kind = "text"\naccept = ["a", " A"]', "[predict.code] accept holds one"),
        ("[owns]", "owns = 1\n[own]", "owns is no table"),
        ("[owns]", "[quiz]\nothers = 1\n[owns]", "quiz.others is no table"),
        ("[owns]", "quiz = 1\n[owns]", "01-small.toml: "),
    ],
)
def test_each_mistake_names_its_file_and_key(fake_course: Course, old: str, new: str, said: str) -> None:
    assert old in PIECES
    write(fake_course, PIECES.replace(old, new, 1))
    with pytest.raises(CourseFault) as error:
        read_chapter(fake_course, "01-small")
    assert said in error.value.message
    assert str(chapter_file(fake_course, "01-small")) in error.value.message
    assert error.value.next


@pytest.mark.parametrize(
    ("more", "said", "found", "outcome"),
    [
        ({}, "137.0", "137", "right"),
        ({}, "1e2", "100", "right"),
        ({}, "13", "137", "not right"),
        ({}, "2", "none", "not right"),
        ({}, "none", "None", "right"),
        ({}, "0,5", "0.5", "right"),
        ({"within": 0.5}, "9,8", "10.3", "about right"),
        ({"within": 0.5}, "9.7", "10.3", "not right"),
        ({"within": 0.5}, "10.3", "10.3", "right"),
        ({"factor": 2}, "5", "10", "about right"),
        ({"factor": 2}, "20", "10", "about right"),
        ({"factor": 2}, "20.1", "10", "not right"),
        ({"factor": 2}, "-5", "10", "not right"),
        ({"factor": 2}, "0", "10", "not right"),
        ({"kind": "text"}, " Exited  (0)", "exited (0)", "right"),
        ({"kind": "text"}, "10", "10.0", "not right"),
        ({"kind": "text", "accept": ("exited", "Stopped")}, "stopped", "exited", "right"),
        ({"kind": "text", "accept": ("exited", "stopped")}, "stopped", "running", "not right"),
        ({"kind": "text", "accept": ("exited", "stopped")}, "running", "running", "right"),
        ({"kind": "choice", "choices": ("yes", "no")}, "Yes", "yes", "right"),
        ({"kind": "choice", "choices": ("yes", "no")}, "yes", "no", "not right"),
        ({"kind": "choice", "choices": ("yes", "no")}, "yes", "perhaps", "no choice fits"),
    ],
)
def test_a_prediction_is_judged_by_its_kind(
    more: dict[str, Any], said: str, found: str, outcome: str
) -> None:
    fields = {"kind": "number", "choices": (), **more}
    one = Prediction(key="x", ask="?", why="!", reasons=(), **fields)
    assert one.judge(said, found) == outcome


def test_a_unit_follows_its_number_and_a_tolerance_is_told(fake_course: Course) -> None:
    slow = read_chapter(fake_course, "02-more").prediction("slow")
    assert [slow.with_unit(value) for value in ("1", "2.5")] == ["1 second", "2.5 seconds"]
    assert slow.tolerance == "within 0.5 seconds"
    assert Prediction("x", "?", "number", (), "!", (), factor=2).tolerance == "within a factor of 2"
    assert read_chapter(fake_course, "01-small").prediction("code").tolerance == ""


def test_the_bank_is_asked_by_chapter_and_key(fake_course: Course) -> None:
    found = find_questions(fake_course, ["02-more/later", "01-small/left"])
    assert [(one.chapter, one.kind) for one in found] == [("02-more", "one"), ("01-small", "many")]
    with pytest.raises(UsageError, match="no lesson '03-none'"):
        find_questions(fake_course, ["03-none/x"])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", ""),
        ('"01-small/names"', '"01-small/gone"', "no question 'gone'"),
        ('"01-small/names"', '"00-none/names"', "no lesson '00-none'"),
        ('"busybox"', '"busibox"', "no image busibox"),
        ('kind = "number"', "", "[predict.code] choices does not fit"),
    ],
)
def test_the_gate_finds_what_is_wrong_with_a_lesson(
    fake_course: Course, old: str, new: str, said: str
) -> None:
    chapter_file(fake_course, "02-more").unlink()  # it opens with questions of the one that is broken
    write(fake_course, PIECES.replace(old, new, 1))
    found = [finding.message for finding in findings_of_lessons(fake_course)]
    assert len(found) == bool(said)
    assert all(said in message for message in found)


def test_the_courses_own_lessons_are_sound() -> None:
    course = open_course(Path(__file__).parents[1])
    assert "00-start-here" in chapter_ids(course)
    assert list(findings_of_lessons(course)) == []
