"""The widgets that a person answers: a prediction, what came of it, and questions."""

from __future__ import annotations

import math
import threading
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import traitlets

from checker.errors import CourseError

from .helper import helper
from .texts import predict_text, quiz_text, reveal_text
from .widgets import CourseWidget, css, esm

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from checker.chapter import Prediction, Question


class Asking(CourseWidget):
    """A widget that a person answers. ``answer`` is the front end's to change; the rest is the kernel's."""

    _css = css("lesson.css")
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
