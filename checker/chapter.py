"""What a lesson asks and owns: ``notebooks/<chapter>.toml``, beside the notebook, so that no cell tells it.

.. code-block:: toml

    images = ["busybox"]                    # keys of the catalogue
    opening = ["00-start-here/new-container"]   # questions of earlier chapters, for who has answered none yet
    [owns]                                  # names and ports, as an exercise declares them
    containers = ["c02-notes"]

    [predict.stop-start]                    # predict("stop-start") asks, reveal("stop-start", …) tells
    ask = "Is the file still there?"
    choices = ["yes", "no"]                 # what reveal() is given must be one of them
    why = "Stopping ends the process."
    reasons = [{say = "…", reply = "…"}, {say = "…", right = true, reply = "…"}, {say = "…", reply = "…"}]

    [predict.how-long]
    kind = "number"                         # decimal point or comma
    unit = "seconds"                        # stands behind each number that is shown
    within = 0.5                            # or factor = 2: so far away still counts, as "about right"

    [predict.state]
    kind = "text"                           # a word or two; case and spaces do not matter
    accept = ["exited", "stopped"]          # spellings of one answer, the engine's own among them

    [quiz.run-after-stop]
    ask = "What starts it again?"
    kind = "one"                            # or "many", or "order": options stand in the right order
    options = [{say = "…", right = true, why = "…"}, {say = "…", why = "…"}]

The ``[quiz.*]`` tables of all chapters together are the bank from which :mod:`checker.review` draws what a
later chapter opens with. A question's name in the bank is ``<chapter>/<key>``. A learner's answers are kept
under it: a key stays as it is, and a question that asks something else gets a new one. A question of the bank
stands alone, months later: it names what it speaks of, and nothing such as "the container above".
"""

from __future__ import annotations

import difflib
import math
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import CourseFault, UsageError
from .exercise import Owns
from .tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from .course import Course

_REASONS = 3
_NOUNS = ("containers", "images", "networks", "volumes")
_TOUCHING = 1 + 1e-9  # 10.3 is within 0.5 of 9.8, although binary fractions differ by a little more

#: What becomes of a prediction.
RIGHT, ABOUT_RIGHT, NOT_RIGHT, NO_CHOICE_FITS = "right", "about right", "not right", "no choice fits"
SKIPPED, NOT_PREDICTED = "skipped", "none"


@dataclass(frozen=True)
class Reason:
    """A sentence about what the engine did, and what is said to whoever picks it."""

    say: str
    reply: str
    right: bool


@dataclass(frozen=True)
class Prediction:
    """Something to predict. ``kind`` is ``choice``, ``number`` or ``text``."""

    key: str
    ask: str
    kind: str
    choices: tuple[str, ...]
    why: str
    reasons: tuple[Reason, ...]
    unit: str = ""
    within: float | None = None
    factor: float | None = None
    accept: tuple[str, ...] = ()

    @property
    def tolerance(self) -> str:
        """How far away a number still counts, in words; empty where only the number itself does."""
        if self.within is not None:
            return f"within {self.with_unit(f'{self.within:g}')}"
        return "" if self.factor is None else f"within a factor of {self.factor:g}"

    def expects(self, found: str) -> bool:
        """Say whether somebody could have predicted what the engine says."""
        return self.kind != "choice" or _plain(found) in map(_plain, self.choices)

    def with_unit(self, value: str) -> str:
        """Return a value as it is shown: 3 seconds, 1 second."""
        unit = self.unit[:-1] if value == "1" and self.unit.endswith("s") else self.unit
        return f"{value} {unit}".rstrip()

    def judge(self, said: str, found: str) -> str:
        """Return what a prediction is beside what the engine says: a word such as ``about right``.

        Examples
        --------
        >>> slow = Prediction("slow", "…", "number", (), "…", (), unit="seconds", within=0.5)
        >>> slow.judge("10", "10.3"), slow.judge("9,5", "10.3")
        ('about right', 'not right')
        """
        if not self.expects(found):
            return NO_CHOICE_FITS
        if self.kind == "number" and (numbers := _numbers(said, found)):
            if math.isclose(*numbers):
                return RIGHT
            return ABOUT_RIGHT if self._near(*numbers) else NOT_RIGHT
        both, spellings = {_plain(said), _plain(found)}, set(map(_plain, self.accept))
        return RIGHT if len(both) == 1 or both <= spellings else NOT_RIGHT

    def _near(self, one: float, other: float) -> bool:
        if self.within is not None:
            return abs(one - other) <= self.within * _TOUCHING
        small, large = sorted((one, other))
        return self.factor is not None and 0 < small <= large <= small * self.factor * _TOUCHING


@dataclass(frozen=True)
class Option:
    """An option of a question, and why it is right or not."""

    say: str
    why: str
    right: bool


@dataclass(frozen=True)
class Question:
    """A question of a quiz. ``kind`` is ``one``, ``many`` or ``order``; ``key`` is ``<chapter>/<key>``."""

    key: str
    ask: str
    kind: str
    options: tuple[Option, ...]

    @property
    def chapter(self) -> str:
        """The chapter that it belongs to."""
        return self.key.partition("/")[0]


@dataclass(frozen=True)
class Chapter:
    """A lesson's pieces, read and checked."""

    id: str
    path: Path
    images: tuple[str, ...]
    opening: tuple[str, ...]
    owns: Owns
    predict: Mapping[str, Prediction]
    quiz: Mapping[str, Question]

    def prediction(self, key: str) -> Prediction:
        """Return one prediction.

        Raises
        ------
        UsageError
            If there is none of that key.
        """
        if key not in self.predict:
            raise _unknown("prediction", key, self.predict, self.path)
        return self.predict[key]

    def question(self, key: str) -> Question:
        """Return one question.

        Raises
        ------
        UsageError
            If there is none of that key.
        """
        if key not in self.quiz:
            raise _unknown("question", key, self.quiz, self.path)
        return self.quiz[key]


def chapter_file(course: Course, chapter: str) -> Path:
    """Return where a chapter's pieces are written."""
    return course.root / "notebooks" / f"{chapter}.toml"


def chapter_ids(course: Course) -> list[str]:
    """Return the chapters that have pieces."""
    return sorted(path.stem for path in (course.root / "notebooks").glob("*.toml"))


def read_chapter(course: Course, chapter: str) -> Chapter:
    """Read one chapter's pieces.

    Raises
    ------
    UsageError
        If there is no such chapter.
    CourseFault
        If something in the file is missing, unknown or contradictory; file and key are named.
    """
    path = chapter_file(course, chapter)
    if not path.is_file():
        raise _unknown("lesson", chapter, chapter_ids(course), path.parent)
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except ValueError as error:  # also where it is no UTF-8
        raise CourseFault(f"{path}: {error}.", next="Mend that line.") from error
    table = Table(path, "", data)
    owns = table.table("owns")
    found = Chapter(
        id=chapter,
        path=path,
        images=table.texts("images"),
        opening=table.texts("opening"),
        owns=Owns(**{noun: owns.texts(noun) for noun in _NOUNS}, ports=owns.numbers("ports")),
        predict={one.name: _prediction(one) for one in table.tables("predict")},
        quiz={one.name: _question(one, chapter) for one in table.tables("quiz")},
    )
    owns.end()
    table.end()
    return found


def opening_questions(course: Course, chapter: Chapter) -> list[Question]:
    """Return the questions of earlier chapters that a lesson opens with, where nobody has answered any yet.

    Raises
    ------
    CourseFault
        If one of them does not exist.
    """
    try:
        return find_questions(course, chapter.opening)
    except UsageError as error:
        raise CourseFault(f"{chapter.path}: opening: {error.message}", next=error.next) from error


def find_questions(course: Course, keys: Iterable[str]) -> list[Question]:
    """Return questions of the bank, each named ``<chapter>/<key>``.

    Raises
    ------
    UsageError
        If one of them does not exist.
    """
    named = [key.partition("/") for key in keys]
    chapters = {name: read_chapter(course, name) for name, _, _ in named}
    return [chapters[name].question(key) for name, _, key in named]


def _unknown(noun: str, key: str, known: Iterable[str], place: Path) -> UsageError:
    near = difflib.get_close_matches(key, list(known), 1, 0.3)
    return UsageError(
        f"There is no {noun} {key!r} in {place.name}.",
        next=f"Did you mean {near[0]!r}?" if near else f"{place} holds what there is.",
    )


def _prediction(table: Table) -> Prediction:
    choices = table.texts("choices")
    kind = table.word("kind", ("choice", "number", "text"), "choice")
    if bool(choices) != (kind == "choice"):
        raise table.fault("choices", "does not fit its kind", "Give choices, or a kind without choices")
    if choices and len(set(choices)) < max(2, len(choices)):
        raise table.fault("choices", "are fewer than two, or one stands there twice", "Write each once")
    made = Prediction(
        table.name,
        table.text("ask"),
        kind,
        choices,
        table.text("why"),
        _reasons(table),
        unit=table.text("unit", optional=True),
        within=table.number("within", above=0),
        factor=table.number("factor", above=1),
        accept=table.texts("accept"),
    )
    table.end()
    _refuse_what_does_not_fit(table, made)
    return made


def _reasons(table: Table) -> tuple[Reason, ...]:
    reasons = tuple(
        Reason(row.text("say"), row.text("reply"), row.flag("right")) for row in table.rows("reasons")
    )
    if len(reasons) != _REASONS or sum(one.right for one in reasons) != 1:
        raise table.fault("reasons", "are not three with one right among them", "Write three, one right")
    return reasons


def _refuse_what_does_not_fit(table: Table, made: Prediction) -> None:
    for key in ("unit", "within", "factor"):
        if getattr(made, key) and made.kind != "number":
            raise table.fault(key, "is for numbers only", 'Write kind = "number", or leave it out')
    if made.within and made.factor:
        raise table.fault("within", "stands beside factor", "Keep one of them")
    if made.accept and made.kind != "text":
        raise table.fault("accept", "is for texts only", 'Write kind = "text", or leave it out')
    if len(set(map(_plain, made.accept))) == 1:
        raise table.fault("accept", "holds one spelling only", "List all, the engine's own among them")


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _numbers(*texts: str) -> tuple[float, ...]:
    """Return the numbers, written with a decimal point or comma; none where one of them is no number."""
    try:
        return tuple(float(text.replace(",", ".")) for text in texts)
    except ValueError:
        return ()


def _question(table: Table, chapter: str) -> Question:
    kind = table.word("kind", ("one", "many", "order"), "one")
    options = tuple(
        Option(row.text("say"), row.text("why"), row.flag("right")) for row in table.rows("options")
    )
    if len({one.say for one in options}) < max(2, len(options)):
        raise table.fault("options", "are fewer than two, or one stands there twice", "Write each once")
    right = sum(one.right for one in options)
    if kind == "one" and right != 1:
        raise table.fault("options", f"hold {right} right ones", "Mark one with right = true")
    if kind == "many" and not right:
        raise table.fault("options", "hold no right one", "Mark at least one with right = true")
    if kind == "order" and right:
        raise table.fault("options", "are marked", "List them in the right order, without right")
    made = Question(f"{chapter}/{table.name}", table.text("ask"), kind, options)
    table.end()
    return made
