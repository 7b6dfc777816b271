"""Which exercise a notebook belongs to: told by the folder that its kernel stands in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from checker.errors import UsageError

if TYPE_CHECKING:
    from checker.course import Course


def exercise_here(course: Course, exercise_id: str | None = None) -> str:
    """Return the id that ``exercise_id`` means; without one, that of the folder that the kernel stands in.

    Raises
    ------
    UsageError
        If there is no such exercise, or the working directory is not an exercise's folder.
    """
    if exercise_id is not None:
        return course.find(exercise_id)
    here = Path.cwd().resolve()
    parts = here.relative_to(course.root).parts if here.is_relative_to(course.root) else ()
    if len(parts) < 3:
        raise UsageError(
            "This notebook is not in an exercise's folder.",
            next='Name the exercise: panel("chapter/exercise").',
        )
    return course.find("/".join(parts[1:3]))
