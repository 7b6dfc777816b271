"""Runs an answer: every code cell of its notebook that is not tagged ``check``, in a process of its own."""

from __future__ import annotations

import contextlib
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from .course import NOTEBOOK
from .notebook import has_tag, read_notebook, runnable, source_of
from .printed import Printed
from .process import STARTING, Process
from .result import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

TAIL = 4000  #: Characters that are kept of what an answer prints.
LIMIT = 60.0  #: Seconds that an answer may take; longer where the exercise's own time limit is longer.

_CELLS = "checker.answer_cells"  # the module of the answers' process
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


def does_something(cell: str) -> bool:
    """Say whether running ``cell`` can have an effect: comments alone have none."""
    return any(line.strip() and not line.lstrip().startswith("#") for line in cell.splitlines())


class RunsAnswers(Protocol):
    """Runs answers, here or elsewhere; :class:`Answers` is one."""

    def answered(
        self, folder: Path, environment: Mapping[str, str], limit: float = LIMIT
    ) -> AbstractContextManager[Answer]:
        """Run the answer in ``folder``; see :meth:`Answers.answered`."""


class Answers:
    """The answers' process: started once, it forks for each answer. A context manager; close it when done."""

    def __init__(self) -> None:
        self._process = Process(_CELLS) if Process.forks else None

    @contextlib.contextmanager
    def answered(
        self, folder: Path, environment: Mapping[str, str], limit: float = LIMIT
    ) -> Iterator[Answer]:
        """Run the answer in ``folder``. What it started in its own process lives until the block ends.

        Parameters
        ----------
        environment
            The environment in which ``docker`` and the SDK reach the engine.
        limit
            Seconds after which the answer's whole process group is stopped.
        """
        cells = answer_cells(folder)
        with (
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as own,
            Printed(Path(own, "printed"), 4 * TAIL) as printed,
        ):
            run = Answering(self._ready(printed), printed)
            try:
                request = {"cells": cells, "folder": str(folder), "profile": own, "printed": printed.name}
                yield run.outcome({**request, "environment": dict(environment)}, limit)
            finally:
                if not run.end():
                    self.close()

    def close(self) -> None:
        """Stop the process."""
        if self._process:
            self._process.close()
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ready(self, printed: Printed) -> Process:
        if self._process and not self._process.usable:
            self.close()
        if not self._process:
            self._process = Process(_CELLS, stderr=None if Process.forks else printed.writer)
        return self._process


class Answering:
    """One answer, seen from outside its process."""

    def __init__(self, process: Process, printed: Printed) -> None:
        self._process = process
        self._printed = printed
        self._pid = 0
        self._ended = False

    def outcome(self, request: dict[str, Any], limit: float) -> Answer:
        """Run the cells and say how that went."""
        self._process.send(request)
        deadline = time.monotonic() + STARTING
        while event := self._process.next_event(deadline):
            match event:
                case {"event": "begun", "pid": pid}:
                    self._pid, deadline = pid, time.monotonic() + limit
                case {"event": "done", "error": error}:
                    return Answer("raised" if error else "ok", error, self._text())
                case {"event": "ended" | "gone"}:
                    self._ended = True
                    return Answer("raised", "The answer ended its own process.", self._text())
        self._process.kill(self._pid)
        return Answer("timeout", f"The answer did not end within {limit:g} seconds.", self._text())

    def end(self) -> bool:
        """Stop all of it. KILL at once: the docker command would pass a TERM on to its container."""
        return self._ended or self._process.end(self._pid)

    def _text(self) -> str:
        return _CONTROL.sub("", self._printed.text())[-TAIL:]
