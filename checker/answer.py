"""Runs an answer: every code cell of its notebook that is not tagged ``check``, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from .channel import messages
from .course import NOTEBOOK
from .notebook import has_tag, read_notebook, runnable, source_of
from .result import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

TAIL = 4000  #: Characters that are kept of what an answer prints.
LIMIT = 60.0  #: Seconds that an answer may take; longer where the exercise's own time limit is longer.

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\r(?!\n)")  # colours and cursor moves of a terminal


def answer_cells(folder: Path) -> list[str]:
    """Return the cells to run. ``answer.py`` stands for the cells tagged ``answer``.

    Raises
    ------
    Damaged
        If the notebook cannot be read.
    """
    script = folder / "answer.py"
    instead = script.read_text("utf-8", errors="replace") if script.is_file() else None
    cells, placed = [], False
    for cell in runnable(read_notebook(folder / NOTEBOOK)):
        if instead is None or not has_tag(cell, "answer"):
            cells.append(source_of(cell))
        elif not placed:
            cells.append(instead)
            placed = True
    return cells if instead is None or placed else [*cells, instead]


@contextlib.contextmanager
def answered(folder: Path, environment: Mapping[str, str], limit: float = LIMIT) -> Iterator[Answer]:
    """Run the answer in ``folder``. What it started in its own process lives until the block ends.

    Parameters
    ----------
    environment
        The environment in which ``docker`` and the SDK reach the engine.
    limit
        Seconds after which the answer's whole process group is stopped.
    """
    cells = answer_cells(folder)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, _Process(environment) as process:
        yield process.outcome({"cells": cells, "folder": str(folder), "profile": profile}, limit)


class _Process:
    """The answer's process. What it says and what it prints are read by a thread each."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-I", "-m", "checker.answer_cells"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            start_new_session=True,
        )
        assert self._popen.stdin  # noqa: S101 - for the type checker: all three are pipes
        assert self._popen.stdout  # noqa: S101
        assert self._popen.stderr  # noqa: S101
        self._input, self._output, self._printed = self._popen.stdin, self._popen.stdout, self._popen.stderr
        self._done: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._tail = b""
        self._threads = [
            threading.Thread(target=target, daemon=True, name="course-answer")
            for target in (self._listen, self._collect)
        ]

    def outcome(self, request: dict[str, Any], limit: float) -> Answer:
        """Run the cells and say how that went."""
        with contextlib.suppress(BrokenPipeError):
            self._input.write(json.dumps(request).encode() + b"\n")
            self._input.flush()
        try:
            error = self._done.get(timeout=limit)["error"]
        except Empty:
            self._kill()
            return Answer("timeout", f"The answer did not end within {limit:g} seconds.", self._text())
        return Answer("raised" if error else "ok", error, self._text())

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kill()
        self._popen.wait()
        with contextlib.suppress(BrokenPipeError):
            self._input.close()
        for thread, stream in zip(self._threads, (self._output, self._printed), strict=True):
            thread.join(timeout=2.0)
            if not thread.is_alive():  # a process that left the group may still hold the other end
                stream.close()

    def _kill(self) -> None:
        """Stop the whole group. KILL at once: the docker command would pass a TERM on to its container."""
        if sys.platform == "win32":
            self._popen.kill()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._popen.pid, signal.SIGKILL)

    def _text(self) -> str:
        return _CONTROL.sub("", self._tail.decode("utf-8", errors="replace"))[-TAIL:]

    def _listen(self) -> None:
        for event in messages(self._output):
            self._done.put(event)
        self._done.put({"error": "The answer ended its own process."})

    def _collect(self) -> None:
        while chunk := os.read(self._printed.fileno(), 65536):
            self._tail = (self._tail + chunk)[-4 * TAIL :]
