"""A pytest plugin (``-p tests.isolation``): a run records nothing of the user's, and leaves nothing begun.

Chapters link their exercises, and a link starts one: what this run has started is taken away at its end.
With three workers (``-n 3``), what uses the names and ports of the course's exercises runs in one of them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from checker.course import open_course
from checker.engine.connect import connect
from checker.work import clean

if TYPE_CHECKING:
    from xdist.remote import Producer  # type: ignore[import-untyped]

#: Tests whose objects on the engine have names that no other test uses, or that have an engine of their own.
_ALONE = (
    *(f"tests/{name}" for name in ("engine/", "grading/", "test_lab.py")),
    *(f"tests/ui/test_{name}" for name in ("build_", "life", "long_work", "process_", "stats_")),
)
#: The same: in a browser, courses whose exercises have ids of their own. All three parts take about as long.
_ALSO_ALONE = ("tests/browser/", "tests/images/", "tests/test_apt.py")
#: In a browser, the course as it is.
_AS_IT_IS = tuple(f"tests/browser/test_{name}" for name in ("first_exercise", "gallery"))


def pytest_configure(config: pytest.Config) -> None:
    """Give this run, and all processes that it starts, a data directory of its own."""
    folder = tempfile.TemporaryDirectory(prefix="course-data-")
    os.environ["COURSE_DATA_DIR"] = folder.name
    config.add_cleanup(folder.cleanup)
    if hasattr(config, "workerinput"):  # the run as a whole tidies up, not the worker that ends first
        return
    before = _begun()
    config.add_cleanup(lambda: _take_away(_begun() - before))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Part the run in three, one part for each worker."""
    return _Parts(config, log)


class _Parts(LoadScopeScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(_AS_IT_IS):
            return "together"
        if nodeid.startswith(_ALSO_ALONE):
            return "also alone"
        return "alone" if nodeid.startswith(_ALONE) else "together"


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
