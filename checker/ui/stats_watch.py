"""Watches what containers use: a thread that measures them all, one that sleeps until something happens."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, NamedTuple

from checker.engine import container, events
from checker.engine.connect import connect
from checker.engine.errors import Missing
from checker.engine.stats import Machine, Stats, stats
from checker.engine.waiting import ticks
from checker.errors import CourseError

from .life import state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from checker.engine.connect import Engine
    from checker.engine.container import Container
    from checker.engine.events import Event
    from checker.engine.settings import Limits

_EVERY = 1.0  # seconds from one measurement to the next
_SETTLES = 1.0  # seconds in which a limit shows on what has only just begun, or ended
_PATIENCE = 20.0  # seconds for one answer of the engine
_REMEMBERED = 256  # events; the engine remembers no more
_ACTIONS = (*events.ACTIONS, "update")
MB = 2**20


class Sample(NamedTuple):
    """One second of one container. ``None`` where it does not run, or where the engine cannot measure.

    Parameters
    ----------
    memory, cpu
        MB and cores, rounded to what shows, so that what is idle does not change.
    ooms, throttled
        Processes ended for lack of memory, and periods in which the CPU limit held it back, in this second.
    throttled_in_all
        These periods since the container was created.
    """

    memory: float | None = None
    cpu: float | None = None
    ooms: int = 0
    throttled: int = 0
    throttled_in_all: int = 0


class Followed:
    """What is known of the container that has a name.

    Parameters
    ----------
    name
        The name; a container of this name need not exist yet.
    measured
        False where its state and limits are enough.
    """

    def __init__(self, name: str, *, measured: bool) -> None:
        self.name = name
        self.measured = measured
        self.container: Container | None = None
        #: ``created``, ``running``, ``paused``, ``stopped``, ``removed``; empty where there was none yet.
        self.state = ""
        self.sample = Sample()
        #: True from an event to the next look.
        self.changed = True
        self._id = ""  # of the container that had the name last
        self._ooms: Counter[str] = Counter()
        self._ended: set[str] = set()
        self._ooms_shown = 0
        self._looked = False
        self._before: Stats | None = None
        self._earlier = 0  # throttled periods of this container's earlier runs

    @property
    def limits(self) -> Limits | None:
        """What it may use, or might as long as it was there; ``None`` where there was no container yet."""
        return self.container.limits if self.container else None

    @property
    def ooms(self) -> int:
        """How many processes of this container were ended for lack of memory, as far as the engine told."""
        found = self.container
        return max(self._ooms[self._id], int(found.oom_killed) if found and found.id == self._id else 0)

    def ran_out(self, container_id: str) -> bool:
        """Say whether the engine told that a process of this very container was ended for lack of memory."""
        return self._ooms[container_id] > 0

    @property
    def ended_by_oom(self) -> bool:
        """True where the container itself ended with such a process."""
        killed = self.container is not None and self.container.exit_code == 137
        return self.ooms > 0 and (self._id in self._ended or killed)

    def hear(self, event: Event) -> None:
        """Take in an event of this name."""
        self.changed = True
        self._id = event.id
        if event.action == "oom":
            self._ooms[event.id] += 1
        elif event.action == "die" and self._ooms[event.id]:
            self._ended.add(event.id)

    def look(self, found: Container | None) -> None:
        """Take in how it is now; ``None`` where there is no container of this name."""
        last = self.container
        if found is None:
            self.state = "removed" if self._id else ""
        else:
            same = last is not None and last.id == found.id
            if not same:
                self._earlier = self._ooms_shown = 0
            if not (same and last and last.started_at == found.started_at):
                self._begin(found, self._before.throttled if same and self._before else 0)
            self._id, self.container, self.state = found.id, found, state_of(found)
        if not self._looked:
            self._ooms_shown = self.ooms  # what was before the picture is no point on it
        self._looked = True

    def _begin(self, found: Container, throttled: int) -> None:
        """Begin a run. What began before the first look began at an unknown rate."""
        self._earlier += throttled
        began = found.started_at if self._looked else None
        self._before = Stats(began, None, 0.0, 0) if began else None

    def measure(self, engine: Engine) -> None:
        """Take the sample of this second."""
        ooms, self._ooms_shown = max(0, self.ooms - self._ooms_shown), self.ooms
        now = self._stats(engine) if self.state in {"running", "paused"} else None
        if now is None:
            self.sample = Sample(ooms=ooms, throttled_in_all=self.sample.throttled_in_all)
            return
        before, self._before = self._before, now
        cores = now.cores_since(before) if before else None
        self.sample = Sample(
            None if now.memory is None else round(now.memory / MB, 1),
            None if cores is None else round(cores, 2),
            ooms,
            max(0, now.throttled - before.throttled) if before else 0,
            self._earlier + now.throttled,
        )

    def _stats(self, engine: Engine) -> Stats | None:
        try:
            found = stats(engine, self.container.id) if self.container else None
        except Missing:
            found = None
        self.changed = self.changed or found is None
        return found


class Verdict(NamedTuple):
    """What a stored output can hold of a container: nothing of it is a measured number.

    Parameters
    ----------
    name, container
        The container of this name; ``None`` where there is none.
    out_of_memory
        True where a process of it was ended for lack of memory.
    throttled
        True where its CPU limit held it back; ``None`` where the engine keeps this no longer.
    """

    name: str
    container: Container | None
    out_of_memory: bool
    throttled: bool | None

    @property
    def may_change(self) -> bool:
        """True where a limit may show in the next moment: on what runs, and on what was killed right now."""
        found = self.container
        if found is None:
            return False
        killed = found.exit_code == 137 and bool(found.limits.memory) and not self.out_of_memory
        return killed or (found.running and self.throttled is False and bool(found.limits.cpus))


class StatsWatch:
    """Measures the containers of some names each second, until it is closed or the engine is gone.

    Parameters
    ----------
    names
        The names.
    measured
        How many of them are measured; of the others only states and limits are read.
    changed
        Called each second, from the measuring thread.
    lost
        Called once, when the engine tells nothing any more.

    Raises
    ------
    EngineFault
        If the engine cannot be reached.
    """

    def __init__(
        self,
        names: Sequence[str],
        measured: int,
        changed: Callable[[StatsWatch], None],
        lost: Callable[[CourseError], None],
    ) -> None:
        self.followed = [Followed(name, measured=index < measured) for index, name in enumerate(names)]
        self._named = {one.name: one for one in self.followed}
        self._changed, self._lost = changed, lost
        self._closing = threading.Event()
        self._hearing = threading.Lock()
        self._told: deque[Event] = deque(maxlen=_REMEMBERED)
        self._engine = connect(_PATIENCE)
        try:
            self.machine = Machine.read(self._engine.info)
            self._since = events.moment(self._engine, str(self._engine.info["SystemTime"]))
            self._following = events.follow(self._engine, since=self._since, actions=_ACTIONS)
        except BaseException:
            self._engine.close()
            raise
        self._threads = [
            threading.Thread(target=self._guarded, args=(work,), daemon=True, name=f"course-stats-{what}")
            for what, work in (("events", self._listen), ("samples", self._measure))
        ]

    def start(self) -> None:
        """Begin to call ``changed``."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._closing.set()
        self._following.close()
        for thread in self._threads:
            if thread.ident and thread is not threading.current_thread():
                thread.join(2 * _EVERY)  # an engine that does not answer keeps nobody waiting
        self._engine.close()

    def settled(self) -> list[Verdict]:
        """Ask the engine anew, and wait a moment for what may show only now.

        Raises
        ------
        EngineFault
            If the engine cannot be asked.
        """
        found: dict[str, Verdict] = {}
        for _ in ticks(_SETTLES, every=0.2):
            with events.follow(
                self._engine, since=self._since, until=events.now(self._engine), actions=_ACTIONS
            ) as told:
                self._hear(*told)
            waiting = [name for name in self._named if name not in found or found[name].may_change]
            if not waiting:
                break
            found |= {name: self._judge(name) for name in waiting}
        return [found[name] for name in self._named]

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except CourseError as error:
            with self._hearing:
                first = not self._closing.is_set()
                self._closing.set()
            if first:
                self._following.close()
                self._engine.close()
                self._lost(error)

    def _listen(self) -> None:
        for event in self._following:
            self._hear(event)

    def _measure(self) -> None:
        while not self._closing.is_set():
            began = time.monotonic()
            for one in self.followed:
                if one.changed:
                    one.changed = False
                    one.look(self._find(one.name))
                if one.measured:
                    one.measure(self._engine)
            if not self._closing.is_set():
                self._changed(self)
            spent = time.monotonic() - began
            self._closing.wait(max(_EVERY - spent, spent))  # a slow engine is asked less often

    def _hear(self, *told: Event) -> None:
        with self._hearing:
            for event in told:
                if event in self._told:
                    continue
                self._told.append(event)
                for name in {event.name, event.old_name} & self._named.keys():
                    self._named[name].hear(event)

    def _find(self, name: str) -> Container | None:
        try:
            return container.find(self._engine, name)
        except Missing:
            return None

    def _judge(self, name: str) -> Verdict:
        found = self._find(name)
        one = self._named[name]
        if found is None:
            return Verdict(name, None, one.ooms > 0, None)
        out_of_memory = found.oom_killed or one.ran_out(found.id)
        if not found.limits.cpus:
            return Verdict(name, found, out_of_memory, throttled=False)
        try:
            now = stats(self._engine, found.id)
        except Missing:
            return Verdict(name, None, out_of_memory, None)
        return Verdict(name, found, out_of_memory, now.held_back if now else None)
