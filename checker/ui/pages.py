"""What chapters show beside their text: links to exercises, the doctor's verdict, the map of the course."""

from __future__ import annotations

import os
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from checker.course import Course, open_course
from checker.errors import CourseError

from .doing import shown_doing
from .helper import helper
from .told import Text
from .widgets import CourseWidget, esm

_LEVELS = {"ok": ("✔", "ready"), "warn": ("△", "limited"), "bad": ("✘", "not ready")}


class Report(CourseWidget):
    """A heading sentence with a table, or with chapters and their exercises."""

    _esm = esm("report.js")


def exercise_link(exercise_id: str) -> Text:
    """Start an exercise and return the link that opens the learner's copy.

    What was started before stays as it is. Where it cannot be started, the message says why, and what to do.
    """
    course = open_course()
    exercise = course.find(exercise_id)
    try:
        about = shown_doing(course.root, "start", f"Preparing {exercise}", exercise=exercise)
    except CourseError as error:
        return _trouble(f"{exercise} was not started.", error)
    target = quote(_relative(course.work(exercise) / "exercise.ipynb"))
    return Text(
        f"**Exercise:** [{about['title']}]({target}) · {about['minutes']} minutes",
        f"Exercise: {about['title']}, {about['minutes']} minutes. Open work/{exercise}/exercise.ipynb.",
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


def course_map() -> Report | Text:
    """Return the chapters and exercises of the course, with what is done."""
    course = open_course()
    try:
        exercises = helper(course.root).ask("overview")
    except CourseError as error:
        return _trouble("The map cannot be drawn.", error)
    done = sum(one["passed"] for one in exercises)
    say = f"{done} of {len(exercises)} exercises passed."
    text = "The map of the course. In a terminal: course progress"
    return Report({"say": say, "chapters": _chapters(course, exercises)}, text=text)


def _chapters(course: Course, exercises: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Group the exercises; a chapter or exercise with a copy in work/ has the path that opens it."""
    chapters = []
    for chapter, members in groupby(exercises, lambda one: one["id"].split("/")[0]):
        lesson = f"work/{chapter}.ipynb"
        lines = [
            {**one, "path": f"work/{one['id']}/exercise.ipynb" if one["started"] else ""} for one in members
        ]
        path = lesson if (course.root / lesson).is_file() else ""
        chapters.append({"title": chapter, "path": path, "exercises": lines})
    return chapters
