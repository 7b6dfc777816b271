"""``network_map("c02-street", "bridge")``: networks, who is in them, and who reaches whom."""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from checker.engine import events
from checker.engine.connect import connect
from checker.errors import CourseError

from .helper import helper
from .network_reading import Survey, survey
from .picture import LivePicture, one_at_a_time
from .told import Text, table_text
from .widgets import css, esm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .helper import Asked

_HEAD = ("from", "to", "by name", "by address")
_NOBODY = "There is nobody to reach: fewer than two containers run, and no port is published."
_GONE = "The engine does not tell any more what happens to its networks."
_TAKEN_OVER = "This picture has ended. A later one shows the same networks."
_OUTSIDE = "your machine"
_QUIET = 0.2  # seconds without an event after which the networks are read again
_ENDING = 5.0  # seconds that tries which were stopped have to remove their helpers
_ROUNDS = 2  # how often a table asks for tries while the networks keep changing
_CHANGES = ("start", "die", "pause", "unpause", "rename", "destroy", *events.NETWORK_ACTIONS)
_STATES = {
    "": "Nothing was tried yet.",
    "stopped": "The tries were stopped.",
    "failed": "The tries came to no end.",
}
_UNTRIED: dict[str, Any] = {
    "state": "", "old": False, "sources": [], "targets": [], "beyond": 0,
    "cells": [], "listens": {}, "answers": [],
}  # fmt: skip


class Watch:
    """Reads networks now, and again a moment after anything has changed, until it is closed.

    Parameters
    ----------
    names
        The networks; none of them need exist yet.
    changed
        Called with what was read, from a thread.
    lost
        Called once, when the engine tells nothing any more.

    Raises
    ------
    EngineFault
        If the engine cannot be reached.
    """

    def __init__(
        self, names: Sequence[str], changed: Callable[[Survey], None], lost: Callable[[CourseError], None]
    ) -> None:
        self._names = names
        self._changed, self._lost = changed, lost
        self._heard: queue.SimpleQueue[CourseError | bool] = queue.SimpleQueue()
        self._engine = connect()
        try:
            self._following = events.follow(self._engine, actions=_CHANGES, kinds=("container", "network"))
        except BaseException:
            self._engine.close()
            raise
        self._threads = [
            threading.Thread(target=target, daemon=True, name="course-network-map")
            for target in (self._listen, self._read)
        ]

    def start(self) -> None:
        """Begin to follow what changes."""
        for thread in self._threads:
            thread.start()

    def now(self) -> Survey:
        """Read the networks as they are now.

        Raises
        ------
        EngineFault
            If the engine cannot be asked.
        """
        return survey(self._engine, self._names)

    def close(self) -> None:
        """Stop following."""
        self._following.close()
        for thread in self._threads:
            if thread.ident and thread is not threading.current_thread():
                thread.join()
        self._engine.close()

    def _listen(self) -> None:
        try:
            for event in self._following:
                if event.role != "probe":  # the course's own helpers change nothing
                    self._heard.put(True)
        except CourseError as error:
            self._heard.put(error)
        else:
            self._heard.put(False)

    def _read(self) -> None:
        """Read again once it is quiet; a command brings many events."""
        while (heard := self._heard.get()) is True:
            with suppress(queue.Empty):
                while heard is True:
                    heard = self._heard.get(timeout=_QUIET)
            if heard is not True:
                break
            try:
                self._changed(self.now())
            except CourseError as error:
                heard = error
                break
        if isinstance(heard, CourseError):
            self._lost(heard)


class NetworkMap(LivePicture[Watch]):
    """The picture of networks and of who reaches whom.

    Parameters
    ----------
    names
        The networks; without any, those that hold a container.
    """

    _esm = esm("picture.js", "network_picture.js")
    _css = css("picture.css", "network_picture.css")

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)
        self._asked: Asked | None = None
        self._trying: threading.Thread | None = None
        self._tried_in: dict[str, Any] = {}
        self._trouble: CourseError | None = None
        which = ", ".join(names) or "every network that holds a container"
        view = {"networks": [], "published": [], "left_out": 0, "tried": _UNTRIED}
        super().__init__(view, text=f"A map of networks: {which}.")
        self.on_msg(self._pressed)
        try:
            self._watch = Watch(self._names, self._draw, self._lost)
            seen = self._watch.now()
        except CourseError as error:
            self._lost(error)
        else:
            self.change(live=True)
            self._draw(seen)
            self._watch.start()
            if seen.promising:
                self.try_again()

    def try_again(self) -> None:
        """Try who reaches whom, in the course's own process; nothing where it is being tried already."""
        with self._changing:
            if self._trying and self._trying.is_alive():
                return
            self._trouble, self._tried_in = None, {}
            self.change(trouble=None, tried=_UNTRIED | {"state": "running"})
            self._say()
            self._asked = helper().begin("reach", networks=self._names)
            self._trying = threading.Thread(
                target=self._try, args=(self._asked,), daemon=True, name="course-reach"
            )
            self._trying.start()

    def stop(self) -> None:
        """Stop trying; what was found stays."""
        if self._asked:
            self._asked.cancel()

    def table(self) -> Text:
        """Return who reaches whom, tried anew where anything has changed.

        A published port that answers on the engine's machine counts for yours: the picture tells them apart.

        Raises
        ------
        CourseError
            If it cannot be tried.
        Refused
            If the picture could not be drawn at all.
        """
        for _ in range(_ROUNDS):
            self._wait()
            seen = self.watch.now()
            self._draw(seen)
            if not seen.promising:
                return Text(_NOBODY, _NOBODY)
            if self._is_fresh():
                break
            self.try_again()
            self._wait()
        if self._trouble:
            raise self._trouble
        return table_text(_HEAD, _rows(self.view["tried"]))

    def _stop(self) -> None:
        self.stop()
        super()._stop()
        if self._trying:
            self._trying.join(_ENDING)

    def _wait(self) -> None:
        if self._trying:
            self._trying.join()

    def _pressed(self, _: Any, content: dict[str, Any], __: Any) -> None:
        if content.get("do") == "try":
            self.try_again()
        elif content.get("do") == "stop":
            self.stop()

    def _is_fresh(self) -> bool:
        tried = self.view["tried"]
        return tried["state"] == "done" and not tried["old"]

    def _draw(self, seen: Survey) -> None:
        with self._changing:
            tried = self.view["tried"]
            old = bool(self._tried_in) and self._tried_in != seen.drawn
            self.change(**seen.drawn, tried=tried | {"old": old})
            self._say()

    def _try(self, asked: Asked) -> None:
        state = "failed"
        try:
            state = "done" if asked.result(self._hear) else "stopped"
        except CourseError as error:
            self._trouble = error
            self.change(trouble={"message": error.message, "next": error.next})
        with self._changing:
            self.change(tried=self.view["tried"] | {"state": state})
            self._say()

    def _hear(self, event: dict[str, Any]) -> None:
        """Take in one thing that the tries told."""
        told = {name: value for name, value in event.items() if name not in {"event", "key"}}
        with self._changing:
            tried = dict(self.view["tried"])
            if event["event"] == "seen":
                self._tried_in = told.pop("drawn")
                self.change(**self._tried_in, tried=tried | told | {"old": False})
            elif event["event"] == "listens":
                self.change(tried=tried | {"listens": {**tried["listens"], told.pop("container"): told}})
            else:
                part = "cells" if event["event"] == "reached" else "answers"
                self.change(tried=tried | {part: [*tried[part], told]})

    def _say(self) -> None:
        if self.view["live"]:
            self.change(say=_sentence(self.view))

    def _lost(self, error: CourseError) -> None:
        self.lose(_GONE, error)


def _rows(tried: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return the rows of the table: no addresses, and no port that the engine may have chosen."""
    between = [
        (one["source"], one["target"], _word(one["by_name"]), _word(one["by_address"]))
        for one in tried["cells"]
    ]
    outside = [
        (_OUTSIDE, f"{one['container']}, port {one['port']}", "-", _word(one["outcome"]))
        for one in tried["answers"]
    ]
    return sorted(between) + sorted(set(outside))


def _word(outcome: str) -> str:
    return outcome if outcome == "yes" else f"no ({outcome})"


def _sentence(view: Mapping[str, Any]) -> str:
    """Sum up the picture."""
    tried, missing = view["tried"], [one["name"] for one in view["networks"] if not one["there"]]
    lines = [f"There is no network named {name} yet." for name in missing]
    if tried["old"]:
        lines.append("Something has changed since the tries: their results are old.")
    elif tried["state"] == "running":
        lines.append("Trying who reaches whom …")
    elif tried["state"] == "done":
        lines.append(_count(tried["cells"]))
    else:
        lines.append(_STATES[tried["state"]])
    return " ".join(lines)


def _count(cells: Sequence[Mapping[str, str]]) -> str:
    if not cells:
        return "Fewer than two containers run: there is no way from one to another."
    by_name, by_address = (sum(one[key] == "yes" for one in cells) for key in ("by_name", "by_address"))
    return f"Of {len(cells)} ways, {by_name} work by name and {by_address} by address."


def network_map(*networks: str) -> NetworkMap:
    """Return a map of networks: who is in them, and who reaches whom, tried from inside the containers.

    Parameters
    ----------
    networks
        Their names; they need not exist yet. Without any, every network that holds a container: also of
        somebody else's, so that its table is none to store.

    Examples
    --------
    >>> picture = network_map("c02-street", "bridge")  # doctest: +SKIP
    >>> picture.table()  # doctest: +SKIP
    from          to                by name            by address
    c02-cook      c02-web           yes                yes
    c02-old       c02-web           no (name unknown)  no (no answer)
    your machine  c02-web, port 80  -                  yes
    """
    names = tuple(dict.fromkeys(networks))
    return one_at_a_time(("networks", names), lambda: NetworkMap(names), _TAKEN_OVER)
