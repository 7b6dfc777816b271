"""What chapters show beside their text: links to exercises, the doctor's verdict, the map of the course."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from checker.course import open_course
from checker.errors import CourseError

from .doing import shown_doing
from .fresh import Fresh
from .helper import helper
from .told import Text
from .widgets import CourseWidget, esm

if TYPE_CHECKING:
    from checker.course import Course

_LEVELS = {"ok": ("✔", "ready"), "warn": ("△", "limited"), "bad": ("✘", "not ready")}


class Report(CourseWidget):
    """A heading sentence with a table."""

    _esm = esm("report.js")


class Badge(Fresh):
    """The link to an exercise, and how far the learner is in it."""

    _esm = esm("progress.js", "badge.js")

    def __init__(self, course: Course, exercise: str, plain: str, markdown: str) -> None:
        self._exercise = exercise
        super().__init__(course, {"exercise": None}, text=plain, markdown=markdown)

    def drawn(self) -> dict[str, Any]:
        """Ask where the learner is in this exercise."""
        return {"exercise": helper(self.course.root).ask("overview", exercise=self._exercise)}


class Map(Fresh):
    """Chapters and exercises with what is done, what to go on with, and the skills."""

    _esm = esm("progress.js", "map.js")

    def drawn(self) -> dict[str, Any]:
        """Ask for the whole map."""
        found: dict[str, Any] = helper(self.course.root).ask("overview")
        return {**found, "say": _said([row for one in found["chapters"] for row in one["exercises"]])}


def exercise_link(exercise_id: str) -> Badge | Text:
    """Start an exercise and return the link that opens the learner's copy, with how far the learner is.

    What was started before stays as it is. Where it cannot be started, the message says why, and what to do.
    """
    course = open_course()
    exercise = course.find(exercise_id)
    try:
        about = shown_doing(course.root, "start", f"Preparing {exercise}", exercise=exercise)
    except CourseError as error:
        return _trouble(f"{exercise} was not started.", error)
    target = quote(_relative(course.work(exercise) / "exercise.ipynb"))
    return Badge(
        course,
        exercise,
        f"Exercise: {about['title']}, {about['minutes']} minutes. Open work/{exercise}/exercise.ipynb.",
        f"**Exercise:** [{about['title']}]({target}) · {about['minutes']} minutes",
    )


def _trouble(what: str, error: CourseError) -> Text:
    step = f"Next: {error.next}" if error.next else ""
    plain = " ".join(part for part in (what, error.message, step) if part)
    return Text(f"**{what}** {error.message}\n\n{step}", plain)


def _relative(path: Path) -> str:
    """Return ``path`` as a page in the working directory names it."""
    return Path(os.path.relpath(path)).as_posix()


def doctor_report() -> Report | Text:
    """Return what the doctor finds: a sentence, and a table with a next step where one is needed."""
    try:
        found = helper().ask("doctor")
    except CourseError as error:
        return _trouble("The doctor cannot look.", error)
    findings = found["findings"]
    rows = [[*_LEVELS[one["level"]], one["what"], one["next"]] for one in findings]
    if found["ready"]:
        return Report({"say": "The engine is ready.", "rows": rows}, text="The engine is ready.")
    steps = [f"- {one['what']} {one['next']}".rstrip() for one in findings if one["level"] == "bad"]
    text = "\n".join(["The engine is not ready.", *steps])
    return Report({"say": "The engine is not ready.", "rows": rows}, text=text)


def course_map() -> Map:
    """Return the chapters and exercises of the course, with what is done. It stays up to date."""
    return Map(open_course(), {}, text="The map of the course. In a terminal: course progress")


def _said(rows: list[dict[str, Any]]) -> str:
    core = [row for row in rows if row["core"]]
    return f"{_passed(rows)} exercises passed, {_passed(core)} core ones."


def _passed(rows: list[dict[str, Any]]) -> str:
    return f"{sum(row['state'] == 'passed' for row in rows)} of {len(rows)}"
