"""What all pictures of the engine share: a sentence, trouble with a next step, and an end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from checker.errors import CourseError, Refused

from .widgets import CourseWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from .told import Text


class Watches(Protocol):
    """Follows the engine from ``start`` until ``close``."""

    def start(self) -> None:
        """Begin to tell what happens."""

    def close(self) -> None:
        """Stop, and let go of the engine."""


P = TypeVar("P", bound="Picture")
W = TypeVar("W", bound=Watches)


class Picture(CourseWidget):
    """A picture drawn from the engine.

    Its view holds ``say``, the sentence that sums it up; ``trouble``, None or a message with its next step;
    ``live``, true while it follows the engine; and what its own module draws.
    """

    def __init__(self, view: dict[str, Any], *, text: str) -> None:
        super().__init__({"say": "", "trouble": None, "live": False, **view}, text=text)

    def table(self) -> Text:
        """Return what the picture shows as a table."""
        raise NotImplementedError

    def end(self, why: str) -> None:
        """Stop following the engine, and say why."""
        self._stop()
        self.change(live=False, say=why)

    def close(self) -> None:
        """Stop following the engine, and take the picture away."""
        self._stop()
        super().close()

    def lose(self, say: str, error: CourseError) -> None:
        """Say that it follows the engine no longer, and what to do."""
        self.change(say=say, live=False, trouble={"message": error.message, "next": error.next})

    def _stop(self) -> None:
        """Stop what was started; a picture that follows nothing has nothing to stop."""


class LivePicture(Picture, Generic[W]):
    """A picture that follows the engine by a watch."""

    _watch: W | None = None

    @property
    def watch(self) -> W:
        """What follows the engine.

        Raises
        ------
        Refused
            If the picture could not be drawn at all.
        """
        if self._watch is None:
            raise Refused("This picture never reached the engine.", next="Run its cell again.")
        return self._watch

    def _begin(self, make: Callable[[], W]) -> None:
        """Follow the engine, or say why that cannot be."""
        try:
            self._watch = make()
        except CourseError as error:
            self._lost(error)
        else:
            self._watch.start()

    def _lost(self, error: CourseError) -> None:
        """Say that the engine tells nothing any more."""
        raise NotImplementedError

    def _stop(self) -> None:
        if self._watch:
            self._watch.close()


_shown: dict[Hashable, Picture] = {}
_showing = threading.Lock()


def one_at_a_time(subject: Hashable, make: Callable[[], P], why: str) -> P:
    """Return a new picture of ``subject``. The one before it ends, and says ``why``."""
    with _showing:
        if before := _shown.pop(subject, None):
            before.end(why)
        picture = make()
        _shown[subject] = picture
    return picture
