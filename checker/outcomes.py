"""Runs an exercise's checks in order and tells the five outcomes apart. Runs inside the checks' process."""

from __future__ import annotations

import contextlib
import inspect
import json
import math
import time
import traceback
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from .engine.errors import ObjectError
from .engine.faults import classify
from .errors import CourseError, CourseFault, EngineFault
from .exercise import Check, Exercise, Failure
from .result import CheckResult, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from .lab import Lab

_LONGEST = 2000  # characters of one text in a result

#: Reason of a check that this engine cannot serve.
UNSUPPORTED = "unsupported-here"

#: What the reason of an engine's fault begins with; its kind follows.
ENGINE = "engine:"


class TimeUp(BaseException):
    """Raised inside a check whose time is used up. No ``except Exception`` of a check swallows it."""


@dataclass
class CheckRun:
    """One run over all checks of ``exercise``.

    Parameters
    ----------
    offered
        What the engine offers; a check that requires more is an ``error`` with reason ``unsupported-here``.
    begin, report
        Called with a check's id when it begins, and with its result.
    clock
        Seconds that only grow, the same for every process of this machine.
    """

    exercise: Exercise
    offered: Collection[str]
    begin: Callable[[str], None]
    report: Callable[[CheckResult], None]
    clock: Callable[[], float] = time.monotonic
    _values: dict[str, Any] = field(default_factory=dict, init=False)
    _done: dict[str, CheckResult] = field(default_factory=dict, init=False)
    _deadline: float = field(default=math.inf, init=False)

    def run(self, lab: Lab) -> None:
        """Run all checks. An engine's fault ends the run: what is left is reported as an error too."""
        ends = self.clock() + self.exercise.timeout
        for check in self.exercise.checks:
            result = self._unmet(check) or blocked(self.exercise, check, self._done)
            if not result and self.clock() >= ends:
                result = no_time_left(check)
            result = result or self._timed(check, lab, ends)
            self._finish(result)
            if result.reason.startswith(ENGINE) and result.reason != f"{ENGINE}engine":
                for left in unrun(self.exercise, self._done, partial(_engine_gone, result)):
                    self._finish(left)
                return

    def time_up(self) -> None:
        """Stop the running check, if its time is really used up. For a signal's handler."""
        if self.clock() >= self._deadline:
            self._deadline = math.inf
            raise TimeUp

    def _finish(self, result: CheckResult) -> None:
        self._done[result.id] = result
        self.report(result)

    def _unmet(self, check: Check) -> CheckResult | None:
        missing = [need for need in (*self.exercise.requires, *check.requires) if need not in self.offered]
        return unsupported(check, missing) if missing else None

    def _timed(self, check: Check, lab: Lab, ends: float) -> CheckResult:
        started = self.clock()
        deadline = min(ends, started + (check.timeout or math.inf))
        self.begin(check.id)
        try:
            with self._limit(deadline):
                result = self._outcome(check, lab)
        except TimeUp:
            result = timed_out(self.exercise, check)
        return replace(result, duration_ms=round((self.clock() - started) * 1000, 1))

    @contextlib.contextmanager
    def _limit(self, deadline: float) -> Iterator[None]:
        self._deadline = deadline
        try:
            yield
        finally:
            self._deadline = math.inf

    def _outcome(self, check: Check, lab: Lab) -> CheckResult:
        arguments = {need: self._values[need] for need in check.needs}
        if "lab" in inspect.signature(check.function).parameters:
            arguments["lab"] = lab
        try:
            self._values[check.id] = check.function(**arguments)
        except (Failure, ObjectError) as failure:
            return failed(self.exercise, check, failure, _circumstances(lab))
        except Exception as error:  # noqa: BLE001 - whatever else a check raises is the course's or the engine's
            return errored(check, error)
        return passed(check)


def _circumstances(lab: Lab) -> dict[str, str]:
    """Return how the container that the check looked at is, if the engine still says so."""
    with contextlib.suppress(CourseError):
        return lab.evidence
    return {}


def passed(check: Check) -> CheckResult:
    """Return the result of a check that returned."""
    return CheckResult(check.id, check.title, Status.PASSED, check.points, check.points)


def failed(
    exercise: Exercise, check: Check, failure: Failure | ObjectError, evidence: dict[str, Any]
) -> CheckResult:
    """Return the result of a wrong answer."""
    return CheckResult(
        check.id, check.title, Status.FAILED, 0, check.points,
        expected=_short(failure.expected), actual=_short(failure.actual), reason=failure.reason,
        message=_short(failure.why), next=_short(failure.next), docs=list(exercise.docs),
        evidence=_plain(evidence),
    )  # fmt: skip


def errored(check: Check, error: Exception) -> CheckResult:
    """Return the result of a check in which the course or the engine failed."""
    fault = error if isinstance(error, CourseError) else engine_fault(error)
    if isinstance(fault, EngineFault):
        reason, message, next_step = f"{ENGINE}{fault.kind}", fault.message, fault.next
    elif isinstance(fault, CourseFault):
        reason, message, next_step = "course", fault.message, fault.next
    else:
        reason = "course"
        message = f"This check has a mistake of its own: {type(error).__name__}: {error}"
        next_step = "Nothing is wrong with your work. Please report it with the lines above."
    trace = traceback.format_exception(error)[-6:]
    return CheckResult(
        check.id, check.title, Status.ERROR, None, check.points,
        reason=reason, message=_short(message), next=next_step,
        evidence=_plain({"traceback": "".join(trace)}),
    )  # fmt: skip


def engine_fault(error: Exception) -> EngineFault | None:
    """Return the engine's fault that ``error`` speaks of, or ``None`` where it is the check's own mistake."""
    if isinstance(error, APIError) and (error.status_code or 500) < 500:
        return None  # the engine is well; it was asked for something odd
    return classify(error) if isinstance(error, (DockerException, RequestException)) else None


def timed_out(exercise: Exercise, check: Check) -> CheckResult:
    """Return the result of a check that was stopped."""
    limit = min(check.timeout or math.inf, exercise.timeout)
    return CheckResult(
        check.id, check.title, Status.TIMEOUT, 0, check.points,
        message=f"This check was stopped after {limit:g} s, which is its limit.",
        next="It waits for something that never came. Look at what your answer does, then check again.",
    )  # fmt: skip


def no_time_left(check: Check) -> CheckResult:
    """Return the result of a check for which no time is left."""
    return CheckResult(
        check.id, check.title, Status.TIMEOUT, 0, check.points,
        message="Not run: a check before it did not end in time.",
        next="Look at the check that was stopped first.",
    )  # fmt: skip


def not_run(check: Check, reason: str, message: str, next_step: str) -> CheckResult:
    """Return the result of a check that the course or the engine kept from running: it blames nobody."""
    return CheckResult(
        check.id,
        check.title,
        Status.ERROR,
        None,
        check.points,
        reason=reason,
        message=message,
        next=next_step,
    )


def unsupported(check: Check, missing: list[str]) -> CheckResult:
    """Return the result of a check that this engine cannot serve."""
    return not_run(
        check,
        UNSUPPORTED,
        f"It cannot be checked here: this engine does not offer {', '.join(missing)}.",
        "Nothing is wrong with your work. `course doctor` says what this engine offers.",
    )


def blocked(exercise: Exercise, check: Check, done: dict[str, CheckResult]) -> CheckResult | None:
    """Return the result of a check that needs one that did not pass, or ``None``."""
    titles = {other.id: other.title for other in exercise.checks}
    by = [need for need in check.needs if done[need].status is not Status.PASSED]
    if not by:
        return None
    return CheckResult(
        check.id, check.title, Status.BLOCKED, 0, check.points, blocked_by=by,
        message=f"Not run: it needs “{titles[by[0]]}”.",
    )  # fmt: skip


def unrun(
    exercise: Exercise, done: dict[str, CheckResult], otherwise: Callable[[Check], CheckResult]
) -> list[CheckResult]:
    """Return results for the checks that are not in ``done``: blocked, or what ``otherwise`` says."""
    known, left = dict(done), []
    for check in exercise.checks:
        if check.id not in known:
            known[check.id] = blocked(exercise, check, known) or otherwise(check)
            left.append(known[check.id])
    return left


def _engine_gone(first: CheckResult, check: Check) -> CheckResult:
    return not_run(check, first.reason, f"Not run. {first.message}", first.next)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _plain(evidence: dict[str, Any]) -> dict[str, Any]:
    """Return ``evidence`` as small JSON: unknown objects as their text, long texts cut."""
    plain = json.loads(json.dumps(evidence, default=str))
    return {str(key): _short(value) if isinstance(value, str) else value for key, value in plain.items()}
