"""What a check run says: one JSON object an exercise, the same for every way of running it.

The fields are a contract, written down in ``result.schema.json`` beside this file.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

SCHEMA = "docker-course/result/1"


class Status(StrEnum):
    """The five outcomes, never mixed.

    ``FAILED`` is the learner's; ``BLOCKED`` means that a check it needs did not pass; ``ERROR`` is the
    course's or the engine's and never costs a point.
    """

    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"
    TIMEOUT = "timeout"
    ERROR = "error"


#: From best to worst. A blocked check adds nothing: the check that blocks it has already counted.
SEVERITY = (Status.PASSED, Status.FAILED, Status.TIMEOUT, Status.ERROR)


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check. Times are milliseconds."""

    id: str
    title: str
    status: Status
    points: float | None
    max_points: float
    expected: str = ""
    actual: str = ""
    reason: str = ""
    message: str = ""
    next: str = ""
    docs: list[str] = field(default_factory=list)
    blocked_by: list[str] = field(default_factory=list)
    duration_ms: float = 0.0
    evidence: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what :meth:`Result.to_json` wrote for one check."""
        return cls(**{**data, "status": Status(data["status"])})


@dataclass(frozen=True)
class Answer:
    """How running the answer's own cells went. ``status`` is ``not-run`` where only state was checked."""

    status: str = "not-run"  # not-run | ok | raised | timeout
    error: str = ""
    output_tail: str = ""


@dataclass(frozen=True)
class Result:
    """The outcome of one exercise. ``started`` is UTC in RFC 3339; times are milliseconds."""

    run_id: str
    exercise: str
    status: Status
    gradable: bool
    score: float | None
    max_score: float
    seed: int
    started: str
    duration_ms: float
    checks: list[CheckResult]
    course_version: str
    checks_sha256: str
    student: str = ""
    reason: str = ""
    message: str = ""
    engine: str = ""
    isolated: bool = False
    submission_sha256: str = ""
    answer: Answer = field(default_factory=Answer)
    schema: str = SCHEMA

    @property
    def passed(self) -> bool:
        """True where every check passed."""
        return self.status is Status.PASSED

    def to_json(self) -> dict[str, Any]:
        """Return the contract's JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote."""
        return cls(
            **{
                **data,
                "status": Status(data["status"]),
                "answer": Answer(**data["answer"]),
                "checks": [CheckResult.from_json(check) for check in data["checks"]],
            }
        )


def worst(checks: list[CheckResult]) -> Status:
    """Return the exercise's status: the worst of error > timeout > failed > passed."""
    seen = {check.status for check in checks}
    return next((status for status in reversed(SEVERITY) if status in seen), Status.PASSED)


def score_of(checks: list[CheckResult]) -> float | None:
    """Sum the points, or ``None`` where an error leaves the score unknown."""
    if any(check.status is Status.ERROR for check in checks):
        return None
    return sum(check.points or 0 for check in checks)
