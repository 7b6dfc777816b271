"""``lifecycle("c02-life")``: a container's life, drawn as it happens."""

from __future__ import annotations

import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from checker.errors import CourseError, Refused

from .life_watch import Watch
from .pages import Text
from .widgets import CSS, CourseWidget, esm

if TYPE_CHECKING:
    from .life import Life, Step

_HEAD = ("step", "event", "state after", "note")
_GONE = "The engine does not tell any more what happens to {}."
_TAKEN_OVER = "This picture has ended. A later one shows {}."


class Lifecycle(CourseWidget):
    """The picture of the life of the containers that have one name.

    Parameters
    ----------
    name
        The name; a container of this name need not exist yet.
    """

    _esm = esm("lifecycle.js")
    _css = CSS + (Path(__file__).parent / "lifecycle.css").read_text("utf-8")

    def __init__(self, name: str) -> None:
        self._name = name
        self._watch: Watch | None = None
        view = {"name": name, "say": "", "state": "", "steps": [], "live": False, "trouble": None}
        super().__init__(view, text=f"The life of {name}, drawn as it happens.")
        try:
            self._watch = Watch(name, self._changed, self._lost)
        except CourseError as error:
            self._lost(error)
        else:
            self._watch.start()

    def story(self) -> Text:
        """Return what has happened so far as a table: no times, no ids, the same whenever the same happened.

        Raises
        ------
        EngineFault
            If the engine cannot be asked.
        Refused
            If the picture could not be drawn at all.
        """
        if self._watch is None:
            raise Refused("This picture never reached the engine.", next="Run its cell again.")
        return _table(self._watch.settled().steps)

    def end(self, why: str) -> None:
        """Stop following the engine, and say why."""
        self._stop()
        self.change(live=False, say=why)

    def close(self) -> None:
        """Stop following the engine, and take the picture away."""
        self._stop()
        super().close()

    def _stop(self) -> None:
        if self._watch:
            self._watch.close()

    def _changed(self, life: Life) -> None:
        steps = [asdict(step) for step in life.steps]
        self.change(say=life.say, state=life.state, steps=steps, live=True, trouble=None)

    def _lost(self, error: CourseError) -> None:
        trouble = {"message": error.message, "next": error.next}
        self.change(say=_GONE.format(self._name), live=False, trouble=trouble)


_shown: dict[str, Lifecycle] = {}
_showing = threading.Lock()


def lifecycle(name: str) -> Lifecycle:
    """Return a picture of the life of ``name`` that follows the engine's events from now on.

    The picture before it of the same name ends.

    Examples
    --------
    >>> picture = lifecycle("c02-life")  # doctest: +SKIP
    >>> client.containers.create("busybox:1.37", name="c02-life").start()  # doctest: +SKIP
    >>> picture.story()  # doctest: +SKIP
    step  event   state after  note
       1  create  created
       2  start   running
    """
    with _showing:
        if before := _shown.pop(name, None):
            before.end(_TAKEN_OVER.format(name))
        picture = _shown[name] = Lifecycle(name)
    return picture


def _table(steps: list[Step]) -> Text:
    if not steps:
        nothing = "Nothing has happened yet."
        return Text(nothing, nothing)
    rows = [(str(number), step.event or "-", step.state, step.note) for number, step in enumerate(steps, 1)]
    widths = [max(map(len, column)) for column in zip(_HEAD, *rows, strict=True)]
    lines = [
        "  ".join(
            [
                row[0].rjust(widths[0]),
                *(cell.ljust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in (_HEAD, *rows)
    ]
    markdown = [f"| {' | '.join(row)} |" for row in (_HEAD, ("--:", "---", "---", "---"), *rows)]
    return Text("\n".join(markdown), "\n".join(line.rstrip() for line in lines))
