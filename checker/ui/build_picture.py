"""``build_steps(built)``: a build's steps, cached or run, or those of two builds side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.errors import UsageError

from .picture import Picture
from .told import Text, table_text
from .widgets import css, esm

if TYPE_CHECKING:
    from .long_work import Built, Step

_MOST = 2


class BuildPicture(Picture):
    """The picture of the steps of one build or two.

    Parameters
    ----------
    builds
        What ``build_image`` has returned.
    """

    _esm = esm("picture.js", "build_picture.js")
    _css = css("picture.css", "build_picture.css")

    def __init__(self, *builds: Built) -> None:
        listed = " and ".join(built.image for built in builds)
        view = {"say": " ".join(map(sentence, builds)), "builds": [_shown(built) for built in builds]}
        super().__init__(view, text=f"The steps of the build of {listed}: cached or run.")

    def table(self) -> Text:
        """Return each step and its outcome, without the time that it took."""
        rows = [
            (build["image"], step["instruction"], step["outcome"])
            for build in self.view["builds"]
            for step in build["steps"]
        ]
        return table_text(("image", "step", "outcome"), rows)


def build_steps(*builds: Built) -> BuildPicture:
    """Return a picture of the steps of one build, or of two side by side.

    Parameters
    ----------
    builds
        What ``build_image`` has returned.

    Raises
    ------
    UsageError
        If no build is given, or more than two.

    Examples
    --------
    >>> build_steps(build_image("app", tag="c04-app:1"))  # doctest: +SKIP
    The steps of the build of c04-app:1: cached or run.
    """
    if not 1 <= len(builds) <= _MOST:
        raise UsageError(
            "One build or two can be shown.", next="Name what build_image has returned: build_steps(built)."
        )
    return BuildPicture(*builds)


def sentence(built: Built) -> str:
    """Return how much of a build ran, and from where on."""
    steps = _own(built)
    ran = [step for step in steps if step.outcome == "ran"]
    if not ran:
        return f"{built.image}: all {len(steps)} steps came from the cache."
    if len(ran) == len(steps):
        return f"{built.image}: all {len(steps)} steps ran."
    first = ran[0].instruction
    return f"{built.image}: {len(ran)} of {len(steps)} steps ran, the first of them `{first}`."


def _own(built: Built) -> list[Step]:
    """Return the steps without FROM: whether a base was there already says nothing about the cache."""
    return [step for step in built.steps if not step.instruction.upper().startswith("FROM ")]


def _shown(built: Built) -> dict[str, Any]:
    steps = [
        {
            "stage": step.stage,
            "instruction": step.instruction,
            "outcome": step.outcome,
            "seconds": step.seconds,
        }
        for step in _own(built)
    ]
    return {"image": built.image, "steps": steps}
