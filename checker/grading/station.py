"""A station: a container beside the sandboxes that holds the course, and does one job after the other.

Checks run there because only a container reaches the sandboxes' sockets wherever the engine is: in a virtual
machine, or behind a group's right to use Docker.
"""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import checker
from checker.engine.errors import asking
from checker.errors import CourseError, CourseFault, EngineFault
from checker.process import Process

from .answering import PACKAGE
from .packing import packed
from .sandbox import SOCKETS, expiring

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from checker.course import Course
    from checker.engine.connect import Engine

    from .tools import Tools

_MODULE = "checker.grading.worker"
_LIFETIME = 6 * 3600  # seconds
_COURSE = ("exercises", "solutions", "pyproject.toml")


class Overdue(EngineFault):
    """A job did not end in time, and its station was given up."""


class Station:
    """A station that was started. A context manager; its container goes with it.

    Parameters
    ----------
    volume
        Of the sandboxes' sockets.
    course
        The bytes of :func:`course_archive`.
    """

    def __init__(self, engine: Engine, tools: Tools, volume: str, course: bytes) -> None:
        self._engine = engine
        self.image = tools.image
        api = engine.client.api
        with asking(engine, "image", tools.image):
            host = api.create_host_config(
                network_mode="none",
                binds=[f"{volume}:{SOCKETS}"],
                cap_drop=["ALL"],
                cap_add=["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL"],
                security_opt=["no-new-privileges", "label=disable"],
                mem_limit="2g",
                pids_limit=1024,
            )
            made = api.create_container(
                tools.image,
                ["python3", "-I", "-m", _MODULE],
                name=f"course-station-{secrets.token_hex(4)}",
                environment={"COURSE_ROOT": "/course", "HOME": "/tmp", "LANG": "C.UTF-8"},  # noqa: S108 - the container's own
                labels=expiring("station", _LIFETIME),
                stdin_open=True,
                host_config=host,
            )
        self._id = str(made["Id"])
        try:
            with asking(engine):
                api.put_archive(self._id, "/", course)
            command = ["docker", "start", "--attach", "--interactive", self._id]
            self._process = Process(command=command, environment=engine.environment())
        except BaseException:
            self._remove()
            raise

    def run(
        self, job: dict[str, Any], limit: float, say: Callable[[str], None] = lambda _: None
    ) -> dict[str, Any]:
        """Do a job, and return what comes of it.

        Raises
        ------
        Overdue
            If it does not end within ``limit`` seconds. The station is of no use afterwards.
        EngineFault, CourseFault
            What the job ended with.
        """
        self._process.send(job | {"image": self.image})
        deadline = time.monotonic() + limit
        while event := self._process.next_event(deadline):
            match event:
                case {"event": "say", "line": line}:
                    say(line)
                case {"event": "done"}:
                    return event
                case {"event": "fault", "message": message, "next": step, "kind": kind}:
                    raise (
                        EngineFault(message, next=step, kind=kind)
                        if kind
                        else CourseFault(message, next=step)
                    )
                case {"event": "gone"}:
                    raise Overdue("The station ended by itself.", kind="station")
        raise Overdue(f"The job did not end within {limit:g} seconds.", kind="station")

    def put(self, folder: Path, target: str) -> None:
        """Put the files of ``folder`` at ``target`` in the station."""
        with asking(self._engine):
            self._engine.client.api.put_archive(self._id, "/", packed([(folder, target)]))

    def close(self) -> None:
        """Stop it and remove its container."""
        self._remove()
        self._process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _remove(self) -> None:
        with suppress(CourseError), asking(self._engine):
            self._engine.client.api.remove_container(self._id, force=True, v=True)


def course_archive(course: Course) -> bytes:
    """Pack the course and the package for stations."""
    package = Path(checker.__file__).parent
    places = [(course.root / name, f"/course/{name}") for name in _COURSE]
    return packed([(package, str(PACKAGE / "checker")), *places], folders=["/course/work", "/jobs"])
