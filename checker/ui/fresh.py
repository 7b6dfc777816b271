"""What shows the learner's progress, and stays up to date while other notebooks and terminals change it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from checker.errors import CourseError
from checker.standing import stamp

from .helper import helper
from .widgets import CourseWidget, css

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.course import Course


class Fresh(CourseWidget):
    """A widget about the learner's progress.

    Its page asks it to look whenever it comes into sight. It looks at a few files' times, and draws anew only
    where something has changed. It also starts exercises that its page names.

    Parameters
    ----------
    course
        Whose progress is meant.
    """

    _css = css("picture.css", "progress.css")

    def __init__(self, course: Course, view: dict[str, Any], *, text: str, markdown: str = "") -> None:
        self.course = course
        self._seen = ""
        self._acting = threading.Lock()
        super().__init__({"busy": "", "trouble": None, **view}, text=text, markdown=markdown)
        self.on_msg(self._asked)
        self._draw()

    def drawn(self) -> dict[str, Any]:
        """Return the fields of the view that show the progress; asks the course's own process."""
        raise NotImplementedError

    def look(self, *, anyway: bool = False) -> None:
        """Draw anew where something has changed, or ``anyway``; then tell the page."""
        if anyway or stamp(self.course) != self._seen:
            self._draw()
        self.send({"do": "looked"})

    def begin(self, exercise: str) -> None:
        """Start an exercise, and tell the page to open it."""
        path = f"work/{exercise}/exercise.ipynb"
        try:
            self.change(busy=f"Preparing {exercise} …", trouble=None)
            helper(self.course.root).ask("start", self._heard, exercise=exercise)
        except CourseError as error:
            self.change(trouble={"message": error.message, "next": error.next})
            path = ""
        finally:
            self.change(busy="")
        if path:
            self._draw()
        self.send({"do": "begun", "path": path})

    def _draw(self) -> None:
        with self._acting:
            self._seen = stamp(self.course)  # before: what changes meanwhile is seen the next time
            try:
                self.change(**self.drawn(), trouble=None)
            except CourseError as error:
                self.change(trouble={"message": error.message, "next": error.next})

    def _heard(self, event: dict[str, Any]) -> None:
        if event["event"] == "says":
            self.change(busy=event["line"])

    def _asked(self, _: Any, content: dict[str, Any], __: Any) -> None:
        if content.get("do") == "look":
            self._apart(lambda: self.look(anyway=bool(content.get("anyway"))))
        elif content.get("do") == "start":
            self._apart(lambda: self.begin(str(content.get("exercise"))))

    def _apart(self, act: Callable[[], None]) -> None:
        """Do it in a thread: the kernel stays free."""
        threading.Thread(target=act, daemon=True, name="course-progress").start()
