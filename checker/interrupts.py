"""Ctrl-C while something is being undone, and requests that were on their way when it came."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from .engine.waiting import ticks
from .errors import CourseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ON_ITS_WAY = 1.0  # seconds in which the engine may still make what it was asked for


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait until the block has ended."""
    if threading.current_thread() is not threading.main_thread():
        yield  # other threads do not get it
        return
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.default_int_handler)
    if pressed:
        raise KeyboardInterrupt


@contextmanager
def terminable() -> Iterator[None]:
    """Let TERM do what Ctrl-C does, so that what was started is stopped."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say so
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


@contextmanager
def undoing(undo: Callable[[], object]) -> Iterator[None]:
    """Call ``undo`` when the block ends, however it ends.

    After Ctrl-C it is called again for a moment: a request that was cut off may still be carried out. Where
    the block fails, its own trouble is the one to hear of.
    """
    try:
        yield
    except BaseException as error:
        with uninterrupted():
            for _ in ticks(0 if isinstance(error, Exception) else _ON_ITS_WAY):
                with suppress(CourseError):
                    undo()
        raise
    with uninterrupted():
        undo()
