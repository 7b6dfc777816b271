"""Follows one check run from outside the checks' process, and keeps its time limits."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .outcomes import ENGINE, no_time_left, not_run, timed_out, unrun
from .process import GRACE, STARTING, Process
from .result import CheckResult

if TYPE_CHECKING:
    from .course import Loaded

_TICK = 0.05  # seconds

Report = Callable[[CheckResult], None]


@dataclass
class Following:
    """What is known of one check run, seen from outside the checks' process."""

    loaded: Loaded
    report: Report
    done: dict[str, CheckResult] = field(default_factory=dict)
    running: str = ""
    engine: str = ""
    message: str = ""
    pid: int = 0
    ended: bool = False
    lost: bool = False
    deadline: float = field(default_factory=lambda: time.monotonic() + STARTING)
    _ends: float = math.inf
    _patience: float = math.inf

    def take(self, event: dict[str, Any]) -> None:
        """Take one message of the checks' process."""
        match event:
            case {"event": "begun", "pid": pid}:
                self.pid = pid
            case {"event": "engine", "id": id}:
                self.engine = id
                self._ends = time.monotonic() + self.loaded.exercise.timeout
                self.deadline = self._ends + GRACE
            case {"event": "check-begun", "id": id}:
                check = next(check for check in self.loaded.exercise.checks if check.id == id)
                self.running = id
                self.deadline = min(self._ends, time.monotonic() + (check.timeout or math.inf)) + _TICK
                self._patience = self.deadline + GRACE
            case {"event": "check", "result": result}:
                self._finish([CheckResult.from_json(result)])
                self.running, self.deadline = "", self._ends + GRACE
            case {"event": "fault"}:
                self._fault(event)
            case {"event": "ended" | "gone"}:
                self.ended, self.lost = True, event["event"] == "gone"
                if len(self.done) < len(self.loaded.exercise.checks):
                    self._crashed(event.get("code"))

    def overdue(self, process: Process) -> None:
        """Ask the running check to stop; where it does not listen, stop its whole process group."""
        now = time.monotonic()
        if self.running and now < self._patience and process.ask_to_stop(self.pid):
            self.deadline = now + _TICK  # ask again: by the check's own clock it may have been too early
            return
        if not self.engine:
            self._fault(
                {"kind": "timeout", "message": "The engine does not answer.", "next": "Run `course doctor`."}
            )
        self._stopped()
        process.kill(self.pid)
        self.deadline = now + GRACE

    def _finish(self, results: list[CheckResult]) -> None:
        for result in results:
            self.done[result.id] = result
            self.report(result)

    def _stopped(self) -> None:
        exercise = self.loaded.exercise
        for check in exercise.checks:
            if check.id == self.running:
                self._finish([timed_out(exercise, check)])
        self._finish(unrun(exercise, self.done, no_time_left))

    def _fault(self, event: dict[str, Any]) -> None:
        self.message = event["message"]
        self._all_errors(
            f"{ENGINE}{event['kind']}" if event["kind"] else "course", event["message"], event["next"]
        )

    def _crashed(self, code: int | None) -> None:
        self.message = f"The checks' process ended by itself (exit code {code})."
        self._all_errors("course", self.message, "Nothing is wrong with your work. Please report it.")

    def _all_errors(self, reason: str, message: str, next_step: str) -> None:
        exercise = self.loaded.exercise
        for check in exercise.checks:
            if check.id == self.running:
                self._finish([not_run(check, reason, message, next_step)])
        self._finish(unrun(exercise, self.done, lambda check: not_run(check, reason, message, next_step)))
