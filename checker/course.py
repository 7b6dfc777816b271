"""Finds chapters and exercises by their folders: ``exercises/<chapter>/<exercise>/checks.py``.

.. code-block:: text

    exercises/<id>/   what the learner is given, and checks.py
    solutions/<id>/   exercise.ipynb, why.md, files that differ, alternatives/<name>/, mutants/<name>/
    work/<id>/        the learner's own copy
"""

from __future__ import annotations

import difflib
import hashlib
import sys
import threading
import tomllib
import traceback
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from . import __version__
from .errors import CourseFault, UsageError
from .exercise import Exercise
from .overlay import Overlay, files_below, overlays
from .paths import course_root

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CHECKS = "checks.py"
NOTEBOOK = "exercise.ipynb"

_LOADING = threading.Lock()  # two threads that load one exercise would take each other's module away


@dataclass(frozen=True)
class Loaded:
    """An exercise with the folders that belong to it."""

    exercise: Exercise
    starter: Path
    solution: Path
    why: str
    alternatives: list[Overlay]
    mutants: list[Overlay]
    checks_sha256: str

    @property
    def id(self) -> str:
        """``<chapter>/<exercise>``."""
        return self.exercise.id

    @property
    def chapter(self) -> str:
        """The folder above the exercise."""
        return self.id.split("/")[0]


@dataclass(frozen=True)
class Course:
    """A course in a folder. ``key`` is its name, ``version`` its version; both from ``pyproject.toml``."""

    root: Path
    key: str
    version: str

    def ids(self) -> list[str]:
        """Return every exercise's id, in the order of the course."""
        return sorted(
            path.parent.relative_to(self.root / "exercises").as_posix()
            for path in (self.root / "exercises").glob(f"*/*/{CHECKS}")
        )

    def chapters(self) -> dict[str, list[str]]:
        """Return the exercises' ids by chapter."""
        found: dict[str, list[str]] = {}
        for exercise_id in self.ids():
            found.setdefault(exercise_id.split("/")[0], []).append(exercise_id)
        return found

    def find(self, name: str) -> str:
        """Return the id that ``name`` means: a whole id, or an exercise's own name where only one has it.

        Raises
        ------
        UsageError
            If there is none. It names the nearest id.
        """
        ids = self.ids()
        wanted = name.strip("/")
        same = [exercise_id for exercise_id in ids if wanted in (exercise_id, exercise_id.split("/")[1])]
        if len(same) == 1:
            return same[0]
        near = difflib.get_close_matches(wanted, ids, 1, 0.3) or difflib.get_close_matches(
            wanted, [exercise_id.split("/")[1] for exercise_id in ids], 1, 0.3
        )
        raise UsageError(
            f"There is no exercise {name!r}.",
            next=f"Did you mean {self.find(near[0])}?" if near else "`course list` shows every exercise.",
        )

    def choose(self, names: Iterable[str]) -> list[str]:
        """Return the ids that ``names`` mean, each once, in the order given. A chapter means all it holds.

        Raises
        ------
        UsageError
            If a name means nothing.
        """
        chapters = self.chapters()
        short = {chapter.split("-")[0]: ids for chapter, ids in chapters.items()}
        found: dict[str, None] = {}
        for name in names:
            wanted = name.strip("/")
            ids = chapters.get(wanted) or short.get(wanted) or [self.find(wanted)]
            found |= dict.fromkeys(ids)
        return list(found)

    def work(self, exercise_id: str) -> Path:
        """Return the folder of the learner's copy."""
        return self.root / "work" / exercise_id

    def load(self, exercise_id: str) -> Loaded:
        """Load one exercise anew, so that an edited ``checks.py`` is seen.

        Raises
        ------
        UsageError
            If there is no such exercise.
        CourseFault
            If its ``checks.py`` or an overlay is broken; file and line are named.
        """
        exercise_id = self.find(exercise_id)
        starter, solution = self.root / "exercises" / exercise_id, self.root / "solutions" / exercise_id
        exercise = load_checks(starter / CHECKS)
        if exercise.id != exercise_id:
            raise CourseFault(
                f"{starter / CHECKS}: the exercise calls itself {exercise.id!r}.",
                next="Name it as its folder.",
            )
        why = solution / "why.md"
        return Loaded(
            exercise=exercise,
            starter=starter,
            solution=solution,
            why=why.read_text("utf-8") if why.is_file() else "",
            alternatives=overlays(solution / "alternatives", expected=False),
            mutants=overlays(solution / "mutants", expected=True),
            checks_sha256=tree_sha256(starter, files_below(starter)),
        )


def open_course(root: Path | None = None) -> Course:
    """Open the course in ``root``, or the one that the working directory lies in."""
    folder = (root or course_root()).resolve()
    try:
        project: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    except (OSError, KeyError, tomllib.TOMLDecodeError):  # a course may also be no package
        project = {}
    return Course(folder, str(project.get("name", folder.name)), str(project.get("version", __version__)))


def load_checks(path: Path) -> Exercise:
    """Run one ``checks.py`` in a module of its own and return its ``exercise``.

    Nothing is cached and no byte code is written, so that ``exercises/`` stays as it came.
    """
    module = ModuleType(f"course_checks_{hashlib.sha256(str(path).encode()).hexdigest()[:16]}")
    module.__file__ = str(path)
    with _LOADING:
        sys.modules[module.__name__] = module  # dataclasses and pickling look their module up
        try:
            exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)  # noqa: S102 - the course's own code
        except Exception as error:
            raise broken(path, error) from error
        finally:
            del sys.modules[module.__name__]
    exercise = getattr(module, "exercise", None)
    if not isinstance(exercise, Exercise):
        raise CourseFault(
            f"{path}, line 1: no Exercise named `exercise` is made.", next="See CONTRIBUTING.md."
        )
    return exercise


def broken(path: Path, error: Exception) -> CourseFault:
    """Return the fault that names the file ``path`` and the line in which ``error`` was raised."""
    message = error.message if isinstance(error, CourseFault) else f"{type(error).__name__}: {error}"
    return CourseFault(f"{path}, line {_line(error, path)}: {message}", next="Mend that line.")


def _line(error: Exception, path: Path) -> int:
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno or 1
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return (lines[-1] if lines else None) or 1


def tree_sha256(folder: Path, names: Iterable[str]) -> str:
    """Return one digest over the names and the content of files in ``folder``."""
    digest = hashlib.sha256()
    for name in names:
        content = (folder / name).read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
