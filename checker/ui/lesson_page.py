"""What a lesson's cells show: predictions and what came of them, questions, begin and end.

Nothing here blocks the kernel while a person thinks, and Run All comes to its end: what was not predicted is
explained at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.chapter import opening_questions, read_chapter
from checker.course import open_course

from .asking import Opening, Predict, Quiz, Reveal
from .doing import shown_doing
from .shell_lines import through_pipes
from .tally import Tally
from .texts import value_text
from .told import Text

if TYPE_CHECKING:
    from checker.chapter import Chapter
    from checker.course import Course


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
        self._reveals: dict[str, Reveal] = {}
        self._opening: Opening | None = None
        self._tally: Tally | None = None

    def __repr__(self) -> str:
        return f"The lesson {self._chapter.id}."

    def begin(self) -> Text:
        """Get the images, remove what an earlier run left, and refuse where something else is in the way.

        Raises
        ------
        CourseError
            With the way out, so that Run All goes no further.
        """
        name = self._chapter.id
        shown_doing(self._course.root, "begin", f"Preparing {name}", chapter=name)
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
        name = self._chapter.id
        shown_doing(self._course.root, "end", f"Cleaning up {name}", chapter=name)
        return _said("Cleaned up.", "Nothing of this chapter is left on your engine.")

    def predict(self, key: str) -> Predict:
        """Ask for a prediction. Shown again before the engine has answered, it holds what was predicted."""
        prediction = self._chapter.prediction(key)
        before = self._predicts.get(key)
        kept = before.answer if before and "found" not in before.view else {}
        self._predicts[key] = Predict(self._course, prediction, kept, seen=key in self._reveals)
        return self._predicts[key]

    def reveal(self, key: str, found: object) -> Reveal:
        """Show what the engine says beside what was predicted, and explain it."""
        prediction, said = self._chapter.prediction(key), value_text(found)
        asked, before = self._predicts.get(key), self._reveals.get(key)
        shown = Reveal(self._course, prediction, asked, said)
        shown.keep(self._chapter.id, key, before, self._retell)
        if asked:
            asked.close_for(said)
        self._reveals[key] = shown
        return shown

    def predictions(self) -> Tally:
        """Show what was predicted in this chapter, and what came of it."""
        self._tally = Tally(self._course, self._chapter)
        return self._tally

    def opening(self) -> Opening:
        """Ask questions from earlier chapters: those first that this learner has not answered right."""
        default = opening_questions(self._course, self._chapter)
        self._opening = Opening(self._course, self._chapter.id, default, self._opening)
        return self._opening

    def quiz(self, *keys: str) -> Quiz:
        """Ask this chapter's questions, all by default."""
        questions = [self._chapter.question(key) for key in keys or self._chapter.quiz]
        return Quiz(self._course, "Questions", questions)

    def _retell(self) -> None:
        if self._tally:
            self._tally.refresh()


def lesson(chapter: str) -> Lesson:
    """Return the pieces of a chapter: what its notebook asks, begins and ends.

    Its lines that begin with ``!`` then run as :mod:`checker.ui.shell_lines` says.

    Raises
    ------
    UsageError
        If there is no such chapter.
    CourseFault
        If its file is wrong.
    """
    course = open_course()
    through_pipes()
    return Lesson(course, read_chapter(course, chapter))


def _said(word: str, rest: str) -> Text:
    return Text(f"**{word}** {rest}", f"{word} {rest}")
