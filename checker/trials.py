"""What the author's gate finds on the engine: starter, solution, alternatives, mutants, each tried."""

from __future__ import annotations

import secrets
import tempfile
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .attempt import attempted, overlay_layer, solution_layer
from .engine import scene
from .engine.bystanders import bystanders, namesake
from .engine.inventory import inventory
from .errors import Refused
from .gate import Finding
from .images.catalogue import catalogue
from .locks import locked
from .outcomes import UNSUPPORTED
from .result import CheckResult, Result, Status
from .work import fetch_images, refuse_taken, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .answer import RunsAnswers
    from .attempt import Layer
    from .course import Course, Loaded
    from .engine.connect import Engine
    from .overlay import Overlay
    from .runner import Runner


@dataclass
class Trials:
    """All trials of one exercise. ``findings`` says what is wrong, ``skipped`` why it cannot be tried here.

    Parameters
    ----------
    shared
        Others use the engine at the same time: of what is left behind, only declared names count.
    say
        Called with what is being tried.
    graded
        The solution is also graded on an engine of its own, where nothing else is: it is not tried so here.
    """

    course: Course
    engine: Engine
    runner: Runner
    answers: RunsAnswers
    loaded: Loaded
    shared: bool
    say: Callable[[str], None]
    graded: bool = False
    findings: list[Finding] = field(default_factory=list)
    skipped: str = ""
    #: Of all but the solutions, which have one each: the builder has their scenes and steps in its cache.
    _seed: int = field(default_factory=lambda: secrets.randbits(32))
    _caught: dict[str, list[CheckResult]] = field(default_factory=dict)

    def run(self) -> None:
        """Run all trials; the starter first, since it says whether the exercise can be tried here."""
        fetch_images(self.engine, images_needed(self.loaded), self.say)
        self._taken_names()
        if self._starter():
            for trial in self.answers_to_try():
                trial()
            self._every_check_has_its_mutant()

    def answers_to_try(self) -> list[Callable[[], None]]:
        """Return a trial for each answer but the starter. They hold in any order, and more than once."""
        trials: list[Callable[[], list[Finding]]] = [
            *(partial(self._solution, dirty=dirty) for dirty in ([True] if self.graded else [False, True])),
            *(partial(self._alternative, overlay) for overlay in self.loaded.alternatives),
            *(partial(self._mutant, overlay) for overlay in self.loaded.mutants),
        ]
        return [partial(self._settle, trial) for trial in trials]

    def _settle(self, trial: Callable[[], list[Finding]]) -> None:
        """Run a trial, and once more where its outcome is not as it should be: twice, it counts.

        An engine on a busy machine loses the last words of a container now and then. What a second try
        does not find is said, and is no finding. What is left behind always counts.
        """
        if found := trial():
            self.say(f"{self.loaded.id}: tried again. {found[0].message}")
            self.findings += trial()

    def _finding(self, message: str, fix: str) -> Finding:
        return Finding(self.loaded.id, message, fix)

    def _find(self, message: str, fix: str) -> None:
        self.findings.append(self._finding(message, fix))

    def _try(
        self,
        what: str,
        layers: list[Layer],
        *,
        checks: int = 1,
        seed: int | None = None,
        limit: float | None = None,
    ) -> list[Result]:
        """Try an answer, checking it ``checks`` times, and look for what is left behind."""
        self.say(f"{self.loaded.id}: {what}")
        before = inventory(self.engine)
        with attempted(
            self.course, self.engine, self.loaded, layers, self.answers, seed=seed, limit=limit
        ) as attempt:
            results = [attempt.check(self.runner) for _ in range(checks)]
        if self.shared:
            left = list(scene.taken(self.engine, self.loaded.exercise).objects)
        else:
            known = {one.id for one in before}
            left = [one for one in inventory(self.engine) if one.id not in known]
        for one in left:
            self._find(
                f"The {what} leaves the {one} behind.", f"Declare it in owns=, or remove it in the {what}."
            )
        return results

    def _taken_names(self) -> None:
        """Where somebody else's object bears a declared name, a start is refused and leaves it as it is."""
        exercise = self.loaded.exercise
        with locked(self.course.work(self.loaded.id)):
            refuse_taken(self.engine, exercise, again=f"try {self.loaded.id} again")
            for noun in ("container", "network", "volume", "image"):
                for name in getattr(exercise.owns, f"{noun}s"):
                    self._taken_name(noun, name)

    def _taken_name(self, noun: str, name: str) -> None:
        with namesake(self.engine, noun, name) as other, tempfile.TemporaryDirectory() as folder:
            try:
                start(self.course, self.engine, self.loaded.id, folder=Path(folder, "copy"))
            except Refused as refused:
                refused_for_it = name in refused.message
            else:
                refused_for_it = False
                scene.remove(self.engine, self.loaded.exercise)
            if not refused_for_it or other.changed():
                self._find(
                    f"A start does not leave the {noun} {name} alone that somebody else has made.",
                    "A scene touches only what it makes itself.",
                )

    def _starter(self) -> bool:
        (result,) = self._try("starter", [], seed=self._seed)
        if result.reason == UNSUPPORTED:
            self.skipped = next(check.message for check in result.checks if check.reason == UNSUPPORTED)
            return False
        if result.status is not Status.FAILED:
            self._find(
                f"The starter does not fail, it ends as {result.status.value}.{_detail(result)}",
                "A starter fails in a check, by a Failure. Look at its answer cells, files and scene.",
            )
        elif result.score:
            earning = ", ".join(check.id for check in result.checks if check.points)
            self._find(
                f"The starter's score is {result.score:g}, not 0: it earns points in {earning}.",
                "Let such a check need one that shows that the work was done, or give it no points.",
            )
        return True

    def _solution(self, *, dirty: bool) -> list[Finding]:
        what = "solution on a dirty engine" if dirty else "solution"
        with bystanders(self.engine, self.loaded.exercise) if dirty else nullcontext() as others:
            results = self._try(what, [solution_layer(self.loaded)], checks=2 if dirty else 1)
            for name in others.changed() if others else ():
                self._find(
                    f"The {what} changes the {name}, which it does not own.", "Touch declared names only."
                )
        ordinals = ("", ", checked a second time,")
        return [
            finding
            for result, ordinal in zip(results, ordinals, strict=False)
            for finding in self._must_pass(f"{what}{ordinal}", result)
        ]

    def _alternative(self, overlay: Overlay) -> list[Finding]:
        what = f"alternative {overlay.name}"
        layers = [solution_layer(self.loaded), overlay_layer(self.loaded, overlay)]
        (result,) = self._try(what, layers, seed=self._seed)
        return list(self._must_pass(what, result))

    def _must_pass(self, what: str, result: Result) -> Iterator[Finding]:
        if result.answer.status != "ok":
            yield self._finding(
                f"The {what} does not run to its end: {result.answer.error}", "Mend its cells."
            )
        if not result.passed:
            yield self._finding(
                f"The {what} ends as {result.status.value}.{_detail(result)}",
                "Mend the answer where it is wrong, else the check.",
            )

    def _mutant(self, mutant: Overlay) -> list[Finding]:
        what = f"mutant {mutant.name}"
        layers = [solution_layer(self.loaded), overlay_layer(self.loaded, mutant)]
        (result,) = self._try(what, layers, seed=self._seed, limit=self.loaded.exercise.timeout)
        named = next((check for check in result.checks if check.id == mutant.check), None)
        if named is None:
            return []  # the gate has said so already
        self._caught[mutant.name] = _bad(result)
        return list(self._must_be_caught(what, mutant, result, named))

    def _must_be_caught(
        self, what: str, mutant: Overlay, result: Result, named: CheckResult
    ) -> Iterator[Finding]:
        if result.status is Status.ERROR:
            yield self._finding(
                f"The {what} ends in an error.{_detail(result)}", "A check never fails by an exception."
            )
        elif named.status is not Status.FAILED:
            yield self._finding(
                f"{mutant.check} does not catch the {what}: it ends {named.status.value}.{_detail(result)}",
                "Make the check stricter, or name the check that must fail in expect.toml.",
            )
        elif mutant.phrase not in _said(named):
            yield self._finding(
                f"The {what} fails in {mutant.check} without the phrase {mutant.phrase!r}: {_said(named)}",
                "Make the message name the misconception, or name another phrase in expect.toml.",
            )

    def _every_check_has_its_mutant(self) -> None:
        for check in self.loaded.exercise.checks:
            for mutant in self.loaded.mutants:
                if mutant.check == check.id and not self._caught_alone(check.id):
                    self._mutant(mutant)  # once more: what it finds has been said
            if not self._caught_alone(check.id):
                self._find(
                    f"No mutant is caught by {check.id} alone: this check could be taken away unnoticed."
                    + "".join(self._caught_elsewhere_too(check.id)),
                    f"Add solutions/{self.loaded.id}/mutants/<name>/ that is wrong in this point only.",
                )

    def _caught_alone(self, check: str) -> bool:
        return any({one.id for one in bad} == {check} for bad in self._caught.values())

    def _caught_elsewhere_too(self, check: str) -> Iterator[str]:
        """Say what else is wrong with the mutants that ``check`` catches: perhaps it should not be."""
        for name, bad in self._caught.items():
            if check in {one.id for one in bad}:
                for other in (one for one in bad if one.id != check):
                    yield f" {name} also fails in {other.id}: {_said(other)}"


def images_needed(loaded: Loaded) -> list[str]:
    """Return the keys of the images that the exercise and its mutants need."""
    mutants = {image for mutant in loaded.mutants for image in mutant.images}
    return [*loaded.exercise.images, *sorted(mutants & catalogue().keys() - set(loaded.exercise.images))]


def _said(check: CheckResult) -> str:
    return f"Expected {check.expected}. Found {check.actual}. {check.message} {check.next}"


def _detail(result: Result) -> str:
    """Say what the first check that is not as it should be says."""
    bad = _bad(result)
    return f" {bad[0].id}: {_said(bad[0]) if bad[0].expected else bad[0].message}" if bad else ""


def _bad(result: Result) -> list[CheckResult]:
    return [check for check in result.checks if check.status not in {Status.PASSED, Status.BLOCKED}]
