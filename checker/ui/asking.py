"""The widgets that a person answers: a prediction, what came of it, and questions."""

from __future__ import annotations

import threading
import uuid
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from checker.chapter import NOT_PREDICTED, NOT_RIGHT, SKIPPED, chapter_ids, find_questions
from checker.errors import CourseError

from .helper import helper
from .texts import predict_text, quiz_text, reveal_sentence, reveal_text, tolerated
from .widgets import CourseWidget, css, esm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from checker.chapter import Prediction, Question
    from checker.course import Course

_OTHERWISE = """\
What follows explains the answer that this chapter expects. Run the cells of this step again. \
If the engine says the same once more, tell the course's authors."""


class Asking(CourseWidget):
    """A widget that a person answers. ``answer`` is the front end's to change; the rest is the kernel's."""

    _css = css("lesson.css")
    answer = traitlets.Dict().tag(sync=True)
    _keeping: ClassVar[threading.Thread | None] = None  # what keeps, or kept, the record before

    def __init__(self, course: Course, view: dict[str, Any], texts: tuple[str, str]) -> None:
        self._course = course
        super().__init__(view, text=texts[0], markdown=texts[1])

    def record(self, do: str, then: Callable[[], None] | None = None, **what: Any) -> None:
        """Keep something in the learner's progress, in a thread of its own; call ``then`` once it is kept.

        What is recorded first is kept first: of two predictions the first one counts.
        """
        before = Asking._keeping

        def keep() -> None:
            if before:
                before.join()
            try:
                helper(self._course.root).ask(do, **what)
            except CourseError as error:
                self.change(unkept=f"This is not kept: {error.message} {error.next}".rstrip())
            else:
                if then:
                    then()

        Asking._keeping = threading.Thread(target=keep, daemon=True, name=f"course-{do}")
        Asking._keeping.start()


class Predict(Asking):
    """Something to predict before the next cell shows it. ``seen``: the engine has answered it before."""

    _esm = esm("lesson.js", "predict.js")

    def __init__(self, course: Course, prediction: Prediction, answer: dict[str, Any], *, seen: bool) -> None:
        view = {name: getattr(prediction, name) for name in ("ask", "kind", "choices", "unit")}
        view |= {"tolerated": tolerated(prediction), "seen": seen}
        super().__init__(course, view, predict_text(prediction))
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
    """What the engine says beside what was predicted; after a wrong prediction, first the three reasons.

    Parameters
    ----------
    course
        The course.
    prediction
        What was asked.
    asked
        Where it was predicted, if its cell has run.
    found
        What the engine says.
    """

    _esm = esm("lesson.js", "reveal.js")

    def __init__(self, course: Course, prediction: Prediction, asked: Predict | None, found: str) -> None:
        self.asked, self.found = asked, found
        self.run = uuid.uuid4().hex
        self.recorded = 0
        self._reasons = prediction.reasons
        self._kept: Callable[[], None] | None = None
        self.predicted = asked.predicted if asked else None
        unsaid = SKIPPED if asked and asked.answer.get("skipped") else NOT_PREDICTED
        self.outcome = unsaid if self.predicted is None else prediction.judge(self.predicted, found)
        sentence = reveal_sentence(prediction, self.predicted, found, self.outcome)
        why = prediction.why if prediction.expects(found) else f"{_OTHERWISE}\n\n{prediction.why}"
        view = {
            "sentence": sentence,
            "outcome": "" if self.predicted is None else self.outcome,
            "asks": self.outcome == NOT_RIGHT,
            "why": why,
            "reasons": [asdict(reason) for reason in prediction.reasons],
        }
        super().__init__(course, view, reveal_text(prediction, sentence, why))

    def keep(self, chapter: str, prediction: str, before: Reveal | None, kept: Callable[[], None]) -> None:
        """Keep it in the learner's progress, now and when a reason is picked; ``kept`` is called after each.

        Where ``before`` showed the same, its cell has run once more: that is kept already, and what was
        picked there stays.
        """
        self._kept = kept
        if before and (before.asked, before.found) == (self.asked, self.found):
            self.run, self.recorded = before.run, before.recorded
            self.answer = before.answer
            return
        self.record(
            "predicted",
            kept,
            chapter=chapter,
            prediction=prediction,
            predicted=self.predicted,
            found=self.found,
            outcome=self.outcome,
            run=self.run,
        )

    @traitlets.observe("answer")
    def _reasoned(self, change: Any) -> None:
        tried = change["new"].get("tried", [])
        for reason in [self._reasons[index] for index in tried[self.recorded :]]:
            self.record("reasoned", self._kept, run=self.run, reason=reason.say, right=reason.right)
        self.recorded = len(tried)


class Quiz(Asking):
    """Questions, answered one by one; each option is explained."""

    _esm = esm("lesson.js", "quiz.js")

    def __init__(self, course: Course, heading: str, questions: Sequence[Question]) -> None:
        self._questions: dict[str, Question] = {}
        view = {"heading": heading, "questions": [], "before": {}}
        super().__init__(course, view, quiz_text(heading, questions))
        self._begin(questions)

    def _begin(self, questions: Sequence[Question]) -> None:
        self.show(questions)
        threading.Thread(target=self._look_up, daemon=True, name="course-quiz").start()

    def show(self, questions: Sequence[Question], **fields: Any) -> None:
        """Ask these questions."""
        self._questions = {one.key: one for one in questions}
        self.change(questions=[asdict(one) for one in questions], **fields)

    def _look_up(self) -> None:
        """Say beside each question how it was answered before; the questions do not wait for it."""
        with suppress(CourseError):
            self.change(before=helper(self._course.root).ask("answers", questions=list(self._questions)))

    @traitlets.observe("answer")
    def _answered(self, change: Any) -> None:
        for key, question in self._questions.items():
            given, before = change["new"].get(key, {}), change["old"].get(key, {})
            if given.get("picked") not in (None, before.get("picked")):
                picked = [question.options[index].say for index in given["picked"]]
                self.record("answered", question=key, picked=picked, right=given["right"])


class Opening(Quiz):
    """Questions of earlier chapters, drawn by the learner's answers; the text form holds the default ones.

    Parameters
    ----------
    course
        The course.
    chapter
        The chapter that opens with them.
    default
        What it opens with where nothing was answered.
    before
        Where its cell has run before, what was shown: its questions stay.
    """

    def __init__(
        self, course: Course, chapter: str, default: Sequence[Question], before: Opening | None
    ) -> None:
        self._chapter = chapter
        self._stay = [one["key"] for one in before.view["questions"]] if before else []
        super().__init__(course, "From earlier chapters", default)

    def _begin(self, questions: Sequence[Question]) -> None:
        threading.Thread(target=self._draw, args=(questions,), daemon=True, name="course-review").start()

    def _draw(self, default: Sequence[Question]) -> None:
        origins = {chapter: _named(chapter) for chapter in chapter_ids(self._course)}
        try:
            ask = helper(self._course.root).ask
            keys = self._stay or ask("review", chapter=self._chapter)
            questions, before = find_questions(self._course, keys), ask("answers", questions=keys)
        except CourseError:  # the default needs nobody's answers
            questions, before = list(default), {}
        self.show(questions, before=before, origins=origins)


def _named(chapter: str) -> str:
    """Return how a chapter is called in a sentence: ``02-running-containers`` is 02, running containers."""
    number, _, words = chapter.partition("-")
    return f"{number}, {words.replace('-', ' ')}"
