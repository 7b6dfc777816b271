"""The four kinds of trouble that are not a learner's wrong answer.

.. code-block:: text

    CourseError            what happened, and one next step
    ├── UsageError         the command line is wrong                     exit status 2
    ├── Refused            the request makes sense, but not now          exit status 1
    ├── CourseFault        the course itself is wrong                    exit status 3
    └── EngineFault        the engine cannot be reached or failed        exit status 3

A learner's wrong answer is a :class:`checker.exercise.Failure` and never leaves the runner.
"""

from __future__ import annotations


class CourseError(Exception):
    """Something a person must know about, with what to do next.

    Parameters
    ----------
    message
        What happened, in one or two sentences.
    next
        One next step, in one sentence. Empty where there is none.
    """

    exit_status = 3

    def __init__(self, message: str, *, next: str = "") -> None:  # noqa: A002 - the contract's word
        super().__init__(message)
        self.message = message
        self.next = next

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows in place of a traceback."""
        return [self.message, *([f"Next: {self.next}"] if self.next else [])]


class UsageError(CourseError):
    """The command line asks for something that does not exist."""

    exit_status = 2


class Refused(CourseError):  # noqa: N818 - a fault is not always an error
    """What was asked for cannot be done now, for a reason that the person can remove."""

    exit_status = 1


class CourseFault(CourseError):  # noqa: N818 - see Refused
    """An exercise, the catalogue or another part of the course is wrong. Never the learner's fault."""


class EngineFault(CourseError):  # noqa: N818 - see Refused
    """The engine cannot be reached, or failed.

    Parameters
    ----------
    kind
        A stable word for the fault, such as ``not-running`` or ``no-permission``.
    """

    def __init__(self, message: str, *, next: str = "", kind: str = "engine") -> None:  # noqa: A002
        super().__init__(message, next=next)
        self.kind = kind
