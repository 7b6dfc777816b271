"""All that the doctor says, from engine, course and catalogue: for the command and the start page."""

from __future__ import annotations

from dataclasses import dataclass

from checker.course import open_course
from checker.engine.connect import Engine, connect
from checker.engine.doctor import Finding, Images, examine, ready
from checker.engine.faults import classify
from checker.errors import CourseError, EngineFault
from checker.images.catalogue import catalogue
from checker.images.provide import missing, stand_ins

TRIAL = "busybox"  # the catalogue's key of the image from which one container is run
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
            trial = catalogue()[TRIAL].reference
            findings = examine(engine, ports=ports, images=_images(engine), trial_image=trial)
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


def _images(engine: Engine) -> Images:
    """Sort the catalogue's images: an optional one that is not here is not missed."""
    wanted = [key for key, image in catalogue().items() if not image.optional]
    try:
        absent = [image.key for image in missing(engine, wanted)]
        return Images([key for key in wanted if key not in absent], absent, stand_ins(engine))
    except Exception as error:
        raise classify(error, engine.endpoint) from error
