"""``process_view("c01-shed")``: one process, seen from inside its container and from the engine's machine."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from checker.errors import CourseError, Refused, UsageError
from checker.paths import course_root

from .helper import helper
from .picture import Picture
from .told import Text, table_text
from .widgets import css, esm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .helper import Asked

_HEAD = ("namespace or limit", "found")
_PATIENCE = 60.0  # seconds that a table waits for the picture
#: What an engine gives to every container alike, as it is set up: no stored table can hold it.
_ENGINES = {"user", "cgroup"}
_LIMITS = ("memory limit", "processors")


class ProcessPicture(Picture):
    """The picture of a container's first process: two numbers, seven namespaces, four cgroup files.

    Parameters
    ----------
    name
        The container's name.
    """

    _esm = esm("picture.js", "process_picture.js")
    _css = css("picture.css", "process_picture.css")

    def __init__(self, name: str) -> None:
        self._name = name
        self._asked: Asked | None = None
        self._reading: threading.Thread | None = None
        text = f"The first process of {name}, seen from inside and from the engine's machine."
        super().__init__({"name": name, "process": None, "reading": False}, text=text)
        self.on_msg(self._pressed)
        self.read_again()

    def read_again(self) -> None:
        """Read the process anew, in the course's own process; nothing where that is under way."""
        with self._changing:
            if self.view["reading"]:
                return
            self.change(reading=True, trouble=None, say=f"Reading the first process of {self._name}.")
            self._reading = threading.Thread(target=self._read, daemon=True, name="course-process")
            self._reading.start()

    def table(self) -> Text:
        """Return the namespaces and limits as they were read, without numbers that differ in each run.

        Raises
        ------
        Refused
            If the process could not be read.
        """
        if self._reading:
            self._reading.join(_PATIENCE)
        if self.view["reading"]:
            raise Refused("The process is still being read.", next="Run this cell again in a moment.")
        if trouble := self.view["trouble"]:
            raise Refused(trouble["message"], next=trouble["next"])
        return table_text(_HEAD, _rows(self.view["process"]))

    def _stop(self) -> None:
        if self._asked:
            self._asked.cancel()

    def _pressed(self, _: Any, content: dict[str, Any], __: Any) -> None:
        if content.get("do") == "read":
            self.read_again()

    def _read(self) -> None:
        try:
            self._asked = helper(course_root()).begin("process", name=self._name)
            found = self._asked.result()
        except CourseError as error:
            trouble = {"message": error.message, "next": error.next}
            say = f"The first process of {self._name} cannot be shown."
            self.change(process=None, reading=False, say=say, trouble=trouble)
        else:
            self.change(process=found, reading=False, say=found["say"])


def _rows(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    namespaces = [
        (
            f"namespace {one['kind']}",
            "depends on the engine" if one["kind"] in _ENGINES else str(one["word"]),
        )
        for one in found["namespaces"]
    ]
    words = {one["key"]: str(one["words"]) for one in found["files"]}
    return [*namespaces, *((f"limit: {key.removesuffix(' limit')}", words[key]) for key in _LIMITS)]


def process_view(container: str) -> ProcessPicture:
    """Return a picture of a container's first process: from inside, and from the engine's machine.

    It is read once, and again by its button: numbers and users, namespaces, and the files of its control
    group.

    Parameters
    ----------
    container
        The name of one that runs or is paused.

    Raises
    ------
    UsageError
        If no container is named.

    Examples
    --------
    >>> process_view("c01-shed")  # doctest: +SKIP
    The first process of c01-shed, seen from inside and from the engine's machine.
    """
    if not container.strip():
        raise UsageError("No container is named.", next='Name one: process_view("c01-shed").')
    return ProcessPicture(container)
