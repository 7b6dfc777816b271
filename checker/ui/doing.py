"""A cell that waits for the course's own process, and shows meanwhile what is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.display import display

from .helper import helper
from .long_work import LongWork
from .widgets import CourseWidget, esm

if TYPE_CHECKING:
    from pathlib import Path

_CANCELLABLE = {"begin"}


class Doing(CourseWidget):
    """A sentence on what is done."""

    _esm = esm("report.js")


def shown_doing(root: Path, do: str, say: str, **request: str) -> Any:
    """Do something that may take long, show meanwhile what is done, and return what comes of it.

    What can be cancelled has a button for it: beginning a lesson, which may get images.

    Raises
    ------
    CourseError
        If it cannot be done, or was cancelled.
    """
    if do in _CANCELLABLE:
        work = LongWork(f"{say} …", text=f"{say}.")
        display(work)  # type: ignore[no-untyped-call]
        value = work.run(root, do, **request)
        work.change(say="")
        return value
    notes = Doing({"say": f"{say} …"}, text=f"{say}.")
    display(notes)  # type: ignore[no-untyped-call]
    try:
        return helper(root).ask(do, lambda event: notes.change(say=event["line"]), **request)
    finally:
        notes.change(say="")
