"""Everything that the doctor says, gathered from engine and course: for the command and the start page."""

from __future__ import annotations

from dataclasses import dataclass

from checker.course import open_course
from checker.engine.connect import connect
from checker.engine.doctor import Finding, examine, ready
from checker.errors import CourseError, EngineFault

_ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Report:
    """What was found, and whether the course can begin."""

    ready: bool
    findings: list[Finding]


def report() -> Report:
    """Examine everything. Never raises an :class:`~checker.errors.EngineFault`: that is a finding, too.

    Images that are missing are a warning, because an exercise fetches what it needs when it begins.
    Without the image of the trial container nothing could be tried: then the course is not ready.
    """
    ports, troubles = _ports()
    try:
        with connect(timeout=_ANSWER_SECONDS) as engine:
            findings = examine(engine, ports=ports)
    except EngineFault as fault:
        findings = examine(fault)
    findings += troubles
    return Report(ready(findings), findings)


def _ports() -> tuple[list[int], list[Finding]]:
    """Return the ports that the course's exercises publish, and what is wrong with the course itself."""
    try:
        course = open_course()
        return [port for one in course.ids() for port in course.load(one).exercise.owns.ports], []
    except CourseError as error:
        return [], [Finding("course", "bad", error.message, error.next or "Get the course's files anew.")]
