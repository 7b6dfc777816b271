"""Where jobs are done: stations and sandboxes, shared out among threads, and all of it gone at the end."""

from __future__ import annotations

import math
import queue
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Self

from checker.errors import EngineFault
from checker.images.provide import missing
from checker.interrupts import terminable, uninterrupted
from checker.result import Result, Status
from checker.trials import images_needed

from .sandbox import Sandboxes, sockets, sweep
from .station import Overdue, Station, course_archive
from .tools import prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

    from checker.course import Course, Loaded
    from checker.engine.connect import Engine

    from .sandbox import Sandbox

_AROUND = 90.0  # seconds of a job that are neither its answer's nor its checks'


class Lost(EngineFault):
    """A sandbox ended while it was being used: an answer can bring that about."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The sandbox ended while the answer was in it: {why}.", kind="sandbox")


class Desk:
    """Does jobs on sandboxes of their own. A context manager; use it from :meth:`threads`.

    Parameters
    ----------
    keys
        Of the catalogue's images that the jobs need.
    workers
        How many jobs are done at the same time.
    most
        How many sandboxes will be used in all, where that is known.
    """

    def __init__(
        self,
        course: Course,
        engine: Engine,
        keys: Iterable[str],
        *,
        workers: int,
        say: Callable[[str], None],
        most: float = math.inf,
    ) -> None:
        self._engine = engine
        self._say = say
        sweep(engine)
        self._tools = prepare(engine, {*keys, *_present(course, engine)}, say)
        self._archive = course_archive(course)
        self._workers = workers
        self._most = most
        self._stations: queue.SimpleQueue[Station | None] = queue.SimpleQueue()
        self._all: set[Station] = set()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(terminable())
        self._volume = self._stack.enter_context(sockets(self._engine))
        self._stack.callback(self._stop)
        self._sandboxes = self._stack.enter_context(
            Sandboxes(self._engine, self._tools, self._volume, warm=self._workers, most=self._most)
        )
        for _ in range(self._workers):
            self._stations.put(None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with uninterrupted():
            self._stack.close()

    @contextmanager
    def threads(self) -> Iterator[ThreadPoolExecutor]:
        """Give threads to use it from. Where the block fails, what they do ends now."""
        with ThreadPoolExecutor(self._workers, thread_name_prefix="course-desk") as pool:
            try:
                yield pool
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self._stop()
                raise

    def _stop(self) -> None:
        """Stop all stations: what is being done ends with :class:`Overdue`."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(Station.close, list(self._all)))
        self._all.clear()

    def grade(self, loaded: Loaded, folder: Path, *, seed: int | None = None) -> Result:
        """Grade what lies in ``folder``; by default with the seed that came with it.

        Raises
        ------
        Lost
            If the sandbox ended.
        EngineFault, CourseFault
            If the engine or the course failed.
        """
        limit = max(60.0, loaded.exercise.timeout) + 2 * loaded.exercise.timeout + _AROUND
        target = f"/jobs/{uuid.uuid4().hex}/{loaded.id}"
        with self._sandbox() as first, self._station() as station:
            station.put(folder, target)
            job = {
                "do": "grade",
                "exercise": loaded.id,
                "folder": target,
                "sandbox": first.name,
                "seed": seed,
            }
            if loaded.exercise.answer == "files":
                with self._sandbox() as second:
                    done = station.run({**job, "second": second.name}, limit)
            else:
                done = station.run({**job, "second": ""}, limit)
            result = Result.from_json(done["result"])
            if result.status is Status.ERROR and (why := self._sandboxes.how(first)):
                raise Lost(why)
        return result

    def verify(self, loaded: Loaded, limit: float) -> dict[str, Any]:
        """Run the author's trials of one exercise; see :class:`checker.trials.Trials`."""
        with self._sandbox() as sandbox, self._station() as station:
            job = {"do": "verify", "exercise": loaded.id, "sandbox": sandbox.name}
            return station.run(job, limit, self._say)

    @contextmanager
    def _sandbox(self) -> Iterator[Sandbox]:
        sandbox = self._sandboxes.take()
        try:
            yield sandbox
        except Overdue as overdue:
            if why := self._sandboxes.how(sandbox):
                raise Lost(why) from overdue
            raise
        finally:
            self._sandboxes.destroy(sandbox)

    @contextmanager
    def _station(self) -> Iterator[Station]:
        """Lend a station, made when it is first needed; one that failed is replaced."""
        station = self._stations.get()
        kept: Station | None = None
        try:
            if station is None:
                station = Station(self._engine, self._tools, self._volume, self._archive)
                self._all.add(station)
            yield station
            kept = station
        except Overdue:
            if station:
                self._all.discard(station)
                station.close()
            raise
        except Exception:
            kept = station
            raise
        finally:
            self._stations.put(kept)


def _present(course: Course, engine: Engine) -> set[str]:
    """Return which images of the whole course are here, so that one seed serves all its chapters."""
    keys = {key for name in course.ids() for key in images_needed(course.load(name))}
    return keys - {image.key for image in missing(engine, sorted(keys))} if keys else keys
