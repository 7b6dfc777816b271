"""Runs the checks that only look, again and again while the learner works.

It follows the engine's events and the times of a few files. What the checks themselves bring about is left
out, and should runs bring about changes all the same, they come slower and slower, and then end.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from checker.engine import events
from checker.engine.connect import connect
from checker.errors import CourseError
from checker.overlay import answer_files
from checker.record import RECORD
from checker.result import Status
from checker.runner import Runner

if TYPE_CHECKING:
    from pathlib import Path

    from checker.course import Course
    from checker.engine.events import Event
    from checker.exercise import Exercise, Owns
    from checker.result import CheckResult

    from .tell import Tell

DEBOUNCE = 0.3  #: Seconds of quiet that a run waits for, but no longer than one pause.
PAUSE = 1.0  #: Seconds from one run's begin to the next one's.
ECHO = 0.5  #: Seconds after a run in which a change may still be its own doing.
CALM = 4  #: Runs in a row, each with a change of its own, that are no cause for suspicion.
ENOUGH = 10  #: Runs in a row after which it gives up.
_SLOWEST = 16.0  # seconds
_STAT = 1.0  # seconds between two looks at the files
_SIGN = 30.0  # seconds between two signs to the kernel, which may no longer want this
_AWAY = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # seconds between two tries to reach an engine that is away

#: What is told of. Left out are execs, copies and everything else that looking may bring about.
ACTIONS = (
    *events.ACTIONS, *events.NETWORK_ACTIONS, "attach", "detach", "update", "health_status",
    "tag", "untag", "delete", "pull", "load", "import",
)  # fmt: skip
KINDS = ("container", "image", "network", "volume")

LOOP = (
    "Watching has turned itself off: something changes again and again while it looks. "
    "Check works as always. Turn it on again when the engine is quiet."
)
_STATES = {Status.PASSED: "done", Status.FAILED: "open", Status.BLOCKED: "open"}


@dataclass
class Pace:
    """When to run next. Times are seconds of any one clock."""

    first: float | None = None  # of the changes that no run has seen
    last: float = 0.0
    begun: float = -PAUSE
    ended: float = -ECHO
    running: bool = False
    echoes: int = 0
    _echoed: bool = False

    def changed(self, now: float) -> None:
        """Take note of a change."""
        self._echoed = self._echoed or self.running or now - self.ended < ECHO
        self.first = now if self.first is None else self.first
        self.last = now

    def begin(self, now: float) -> None:
        """Take note that a run begins: it sees all changes so far."""
        self.echoes = self.echoes + 1 if self._echoed else 0
        self.begun, self.running, self.first, self._echoed = now, True, None, False

    def end(self, now: float) -> None:
        """Take note that the run has ended."""
        self.ended, self.running = now, False

    @property
    def pause(self) -> float:
        """Seconds from one begin to the next: more, the longer runs and changes chase each other."""
        return float(min(PAUSE * 2 ** max(0, self.echoes - CALM), _SLOWEST))

    @property
    def due(self) -> float | None:
        """When the next run shall begin; None where there is nothing new to see."""
        if self.first is None:
            return None
        return max(min(self.last + DEBOUNCE, self.first + PAUSE), self.begun + self.pause)

    @property
    def given_up(self) -> bool:
        """True where runs and changes chase each other without an end."""
        return self.echoes >= ENOUGH


class Relevance:
    """Which events matter to an exercise: those of its names, also under a later name."""

    def __init__(self, owns: Owns) -> None:
        self._names = {
            "container": set(owns.containers), "network": set(owns.networks), "volume": set(owns.volumes),
        }  # fmt: skip
        self._images = bool(owns.images)
        self._ids: set[str] = set()

    def matters(self, event: Event) -> bool:
        """Say whether this event may change what a check sees. An image bears many names: any may matter."""
        if event.role == "probe":
            return False
        if event.kind == "image":
            return self._images
        names = self._names.get(event.kind, set())
        if names & {event.name, event.old_name}:
            self._ids.add(event.id)
        return event.id in self._ids


class Watching:
    """One exercise that is watched, until ``tell`` is cancelled or it gives up."""

    def __init__(self, course: Course, exercise: Exercise, tell: Tell) -> None:
        self._course, self._exercise, self._tell = course, exercise, tell
        self._folder = course.work(exercise.id)
        self._relevance = Relevance(exercise.owns)
        self._pace = Pace()
        self._changing = threading.Lock()
        self._woken = threading.Event()
        self._reached = False
        self._files: dict[Path, float] = {}

    def run(self) -> str:
        """Watch; return why it has ended by itself, empty where it was asked to."""
        tell = self._tell
        tell.on_cancel(self._woken.set)
        follower = threading.Thread(target=self._follow, daemon=True, name="course-watch")
        follower.start()
        signed = time.monotonic()
        with Runner(self._course) as runner:
            while not (tell.cancelled or self._pace.given_up):
                self._wait()
                if time.monotonic() - signed > _SIGN:
                    tell("sign")
                    signed = time.monotonic()
                self._look_at_files()
                due = self._pace.due
                if self._reached and due is not None and due <= time.monotonic() and not tell.cancelled:
                    self._look(runner)
        why = "" if tell.cancelled else LOOP
        tell.cancel()
        follower.join()
        return why

    def _wait(self) -> None:
        due = self._pace.due if self._reached else None
        left = _STAT if due is None else min(_STAT, max(0.0, due - time.monotonic()))
        self._woken.wait(left)
        self._woken.clear()

    def _changed(self) -> None:
        with self._changing:
            self._pace.changed(time.monotonic())
        self._woken.set()

    def _look(self, runner: Runner) -> None:
        with self._changing:
            self._pace.begin(time.monotonic())
        try:
            runner.observe(self._exercise.id, self._folder, self._seen, lambda: self._tell.cancelled)
        finally:
            with self._changing:
                self._pace.end(time.monotonic())

    def _seen(self, result: CheckResult) -> None:
        self._tell("seen", check=result.id, state=_STATES.get(result.status, ""))

    def _look_at_files(self) -> None:
        names = [
            name for name in answer_files(self._folder, self._exercise.edits) if name != "exercise.ipynb"
        ]
        found: dict[Path, float] = {}
        for path in (self._folder / name for name in (RECORD, *names)):
            with contextlib.suppress(OSError):  # gone in this very moment, or never there
                found[path] = path.stat().st_mtime_ns
        if found != self._files and self._files:
            self._changed()
        self._files = found

    def _follow(self) -> None:
        """Follow the engine's events; where it is away, come back when it does."""
        tries = 0
        while not self._tell.cancelled:
            try:
                with connect() as engine, events.follow(engine, actions=ACTIONS, kinds=KINDS) as following:
                    self._tell.on_cancel(following.close)
                    tries, self._reached = 0, True
                    self._tell("reached")
                    self._changed()  # what has happened before is new as well
                    for event in following:
                        if self._relevance.matters(event):
                            self._changed()
            except CourseError as error:
                self._reached = False
                self._tell("away", message=error.message, next=error.next)
                self._tell.wait(_AWAY[min(tries, len(_AWAY) - 1)])
                tries += 1


def watch(course: Course, tell: Tell, exercise: str) -> dict[str, Any]:
    """Watch ``exercise`` until it is cancelled; tell ``seen`` (check, state), ``away``, ``reached``.

    A state is ``done``, ``open``, or empty where nothing can be said.
    """
    return {"why": Watching(course, course.load(exercise).exercise, tell).run()}
