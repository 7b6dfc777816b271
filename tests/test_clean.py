"""Cleaning away what exercises made on the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from checker.engine import scene
from checker.engine.container import find
from checker.record import Record
from checker.runner import Runner
from checker.work import clean, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.course import Course
    from checker.engine.connect import Engine

pytestmark = pytest.mark.engine

GREET = "01-small/greet"


@pytest.fixture(autouse=True)
def nothing_left(engine: Engine, fake_course: Course) -> Iterator[None]:
    yield
    scene.remove(engine, fake_course.load(GREET).exercise)


def greeting(engine: Engine) -> str:
    made = engine.client.containers.create("busybox:1.37", ["echo", "hello"], name="fake-greet")
    return str(made.id)


def test_it_removes_the_answer_and_keeps_files_and_seed(fake_course: Course, engine: Engine) -> None:
    folder = start(fake_course, engine, GREET, seed=7)
    (folder / "notes.txt").write_text("mine")
    greeting(engine)
    assert clean(fake_course, engine, GREET)
    assert not scene.taken(engine, fake_course.load(GREET).exercise)
    assert (folder / "notes.txt").read_text() == "mine"
    record = Record.read(folder)
    assert record
    assert record.seed == 7


def test_a_second_time_nothing_is_touched(fake_course: Course, engine: Engine) -> None:
    """What bears the name after the first time is somebody else's."""
    start(fake_course, engine, GREET)
    clean(fake_course, engine, GREET)
    other = greeting(engine)
    assert not clean(fake_course, engine, GREET)
    assert find(engine, "fake-greet").id == other


def test_what_was_never_started_is_not_touched(fake_course: Course, engine: Engine) -> None:
    other = greeting(engine)
    assert not clean(fake_course, engine, GREET)
    assert find(engine, "fake-greet").id == other


def test_a_check_says_that_it_was_cleaned_and_start_sets_the_scene_again(
    fake_course: Course, engine: Engine
) -> None:
    folder = start(fake_course, engine, GREET)
    clean(fake_course, engine, GREET)
    with Runner(fake_course) as runner:
        assert "Its scene was cleaned away" in runner.check(GREET, folder).message
        start(fake_course, engine, GREET)
        assert "cleaned away" not in runner.check(GREET, folder).message
