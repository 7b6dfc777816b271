"""Runs an exercise's checks in a process of their own, within time limits that are kept from outside."""

from __future__ import annotations

import os
import secrets
import threading
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from .course import Course, Loaded, open_course
from .following import Following, Report
from .locks import locked
from .process import Process
from .record import Record
from .remarks import remarks, submission_sha256
from .result import Result, Status, score_of, worst

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

_CHECKS = "checker.warm"  # the module of the checks' process
_LOOK = 0.1  # seconds between two looks whether a run is still wanted


class Runner:
    """The checks' process: started once, it forks for each check run.

    Parameters
    ----------
    course
        Default: the course that the working directory lies in.
    say
        Called with a sentence where a check has to wait.

    Examples
    --------
    >>> with Runner() as runner:  # doctest: +SKIP
    ...     result = runner.check("02-demo/web", Path("work/02-demo/web"), report=print)
    """

    def __init__(self, course: Course | None = None, say: Callable[[str], None] | None = None) -> None:
        self.course = course or open_course()
        self._say = say or (lambda _: None)
        self._process: Process | None = Process(_CHECKS)
        self._turn = threading.Lock()
        self._secret = secrets.token_hex(16)

    def check(self, exercise_id: str, folder: Path, report: Report | None = None) -> Result:
        """Check what the engine and ``folder`` hold now.

        Parameters
        ----------
        report
            Called with each check's result as soon as it is known.

        Raises
        ------
        CourseFault
            If the exercise cannot be loaded.
        """
        loaded = self.course.load(exercise_id)
        with locked(folder, self._waiting), self._turn:
            record = Record.read(folder)
            run = Following(loaded, report or (lambda _: None))
            started, begun = datetime.now(UTC), time.monotonic()
            self._follow(run, self._request(loaded, folder, record))
            lasted = (time.monotonic() - begun) * 1000
            return _result(self.course, folder, record, run, started=started, lasted=lasted)

    def observe(
        self,
        exercise_id: str,
        folder: Path,
        report: Report,
        unwanted: Callable[[], bool] = lambda: False,
    ) -> None:
        """Run the checks that only look. Nothing is kept, nothing is written, and no lock is held.

        Parameters
        ----------
        report
            Called with each check's result as soon as it is known.
        unwanted
            Asked all the time; once it says so, the run is stopped.

        Raises
        ------
        CourseFault
            If the exercise cannot be loaded.
        """
        loaded = self.course.load(exercise_id)
        loaded = replace(loaded, exercise=loaded.exercise.observing())
        if loaded.exercise.checks:
            request = self._request(loaded, folder, Record.read(folder)) | {"observing": True}
            with self._turn:
                self._follow(Following(loaded, report), request, unwanted)

    def close(self) -> None:
        """Stop the process. A check that is running ends."""
        if self._process:
            self._process.close()
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _waiting(self) -> None:
        self._say("Another check of this exercise is running. This one waits.")

    def _request(self, loaded: Loaded, folder: Path, record: Record | None) -> dict[str, Any]:
        return {
            "root": str(self.course.root),
            "exercise": loaded.id,
            "folder": str(folder.resolve()),
            "seed": record.seed if record else 0,
            "secret": self._secret,
            "environment": dict(os.environ),
            "observing": False,
        }

    def _follow(
        self, run: Following, request: dict[str, Any], unwanted: Callable[[], bool] = lambda: False
    ) -> None:
        """Send the request and take what comes of it; Ctrl-C stops the checks and leaves nothing running."""
        if self._process and not self._process.usable:
            self.close()
        process = self._process = self._process or Process(_CHECKS)
        try:
            process.send(request)
            while not run.ended:
                event = process.next_event(min(run.deadline, time.monotonic() + _LOOK))
                if event:
                    run.take(event)
                elif time.monotonic() >= run.deadline:
                    run.overdue(process)
                if unwanted():
                    run.ended, run.lost = True, not (run.ended or process.end(run.pid))
        except BaseException:
            process.interrupt(run.pid)
            self.close()
            raise
        if not process.forks or run.lost:
            self.close()


def _result(
    course: Course, folder: Path, record: Record | None, run: Following, *, started: datetime, lasted: float
) -> Result:
    exercise = run.loaded.exercise
    checks = [run.done[check.id] for check in exercise.checks]
    status = worst(checks)
    error = next((check for check in checks if check.status is Status.ERROR), None)
    said = [
        run.message or (error.message if error else ""),
        *remarks(run.loaded, folder, record, run.engine, passed=status is Status.PASSED),
    ]
    if status is Status.PASSED:
        said.insert(0, exercise.passed)
    return Result(
        run_id=uuid.uuid4().hex,
        exercise=exercise.id,
        status=status,
        gradable=error is None,
        score=score_of(checks),
        max_score=exercise.max_score,
        seed=record.seed if record else 0,
        started=started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        duration_ms=round(lasted, 1),
        checks=checks,
        course_version=course.version,
        checks_sha256=run.loaded.checks_sha256,
        reason=error.reason if error else "",
        message="\n".join(line for line in said if line),
        engine=run.engine,
        submission_sha256=submission_sha256(run.loaded, folder),
    )
