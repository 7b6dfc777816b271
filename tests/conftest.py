"""Fixtures that every test may use. Tests marked ``engine`` run against the real engine."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from checker.course import Course, open_course
from checker.engine.connect import Engine, connect
from checker.errors import EngineFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Its notebooks are answers, not chapters: run where they lie, they would write into the fixture.
collect_ignore = ["fake_course"]

# Where a shell started this run in the background, Ctrl-C is ignored, and so would every process we start
# ignore the one that a test sends it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The engine that this machine's ``docker`` would reach."""
    try:
        found = connect()
    except EngineFault as fault:
        if os.environ.get("CI"):
            pytest.fail(f"CI needs an engine: {fault}")
        pytest.skip(f"no engine: {fault}")
    with found:
        yield found


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """State and data directories of the test's own, so that it never meets the user's."""
    monkeypatch.setenv("COURSE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


@pytest.fixture
def fake_course(state: Path) -> Course:
    """A copy of the tests' small course that a test may change."""
    shutil.copytree(Path(__file__).parent / "fake_course", state / "course")
    return open_course(state / "course")


@pytest.fixture(scope="session")
def small_course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The tests' small course, which no test changes."""
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(Path(__file__).parent / "fake_course", root, dirs_exist_ok=True)
    return open_course(root)


@pytest.fixture
def hand_in(tmp_path: Path) -> Callable[[str, dict[str, str]], Path]:
    """Return a function that writes a submission: ``hand_in("ada", {"01-small/greet/answer.py": "…"})``."""

    def write(student: str, files: dict[str, str]) -> Path:
        folder = tmp_path / "handed-in" / student
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return folder

    return write
