"""Hints, one at a time: those for what was last observed first, then the general ones."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .course import Course
    from .progress import Progress


@dataclass(frozen=True)
class Hint:
    """One hint: the ``number``-th of ``total``."""

    text: str
    number: int
    total: int


def shown_hints(course: Course, progress: Progress, exercise_id: str) -> list[Hint]:
    """Return the hints that were shown so far, in that order."""
    texts = {_key(text): text for text in _every(course, exercise_id)}
    shown = [texts[key] for key in progress.hints_shown(exercise_id) if key in texts]
    total = len(shown) + len(_left(course, progress, exercise_id))
    return [Hint(text, number, total) for number, text in enumerate(shown, 1)]


def next_hint(course: Course, progress: Progress, exercise_id: str) -> Hint | None:
    """Show the next hint and keep that it was shown; ``None`` where all were."""
    left = _left(course, progress, exercise_id)
    if not left:
        return None
    number = len(shown_hints(course, progress, exercise_id)) + 1
    progress.show_hint(exercise_id, _key(left[0]))
    return Hint(left[0], number, number + len(left) - 1)


def _left(course: Course, progress: Progress, exercise_id: str) -> list[str]:
    """Return the hints to come. Only those for what the last check observed join the general ones."""
    shown = set(progress.hints_shown(exercise_id))
    order = course.load(exercise_id).exercise.hints.for_reasons(progress.last_reasons(exercise_id))
    return [text for text in dict.fromkeys(order) if _key(text) not in shown]


def _every(course: Course, exercise_id: str) -> list[str]:
    hints = course.load(exercise_id).exercise.hints
    return [*hints.when.values(), *hints.general]


def _key(text: str) -> str:
    """Return what stands for a hint in the progress file; a reworded hint is a new one."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
