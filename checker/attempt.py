"""One answer, tried from beginning to end: folder, scene, answer, and afterwards nothing of it is left."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .answer import LIMIT
from .engine import scene
from .errors import Refused
from .interrupts import undoing
from .locks import locked
from .overlay import EXPECT, allowed, answer_files, files_below, lay
from .result import Status
from .work import refuse_taken, set_scene, starter_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .answer import RunsAnswers
    from .course import Course, Loaded
    from .engine.connect import Engine
    from .overlay import Overlay
    from .result import Answer, Result
    from .runner import Runner

_ENDLESS = "Every cell must come to its end: a server runs in the background."

#: Reason of a result where the answer was given in a terminal, and cannot be given again.
INTERACTIVE = "interactive"


@dataclass(frozen=True)
class Layer:
    """Files of ``folder`` that lie over what is below, and files that it takes away."""

    folder: Path
    names: tuple[str, ...]
    remove: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """An answer that was run in ``folder``; its scene and what it made are still there."""

    loaded: Loaded
    folder: Path
    answer: Answer

    def check(self, runner: Runner) -> Result:
        """Check it."""
        result = replace(runner.check(self.loaded.id, self.folder), answer=self.answer)
        if self.answer.status == "timeout" and result.passed:
            # What is right at this moment was not made by an answer that came to its end.
            result = replace(result, status=Status.TIMEOUT, message=f"{self.answer.error}\n{_ENDLESS}")
        if self.loaded.exercise.answer == "session" and not (self.folder / "answer.py").is_file():
            return replace(
                result,
                gradable=False,
                score=None,
                reason=INTERACTIVE,
                message="This exercise is done in a terminal. Only your own lab can check it.",
            )
        return result


def solution_layer(loaded: Loaded) -> Layer:
    """Return the layer that makes the starter the solution."""
    return Layer(loaded.solution, tuple(answer_files(loaded.solution, loaded.exercise.edits)))


def overlay_layer(loaded: Loaded, overlay: Overlay) -> Layer:
    """Return the layer that makes the solution an alternative or a mutant."""
    names = tuple(name for name in files_below(overlay.folder) if allowed(name, loaded.exercise.edits))
    return Layer(overlay.folder, names, overlay.remove)


def answer_layer(loaded: Loaded, folder: Path) -> tuple[Layer, list[str]]:
    """Return the layer that somebody's ``folder`` is, and the files in it that an answer may not hold."""
    names = [name for name in files_below(folder) if not name.startswith(".course") and name != EXPECT]
    taken = tuple(name for name in names if allowed(name, loaded.exercise.edits))
    ignored = [name for name in names if name not in taken and not _same(folder, loaded.starter, name)]
    return Layer(folder, taken), ignored


def _same(folder: Path, starter: Path, name: str) -> bool:
    return (starter / name).is_file() and (starter / name).read_bytes() == (folder / name).read_bytes()


@contextlib.contextmanager
def attempted(
    course: Course,
    engine: Engine,
    loaded: Loaded,
    layers: list[Layer],
    answers: RunsAnswers,
    *,
    seed: int | None = None,
    limit: float | None = None,
) -> Iterator[Attempt]:
    """Lay ``layers`` over the starter, set the scene and run the answer; remove all of it at the end.

    Raises
    ------
    Refused
        If a declared name or port is taken, or the notebook is damaged.
    """
    with locked(course.work(loaded.id)):  # not while it is started, reset or tried elsewhere
        refuse_taken(engine, loaded.exercise, again=f"try {loaded.id} again")
        with _removed(course, engine, loaded) as folder:
            lay(loaded.starter, starter_files(loaded), folder)
            for layer in layers:
                lay(layer.folder, layer.names, folder)
                for name in layer.remove:
                    (folder / name).unlink(missing_ok=True)
            set_scene(course, engine, loaded, folder, seed=seed)
            limit = limit or max(LIMIT, loaded.exercise.timeout)
            with answers.answered(folder, engine.environment(), limit) as answer:
                yield Attempt(loaded, folder, answer)


@contextlib.contextmanager
def _removed(course: Course, engine: Engine, loaded: Loaded) -> Iterator[Path]:
    """Give a new folder; remove it at the end, with all that the exercise owns on the engine."""
    trial = course.root / "work" / ".trials" / secrets.token_hex(4)
    folder = trial / loaded.id

    def remove() -> None:
        try:
            removed = scene.remove(engine, loaded.exercise)
        finally:
            shutil.rmtree(trial, ignore_errors=True)
            with contextlib.suppress(OSError):  # another trial is running
                trial.parent.rmdir()
        if trial.exists():
            raise Refused(
                f"{trial} holds files of another user, made by a container.", next="Remove it by hand."
            )
        for held, problem in removed.kept:
            raise Refused(f"The {held} could not be removed: {problem}.", next="Remove it by hand.")

    with undoing(remove):
        folder.mkdir(parents=True)
        yield folder
