"""A pytest plugin (``-p tests.isolation``): a run records nothing of the user's, and leaves nothing begun.

Chapters link their exercises, and a link starts one: what this run has started is taken away at its end.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import TYPE_CHECKING

from checker.course import open_course
from checker.engine.connect import connect
from checker.work import clean

if TYPE_CHECKING:
    import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Give this run, and all processes that it starts, a data directory of its own."""
    folder = tempfile.TemporaryDirectory(prefix="course-data-")
    os.environ["COURSE_DATA_DIR"] = folder.name
    config.add_cleanup(folder.cleanup)
    before = _begun()
    config.add_cleanup(lambda: _take_away(_begun() - before))


def _begun() -> set[str]:
    course = open_course()
    return {name for name in course.ids() if course.work(name).exists()}


def _take_away(exercises: set[str]) -> None:
    if not exercises:
        return
    course = open_course()
    with connect() as engine:
        for name in exercises:
            clean(course, engine, name)
            shutil.rmtree(course.work(name))
