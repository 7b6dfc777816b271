"""The result of what could not be graded: no score, nobody blamed, and the reason."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from checker.outcomes import not_run
from checker.result import Result, Status

if TYPE_CHECKING:
    from checker.course import Loaded


def ungraded(loaded: Loaded, reason: str, message: str) -> Result:
    """Return the result of an exercise that could not be graded."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    exercise = loaded.exercise
    return Result(
        run_id=uuid.uuid4().hex,
        exercise=loaded.id,
        status=Status.ERROR,
        gradable=False,
        score=None,
        max_score=exercise.max_score,
        seed=0,
        started=now,
        duration_ms=0.0,
        checks=[not_run(check, reason, message, "") for check in exercise.checks],
        course_version="",
        checks_sha256=loaded.checks_sha256,
        reason=reason,
        message=message,
    )
