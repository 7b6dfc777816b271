"""``live_stats("c02-hungry", "c02-calm")``: what containers use of their limits, drawn each second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from checker.errors import CourseError, UsageError

from .picture import LivePicture, one_at_a_time
from .stats_watch import MB, StatsWatch
from .told import Text, table_text
from .widgets import css, esm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from checker.engine.stats import Machine

    from .stats_watch import Followed, Verdict

_DRAWN = 10  # containers; more would fill screens, and measuring a hundred would be work for the engine
_KEPT = 60  # samples
_NEAR = 0.9  # of a limit
_HELD = 3  # throttled periods of a second's ten from which on a container is held back
_STEP = 0.05  # of the memory limit: the sentence takes up no smaller change, or it would never rest

_HEAD = ("name", "memory limit", "CPU limit", "out of memory", "throttled")
_GONE = "The engine does not tell any more what the containers use."
_TAKEN_OVER = "This picture has ended. A later one shows the same containers."
_REST = {
    "": "No container is named {} yet.",
    "created": "{} is created: it uses no memory and no CPU yet.",
    "paused": "{} is paused: it keeps its memory and uses no CPU.",
    "stopped": "{} is stopped: it uses no memory and no CPU.",
    "removed": "{} is removed: it uses no memory and no CPU.",
}
_CANNOT = "This engine cannot limit {}: a limit that you ask for is not there."
_DELEGATE = "Have cgroup controllers delegated to your user. `course doctor` says more."


class LiveStats(LivePicture[StatsWatch]):
    """The picture of what some containers use, each second of the last minute.

    Beside its view it has what grows: ``now``, the last second's number and samples, and ``history``, the
    last minute of these. Only ``now`` is sent each second; the page keeps its history itself.

    Parameters
    ----------
    names
        The containers' names; containers of these names need not exist yet.
    """

    _esm = esm("picture.js", "stats_picture.js")
    _css = css("picture.css", "stats_picture.css")
    now: traitlets.List[Any] = traitlets.List().tag(sync=True)
    history: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(self, *names: str) -> None:
        self._rows: list[list[Any]] = []
        self._number = 0
        self._told: dict[str, float] = {}
        say = f"Asking the engine about {_listed(names)}."
        text = f"Memory and CPU of {_listed(names)} against their limits, drawn live."
        super().__init__({"say": say, "kept": _KEPT, "drawn": _DRAWN, "containers": []}, text=text)
        self._begin(lambda: StatsWatch(names, _DRAWN, self._changed, self._lost))

    def table(self) -> Text:
        """Return limits and whether they were met, with no measured number; asked anew, at most for a second.

        ``not known``: the engine forgets about throttling when a container stops.

        Raises
        ------
        EngineFault
            If the engine cannot be asked.
        Refused
            If the picture could not be drawn at all.
        """
        return table_text(_HEAD, [_judged(verdict) for verdict in self.watch.settled()])

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """Return the state for a page; one that was opened anew gets the history as well."""
        state: dict[str, Any] = super().get_state(key, drop_defaults)
        return state | ({"history": self._rows} if key is None or "history" in state else {})

    def _lost(self, error: CourseError) -> None:
        self.lose(_GONE, error)

    def _changed(self, watch: StatsWatch) -> None:
        followed, machine = watch.followed, watch.machine
        for one in followed:
            self._note_memory(one)
        say = sentence(followed, self._told)
        containers = [_shown(one, machine) for one in followed]
        self.change(say=say, containers=containers, live=True, trouble=_trouble(machine))
        self._push([list(one.sample) for one in followed if one.measured])

    def _push(self, samples: list[Any]) -> None:
        """Send this second, but not where the whole minute was as it is: the drawing stays the same."""
        self._number += 1
        still = len(self._rows) == _KEPT and all(row[1] == samples for row in self._rows)
        self._rows = [*self._rows, [self._number, samples]][-_KEPT:]
        if not still:
            self.now = self._rows[-1]

    def _note_memory(self, one: Followed) -> None:
        """Take up what the sentence says of its memory."""
        memory, told = one.sample.memory, self._told.get(one.name)
        if memory is None:
            self._told.pop(one.name, None)
            return
        limit = one.limits.memory if one.limits else None
        step = _STEP * (limit / MB if limit else max(memory, 10.0))
        if told is None or abs(memory - told) >= step:
            self._told[one.name] = memory


def live_stats(*names: str) -> LiveStats:
    """Return a picture of what the containers of these names use, which follows them from now on.

    The first ten are drawn; of all, the table tells states and limits. The picture before it of the same
    names ends.

    Raises
    ------
    UsageError
        If no name is given.

    Examples
    --------
    >>> picture = live_stats("c02-hungry", "c02-calm")  # doctest: +SKIP
    >>> picture.table()  # doctest: +SKIP
    name        memory limit  CPU limit  out of memory  throttled
    c02-hungry  16 MB         no limit   yes            no
    c02-calm    no limit      0.5 cores  no             no
    """
    if not names:
        raise UsageError("Expected a container's name; found none.", next='Write live_stats("c02-calm").')
    once = tuple(dict.fromkeys(names))
    return one_at_a_time(("stats", *sorted(once)), lambda: LiveStats(*once), _TAKEN_OVER)


def sentence(followed: Sequence[Followed], told: dict[str, float]) -> str:
    """Say what matters now: what ran out of memory, what is near its limit, what is held back.

    Parameters
    ----------
    followed
        The containers.
    told
        MB of memory to speak of, by name.
    """
    matters = sorted(matter for one in followed if (matter := _matter(one, told.get(one.name))))
    if matters:
        said = [words for _, words in matters]
        return " ".join(said if len(said) < 3 else [said[0], f"{len(said) - 1} more are at a limit, too."])
    if len(followed) > 1:
        runs = sum(one.state == "running" for one in followed)
        return f"{runs} of {len(followed)} containers run; none is near a limit."
    (one,) = followed
    if one.state != "running":
        return _REST[one.state].format(one.name)
    return f"{one.name} {_uses(one, told.get(one.name))}."


def _matter(one: Followed, memory: float | None) -> tuple[int, str] | None:
    """Return how a container's trouble ranks, and the sentence; None where it has none."""
    limits = one.limits
    if one.ooms:
        joined = " and" if one.state == "running" and memory is not None else ": it"
        return 0, f"{one.name} {_uses(one, memory)}{joined} {_ran_out(one)} for lack of memory."
    if limits and limits.memory and memory is not None and memory * MB >= _NEAR * limits.memory:
        return 1, f"{one.name} {_uses(one, memory)}: it is near its limit."
    if limits and limits.cpus and one.sample.throttled >= _HELD:
        return 2, f"{one.name} is held back by its CPU limit of {_cores(limits.cpus)}."
    return None


def _ran_out(one: Followed) -> str:
    if one.ended_by_oom:
        return f"was ended {_times(one.ooms)}"
    return "had a process ended" if one.ooms == 1 else f"had {one.ooms} processes ended"


def _uses(one: Followed, memory: float | None) -> str:
    if one.state != "running" or memory is None or one.limits is None:
        return f"is {one.state}"
    if one.limits.memory is None:
        return f"uses {_size(memory)} and has no memory limit"
    used, most = _size(memory), _size(one.limits.memory / MB)
    return f"uses {used.removesuffix(most[-3:])} of {most}"


def _shown(one: Followed, machine: Machine) -> dict[str, Any]:
    """Return what the page shows of a container, but for what changes each second."""
    shown = {"name": one.name, "state": one.state, "ooms": one.ooms, "measured": one.measured}
    if one.limits is None:
        return shown | {"memory": None, "cpu": None}
    memory, cpus = one.limits.memory, one.limits.cpus
    return shown | {
        "memory": _room(memory and memory / MB, machine.memory / MB, _size),
        "cpu": _room(cpus, machine.cpus, _cores),
    }


def _room(limit: float | None, machine: float, write: Callable[[float], str]) -> dict[str, Any]:
    """Return what it may use: its limit, else all that the engine's machine has."""
    return {"limit": limit, "machine": machine, "text": write(limit or machine)}


def _trouble(machine: Machine) -> dict[str, str] | None:
    missing = [
        what for what, can in (("memory", machine.limits_memory), ("CPU", machine.limits_cpu)) if not can
    ]
    return {"message": _CANNOT.format(" and ".join(missing)), "next": _DELEGATE} if missing else None


def _judged(verdict: Verdict) -> tuple[str, ...]:
    """Return a line of the table for stored outputs."""
    ran_out = "yes" if verdict.out_of_memory else "no"
    if verdict.container is None:
        return verdict.name, "no container", "-", ran_out, "-"
    limits = verdict.container.limits
    memory = _size(limits.memory / MB) if limits.memory else "no limit"
    cpus = _cores(limits.cpus) if limits.cpus else "no limit"
    throttled = {True: "yes", False: "no", None: "not known"}[verdict.throttled]
    return verdict.name, memory, cpus, ran_out, throttled


def _listed(names: Sequence[str]) -> str:
    """Return names as a person lists them, at most three."""
    shown = list(names) if len(names) <= 3 else [*names[:2], f"{len(names) - 2} more"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _size(mb: float) -> str:
    """Return MB as they are read: ``0.4 MB``, ``16 MB``, ``23.5 GB``. The page does the same."""
    if mb >= 1024:
        return f"{mb / 1024:.1f} GB".replace(".0 ", " ")
    return f"{mb:.1f} MB".replace(".0 ", " ") if mb < 10 else f"{mb:.0f} MB"


def _cores(cores: float) -> str:
    return f"{cores:.2f}".rstrip("0").rstrip(".") + (" core" if cores == 1 else " cores")


def _times(count: int) -> str:
    return {0: "no", 1: "once", 2: "twice"}.get(count, f"{count} times")
