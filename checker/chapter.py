"""What a lesson asks and owns: ``notebooks/<chapter>.toml``, beside the notebook, so that no cell tells it.

.. code-block:: toml

    images = ["busybox"]                    # keys of the catalogue
    opening = ["00-start-here/new-container"]   # questions of earlier chapters
    [owns]                                  # names and ports, as an exercise declares them
    containers = ["c02-notes"]
    [predict.stop-start]
    ask = "Is the file still there?"
    choices = ["yes", "no"]                 # or kind = "number", or kind = "text"
    why = "Stopping ends the process."
    reasons = [{say = "…", reply = "…"}, {say = "…", right = true, reply = "…"}, {say = "…", reply = "…"}]
    [quiz.run-after-stop]
    ask = "What starts it again?"
    kind = "one"                            # or "many", or "order": options stand in the right order
    options = [{say = "…", right = true, why = "…"}, {say = "…", why = "…"}]
"""

from __future__ import annotations

import difflib
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
    """Return the questions of earlier chapters that a lesson opens with.

    Raises
    ------
    CourseFault
        If one of them does not exist.
    """
    found = []
    for key in chapter.opening:
        earlier, _, name = key.partition("/")
        try:
            found.append(read_chapter(course, earlier).question(name))
        except UsageError as error:
            raise CourseFault(f"{chapter.path}: opening: {error.message}", next=error.next) from error
    return found


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
    reasons = tuple(
        Reason(row.text("say"), row.text("reply"), row.flag("right")) for row in table.rows("reasons")
    )
    if len(reasons) != _REASONS or sum(one.right for one in reasons) != 1:
        raise table.fault("reasons", "are not three with one right among them", "Write three, one right")
    made = Prediction(table.name, table.text("ask"), kind, choices, table.text("why"), reasons)
    table.end()
    return made


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
