"""Waiting for what a container does in its own time, and saying what was seen when it did not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from checker.engine.errors import ObjectError
from checker.engine.waiting import ticks
from checker.exercise import Failure

from .words import described, parts, sentences

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
    how: Callable[[], dict[str, str]],
    **texts: str,
) -> T:
    """Return the first true value of ``function``, or raise the failure that says what was seen last.

    It gives up early where ``until`` says that there is nothing left to wait for, or where the container that
    was asked has ended. ``function`` then has one more chance: what it waits for may have come at the end.

    Parameters
    ----------
    seen, how
        What was seen last, and how the container that was looked at last is.
    texts
        Of the failure. What ``function`` itself raised says it better, except where a text is given.
    """
    last_chance = False
    for _ in ticks(within, every):
        given_up = last_chance
        problem: Failure | ObjectError | None = None
        value: Any = None
        try:
            if value := function():
                return value
        except (Failure, ObjectError) as error:
            problem = error
        if given_up:
            break
        last_chance = getattr(problem, "reason", "") == ENDED or bool(until and until())
    if isinstance(problem, Failure):
        raise Failure(**parts(problem) | _given(texts)) from problem
    found = sentences(how())
    if problem:  # an engine's error knows nothing of the container's state, except that it has ended
        last = [problem.actual, *(found[1:] if problem.reason == ENDED else found)]
        raise Failure(**parts(problem) | {"actual": "; ".join(last)} | _given(texts)) from problem
    told = {
        "expected": f"this to become true within {within:g} seconds",
        "actual": "; ".join([seen() or described(value), *found]),
    }
    raise Failure(**told | _given(texts))


def stable(
    function: Callable[[], T],
    *,
    seconds: float,
    every: float,
    seen: Callable[[], str],
    how: Callable[[], dict[str, str]],
    **texts: str,
) -> T:
    """Return the last value of ``function`` if it was true all the time, else raise a failure at once."""
    for left in ticks(seconds, every):
        value = function()
        if not value:
            found = [seen() or described(value), *sentences(how())]
            told = {
                "expected": f"this to stay true for {seconds:g} seconds",
                "actual": f"not so after {seconds - left:.1f} seconds; {'; '.join(found)}",
            }
            raise Failure(**told | _given(texts))
    return value


def _given(texts: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}
