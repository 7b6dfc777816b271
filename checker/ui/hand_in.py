"""``submit(pid=4711)``: hand in values as the answer of an exercise that asks for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from checker.answers_file import write_answer
from checker.course import open_course
from checker.errors import CourseError, Refused

from .where import exercise_here


def submit(**values: Any) -> None:
    """Write ``values`` to ``answer.json`` in the exercise's folder, and say so.

    Values that were handed in before under other names stay.

    Raises
    ------
    UsageError
        If a value cannot be written, such as a container object.
    Refused
        If no value is given, or the disk is full.
    """
    if not values:
        raise Refused("Nothing was handed in.", next="Name a value: submit(name=value).")
    try:
        write_answer(_folder(), **values)
    except OSError as error:
        what = f"The answer cannot be written: {error}."
        raise Refused(what, next="Make room there, then run the cell again.") from error
    print(f"Handed in: {', '.join(f'{key} = {value!r}' for key, value in values.items())}.")


def _folder() -> Path:
    """Return the learner's copy; outside of a course, as in a regrade, the working directory."""
    here = Path.cwd()
    try:
        course = open_course(None)
        folder = course.work(exercise_here(course))
    except CourseError:
        return here
    return folder if folder.is_dir() else here
