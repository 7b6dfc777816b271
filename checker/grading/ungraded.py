"""The result of what could not be graded: no score, nobody blamed, and the reason."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from checker.outcomes import not_run
from checker.result import Result, Status

if TYPE_CHECKING:
    from checker.course import Loaded


def ungraded(loaded: Loaded, reason: str, message: str) -> Result:
    """Return the result of an exercise that could not be graded."""
    return replace(
        unreadable(message),
        exercise=loaded.id,
        max_score=loaded.exercise.max_score,
        checks=[not_run(check, reason, message, "") for check in loaded.exercise.checks],
        checks_sha256=loaded.checks_sha256,
        reason=reason,
    )


def unreadable(message: str) -> Result:
    """Return the result of a submission in which no exercise could be found."""
    return Result(
        run_id=uuid.uuid4().hex,
        exercise="",
        status=Status.ERROR,
        gradable=False,
        score=None,
        max_score=0,
        seed=0,
        started=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        duration_ms=0.0,
        checks=[],
        course_version="",
        checks_sha256="",
        reason="submission",
        message=message,
    )
