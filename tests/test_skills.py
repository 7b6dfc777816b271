"""The list of skills, and what counts as evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from test_standing import COUNT, GREET, PAGE, passed, ran

from checker.course import open_course
from checker.errors import CourseFault
from checker.progress import Progress
from checker.result import Status
from checker.skills import evidence, read_skills, skills_file
from checker.standing import course_map_of

if TYPE_CHECKING:
    from checker.course import Course


def states(course: Course) -> dict[str, str]:
    rows = [row for one in course_map_of(course, Progress(course)) for row in one.exercises]
    return {one.skill.key: one.state for one in evidence(read_skills(course).values(), rows)}


def test_the_list_is_read_by_chapter(fake_course: Course) -> None:
    skills = read_skills(fake_course)
    assert list(skills) == ["run.command", "file.mend", "engine.ask"]
    assert (skills["file.mend"].chapter, skills["file.mend"].say) == ("01-small", "You can mend a file.")


def test_every_exercise_of_the_course_shows_skills_of_the_list() -> None:
    course = open_course()
    listed = read_skills(course)
    shown = [key for name in course.ids() for key in course.load(name).exercise.skills]
    assert set(shown) == set(listed)
    assert {one.chapter for one in listed.values()} <= set(course.chapters())
    assert [key for key in ("logs.read", "exit-codes.read", "container.names") if shown.count(key) < 2] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[01-small\n", "skills.toml: "),
        ("'run' = 'You can run.'\n", "run is no table"),
        ("[01-small]\nfile.mend = 'You can mend.'\n", "file is a table"),
        ("[01-small]\nrun = 3\n", "run is missing or no text"),
        ("[01-small]\nrun = 'Runs a container.'\n", "run is no such sentence"),
        ("[01-small]\nrun = 'You can run.'\n[02-odd]\nrun = 'You can run.'\n", "run stands there twice"),
    ],
)
def test_damage_is_named(fake_course: Course, text: str, message: str) -> None:
    skills_file(fake_course).write_text(text)
    with pytest.raises(CourseFault, match="skills") as fault:
        read_skills(fake_course)
    assert message in fault.value.message
    assert fault.value.next


def test_a_missing_list_is_named(fake_course: Course) -> None:
    skills_file(fake_course).unlink()
    with pytest.raises(CourseFault, match="is missing"):
        read_skills(fake_course)


def test_what_was_passed_is_shown(fake_course: Course) -> None:
    assert states(fake_course) == {"run.command": "not yet", "file.mend": "not yet", "engine.ask": "not yet"}
    ran(fake_course, PAGE, Status.FAILED)
    assert states(fake_course)["file.mend"] == "not yet"
    passed(fake_course, PAGE)
    passed(fake_course, GREET)
    assert states(fake_course) == {
        "run.command": "shown 1 of 3",
        "file.mend": "shown",
        "engine.ask": "not yet",
    }


def test_after_giving_up_a_skill_is_only_seen(fake_course: Course) -> None:
    Progress(fake_course).give_up(COUNT)
    passed(fake_course, COUNT)
    assert states(fake_course)["run.command"] == "seen"
    passed(fake_course, GREET)
    assert states(fake_course)["run.command"] == "shown 1 of 3"
