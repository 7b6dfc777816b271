"""A cell that waits for the course's own process, and shows meanwhile what is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.display import display

from .helper import helper
from .widgets import CourseWidget, esm

if TYPE_CHECKING:
    from pathlib import Path


class Doing(CourseWidget):
    """A sentence on what is done."""

    _esm = esm("report.js")


def shown_doing(root: Path, do: str, say: str, **request: str) -> Any:
    """Do something that may take long, show meanwhile what is done, and return what comes of it.

    Raises
    ------
    CourseError
        If it cannot be done.
    """
    notes = Doing({"say": f"{say} …"}, text=f"{say}.")
    display(notes)  # type: ignore[no-untyped-call]
    try:
        return helper(root).ask(do, lambda event: notes.change(say=event["line"]), **request)
    finally:
        notes.change(say="")
