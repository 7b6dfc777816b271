"""The words that authors write an exercise with.

An exercise's ``checks.py`` makes one :class:`Exercise` named ``exercise`` and hangs its checks on it:

>>> from checker import Exercise, Hints, Owns
>>> exercise = Exercise(
...     "00-demo/greet", title="Greet", minutes=5, images=["busybox"],
...     owns=Owns(containers=["c00-greet"]), hints=Hints("Look.", "Know.", "Nearly."))
>>> @exercise.check(points=0)
... def greeter(lab):
...     "A container named c00-greet exists"
...     return lab.container("c00-greet")
>>> @exercise.check(points=1)
... def ended_well(lab, greeter):  # the parameter's name: this check needs the one above
...     "Its command ended with exit code 0"
...     lab.expect(greeter.exit_code, 0, reason="command-failed", why="…", next="…")
>>> [check.needs for check in exercise.checks]
[(), ('greeter',)]
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeVar

from .errors import CourseFault

F = TypeVar("F", bound=Callable[..., Any])

#: How an answer is given; see CONTRIBUTING.md.
AnswerKind = Literal["cell", "files", "value", "session"]


class Failure(Exception):  # noqa: N818 - the contract's word: the answer is wrong, nothing is broken
    """The learner's answer is wrong. Anything else that a check raises is the course's fault.

    Parameters
    ----------
    expected, actual
        What was expected and what was found, each without a full stop.
    reason
        A stable key of the misconception; hints can depend on it.
    why
        Why it matters, in a sentence or two.
    next
        One next step. It never holds the full command.
    """

    def __init__(
        self,
        *,
        expected: str,
        actual: str,
        reason: str = "",
        why: str = "",
        next: str = "",  # noqa: A002 - the contract's word
    ) -> None:
        super().__init__(f"expected {expected}; found {actual}")
        self.expected = expected
        self.actual = actual
        self.reason = reason
        self.why = why
        self.next = next


@dataclass(frozen=True)
class Owns:
    """The names and host ports that an exercise declares: the only ones it may make and remove."""

    containers: tuple[str, ...] | list[str] = ()
    images: tuple[str, ...] | list[str] = ()
    networks: tuple[str, ...] | list[str] = ()
    volumes: tuple[str, ...] | list[str] = ()
    ports: tuple[int, ...] | list[int] = ()


class Hints:
    """Three hints of rising strength, and better ones for what was observed.

    Parameters
    ----------
    *hints
        Shown one at a time, in this order. The last is not the full answer.
    when
        For a failure's ``reason``, the hint to show first.
    """

    def __init__(self, *hints: str, when: dict[str, str] | None = None) -> None:
        self.general = hints
        self.when = dict(when or {})

    def for_reasons(self, reasons: list[str]) -> list[str]:
        """Return the hints in the order to show them, after a check run gave these failure reasons."""
        special = [self.when[reason] for reason in reasons if reason in self.when]
        return [*special, *self.general]


@dataclass(frozen=True)
class Check:
    """One check: ``id`` is its function's name, ``title`` its docstring, ``needs`` its parameters.

    One that ``observes`` only looks: it may run again and again while the learner works.
    """

    function: Callable[..., Any]
    points: float
    timeout: float | None = None
    requires: tuple[str, ...] = ()
    observes: bool = False

    @property
    def id(self) -> str:
        """The check's stable name."""
        return self.function.__name__

    @property
    def title(self) -> str:
        """The line that the learner sees."""
        return inspect.getdoc(self.function) or ""

    @property
    def needs(self) -> tuple[str, ...]:
        """Ids of the checks whose return values it takes."""
        return tuple(name for name in inspect.signature(self.function).parameters if name != "lab")


@dataclass
class Exercise:
    """An exercise: what it is called, what it owns, how it is checked.

    Parameters
    ----------
    id
        ``<chapter>/<exercise>``, the folder that it lies in.
    title, minutes, core, objectives, skills, docs
        What the course's lists and panels show. ``docs`` holds titles of documentation pages.
    images
        Keys of the image catalogue that must be there before it starts.
    owns
        What it may make and remove.
    hints
        Three or more.
    answer
        How the answer is given: ``cell``, ``files``, ``value`` or ``session``.
    edits
        Files in the exercise's folder that an answer may change, add or remove (shell patterns).
        Everything else always comes from the course.
    requires
        What the engine must offer, such as ``memory-limit`` or ``cgroup-v2``.
    passed
        What is said when every check passed: why the answer works.
    timeout
        Seconds that all checks together may take.
    """

    id: str
    title: str
    minutes: int
    core: bool = True
    objectives: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    owns: Owns = field(default_factory=Owns)
    skills: list[str] = field(default_factory=list)
    docs: list[str] = field(default_factory=list)
    hints: Hints = field(default_factory=Hints)
    answer: AnswerKind = "cell"
    edits: list[str] = field(default_factory=list)
    requires: list[str] = field(default_factory=list)
    passed: str = ""
    timeout: float = 60.0
    checks: list[Check] = field(default_factory=list, init=False)
    scene_function: Callable[..., None] | None = field(default=None, init=False)

    @property
    def max_score(self) -> float:
        """Sum of all checks' points."""
        return sum(check.points for check in self.checks)

    def observing(self) -> Self:
        """Return the exercise with those of its checks alone that only look."""
        only = copy.copy(self)
        only.checks = [check for check in self.checks if check.observes]
        return only

    def check(
        self,
        *,
        points: float,
        timeout: float | None = None,
        requires: list[str] | None = None,
        observes: bool = False,
    ) -> Callable[[F], F]:
        """Register the decorated function as a check.

        Parameters
        ----------
        points
            What it is worth. 0 for a check that only finds what others need.
        timeout
            Seconds that this check may take; without it, what is left of the exercise's own limit.
        requires
            What the engine must offer for this check.
        observes
            True where it only looks: it inspects, reads logs, files and answers, and changes nothing. It asks
            no program in a container for anything. The panel runs it while the learner works.

        Raises
        ------
        CourseFault
            If it needs a check that is not defined above it, or observes and needs one that does not, or has
            no docstring.
        """

        def register(function: F) -> F:
            check = Check(function, points, timeout, tuple(requires or ()), observes)
            known = {earlier.id: earlier for earlier in self.checks}
            if unknown := [need for need in check.needs if need not in known]:
                raise CourseFault(
                    f"{self.id}: check {check.id} needs {unknown[0]}, which is not defined above it."
                )
            if acting := [need for need in check.needs if observes and not known[need].observes]:
                raise CourseFault(
                    f"{self.id}: check {check.id} observes, but needs {acting[0]}, which does not."
                )
            if check.id in known:
                raise CourseFault(f"{self.id}: two checks are named {check.id}.")
            if not check.title:
                raise CourseFault(
                    f"{self.id}: check {check.id} has no docstring, which is the learner's line."
                )
            self.checks.append(check)
            return function

        return register

    def scene(self, function: F) -> F:
        """Register the decorated ``function(lab, seed)``, which sets the starting scene."""
        self.scene_function = function
        return function
