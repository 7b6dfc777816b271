"""What a process and all that it starts print: read as it comes, the end of it kept."""

from __future__ import annotations

import os
import secrets
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_MARK = 16  # bytes
_PATIENCE = 5.0  # seconds to read what was printed already


class Printed:
    """A pipe, and a thread that reads it. A context manager; the thread ends with it.

    Both ends are held here: whoever else holds the writing end, even a process that nobody can stop, keeps
    nothing waiting. Marks of our own tell how far we have read.

    Parameters
    ----------
    path
        Where the pipe gets a name, so that a running process can open it.
    size
        Bytes to keep.
    """

    def __init__(self, path: Path, size: int) -> None:
        #: The pipe's name; empty where this platform has no such pipes.
        self.name = ""
        if hasattr(os, "mkfifo"):
            os.mkfifo(path)
            self.name = str(path)
            self._reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # there is no writer yet
            self.writer = os.open(path, os.O_WRONLY)
            os.set_blocking(self._reader, True)
        else:
            self._reader, self.writer = os.pipe()
        self._size = size
        self._kept = b""
        self._mark = secrets.token_bytes(_MARK)
        self._read_all = threading.Event()
        self._last = False
        self._thread = threading.Thread(target=self._read, daemon=True, name="course-printed")
        self._thread.start()

    def text(self) -> str:
        """Return the end of all that was printed up to now."""
        self._read_up_to_here()
        return self._kept.decode("utf-8", errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._read_up_to_here(last=True)
        os.close(self.writer)

    def _read_up_to_here(self, *, last: bool = False) -> None:
        self._read_all.clear()
        self._last = last
        os.write(self.writer, self._mark)
        self._read_all.wait(_PATIENCE)

    def _read(self) -> None:
        seen = b""
        while not self._last or not self._read_all.is_set():
            seen += os.read(self._reader, 65536)
            if self._mark in seen:
                seen = seen.replace(self._mark, b"")
                self._kept = seen[-self._size :]
                self._read_all.set()
            seen = seen[-self._size - _MARK :]
        os.close(self._reader)
