"""A pytest plugin (``-p tests.isolation``): what a run records is not the user's own progress."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Give this run, and all processes that it starts, a data directory of its own."""
    folder = tempfile.TemporaryDirectory(prefix="course-data-")
    os.environ["COURSE_DATA_DIR"] = folder.name
    config.add_cleanup(folder.cleanup)
