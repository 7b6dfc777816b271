"""The real exercises do not depend on what was tried before them."""

from __future__ import annotations

import random
import secrets
from typing import TYPE_CHECKING

import pytest

from checker.answer import Answers
from checker.course import open_course
from checker.runner import Runner
from checker.trials import Trials

if TYPE_CHECKING:
    from checker.engine.connect import Engine

pytestmark = pytest.mark.engine

_EACH = 2  # answers of an exercise: verify tries all of them, in their order


@pytest.mark.timeout(900)
def test_answers_of_a_chapter_hold_in_any_order(engine: Engine) -> None:
    seed = secrets.randbits(32)
    chance = random.Random(seed)
    course = open_course()
    with Runner(course) as runner, Answers() as answers:
        exercises = [
            Trials(course, engine, runner, answers, course.load(name), shared=True, say=print)
            for name in course.chapters()["02-running-containers"]
        ]
        trials = [trial for one in exercises for trial in chance.sample(one.answers_to_try(), _EACH)]
        chance.shuffle(trials)
        for trial in trials:
            trial()
    findings = [finding.message for one in exercises for finding in one.findings]
    assert findings == [], f"with random.Random({seed})"
