"""The kernel's end of :mod:`checker.ui.service`. One process for each kernel, started when first needed."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import os
import queue
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

from checker.channel import messages
from checker.errors import CourseError, CourseFault, EngineFault
from checker.paths import course_root

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    OnEvent = Callable[[dict[str, Any]], None]

_GRACE = 3.0  # seconds that the process has to end by itself
_GONE = {
    "event": "refused",
    "kind": "gone",
    "message": "The course's own process has ended.",
    "next": "Do it once more.",
}


class Asked:
    """Something that the service was asked for."""

    def __init__(self, service: Helper, key: int, answers: queue.SimpleQueue[dict[str, Any]]) -> None:
        self._service = service
        self._key = key
        self._answers = answers

    def result(self, on_event: OnEvent | None = None) -> Any:
        """Wait for what comes of it; ``on_event`` is called with each message before.

        Raises
        ------
        CourseError
            What the service refused, or that it is gone.
        """
        while (event := self._answers.get())["event"] not in {"done", "refused"}:
            if on_event:
                on_event(event)
        self._service.forget(self._key)
        if event["event"] == "refused":
            raise _error(event)
        return event["value"]

    def cancel(self) -> None:
        """Ask for an early end. What came of it, :meth:`result` says."""
        self._service.cancel(self._key)


class Helper:
    """A running service: ask it, from any thread.

    Parameters
    ----------
    root
        The course's folder.
    """

    def __init__(self, root: Path) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-I", "-m", "checker.ui.service"],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a cell would show it; faults come as messages
            start_new_session=os.name != "nt",  # interrupting the kernel does not reach it
        )
        assert self._popen.stdin  # noqa: S101 - for the type checker: both are pipes
        assert self._popen.stdout  # noqa: S101
        self._input, self._output = self._popen.stdin, self._popen.stdout
        self._asked: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
        self._keys = itertools.count()
        self._turn = threading.Lock()
        self._alive = True
        self._reader = threading.Thread(target=self._read, daemon=True, name="course-panel")
        self._reader.start()

    @property
    def usable(self) -> bool:
        """True while the process lives."""
        return self._alive

    def ask(self, do: str, on_event: OnEvent | None = None, **request: Any) -> Any:
        """Do one thing and return what comes of it; interrupted, it is asked for an early end.

        Parameters
        ----------
        do
            A verb of :class:`checker.ui.service.Service`, or of a module that it names.
        on_event
            Called with each message before the last one.

        Raises
        ------
        CourseError
            What the service refused, or that it is gone.
        """
        asked = self.begin(do, **request)
        try:
            return asked.result(on_event)
        except KeyboardInterrupt:
            asked.cancel()
            raise

    def begin(self, do: str, **request: Any) -> Asked:
        """Begin one thing, which can be cancelled from any thread."""
        key, answers = next(self._keys), queue.SimpleQueue[dict[str, Any]]()
        with self._turn:
            if self._alive:
                self._asked[key] = answers
                self._write({"key": key, "do": do, **request})
            else:
                answers.put(_GONE)
        return Asked(self, key, answers)

    def cancel(self, key: int) -> None:
        """Ask for an early end of what was begun under ``key``."""
        with self._turn:
            if key in self._asked:
                self._write({"key": key, "do": "cancel"})

    def forget(self, key: int) -> None:
        """Hear no more of what was begun under ``key``."""
        self._asked.pop(key, None)

    def _write(self, request: dict[str, Any]) -> None:
        with contextlib.suppress(OSError, ValueError):  # gone, or closed with the kernel: the reader tells
            self._input.write(json.dumps(request).encode() + b"\n")
            self._input.flush()

    def close(self) -> None:
        """Stop the process and wait for it."""
        with contextlib.suppress(OSError):
            self._input.close()
        try:
            self._popen.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._reader.join()
        self._output.close()

    def _read(self) -> None:
        for event in messages(self._output):
            if waiting := self._asked.get(event["key"]):
                waiting.put(event)
        with self._turn:
            self._alive = False
            for waiting in self._asked.values():
                waiting.put(_GONE)


def _error(event: dict[str, Any]) -> CourseError:
    if event["kind"] == "engine":
        return EngineFault(event["message"], next=event["next"])
    if event["kind"] in {"bug", "CourseFault"}:
        return CourseFault(event["message"], next=event["next"])
    return CourseError(event["message"], next=event["next"])


_lock = threading.Lock()
_helpers: dict[Path, Helper] = {}


def helper(root: Path | None = None) -> Helper:
    """Return this kernel's helper for the course in ``root``; a new one where the last has ended."""
    folder = root or course_root()
    with _lock:
        known = _helpers.get(folder)
        if known is None or not known.usable:
            if known is not None:
                known.close()
            known = _helpers[folder] = Helper(folder)
        return known


@atexit.register
def close_all() -> None:
    """Stop what :func:`helper` started."""
    with _lock:
        while _helpers:
            _helpers.popitem()[1].close()
