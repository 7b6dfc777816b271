"""The check panel of an exercise."""

from __future__ import annotations

import threading
import time
from typing import Any

from checker.course import Course, open_course
from checker.errors import CourseError
from checker.overlay import answer_files
from checker.result import Status

from .helper import helper
from .watch_switch import Switch
from .where import exercise_here
from .widgets import CourseWidget, css, esm

#: What the front end may ask for, and what it shows meanwhile.
_VERBS: dict[str, dict[str, Any]] = {
    "check": {"say": "Checking …", "results": [], "verdict": "", "message": ""},
    "hint": {},
    "start": {"say": "Starting the exercise …"},
    "reset": {"say": "Beginning anew …"},
    "give_up": {},
}

_VERDICTS = {
    Status.PASSED: "Passed: {}.",
    Status.FAILED: "Not yet: {}.",
    Status.TIMEOUT: "The time ran out: {}.",
    Status.ERROR: "The checks could not decide. This is not your fault, and costs nothing.",
}


class Panel(CourseWidget):
    """An exercise's panel: Check, hints, Reset, solution. The kernel stays free while checks run.

    Parameters
    ----------
    course
        The course that the exercise belongs to.
    exercise
        Its whole id.
    """

    _esm = esm("panel_watch.js", "panel_terminal.js", "panel.js")
    _css = css("panel_watch.css")

    def __init__(self, course: Course, exercise: str) -> None:
        self._course = course
        self._exercise = exercise
        self._acting = threading.Lock()  # held while a verb runs: two presses are one check
        view = {"exercise": exercise, "busy": "describe", "say": "Loading the exercise …", "saved": None}
        view["folder"] = str(course.work(exercise))
        command = f"course check {exercise}"
        super().__init__(
            view,
            text=f"Check panel of {exercise}. In a terminal: {command}",
            markdown=f"**Check panel of {exercise}.** Where it cannot show, run `{command}` in a terminal.",
        )
        self._switch = Switch(course.root, exercise, self.change)
        self.on_msg(self._asked)
        self.act("describe")

    def act(self, verb: str) -> threading.Thread | None:
        """Begin ``verb`` in a thread of its own; ``None`` while another one runs."""
        if not self._acting.acquire(blocking=False):
            return None
        thread = threading.Thread(target=self._act, args=(verb,), daemon=True, name=f"course-{verb}")
        thread.start()
        return thread

    def close(self) -> None:
        """Watch no longer, and take the panel away."""
        self._switch.close()
        super().close()

    def _asked(self, _: Any, content: dict[str, Any], __: Any) -> None:
        if content.get("do") == "look":
            self.change(saved=self._saved())
        elif content.get("do") == "alive":
            self._switch.alive()
        elif content.get("do") == "watch":
            self._switch.turn(bool(content.get("on")))
        elif content.get("do") in _VERBS:
            self.act(content["do"])

    def _act(self, verb: str) -> None:
        done: dict[str, Any] = {}
        try:
            self._switch.pause(verb in {"check", "start", "reset"})
            self.change(busy=verb, trouble=None, saved=self._saved(), **_VERBS.get(verb, {}))
            done = self._finished(verb, self._helper_asks(verb))
        except CourseError as error:
            done = {"trouble": {"message": error.message, "next": error.next}, "say": error.message}
        finally:
            self._watch({**self.view, **done})
            with self._changing:  # whoever sees that it is no longer busy may press at once
                self._acting.release()
                self.change(busy="", saved=self._saved(), **done)
        if verb == "reset" and not done.get("trouble"):
            self.send({"do": "reload"})  # the open notebook is the old one

    def _watch(self, view: dict[str, Any]) -> None:
        """Watch again, where the exercise can be watched."""
        if checks := view.get("about", {}).get("checks"):
            self._switch.know(checks, started=view["standing"]["started"])
        self._switch.pause(False)

    def _helper_asks(self, verb: str) -> Any:
        return helper(self._course.root).ask(verb, self._heard, exercise=self._exercise)

    def _heard(self, event: dict[str, Any]) -> None:
        if event["event"] == "checked":
            self.change(results=[*self.view["results"], event["result"]])
        elif event["event"] == "says":
            self.change(say=event["line"])

    def _finished(self, verb: str, value: dict[str, Any]) -> dict[str, Any]:
        """Return what a verb that came to its end changes in the view."""
        if verb == "describe":
            return {"about": value, "say": "", "standing": value}
        if verb in {"start", "reset"}:
            anew: dict[str, Any] = {"results": [], "message": "", "verdict": ""}
            return {"say": "The exercise is ready.", "standing": value, **anew}
        if verb != "check":
            return {"standing": value}
        result = value["result"]
        passed = sum(check["status"] == Status.PASSED for check in result["checks"])
        count = f"{passed} of {len(result['checks'])} checks passed"
        return {
            "standing": value,
            "results": result["checks"],
            "verdict": result["status"],
            "say": _VERDICTS[Status(result["status"])].format(count),
            "message": "\n".join(line for line in (result["message"], value["unkept"]) if line),
        }

    def _saved(self) -> dict[str, Any] | None:
        """Return which of the answer's files was saved last, and how many seconds ago."""
        folder = self._course.work(self._exercise)
        edits = self.view.get("about", {}).get("files", [])
        files = [folder / name for name in answer_files(folder, edits)]
        times = [(path.stat().st_mtime, path.name) for path in files]
        if not times:
            return None
        last, name = max(times)
        return {"name": name, "age": max(0.0, time.time() - last)}


def panel(exercise_id: str | None = None) -> Panel:
    """Return the check panel of an exercise, by default of the one that this notebook belongs to.

    Raises
    ------
    UsageError
        If there is no such exercise.
    """
    course = open_course()
    return Panel(course, exercise_here(course, exercise_id))
