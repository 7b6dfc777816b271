"""Waiting with a limit, the only way this project waits."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def ticks(within: float, every: float = 0.05) -> Iterator[float]:
    """Yield the seconds that are left: at once, then after every pause, a last time when none is left.

    Examples
    --------
    >>> list(ticks(0))
    [0.0]
    """
    end = time.monotonic() + within
    while True:
        left = max(0.0, end - time.monotonic())
        yield left
        if not left:
            return
        time.sleep(min(every, left))
