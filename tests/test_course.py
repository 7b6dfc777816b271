from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from checker.errors import CourseFault, UsageError

if TYPE_CHECKING:
    from checker.course import Course


def rewrite(course: Course, exercise_id: str, old: str, new: str) -> None:
    path = course.root / "exercises" / exercise_id / "checks.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_chapters_and_exercises_are_found_by_their_folders(fake_course: Course) -> None:
    (fake_course.root / "exercises" / "01-small" / "no-exercise").mkdir()

    assert fake_course.chapters() == {
        "01-small": ["01-small/count", "01-small/greet", "01-small/leave-it-running", "01-small/page"],
        "02-odd": ["02-odd/engine-inside", "02-odd/only-elsewhere", "02-odd/out-of-order"],
    }


def test_an_exercise_has_its_overlays(fake_course: Course) -> None:
    greet = fake_course.load("01-small/greet")
    gone = next(mutant for mutant in fake_course.load("page").mutants if mutant.name == "gone")

    assert [one.name for one in greet.alternatives] == ["command-line", "two-steps"]
    assert (gone.check, gone.remove) == ("page", ("page.html",))
    assert "log" in greet.why


@pytest.mark.parametrize("name", ["greet", "01-small/greet", "01-small/greet/"])
def test_the_last_part_of_an_id_is_enough(fake_course: Course, name: str) -> None:
    assert fake_course.find(name) == "01-small/greet"


@pytest.mark.parametrize("name", ["01-small/gret", "greeet"])
def test_an_unknown_id_is_answered_with_the_nearest(fake_course: Course, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        fake_course.load(name)

    assert "Did you mean 01-small/greet?" in caught.value.next


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ([], []),
        (["02-odd"], ["02-odd/engine-inside", "02-odd/only-elsewhere", "02-odd/out-of-order"]),
        (["02"], ["02-odd/engine-inside", "02-odd/only-elsewhere", "02-odd/out-of-order"]),
        (
            ["02-odd/", "greet"],
            ["02-odd/engine-inside", "02-odd/only-elsewhere", "02-odd/out-of-order", "01-small/greet"],
        ),
        (
            ["out-of-order", "02-odd", "02"],
            ["02-odd/out-of-order", "02-odd/engine-inside", "02-odd/only-elsewhere"],
        ),
    ],
)
def test_a_chapter_means_all_its_exercises(fake_course: Course, names: list[str], chosen: list[str]) -> None:
    assert fake_course.choose(names) == chosen


def test_a_chapter_that_is_not_there_is_named(fake_course: Course) -> None:
    with pytest.raises(UsageError, match="'03-none'"):
        fake_course.choose(["02-odd", "03-none"])


def test_a_name_in_two_chapters_is_not_guessed(fake_course: Course) -> None:
    twin = fake_course.root / "exercises" / "03-twin" / "greet"
    twin.mkdir(parents=True)
    (twin / "checks.py").write_text("")

    with pytest.raises(UsageError):
        fake_course.find("greet")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("def right_name(lab, greeter):", "def right_name(lab, greeter:", 34),
        ("def right_name(lab, greeter):", "def right_name(lab, nobody):", 33),
        ("timeout=20,", "timeout=20 / 0,", 19),
        ("exercise = Exercise(", "other = Exercise(", 24),
    ],
)
def test_a_broken_checks_py_is_named_with_its_line(
    fake_course: Course, old: str, new: str, line: int
) -> None:
    rewrite(fake_course, "01-small/greet", old, new)

    with pytest.raises(CourseFault) as caught:
        fake_course.load("greet")

    assert "greet/checks.py, line" in caught.value.message
    named = int(caught.value.message.split("line ")[1].split(":")[0])
    assert abs(named - line) <= 2  # Python versions name the first or the last line of a statement


def test_an_exercise_that_lies_in_the_wrong_folder_is_a_fault(fake_course: Course) -> None:
    rewrite(fake_course, "01-small/greet", '"01-small/greet"', '"01-small/other"')

    with pytest.raises(CourseFault, match="calls itself '01-small/other'"):
        fake_course.load("greet")


@pytest.mark.parametrize(
    ("text", "message"),
    [("phrase = 1", "nothing about 'check'"), ("check =", "no TOML"), (None, "is missing")],
)
def test_a_broken_expect_toml_is_a_fault(fake_course: Course, text: str | None, message: str) -> None:
    path = fake_course.root / "solutions/01-small/greet/mutants/removed/expect.toml"
    path.unlink() if text is None else path.write_text(text)

    with pytest.raises(CourseFault, match=message):
        fake_course.load("greet")


def test_loading_sees_every_change_and_leaves_nothing_in_the_folder(fake_course: Course) -> None:
    folder = fake_course.root / "exercises/01-small/greet"
    before = sorted(folder.iterdir())
    first = fake_course.load("greet")
    rewrite(fake_course, "01-small/greet", "Greet by name", "Greet again")
    second = fake_course.load("greet")

    assert second.exercise.title == "Greet again"
    assert first.checks_sha256 != second.checks_sha256
    assert sorted(folder.iterdir()) == before


def test_name_and_version_come_from_the_project(fake_course: Course) -> None:
    from checker.course import open_course

    (fake_course.root / "pyproject.toml").write_text('[project]\nname = "whales"\nversion = "7.1"\n')

    course = open_course(fake_course.root)
    assert (course.key, course.version) == ("whales", "7.1")
    assert fake_course.key == "course"
