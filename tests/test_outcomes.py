"""Order, needs and outcomes, without an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from checker.engine.errors import Missing
from checker.errors import CourseFault, EngineFault
from checker.exercise import Exercise, Failure
from checker.outcomes import CheckRun
from checker.result import CheckResult, score_of, worst

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.lab import Lab


class FakeLab:
    evidence: dict[str, Any] = {"log": "x" * 10_000, "odd": {1, 2}}  # noqa: RUF012


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def failing(reason: str = "because") -> Failure:
    return Failure(expected="one", actual="two", reason=reason, why="It matters.", next="Look.")


def run(
    exercise: Exercise, *, offered: set[str] | None = None, clock: Callable[[], float] | None = None
) -> list[CheckResult]:
    results: list[CheckResult] = []
    CheckRun(exercise, offered or set(), lambda _: None, results.append, clock or Clock()).run(
        cast("Lab", FakeLab())
    )
    return results


def statuses(results: list[CheckResult]) -> dict[str, str]:
    return {result.id: result.status.value for result in results}


def an_exercise(**more: Any) -> Exercise:
    return Exercise("01-test/one", title="One", minutes=1, docs=["A page"], **more)


def test_values_go_to_the_checks_that_name_them() -> None:
    exercise = an_exercise()

    @exercise.check(points=0)
    def found() -> int:
        "It is there"
        return 42

    @exercise.check(points=2)
    def right(lab: Any, found: Any) -> None:
        "It is right"
        assert (type(lab), found) == (FakeLab, 42)

    results = run(exercise)
    assert statuses(results) == {"found": "passed", "right": "passed"}
    assert score_of(results) == 2


def test_what_needs_a_failed_check_is_blocked_and_the_rest_runs() -> None:
    exercise = an_exercise()

    @exercise.check(points=1)
    def a(lab: Any) -> None:
        "A"
        raise failing()

    @exercise.check(points=1)
    def b(lab: Any, a: Any) -> None:
        "B"

    @exercise.check(points=1)
    def c(lab: Any, b: Any) -> None:
        "C"

    @exercise.check(points=1)
    def d(lab: Any) -> None:
        "D"

    results = run(exercise)
    assert statuses(results) == {"a": "failed", "b": "blocked", "c": "blocked", "d": "passed"}
    assert [result.blocked_by for result in results] == [[], ["a"], ["b"], []]
    assert (worst(results).value, score_of(results)) == ("failed", 1)
    assert (results[0].expected, results[0].message, results[0].docs) == ("one", "It matters.", ["A page"])


def test_evidence_is_small_and_plain() -> None:
    exercise = an_exercise()

    @exercise.check(points=1)
    def a(lab: Any) -> None:
        "A"
        raise failing()

    (result,) = run(exercise)
    assert len(result.evidence["log"]) == 2000
    assert result.evidence["odd"] == "{1, 2}"


def test_an_object_that_is_missing_is_the_learners_failure() -> None:
    exercise = an_exercise()

    @exercise.check(points=1)
    def a(lab: Any) -> None:
        "A"
        raise Missing("container", "c01-x")

    (result,) = run(exercise)
    assert (result.status.value, result.reason) == ("failed", "missing-container")


@pytest.mark.parametrize(
    ("error", "reason", "text"),
    [
        (ZeroDivisionError("oh"), "course", "ZeroDivisionError: oh"),
        (CourseFault("The scene is wrong."), "course", "The scene is wrong."),
        (OSError(2, "No such file"), "course", "No such file"),
    ],
)
def test_any_other_exception_is_an_error_that_costs_nothing(error: Exception, reason: str, text: str) -> None:
    exercise = an_exercise()

    @exercise.check(points=1)
    def a(lab: Any) -> None:
        "A"
        raise error

    @exercise.check(points=1)
    def b(lab: Any) -> None:
        "B"

    results = run(exercise)
    assert statuses(results) == {"a": "error", "b": "passed"}
    assert (results[0].reason, results[0].points, score_of(results)) == (reason, None, None)
    assert text in results[0].message
    assert "test_outcomes.py" in results[0].evidence["traceback"]


def test_an_engine_that_is_gone_ends_the_run() -> None:
    exercise = an_exercise()

    @exercise.check(points=1)
    def a(lab: Any) -> None:
        "A"
        raise EngineFault("It is gone.", next="Start it.", kind="stopped")

    @exercise.check(points=1)
    def b(lab: Any, a: Any) -> None:
        "B"

    @exercise.check(points=1)
    def c(lab: Any) -> None:
        "C"
        pytest.fail("the engine is not asked again")

    results = run(exercise)
    assert statuses(results) == {"a": "error", "b": "blocked", "c": "error"}
    assert results[2].message == "Not run. It is gone."
    assert (results[0].reason, results[0].next) == ("engine:stopped", "Start it.")


def test_what_the_engine_does_not_offer_is_an_error_that_blames_nobody() -> None:
    exercise = an_exercise(requires=["cgroup-v2"])

    @exercise.check(points=1, requires=["swap"])
    def a(lab: Any) -> None:
        "A"

    @exercise.check(points=1)
    def b(lab: Any, a: Any) -> None:
        "B"

    assert statuses(run(exercise, offered={"cgroup-v2", "swap"})) == {"a": "passed", "b": "passed"}
    only_v2 = run(exercise, offered={"cgroup-v2"})
    assert statuses(only_v2) == {"a": "error", "b": "blocked"}
    assert only_v2[0].reason == "unsupported-here"
    assert "swap" in only_v2[0].message
    assert statuses(run(exercise, offered={"swap"})) == {"a": "error", "b": "error"}


def test_no_check_begins_once_the_exercises_time_is_used_up() -> None:
    clock = Clock()
    exercise = an_exercise(timeout=10)

    @exercise.check(points=1)
    def a(lab: Any) -> None:
        "A"
        clock.now += 11

    @exercise.check(points=1)
    def b(lab: Any) -> None:
        "B"

    @exercise.check(points=1)
    def c(lab: Any, b: Any) -> None:
        "C"

    assert statuses(run(exercise, clock=clock)) == {"a": "passed", "b": "timeout", "c": "blocked"}


def test_a_check_whose_time_is_up_is_stopped_and_the_next_one_runs() -> None:
    clock = Clock()
    exercise = an_exercise(timeout=10)
    results: list[CheckResult] = []
    checks = CheckRun(exercise, set(), lambda _: None, results.append, clock)

    @exercise.check(points=1, timeout=2)
    def a(lab: Any) -> None:
        "A"
        checks.time_up()  # too early: nothing happens
        clock.now += 3
        try:
            checks.time_up()
        except Exception:  # noqa: BLE001 - a check that swallows everything
            pytest.fail("it goes on")

    @exercise.check(points=1)
    def b(lab: Any) -> None:
        "B"
        checks.time_up()  # a late signal: this check has time left

    checks.run(cast("Lab", FakeLab()))
    assert statuses(results) == {"a": "timeout", "b": "passed"}
    assert results[0].duration_ms == 3000
