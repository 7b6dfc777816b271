"""The words that authors write an exercise with: which checks may only look."""

from __future__ import annotations

import pytest

from checker import Exercise
from checker.errors import CourseFault


def test_a_check_may_only_look_where_all_that_it_needs_do() -> None:
    exercise = Exercise("00-x/y", title="Y", minutes=1)

    @exercise.check(points=1)
    def acts(lab: object) -> None:
        "Writes a page"

    @exercise.check(points=1, observes=True)
    def looks(lab: object) -> None:
        "Reads a state"

    @exercise.check(points=1, observes=True)
    def looks_further(lab: object, looks: object) -> None:
        "Reads more of it"

    with pytest.raises(CourseFault, match="check wrong observes, but needs acts, which does not"):

        @exercise.check(points=1, observes=True)
        def wrong(lab: object, looks: object, acts: object) -> None:
            "Reads what the page says"

    assert [check.id for check in exercise.observing().checks] == ["looks", "looks_further"]
    assert [check.id for check in exercise.checks] == ["acts", "looks", "looks_further"]
    assert (exercise.max_score, exercise.observing().id) == (3, exercise.id)
