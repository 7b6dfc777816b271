"""Grades submissions: each exercise of each on an engine of its own, with the course's own checks."""

from __future__ import annotations

import tempfile
from concurrent.futures import as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from checker.answer import Answers
from checker.attempt import attempted
from checker.engine.connect import connect
from checker.errors import CourseFault, EngineFault, Refused
from checker.runner import Runner

from .desk import Desk, Lost
from .handed import layer_of, seed_of
from .intake import HandedIn, take_in
from .reports import write_reports, write_results
from .station import Overdue
from .ungraded import ungraded, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from checker.course import Course, Loaded
    from checker.result import Result

    Grade = Callable[[Loaded, Path], Result]


@dataclass(frozen=True)
class Graded:
    """What came of it: the results, and the files that were written."""

    results: list[Result]
    files: list[Path]

    @property
    def exit_status(self) -> int:
        """0: all was graded. 3: the course or the engine failed. 1: something else is not gradable."""
        left = [result for result in self.results if not result.gradable]
        if any(result.reason == "course" or result.reason.startswith("engine:") for result in left):
            return 3
        return 1 if left else 0


def grade(
    course: Course,
    paths: Sequence[Path],
    out: Path,
    *,
    sandboxed: bool = True,
    workers: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> Graded:
    """Grade the submissions in ``paths``, and write results and reports to ``out``.

    Parameters
    ----------
    sandboxed
        False to run everything on the current engine, which isolates nothing.
    workers
        How many exercises are graded at the same time.
    say
        Called with a line for what is done.

    Raises
    ------
    UsageError
        If a path does not exist, or two submissions are one student's.
    Refused, EngineFault
        If no sandbox can be made here.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{out} cannot be made: {error.strerror}.", next="Name another folder.") from error
    with tempfile.TemporaryDirectory() as place:
        handed = take_in(paths, course.ids(), Path(place))
        loaded = {one.exercise: course.load(one.exercise) for one in handed if one.exercise}
        book = _Book(course, loaded, out, say)
        todo = [one for one in handed if not book.enter_ungraded(one)]
        if todo:
            (_in_sandboxes if sandboxed else _on_current_engine)(course, loaded, todo, workers, book)
    titles = {name: one.exercise.title for name, one in loaded.items()}
    return Graded(book.results, write_reports(book.results, out, titles))


class _Book:
    """The results so far; written down after each, so that nothing is lost when the rest does not come."""

    def __init__(
        self, course: Course, loaded: dict[str, Loaded], out: Path, say: Callable[[str], None]
    ) -> None:
        self._course = course
        self._loaded = loaded
        self._out = out
        self.say = say
        self.results: list[Result] = []

    def enter(self, handed: HandedIn, result: Result) -> None:
        """Enter a result under its student."""
        message = "\n".join(filter(None, [result.message, *handed.remarks]))
        result = replace(result, student=handed.student, message=message, course_version=self._course.version)
        self.results = sorted([*self.results, result], key=lambda one: (one.student, one.exercise))
        write_results(self.results, self._out)
        score = "not graded" if result.score is None else f"{result.score:g} of {result.max_score:g} points"
        self.say(f"{handed.student}: {handed.exercise or 'submission'}: {result.status.value}, {score}")

    def enter_ungraded(self, handed: HandedIn) -> bool:
        """Enter what cannot be graded at all. False where it can."""
        if handed.problem and handed.exercise:
            self.enter(handed, ungraded(self._loaded[handed.exercise], "submission", handed.problem))
        elif handed.problem:
            self.enter(handed, unreadable(handed.problem))
        return bool(handed.problem)


def _in_sandboxes(
    course: Course, loaded: dict[str, Loaded], todo: list[HandedIn], workers: int, book: _Book
) -> None:
    workers = min(workers, len(todo))
    keys = {key for one in loaded.values() for key in one.exercise.images}
    most = sum(2 if loaded[one.exercise].exercise.answer == "files" else 1 for one in todo)
    with (
        connect() as engine,
        Desk(course, engine, keys, workers=workers, say=book.say, most=most) as desk,
        desk.threads() as pool,
    ):
        jobs = {pool.submit(_one, desk, loaded[one.exercise], one.folder): one for one in todo}
        for job in as_completed(jobs):
            book.enter(jobs[job], job.result())


def _one(desk: Desk, loaded: Loaded, folder: Path) -> Result:
    """Grade one exercise. What goes wrong with it alone becomes its result."""
    try:
        return desk.grade(loaded, folder)
    except Lost as lost:
        return replace(ungraded(loaded, "sandbox-ended", lost.message), isolated=True)
    except Overdue as overdue:
        return replace(ungraded(loaded, "engine:station", overdue.message), isolated=True)
    except CourseFault as fault:
        return replace(ungraded(loaded, "course", fault.message), isolated=True)


def _on_current_engine(
    course: Course, loaded: dict[str, Loaded], todo: list[HandedIn], _: int, book: _Book
) -> None:
    with Runner(course) as runner, Answers() as answers, connect() as engine:
        for one in todo:
            about = loaded[one.exercise]
            try:
                layer, seed = layer_of(about, one.folder), seed_of(one.folder)
                with attempted(course, engine, about, [layer], answers, seed=seed) as attempt:
                    result = attempt.check(runner)
            except EngineFault:
                raise
            except Refused as refused:
                result = ungraded(about, "refused", f"{refused.message} {refused.next}".strip())
            book.enter(one, result)
