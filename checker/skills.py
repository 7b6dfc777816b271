"""What a learner can do: ``exercises/skills.toml``, and which exercises have shown it.

.. code-block:: toml

    [02-running-containers]                # the chapter that teaches it
    "logs.read" = "You can read what a container printed."

An exercise that was passed shows its skills. Where its solution was opened first, they are only "seen":
whoever copies an answer has shown nothing yet.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import CourseFault
from .tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .course import Course
    from .standing import Standing

_BEGINS = "You can "


@dataclass(frozen=True)
class Skill:
    """One line of the list."""

    key: str
    chapter: str
    say: str


@dataclass(frozen=True)
class Evidence:
    """A skill, and the exercises that show it: passed, passed after the solution was opened, and all."""

    skill: Skill
    passed: tuple[str, ...]
    seen: tuple[str, ...]
    exercises: tuple[str, ...]

    @property
    def state(self) -> str:
        """``shown``, ``shown n of m``, ``seen`` or ``not yet``."""
        if not self.passed:
            return "seen" if self.seen else "not yet"
        whole = len(self.passed) == len(self.exercises)
        return "shown" if whole else f"shown {len(self.passed)} of {len(self.exercises)}"


def skills_file(course: Course) -> Path:
    """Return where the skills are written."""
    return course.root / "exercises" / "skills.toml"


def read_skills(course: Course) -> dict[str, Skill]:
    """Read the list; keys are the skills' keys, in the order of the file.

    Raises
    ------
    CourseFault
        If the file is missing or damaged, or a line is no sentence of its own; file and key are named.
    """
    path = skills_file(course)
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise CourseFault(f"{path} is missing.", next="Write it: see checker/skills.py.") from error
    except (OSError, ValueError) as error:  # also where it is no UTF-8
        raise CourseFault(f"{path}: {error}.", next="Mend that line.") from error
    found: dict[str, Skill] = {}
    for chapter, lines in data.items():
        table = Table(path, chapter, lines)
        for key, line in lines.items():
            if isinstance(line, dict):
                raise table.fault(key, "is a table", "Put quotes around a key that holds a dot")
            say = table.text(key)
            if not say.startswith(_BEGINS) or not say.endswith("."):
                raise table.fault(key, "is no such sentence", f'Write "{_BEGINS}….", with a full stop')
            if key in found:
                raise table.fault(key, "stands there twice", "Keep one of the two lines")
            found[key] = Skill(key, chapter, say)
    return found


def evidence(skills: Iterable[Skill], exercises: Iterable[Standing]) -> list[Evidence]:
    """Return for each skill which exercises show it, and which of them were passed."""
    rows = list(exercises)
    found = []
    for skill in skills:
        shows = [row for row in rows if skill.key in row.skills]
        passed = tuple(row.id for row in shows if row.alone)
        seen = tuple(row.id for row in shows if row.state == "passed" and not row.alone)
        found.append(Evidence(skill, passed, seen, tuple(row.id for row in shows)))
    return found
