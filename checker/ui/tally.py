"""What a learner predicted in a chapter, and what came of it."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

from checker.chapter import ABOUT_RIGHT, NO_CHOICE_FITS, NOT_PREDICTED, NOT_RIGHT, RIGHT, SKIPPED
from checker.errors import CourseError

from .helper import helper
from .told import table_text
from .widgets import CourseWidget, css, esm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.chapter import Chapter, Prediction
    from checker.course import Course

    from .told import Text

_TEXT = """\
Your predictions in this chapter, beside what the engine said.
A wrong prediction is worth more than a right one: it shows where an idea has to change."""
_HEAD = ("question", "you said", "the engine said", "outcome", "reason")
_MADE = (RIGHT, ABOUT_RIGHT, NOT_RIGHT)
_WORDS = {NOT_PREDICTED: "not predicted"}


class Tally(CourseWidget):
    """How many predictions were made, right and wrong, and all of them in a table.

    It reads the learner's progress, so it also knows what was predicted before a restart.
    """

    _esm = esm("picture.js", "lesson.js", "tally.js")
    _css = css("picture.css", "lesson.css")

    def __init__(self, course: Course, chapter: Chapter) -> None:
        self._course = course
        self._chapter = chapter
        self._reading = threading.Lock()
        nothing: dict[str, Any] = {"worth": "", "counts": [], "rows": [], "trouble": None}
        super().__init__({"say": "Looking up your predictions …", **nothing}, text=_TEXT)
        self.refresh()

    def refresh(self) -> None:
        """Read again what was predicted, in a thread of its own."""
        threading.Thread(target=self._refresh, daemon=True, name="course-tally").start()

    def table(self) -> Text:
        """Return the predictions as a table.

        Raises
        ------
        CourseError
            If the learner's progress cannot be read.
        """
        return table_text(_HEAD, [[row[name] for name in _HEAD] for row in self._read()])

    def _refresh(self) -> None:
        with self._reading:  # what was read last is shown last
            try:
                rows = self._read()
            except CourseError as error:
                trouble = {"message": error.message, "next": error.next}
                self.change(say="Your predictions cannot be shown.", trouble=trouble)
            else:
                self.change(
                    **summary([(row["outcome"], row["reason"]) for row in rows]), rows=rows, trouble=None
                )

    def _read(self) -> list[dict[str, str]]:
        known = helper(self._course.root).ask("predictions", chapter=self._chapter.id)
        return [_row(one, known.get(key)) for key, one in self._chapter.predict.items()]


def _row(prediction: Prediction, known: dict[str, Any] | None) -> dict[str, str]:
    if known is None:
        return dict(zip(_HEAD, (prediction.ask, "-", "-", _WORDS[NOT_PREDICTED], "-"), strict=True))
    said, found, outcome = known["predicted"], known["found"], known["outcome"]
    reason = "-"
    if outcome == NOT_RIGHT:
        reason = "found" if known["reason_right"] else "not found" if known["reason"] else "not picked"
    cells = (
        prediction.ask,
        "-" if said is None else prediction.with_unit(said),
        prediction.with_unit(found),
        _WORDS.get(outcome, outcome),
        reason,
    )
    return dict(zip(_HEAD, cells, strict=True))


def summary(rows: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return what a tally says of outcomes and reasons: ``say``, ``worth`` and ``counts``.

    Examples
    --------
    >>> summary([("right", "-"), ("not right", "found")])["say"]
    'You made 2 of 2 predictions. 1 was right.'
    """
    counts = Counter(outcome for outcome, _ in rows)
    made = sum(counts[word] for word in _MADE)
    right = counts[RIGHT] + counts[ABOUT_RIGHT]
    understood = sum(row == (NOT_RIGHT, "found") for row in rows)
    words = (*_MADE, NO_CHOICE_FITS, SKIPPED, _WORDS[NOT_PREDICTED])
    return {
        "say": f"You made {made} of {len(rows)} predictions. {_number(right, 'was', 'were')} right."
        if made
        else "You have made no prediction in this chapter yet.",
        "worth": _worth(made, counts[NOT_RIGHT], understood),
        "counts": [[word, counts[word]] for word in words if counts[word]],
    }


def _worth(made: int, wrong: int, understood: int) -> str:
    if not made:
        return "Predict before you run the cell that answers. A wrong prediction teaches most."
    if not wrong:
        return "You expected what the engine does."
    one = wrong == 1
    lead = f"{_number(wrong, 'was', 'were')} not right"
    if understood:
        which = "it" if one else "each of them" if understood == wrong else f"{understood} of them"
        lead += f", and you found the reason for {which}."
    else:
        lead += f". {'Its reason is' if one else 'Their reasons are'} worth another look."
    return f"{lead} A wrong prediction is worth more than a right one: it shows where an idea has to change."


def _number(count: int, one: str, many: str) -> str:
    return f"{count or 'None'} {one if count == 1 else many}"
