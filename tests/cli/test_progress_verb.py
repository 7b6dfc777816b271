"""``course progress`` as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from checker.progress import Progress
from checker.skills import skills_file

if TYPE_CHECKING:
    from checker.course import Course

GREET = "01-small/greet"
SHAPE = ["id", "title", "core", "minutes", "state", "score", "max_score", "attempts", "hints", "gave_up"]


def said(course: Course, *words: str, status: int = 0, columns: int = 120) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "checker", "progress", *words],
        env=os.environ | {"COURSE_ROOT": str(course.root), "COLUMNS": str(columns)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_map_says_what_to_go_on_with(fake_course: Course) -> None:
    shown = said(fake_course)
    assert "01-small: 0 of 4 passed" in shown
    assert "○ not begun  greet             core   5 min" in shown
    assert "Core exercises: 0 of 3 passed. All: 0 of 7 passed." in shown
    assert f"Begin with: Greet by name: course start {GREET} (core, 5 minutes)" in shown
    Progress(fake_course).give_up("01-small/page")
    shown = said(fake_course)
    assert "solution seen" in shown
    assert "Go on with: Mend the page: course start 01-small/page" in shown


def test_the_json_keeps_its_shape_and_says_what_is_next(fake_course: Course) -> None:
    found = json.loads(said(fake_course, "02-odd", "--json"))
    assert (found["course"], list(found["chapters"])) == (fake_course.key, ["02-odd"])
    assert set(SHAPE) <= set(found["chapters"]["02-odd"][0])
    assert found["next"]["exercise"] == GREET
    assert "skills" not in found


def test_the_skills_are_listed_with_what_shows_them(fake_course: Course) -> None:
    shown = said(fake_course, "--skills")
    assert "What you can do: 0 of 3 skills shown." in shown
    assert "○ not yet  You can mend a file." in shown
    (odd,) = json.loads(said(fake_course, "02-odd", "--skills", "--json"))["skills"]
    assert (odd["skill"]["key"], odd["state"], len(odd["exercises"])) == ("engine.ask", "not yet", 3)


@pytest.mark.parametrize("words", [[], ["--skills"]])
def test_a_narrow_terminal_is_served(fake_course: Course, words: list[str]) -> None:
    shown = said(fake_course, *words, columns=40)
    assert max(map(len, shown.splitlines())) <= 40


def test_a_damaged_list_of_skills_is_named_and_the_map_still_shows(fake_course: Course) -> None:
    skills_file(fake_course).write_text("[")
    assert "0 of 4 passed" in said(fake_course)
    shown = said(fake_course, "--skills", status=3)
    assert "skills.toml" in shown
    assert "Traceback" not in shown
