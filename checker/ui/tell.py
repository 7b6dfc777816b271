"""How a verb of the service tells what it does, and hears that it is no longer wanted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Tell:
    """Called with an event and its fields, which go to whoever asked.

    Parameters
    ----------
    send
        Takes an event and its fields.
    """

    def __init__(self, send: Callable[..., None]) -> None:
        self._send = send
        self._cancelled = threading.Event()
        self._changing = threading.Lock()
        self._stops: list[Callable[[], None]] = []

    def __call__(self, event: str, **fields: Any) -> None:
        """Send one message."""
        self._send(event, **fields)

    @property
    def cancelled(self) -> bool:
        """True from when an early end was asked for."""
        return self._cancelled.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until an early end is asked for; say whether it was."""
        return self._cancelled.wait(seconds)

    def on_cancel(self, stop: Callable[[], None]) -> None:
        """Call ``stop``, from another thread, when an early end is asked for: at once if it was already."""
        with self._changing:
            self._stops.append(stop)
        if self.cancelled:
            stop()

    def cancel(self) -> None:
        """Ask for an early end."""
        self._cancelled.set()
        with self._changing:
            stops = list(self._stops)
        for stop in stops:
            stop()
