"""``resume()``: one line that shows where to go on."""

from __future__ import annotations

from typing import Any

from checker.course import open_course

from .fresh import Fresh
from .helper import helper
from .widgets import esm


class Resume(Fresh):
    """What to go on with, with its link."""

    _esm = esm("progress.js", "resume.js")

    def drawn(self) -> dict[str, Any]:
        """Ask for what comes next."""
        return {"next": helper(self.course.root).ask("overview")["next"]}


def resume() -> Resume:
    """Return one line that shows where to go on. It stays up to date."""
    return Resume(open_course(), {}, text="Go on where you left. In a terminal: course progress")
