"""Watches a container's life on the engine: one thread that sleeps until the engine tells something."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from checker.engine import container, events
from checker.engine.connect import connect
from checker.engine.container import Container, State
from checker.engine.errors import Missing
from checker.engine.waiting import ticks
from checker.errors import CourseError

from .life import Life, state_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.engine.events import Event

_DRAINED = 2.0  # seconds that the last events have to come in; they take milliseconds


class Watch:
    """Follows the containers of one name from now on, until it is closed or the engine is gone.

    Parameters
    ----------
    name
        Their name; it need not exist yet.
    changed
        Called with the life as it then is, from the watching thread.
    lost
        Called once, when the engine tells nothing any more.

    Raises
    ------
    EngineFault
        If the engine cannot be reached.
    """

    def __init__(
        self, name: str, changed: Callable[[Life], None], lost: Callable[[CourseError], None]
    ) -> None:
        self._name = name
        self._changed, self._lost = changed, lost
        self._events: set[Event] = set()
        self._hearing = threading.Lock()
        self._engine = connect()
        try:
            self._since = events.now(self._engine)
            self._begin = self._find(name)
            self._following = events.follow(self._engine, since=self._since)
        except BaseException:
            self._engine.close()
            raise
        self._thread = threading.Thread(target=self._follow, daemon=True, name=f"course-life-of-{name}")

    def start(self) -> None:
        """Begin to call ``changed``."""
        self._changed(self.life)
        self._thread.start()

    @property
    def life(self) -> Life:
        """The life as far as it was told."""
        with self._hearing:
            return Life(self._name, self._begin, self._events)

    def settled(self) -> Life:
        """Return the life once the engine has told all of what has already happened.

        Raises
        ------
        EngineFault
            If the engine cannot be asked.
        """
        for _ in ticks(_DRAINED):
            with events.follow(self._engine, since=self._since, until=events.now(self._engine)) as told:
                self._hear(*told)
            life = self.life
            if self._told_all(life):
                break
        return life

    def close(self) -> None:
        """Stop watching."""
        self._following.close()
        if self._thread.ident and self._thread is not threading.current_thread():
            self._thread.join()
        self._engine.close()

    def _follow(self) -> None:
        try:
            for event in self._following:
                self._hear(event)
                if event.name == self._name or event.id == self.life.id:
                    self._changed(self.life)
        except CourseError as error:
            self._lost(error)

    def _hear(self, *told: Event) -> None:
        with self._hearing:
            self._events.update(told)

    def _find(self, name: str) -> Container | None:
        try:
            return container.find(self._engine, name)
        except Missing:
            return None

    def _told_all(self, life: Life) -> bool:
        """Compare with the engine: events lag behind the answers to the commands that bring them."""
        found = self._find(self._name) or (self._find(life.id) if life.id else None)
        if found is None:
            return life.state in {"", "removed"}
        leaves = found.auto_remove and found.ended
        return (
            (found.id, state_of(found)) == (life.id, life.state)
            and not (life.stopping or leaves or found.state is State.REMOVING)
            and life.out_of_memory >= found.oom_killed
        )
