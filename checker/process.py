"""A process that serves requests (see :mod:`checker.serving`), seen from the one who started it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from .channel import messages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GRACE = 2.0  #: Seconds from asking a run to stop to stopping its process group.
STARTING = 30.0  #: Seconds that the process may take to import what it needs.
ONCE = "once"  #: The argument that lets it serve one request, without a fork.


class Process:
    """``python -I -m <module>``: read its messages, stop what it runs.

    ``-I`` keeps a learner's ``docker.py`` from being imported in place of the SDK; it is no trust boundary.

    Parameters
    ----------
    module
        Calls :func:`checker.serving.serve`.
    stderr
        A descriptor for what is printed. Default: as this process's own.
    command
        What to run in its place: it leads to such a process elsewhere.
    environment
        Default: this process's own.
    """

    #: True where it serves one request after the other, each in a fork.
    forks: bool = hasattr(os, "fork")

    def __init__(
        self,
        module: str = "",
        *,
        stderr: int | None = None,
        command: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._popen = subprocess.Popen(
            command or [sys.executable, "-I", "-m", module, *([] if self.forks else [ONCE])],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,  # Ctrl-C in a terminal reaches the one who waits, who then stops this
        )
        assert self._popen.stdin  # noqa: S101 - for the type checker: both are pipes
        assert self._popen.stdout  # noqa: S101
        self._input, self._output = self._popen.stdin, self._popen.stdout
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True, name="course-process")
        self._reader.start()

    @property
    def usable(self) -> bool:
        """True while the process lives."""
        return self._popen.poll() is None

    def _read(self) -> None:
        with self._output:
            for event in messages(self._output):
                self._events.put(event)
        self._events.put({"event": "gone", "code": None})

    def send(self, request: dict[str, Any]) -> None:
        """Send one request."""
        with contextlib.suppress(BrokenPipeError):  # then "gone" is the next event
            self._input.write(json.dumps(request).encode() + b"\n")
            self._input.flush()

    def next_event(self, deadline: float) -> dict[str, Any] | None:
        """Return the next message, or ``None`` once ``deadline`` (of the monotonic clock) has passed."""
        with contextlib.suppress(queue.Empty):
            return self._events.get(timeout=max(0.0, deadline - time.monotonic()))
        return None

    def ask_to_stop(self, pid: int) -> bool:
        """Ask the running check to stop. False where this platform cannot ask."""
        return self._signal(pid, "SIGTERM")

    def kill(self, pid: int) -> None:
        """Stop the run and all that it has started, now."""
        if sys.platform == "win32" or not pid:
            self._popen.kill()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def end(self, pid: int) -> bool:
        """Stop the run, now, and wait for its end. False where this process serves no other."""
        self.kill(pid)
        return self._has_ended() and self.forks and self.usable

    def interrupt(self, pid: int) -> None:
        """Stop the run: its own clean-up first, then, after a moment, its process group."""
        if self._signal(pid, "SIGINT") and not self._has_ended():
            self.kill(pid)

    def close(self) -> None:
        """Stop the process and wait for it."""
        with contextlib.suppress(BrokenPipeError):
            self._input.close()
        try:
            self._popen.wait(2 * GRACE if self.forks else 0.1)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._reader.join(GRACE)  # a process that left the run's group may still hold the other end

    def _has_ended(self) -> bool:
        """Wait a moment for the run's end."""
        deadline = time.monotonic() + GRACE
        while event := self.next_event(deadline):
            if event["event"] in {"ended", "gone"}:
                return True
        return False

    def _signal(self, pid: int, name: str) -> bool:
        """Signal the run alone: what it has started is its own to stop, or is swept when it has ended."""
        if not (self.forks and pid):
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, getattr(signal, name))
        return True
