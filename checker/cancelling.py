"""An early end that somebody asks for: what hears of it, and what is raised because of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from .errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable


class Cancelled(Refused):
    """What was asked for was ended early, because somebody asked for that too."""


class Cancel(Protocol):
    """Says whether an early end was asked for, and calls who wants to hear of it."""

    @property
    def cancelled(self) -> bool:
        """True from when an early end was asked for."""

    def on_cancel(self, stop: Callable[[], None], /) -> None:
        """Call ``stop``, from any thread, when an early end is asked for; at once if it was already.

        It may be called after what it stops has ended, and then does nothing.
        """


class _Never:
    """Nobody can ask for an early end, except with Ctrl-C."""

    cancelled = False

    def on_cancel(self, stop: Callable[[], None], /) -> None:
        """Forget it."""


NEVER: Cancel = _Never()
