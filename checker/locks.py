"""One at a time, across processes and threads. A lock ends with the process that holds it."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .errors import Refused
from .paths import state_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LONGEST = 900.0  # seconds to wait for whoever holds the lock


@contextmanager
def locked(folder: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock of ``folder``; ``waiting`` is called once where somebody else holds it."""
    path = state_dir() / "locks" / hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:32]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        if not _try(file.fileno()):
            if waiting:
                waiting()
            ends = time.monotonic() + _LONGEST
            while not _try(file.fileno()):  # polled, because a blocking lock cannot be interrupted everywhere
                if time.monotonic() > ends:
                    raise Refused(
                        f"Another process has been working in {folder} for a long time.", next="Stop it."
                    )
                time.sleep(0.02)
        yield  # closing the file gives the lock up


if sys.platform == "win32":
    import msvcrt

    def _try(descriptor: int) -> bool:
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
