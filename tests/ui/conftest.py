"""The working directory of a notebook in a copy of the small course; no helper is left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from checker.ui import helper

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.course import Course


@pytest.fixture
def folder(fake_course: Course, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The learner's folder of 01-small/count, as the kernel of its notebook stands in it."""
    folder = fake_course.work("01-small/count")
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    yield folder
    helper.close_all()
