"""Waiting for what a container does in its own time, and saying what was seen when it did not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from checker.engine.errors import ObjectError
from checker.engine.waiting import ticks
from checker.exercise import Failure

from .words import described, parts

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

#: A failure with this reason will not go away by waiting.
ENDED = "container-ended"


def eventually(
    function: Callable[[], T],
    *,
    within: float,
    every: float,
    until: Callable[[], Any] | None,
    seen: Callable[[], str],
    **texts: str,
) -> T:
    """Return the first true value of ``function``, or raise the failure that says what was seen last.

    It gives up early where ``until`` says that there is nothing left to wait for, or where the container that
    was asked has ended. ``function`` then has one more chance: what it waits for may have come at the end.
    """
    last_chance = False
    value: Any = None
    problem: Failure | ObjectError | None = None
    for _ in ticks(within, every):
        given_up = last_chance
        problem = None
        try:
            if value := function():
                return value
        except (Failure, ObjectError) as error:
            problem = error
        if given_up:
            break
        last_chance = getattr(problem, "reason", "") == ENDED or bool(until and until())
    told = parts(problem) if problem else {"actual": seen() or described(value)}
    told = told | {name: text for name, text in texts.items() if text}
    if not told.get("expected"):
        told["expected"] = f"this to become true within {within:g} seconds"
    raise Failure(**told) from problem


def stable(
    function: Callable[[], T], *, seconds: float, every: float, seen: Callable[[], str], **texts: str
) -> T:
    """Return the last value of ``function`` if it was true all the time, else raise a failure at once."""
    value: Any = None
    for left in ticks(seconds, every):
        if not (value := function()):
            told = {
                "expected": f"this to stay true for {seconds:g} seconds",
                "actual": f"it ended after {seconds - left:.1f} seconds; {seen() or described(value)}",
            }
            raise Failure(**told | {name: text for name, text in texts.items() if text})
    return value  # type: ignore[no-any-return]  # it was true, so it is a T
