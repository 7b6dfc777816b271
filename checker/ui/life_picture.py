"""``lifecycle("c02-life")``: a container's life, drawn as it happens."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from .life_watch import Watch
from .picture import LivePicture, one_at_a_time
from .told import Text, table_text
from .widgets import css, esm

if TYPE_CHECKING:
    from checker.errors import CourseError

    from .life import Life

_HEAD = ("step", "event", "state after", "note")
_GONE = "The engine does not tell any more what happens to {}."
_TAKEN_OVER = "This picture has ended. A later one shows {}."


class Lifecycle(LivePicture[Watch]):
    """The picture of the life of the containers that have one name.

    Parameters
    ----------
    name
        The name; a container of this name need not exist yet.
    """

    _esm = esm("picture.js", "lifecycle.js")
    _css = css("picture.css", "lifecycle.css")

    def __init__(self, name: str) -> None:
        self._name = name
        view = {"name": name, "state": "", "steps": []}
        super().__init__(view, text=f"The life of {name}, drawn as it happens.")
        self._begin(lambda: Watch(name, self._changed, self._lost))

    def table(self) -> Text:
        """Return what has happened so far as a table: no times, no ids, the same whenever the same happened.

        Raises
        ------
        EngineFault
            If the engine cannot be asked.
        Refused
            If the picture could not be drawn at all.
        """
        steps = self.watch.settled().steps
        if not steps:
            return Text("Nothing has happened yet.", "Nothing has happened yet.")
        rows = [
            (str(number), step.event or "-", step.state, step.note) for number, step in enumerate(steps, 1)
        ]
        return table_text(_HEAD, rows, right=[0])

    def _changed(self, life: Life) -> None:
        steps = [asdict(step) for step in life.steps]
        self.change(say=life.say, state=life.state, steps=steps, live=True, trouble=None)

    def _lost(self, error: CourseError) -> None:
        self.lose(_GONE.format(self._name), error)


def lifecycle(name: str) -> Lifecycle:
    """Return a picture of the life of ``name`` that follows the engine's events from now on.

    The picture before it of the same name ends.

    Examples
    --------
    >>> picture = lifecycle("c02-life")  # doctest: +SKIP
    >>> client.containers.create("busybox:1.37", name="c02-life").start()  # doctest: +SKIP
    >>> picture.table()  # doctest: +SKIP
    step  event   state after  note
       1  create  created
       2  start   running
    """
    return one_at_a_time(("life", name), lambda: Lifecycle(name), _TAKEN_OVER.format(name))
