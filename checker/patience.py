"""Waiting for what another program does in its own time, in a lesson's cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from .engine.waiting import ticks

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def wait_until(function: Callable[[], T], within: float = 10.0) -> T:
    """Call ``function`` until it returns something true, and return that.

    Parameters
    ----------
    function
        May raise, as long as it is not yet so: a server that is not ready refuses the connection.
    within
        Seconds.

    Raises
    ------
    TimeoutError
        If it has not come true. What ``function`` raised last is its cause.

    Examples
    --------
    >>> answers = iter([0, 0, 3])
    >>> wait_until(lambda: next(answers))
    3
    """
    problem: Exception | None = None
    for _ in ticks(within):
        try:
            if value := function():
                return value
            problem = None
        except Exception as error:  # noqa: BLE001 - whatever it is, it may be gone the next time
            problem = error
    raise TimeoutError(f"This did not come true within {within:g} seconds.") from problem
