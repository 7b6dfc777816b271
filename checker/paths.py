"""Where the course keeps its files. Every path of the project is made here.

``COURSE_STATE_DIR`` and ``COURSE_DATA_DIR`` move the two user directories, for tests and shared machines.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from .errors import CourseFault

APP = "docker-course"


def state_dir() -> Path:
    """Directory of what can be made again: the private engine, the offline pack, caches."""
    return Path(os.environ.get("COURSE_STATE_DIR") or platformdirs.user_state_path(APP, appauthor=False))


def data_dir() -> Path:
    """Directory of what the learner would miss: progress."""
    return Path(os.environ.get("COURSE_DATA_DIR") or platformdirs.user_data_path(APP, appauthor=False))


def course_root(start: Path | None = None) -> Path:
    """Find the course that ``start`` (default: the working directory) lies in.

    ``COURSE_ROOT`` names another course. Last resort is the checkout that this package is installed from.

    Raises
    ------
    CourseFault
        If no course is found.
    """
    if named := os.environ.get("COURSE_ROOT"):
        return Path(named)
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents, Path(__file__).resolve().parent.parent):
        if (folder / "exercises").is_dir() and (folder / "solutions").is_dir():
            return folder
    raise CourseFault(
        f"No course was found above {here}.",
        next="Change to the folder that holds exercises/ and solutions/.",
    )
