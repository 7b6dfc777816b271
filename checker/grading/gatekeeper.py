"""The author's gate in sandboxes: each exercise's trials on an engine of its own, and through ``grade``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from checker.attempt import solution_layer
from checker.engine.connect import connect
from checker.errors import CourseError
from checker.gate import Finding, findings_of_lessons, findings_of_orphans, findings_on_paper
from checker.overlay import lay
from checker.result import Status
from checker.trials import images_needed
from checker.verify import Report
from checker.work import starter_files

from .desk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.course import Course, Loaded

_LONGEST = 1800.0  # seconds that the trials of one exercise may take


def verify_in_sandboxes(
    course: Course,
    ids: list[str] | None = None,
    *,
    jobs: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Verify exercises, all of them by default; see :func:`checker.verify.verify`.

    Names and ports never clash: each exercise has an engine of its own.
    """
    report = Report()
    if ids is None:
        report.findings += [*findings_of_orphans(course), *findings_of_lessons(course)]
    chosen = [course.load(name) for name in ids or course.ids()]
    keys = {key for loaded in chosen for key in images_needed(loaded)}
    with (
        connect() as engine,
        Desk(course, engine, keys, workers=min(jobs, len(chosen) or 1), say=say) as desk,
        desk.threads() as pool,
    ):
        # What may take longest begins first: a long one that ends alone would leave a processor idle.
        longest_first = sorted(chosen, key=lambda one: one.exercise.timeout, reverse=True)
        running = {one.id: pool.submit(_trials, course, desk, one) for one in longest_first}
        for loaded in chosen:
            findings, skipped = running[loaded.id].result()
            report.exercises.append(loaded.id)
            report.findings += findings
            if skipped:
                report.skipped[loaded.id] = skipped
    return report


def _trials(course: Course, desk: Desk, loaded: Loaded) -> tuple[list[Finding], str]:
    """Return what is to be mended, and why the exercise was skipped, if it was."""
    findings = list(findings_on_paper(course, loaded))
    try:
        done = desk.verify(loaded, _LONGEST)
        findings += [Finding(**finding) for finding in done["findings"]]
        if not done["skipped"]:
            findings += _through_grade(desk, loaded)
    except CourseError as error:
        findings.append(Finding(loaded.id, error.message, error.next))
        return findings, ""
    return findings, done["skipped"]


def _through_grade(desk: Desk, loaded: Loaded) -> list[Finding]:
    """Hand in the solution: it earns all points."""
    with tempfile.TemporaryDirectory() as place:
        folder, solution = Path(place, loaded.id), solution_layer(loaded)
        lay(loaded.starter, starter_files(loaded), folder)
        lay(solution.folder, solution.names, folder)
        result = desk.grade(loaded, folder)
    if result.status is Status.PASSED and result.score == loaded.exercise.max_score:
        return []
    return [
        Finding(
            loaded.id,
            f"Through grade, the solution ends as {result.status.value}. {result.message}",
            f"Look at it: `course grade` of solutions/{loaded.id}.",
        )
    ]
