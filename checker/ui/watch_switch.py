"""The kernel's end of :mod:`checker.ui.watching`: a switch for each panel, remembered for each exercise."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from checker.errors import CourseError

from .helper import helper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .helper import Asked

LEASE = 120.0  #: Seconds without a sign of life from the page after which watching pauses.

_OFF = "Lines change when you press Check."
_AWAY = "The engine cannot be reached. Watching goes on when it is back."
_OTHER = "A later panel of this exercise watches now."

_wanted: dict[tuple[Path, str], bool] = {}  # for the kernel's life
_watches: dict[tuple[Path, str], Switch] = {}


def said(checks: list[dict[str, Any]], seen: dict[str, str]) -> str:
    """Return what watching sees, in one or two sentences."""
    looks = [check["id"] for check in checks if check["observes"]]
    done = sum(seen.get(one) == "done" for one in looks)
    line = f"{done} of {len(looks)} watched lines {'looks' if done == 1 else 'look'} done. "
    return line + ("Check decides." if len(looks) == len(checks) else "Check decides, and tests the others.")


class Switch:
    """Whether an exercise is watched, and what is seen.

    Parameters
    ----------
    changed
        Called, from any thread, with the fields of the panel's view that change.
    """

    def __init__(self, root: Path, exercise: str, changed: Callable[..., None]) -> None:
        self._key = root, exercise
        self._changed = changed
        self._checks: list[dict[str, Any]] = []
        self._able = self._paused = self._taken = self._away = False
        self._asked: Asked | None = None
        self._alive = time.monotonic()
        self._seen: dict[str, str] = {}
        self._why = ""
        self._lock = threading.RLock()

    def know(self, checks: list[dict[str, Any]], *, started: bool) -> None:
        """Learn what can be watched. The panel before this one of the same exercise watches no longer."""
        with self._lock:
            self._checks = checks
            self._able = started and any(check["observes"] for check in checks)
        before = _watches.get(self._key)
        if before is None:
            _watches[self._key] = self
        elif before is not self and not self._taken:
            _watches[self._key] = self
            before.close(_OTHER)
        self._decide()

    def turn(self, on: bool) -> None:
        """Turn it on or off, for this exercise."""
        _wanted[self._key] = on
        self._why = ""
        if on and self._taken:  # the learner has come back to this one
            self._taken = False
            self.know(self._checks, started=self._able)
        self._alive = time.monotonic()
        self._decide()

    def alive(self) -> None:
        """Hear that the page shows the panel."""
        self._alive = time.monotonic()
        self._decide()

    def pause(self, paused: bool) -> None:
        """Stop while something else works on the exercise, or go on afterwards."""
        with self._lock:
            self._paused = paused
        self._decide()

    def close(self, why: str = "") -> None:
        """Watch no longer, for good."""
        with self._lock:
            self._taken, self._why = True, why
        self._decide()

    def _decide(self) -> None:
        """Begin or stop watching, as everything that is known demands."""
        with self._lock:
            on = self._able and not self._taken and _wanted.get(self._key, True)
            lives = time.monotonic() - self._alive < LEASE
            if on and lives and not self._paused:
                if self._asked is None:
                    self._asked = helper(self._key[0]).begin("watch", exercise=self._key[1])
                    threading.Thread(target=self._follow, args=(self._asked,), daemon=True).start()
            elif self._asked:
                self._asked.cancel()
                self._asked, self._seen, self._away = None, {}, False
            self._show(on=on)

    def _show(self, *, on: bool) -> None:
        say = said(self._checks, self._seen) if self._seen else "Watching begins."
        if self._away:
            say = _AWAY
        if self._paused:
            say = ""
        watch = {"able": self._able, "on": on, "say": say if on else self._why or _OFF}
        self._changed(watch=watch, seen=dict(self._seen))

    def _follow(self, asked: Asked) -> None:
        try:
            why = asked.result(lambda event: self._heard(asked, event))["why"]
        except CourseError as error:
            why = f"{error.message} {error.next}"
        with self._lock:
            if self._asked is not asked:
                return
            self._asked, self._seen, self._away = None, {}, False
            self._why = why
            _wanted[self._key] = False
            self._show(on=False)

    def _heard(self, asked: Asked, event: dict[str, Any]) -> None:
        with self._lock:
            if self._asked is not asked:
                return
            before = dict(self._seen), self._away
            match event:
                case {"event": "seen", "check": check, "state": state}:
                    self._seen[check] = state
                case {"event": "away"}:
                    self._away, self._seen = True, {}
                case {"event": "reached"}:
                    self._away = False
                case {"event": "sign"} if time.monotonic() - self._alive >= LEASE:
                    self._decide()
                    return
            if (self._seen, self._away) != before:
                self._show(on=True)
