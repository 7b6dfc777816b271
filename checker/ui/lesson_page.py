"""What a lesson's cells show: predictions and what came of them, questions, begin and end.

Nothing here blocks the kernel while a person thinks, and Run All comes to its end: what was not predicted is
explained at once.
"""

from __future__ import annotations

import math
import threading
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import traitlets
from IPython.display import display

from checker.chapter import opening_questions, read_chapter
from checker.course import open_course
from checker.errors import CourseError

from .helper import helper
from .pages import Report, Text
from .texts import predict_text, quiz_text, reveal_text
from .widgets import LESSON_CSS, CourseWidget, esm

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from checker.chapter import Chapter, Prediction, Question
    from checker.course import Course


class Asking(CourseWidget):
    """A widget that a person answers. ``answer`` is the front end's to change; the rest is the kernel's."""

    _css = LESSON_CSS
    answer = traitlets.Dict().tag(sync=True)

    def __init__(self, root: Path, view: dict[str, Any], texts: tuple[str, str]) -> None:
        self._root = root
        super().__init__(view, text=texts[0], markdown=texts[1])

    def record(self, do: str, **what: Any) -> None:
        """Keep something in the learner's progress, in a thread of its own."""
        threading.Thread(target=self._record, args=(do, what), daemon=True, name=f"course-{do}").start()

    def _record(self, do: str, what: dict[str, Any]) -> None:
        try:
            helper(self._root).ask(do, **what)
        except CourseError as error:
            self.change(unkept=f"This is not kept: {error.message} {error.next}".rstrip())


class Predict(Asking):
    """Something to predict before the next cell shows it."""

    _esm = esm("lesson.js", "predict.js")

    def __init__(self, root: Path, prediction: Prediction, answer: dict[str, Any]) -> None:
        view = {name: getattr(prediction, name) for name in ("ask", "kind", "choices")}
        super().__init__(root, view, predict_text(prediction))
        self.answer = answer

    @property
    def predicted(self) -> str | None:
        """What was predicted; ``None`` before that."""
        value = self.answer.get("prediction")
        return None if value is None else str(value)

    def close_for(self, found: str) -> None:
        """Take no other prediction: the engine has answered."""
        self.change(found=found)


class Reveal(Asking):
    """What the engine says beside what was predicted; after a wrong prediction, first the three reasons."""

    _esm = esm("lesson.js", "reveal.js")

    def __init__(self, root: Path, prediction: Prediction, predicted: str | None, found: str) -> None:
        right = predicted is not None and same(prediction.kind, predicted, found)
        sentence = _sentence(predicted, found, right=right)
        view = {
            "sentence": sentence,
            "outcome": "" if predicted is None else "right" if right else "not right",
            "why": prediction.why,
            "reasons": [asdict(reason) for reason in prediction.reasons],
        }
        super().__init__(root, view, reveal_text(sentence, prediction.why))


class Quiz(Asking):
    """Questions, answered one by one; each option is explained."""

    _esm = esm("lesson.js", "quiz.js")

    def __init__(self, root: Path, heading: str, questions: Sequence[Question]) -> None:
        self._questions = {one.key: one for one in questions}
        view = {"heading": heading, "questions": [asdict(one) for one in questions]}
        super().__init__(root, view, quiz_text(heading, questions))

    @traitlets.observe("answer")
    def _answered(self, change: Any) -> None:
        for key, given in change["new"].items():
            before = (change["old"] or {}).get(key, {})
            if given.get("picked") not in (None, before.get("picked")):
                options = self._questions[key].options
                picked = [options[index].say for index in given["picked"]]
                self.record("answered", question=key, picked=picked, right=given["right"])


class Lesson:
    """A chapter's pieces, for the cells of its notebook.

    Parameters
    ----------
    course
        The course that the chapter belongs to.
    chapter
        Its pieces.
    """

    def __init__(self, course: Course, chapter: Chapter) -> None:
        self._course = course
        self._chapter = chapter
        self._predicts: dict[str, Predict] = {}

    def __repr__(self) -> str:
        return f"The lesson {self._chapter.id}."

    def begin(self) -> Text:
        """Get the images, remove what an earlier run left, and refuse where something else is in the way.

        Raises
        ------
        CourseError
            With the way out, so that Run All goes no further.
        """
        self._ask("begin", f"Preparing {self._chapter.id}")
        return _said(
            "Ready.", "The engine answers, the images are there, and nothing of an earlier run is left."
        )

    def end(self) -> Text:
        """Remove what the lesson declares.

        Raises
        ------
        CourseError
            If it cannot be removed, or the lesson was never begun on this engine.
        """
        self._ask("end", f"Cleaning up {self._chapter.id}")
        return _said("Cleaned up.", "Nothing of this chapter is left on your engine.")

    def predict(self, key: str) -> Predict:
        """Ask for a prediction. Shown again before the engine has answered, it holds what was predicted."""
        prediction = self._chapter.prediction(key)
        before = self._predicts.get(key)
        kept = before.answer if before and "found" not in before.view else {}
        self._predicts[key] = Predict(self._course.root, prediction, kept)
        return self._predicts[key]

    def reveal(self, key: str, found: object) -> Reveal:
        """Show what the engine says beside what was predicted, and explain it."""
        prediction = self._chapter.prediction(key)
        asked = self._predicts.get(key)
        predicted = asked.predicted if asked else None
        shown = Reveal(self._course.root, prediction, predicted, str(found).strip())
        if asked:
            asked.close_for(str(found).strip())
        outcome = shown.view["outcome"] or ("skipped" if asked and asked.answer.get("skipped") else "none")
        shown.record(
            "predicted",
            chapter=self._chapter.id,
            prediction=key,
            predicted=predicted,
            found=str(found).strip(),
            outcome=outcome,
        )
        return shown

    def opening(self) -> Quiz:
        """Ask the questions from earlier chapters that this one opens with."""
        questions = opening_questions(self._course, self._chapter)
        return Quiz(self._course.root, "From earlier chapters", questions)

    def quiz(self, *keys: str) -> Quiz:
        """Ask this chapter's questions, all by default."""
        questions = [self._chapter.question(key) for key in keys or self._chapter.quiz]
        return Quiz(self._course.root, "Questions", questions)

    def _ask(self, do: str, say: str) -> None:
        """Do something on the engine, and show meanwhile what is done."""
        notes = Report({"say": f"{say} …"}, text=f"{say}.")
        display(notes)  # type: ignore[no-untyped-call]
        try:
            helper(self._course.root).ask(
                do, lambda event: notes.change(say=event["line"]), chapter=self._chapter.id
            )
        finally:
            notes.change(say="")


def lesson(chapter: str) -> Lesson:
    """Return the pieces of a chapter: what its notebook asks, begins and ends.

    Raises
    ------
    UsageError
        If there is no such chapter.
    CourseFault
        If its file is wrong.
    """
    course = open_course()
    return Lesson(course, read_chapter(course, chapter))


def same(kind: str, predicted: str, found: str) -> bool:
    """Say whether a prediction is what was found: numbers as numbers, texts without regard to case."""
    if kind == "number":
        with suppress(ValueError):
            return math.isclose(float(predicted), float(found))
    return " ".join(predicted.split()).casefold() == " ".join(found.split()).casefold()


def _sentence(predicted: str | None, found: str, *, right: bool) -> str:
    if predicted is None:
        return f"Not predicted. The engine says: {found}."
    if right:
        return f"You predicted {predicted}, and the engine says {found}."
    return f"You predicted {predicted}. The engine says {found}."


def _said(word: str, rest: str) -> Text:
    return Text(f"**{word}** {rest}", f"{word} {rest}")
