"""What the gate finds without an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from checker.gate import findings_of_orphans, findings_on_paper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from checker.course import Course

GREET = "01-small/greet"


def found(course: Course, exercise: str = GREET) -> list[str]:
    return [finding.message for finding in findings_on_paper(course, course.load(exercise))]


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        text = (root / path).read_text()
        assert old in text
        (root / path).write_text(text.replace(old, new))

    return change


def add(path: str, text: str = "x") -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)

    return change


CHECKS = f"exercises/{GREET}/checks.py"
SOLUTION = f"solutions/{GREET}"


def test_a_sound_course_has_no_findings(fake_course: Course) -> None:
    assert [found(fake_course, name) for name in fake_course.ids()] == [[]] * 7
    assert list(findings_of_orphans(fake_course)) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (edit(f"{SOLUTION}/exercise.ipynb", "prints `hello`", "says `hello`"), "is stale"),
        (edit(CHECKS, '"A run has a name, an image and a command.",', ""), "fewer than three hints"),
        (edit(CHECKS, '"A run has a name, an image and a command.",', '" ",'), "hint is empty"),
        (edit(CHECKS, 'docs=["docker container run"]', "docs=[]"), "no documentation"),
        (edit(CHECKS, 'skills=["run.command"]', "skills=[]"), "shows no skill"),
        (edit(CHECKS, '"run.command"', '"run.comand"'), "unknown skill 'run.comand'"),
        (add(f"{SOLUTION}/why.md", "\n"), "why.md is missing or empty"),
        (edit(f"{SOLUTION}/mutants/removed/expect.toml", '"greeter"', '"nobody"'), "names no check"),
        (edit(f"{SOLUTION}/mutants/removed/expect.toml", '"fake-greet"', '""'), "empty phrase"),
        (
            edit(f"{SOLUTION}/mutants/removed/expect.toml", "phrase", "image = 1\nphrase"),
            "unknown key 'image'",
        ),
        (
            edit(f"{SOLUTION}/mutants/removed/expect.toml", "phrase", "images = ['whale']\nphrase"),
            "unknown image 'whale'",
        ),
        (add(f"{SOLUTION}/notes.txt"), "notes.txt is no part of an answer"),
        (add(f"{SOLUTION}/alternatives/two-steps/notes.txt"), "notes.txt is no part of an answer"),
        (add(f"{SOLUTION}/alternatives/two-steps/expect.toml"), "expect.toml is no part of an answer"),
        (add(f"exercises/{GREET}/answer.py"), "answer.py is a part of an answer"),
        (add(f"exercises/{GREET}/__pycache__/checks.pyc"), "left behind by a tool"),
        (add(f"exercises/{GREET}/data.txt", ""), "data.txt is empty"),
    ],
)
def test_each_finding_is_named(fake_course: Course, change: Callable[[Path], None], message: str) -> None:
    change(fake_course.root)

    (text,) = found(fake_course)
    assert message in text


def test_a_solution_file_that_equals_the_starters_is_named(fake_course: Course) -> None:
    same = fake_course.root / "exercises/01-small/page/page.html"
    (fake_course.root / "solutions/01-small/page/page.html").write_bytes(same.read_bytes())

    assert "equals the starter's" in found(fake_course, "page")[0]


def test_folders_that_belong_to_nothing_are_named(fake_course: Course) -> None:
    (fake_course.root / "solutions/01-small/gone").mkdir()
    (fake_course.root / "exercises/01-small/empty").mkdir()

    assert [finding.message for finding in findings_of_orphans(fake_course)] == [
        "solutions/01-small/gone has no exercise.",
        "exercises/01-small/empty has no checks.py.",
    ]


def test_an_unknown_skill_has_the_nearest_one_as_its_fix(fake_course: Course) -> None:
    edit(CHECKS, '"run.command"', '"run.comand"')(fake_course.root)
    (finding,) = findings_on_paper(fake_course, fake_course.load(GREET))
    assert finding.next == "Did you mean 'run.command'? Else add it to exercises/skills.toml."


def test_a_skill_that_no_exercise_shows_is_named(fake_course: Course) -> None:
    edit("exercises/skills.toml", "[02-odd]", "[02-odd]\nfly = 'You can fly.'")(fake_course.root)
    (finding,) = findings_of_orphans(fake_course)
    assert finding.message == "No exercise shows the skill 'fly'."
    assert "remove its line from exercises/skills.toml" in finding.next
