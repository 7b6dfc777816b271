"""What a chapter opens with: three questions of earlier chapters, drawn by what the learner has answered.

Nothing here is left to chance: the same answers lead to the same questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

COUNT = 3
_FROM_LAST = 2  # of three, where older chapters have one


@dataclass(frozen=True)
class Past:
    """How a question stands: the first answer of the last day on which it was answered.

    Whoever answers again on the same day has read the explanation a moment ago. That answer shows little.
    """

    day: date
    right: bool


def draw(bank: Sequence[str], past: Mapping[str, Past], default: Sequence[str]) -> list[str]:
    """Return what to ask: two questions of the last chapter and an older one, where there are so many.

    Of each, first what was not right, then what was never answered, then what was right. Of two that stand
    alike, the one answered longer ago comes first.

    Parameters
    ----------
    bank
        Questions of earlier chapters, ``<chapter>/<key>``, in the order of the course.
    past
        How those stand that the learner has answered.
    default
        What the author opens with: asked of whoever has answered none of the bank, and first of those that
        were never answered.

    Examples
    --------
    >>> draw(["00-a/x", "00-a/y", "01-b/x", "01-b/y"], {"01-b/y": Past(date(2026, 1, 1), False)}, [])
    ['01-b/y', '01-b/x', '00-a/x']
    """
    if not past.keys() & set(bank):
        return list(default)
    known = [key for key in dict.fromkeys([*default, *bank]) if key in bank]
    ranked = sorted(known, key=lambda key: _rank(past.get(key)))
    last = [key for key in ranked if _chapter(key) == _chapter(bank[-1])]
    older = [key for key in ranked if key not in last]
    first = last[: max(_FROM_LAST, COUNT - len(older))]
    return [*first, *older[: COUNT - len(first)]]


def told(past: Past, today: date) -> str:
    """Return in a sentence how a question was answered before; no number of days, and no answer."""
    when = "earlier today" if past.day >= today else "on an earlier day"
    return f"Answered right {when}." if past.right else f"Not right at first, {when}."


def earlier(chapters: Iterable[str], chapter: str) -> list[str]:
    """Return the chapters before ``chapter``, in the order of the course."""
    return sorted(one for one in chapters if one < chapter)


def _rank(past: Past | None) -> tuple[int, int]:
    if past is None:
        return 1, 0
    return (2 if past.right else 0), past.day.toordinal()


def _chapter(key: str) -> str:
    return key.partition("/")[0]
