"""The author's gate: starters fail, solutions pass, mutants are caught, and nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from .answer import Answers
from .engine.connect import connect
from .engine.inventory import inventory
from .errors import CourseError, CourseFault, EngineFault, Refused
from .gate import Finding, findings_of_lessons, findings_of_orphans, findings_on_paper
from .runner import Runner
from .trials import Trials, images_needed
from .work import fetch_images

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .course import Course, Loaded


@dataclass
class Report:
    """What the gate found. ``skipped`` names exercises that this engine cannot serve, and why."""

    exercises: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return asdict(self)

    def add(self, data: dict[str, Any]) -> None:
        """Add what another process's :meth:`to_json` gave."""
        self.exercises += data["exercises"]
        self.findings += [Finding(**finding) for finding in data["findings"]]
        self.skipped |= data["skipped"]


def verify(
    course: Course,
    ids: list[str] | None = None,
    *,
    jobs: int = 1,
    shared: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Verify exercises, all of them by default.

    Parameters
    ----------
    jobs
        How many to try at the same time. Those that own the same names or ports are tried one after another.
    shared
        Others use the engine too: of what is left behind, only declared names count.
    say
        Called with a line for what is being done.

    Raises
    ------
    CourseFault, EngineFault
        If an exercise cannot be loaded, or the engine fails.
    """
    report = Report()
    if ids is None:
        report.findings += [*findings_of_orphans(course), *findings_of_lessons(course)]
    chosen = [course.load(name) for name in ids or course.ids()]
    if jobs > 1 and len(chosen) > 1:
        _in_parallel(course, chosen, report, jobs, shared=shared, say=say)
        return report
    with Runner(course) as runner, Answers() as answers, connect() as engine:
        for loaded in chosen:
            report.exercises.append(loaded.id)
            report.findings += findings_on_paper(course, loaded)
            trials = Trials(course, engine, runner, answers, loaded, shared, say)
            try:
                trials.run()
            except Refused as refused:
                report.findings.append(Finding(loaded.id, refused.message, refused.next))
            report.findings += trials.findings
            if trials.skipped:
                report.skipped[loaded.id] = trials.skipped
    return report


def _in_parallel(
    course: Course,
    chosen: list[Loaded],
    report: Report,
    jobs: int,
    *,
    shared: bool,
    say: Callable[[str], None],
) -> None:
    """Try each exercise in a process of its own, and compare the engine before and after all of them."""
    with connect() as engine:
        for loaded in chosen:  # here once, not in each process at the same time
            fetch_images(engine, images_needed(loaded), say)
        before = inventory(engine)
        pool = _Pool(course, say)
        with ThreadPoolExecutor(jobs) as threads:
            try:
                for data in threads.map(pool.verify, _conflicts(chosen)):
                    report.add(data)
            except BaseException:
                pool.stop()
                raise
        known = {one.id for one in before}
        for one in [] if shared else inventory(engine):
            if one.id not in known:
                report.findings.append(
                    Finding("", f"The {one} is left behind.", "Verify one by one to see by which.")
                )


def _conflicts(chosen: list[Loaded]) -> Iterator[list[str]]:
    """Yield groups of exercises: names or ports are owned by one group only."""
    groups: list[tuple[set[str], list[str]]] = []
    for loaded in chosen:
        owns = loaded.exercise.owns
        names = {
            f"{noun} {name}"
            for noun in ("containers", "images", "networks", "volumes", "ports")
            for name in getattr(owns, noun)
        }
        members = [loaded.id]
        for other in [group for group in groups if group[0] & names]:
            groups.remove(other)
            names |= other[0]
            members = other[1] + members
        groups.append((names, members))
    yield from (members for _, members in groups)


class _Pool:
    """Processes that each verify some exercises."""

    def __init__(self, course: Course, say: Callable[[str], None]) -> None:
        self._course = course
        self._say = say
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def verify(self, ids: list[str]) -> dict[str, Any]:
        """Verify ``ids`` in another process, and return its report."""
        command = [sys.executable, "-m", "checker", "verify", "--json", "--shared", "--engine=current", *ids]
        with self._lock:
            if self._stopped:
                return Report().to_json()
            process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env=os.environ | {"COURSE_ROOT": str(self._course.root), "PYTHONIOENCODING": "utf-8"},
                start_new_session=True,  # Ctrl-C reaches this process, which then stops the others once
            )
            self._running.add(process)
        with process:
            output, errors = process.communicate()
        with self._lock:
            self._running.discard(process)
            if self._stopped:
                return Report().to_json()
        self._say(f"{', '.join(ids)}: done")
        try:
            data: dict[str, Any] = json.loads(output)
        except ValueError:
            data = {"error": "CourseFault", "message": errors.strip()[-500:], "next": ""}
        if "error" in data:
            kinds: dict[str, type[CourseError]] = {"EngineFault": EngineFault}
            raise kinds.get(data["error"], CourseFault)(data["message"], next=data["next"])
        return data

    def stop(self) -> None:
        """Let every process undo what it is doing, as on Ctrl-C, and wait for it."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.terminate() if sys.platform == "win32" else process.send_signal(signal.SIGINT)
