"""A container's life as steps: what happened, and in which state it was left.

The engine tells the events of one moment in an order that differs from run to run. Steps do not: a signal
comes before the end that it brought, and ``stop`` after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.engine.container import Container
    from checker.engine.events import Event

_LEADS_TO = {
    "create": "created",
    "start": "running",
    "unpause": "running",
    "pause": "paused",
    "die": "stopped",
    "destroy": "removed",
}
_SAYS = {
    "": "No container is named {} yet.",
    "created": "{} is created: its process has not started.",
    "running": "{} is running: its process has started.",
    "paused": "{} is paused: its process waits in memory.",
    "stopped": "{} is stopped: its process has ended.",
    "removed": "{} is removed: the container and its writable layer are gone.",
}
_SIGNALLED = {"SIGTERM": "asked to stop (SIGTERM)", "SIGKILL": "ended by force (SIGKILL)"}
_NOTES = {"stop": "the request is done", "restart": "the request is done", "oom": "out of memory"}

_ECHO = 400_000_000  # nanoseconds from an unpause to the end of its echo; 140 ms were seen on a busy machine

# Linux's numbers, whatever system the picture is drawn on.
_SIGNALS = (
    "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP "
    "TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS"
)
_SIGNAL_NAMES = {number: f"SIG{name}" for number, name in enumerate(_SIGNALS.split(), start=1)}


@dataclass(frozen=True)
class Step:
    """One step of a life.

    Parameters
    ----------
    event
        The engine's word; empty where the life had begun before anybody looked.
    state
        ``created``, ``running``, ``paused``, ``stopped`` or ``removed``: how the container was left.
    note
        What else is worth saying, such as ``exit code 0``.
    """

    event: str
    state: str
    note: str = ""


class Life:
    """The life of the containers that had one name, one after the other.

    Parameters
    ----------
    name
        The name. A container that gets another one is followed until a new container takes this one.
    begin
        The container that has the name already, if there is one.
    events
        What happened since, in any order, each as often as one likes.

    Examples
    --------
    >>> Life("c02-life").say
    'No container is named c02-life yet.'
    """

    def __init__(self, name: str, begin: Container | None = None, events: Iterable[Event] = ()) -> None:
        self.name = name
        self.steps: list[Step] = []
        #: The container that lived last.
        self.id = begin.id if begin else ""
        #: True from a ``stop`` to the ``die`` that belongs to it, in whichever order they were told.
        self.stopping = False
        #: True where the kernel has ended a process of this container for lack of memory.
        self.out_of_memory = bool(begin and begin.oom_killed)
        self._called = name
        self._exit_code = begin.exit_code if begin else None
        if begin:
            self.steps.append(Step("", state_of(begin), "it was there already"))
        for event in _without_echoes(sorted(set(events))):
            # Of a container that was given the name only later, the state is not known before it changes.
            if event.id == self.id or (event.name == name and event.action in _LEADS_TO):
                self._add(event)

    @property
    def state(self) -> str:
        """The state of now; empty where there was no container yet."""
        return self.steps[-1].state if self.steps else ""

    @property
    def say(self) -> str:
        """One sentence on how it is."""
        who = self.name if self._called == self.name else f"{self.name}, now named {self._called},"
        if self.state == "stopped" and self._exit_code is not None:
            return f"{who} is stopped: its process ended with exit code {self._exit_code}."
        return _SAYS[self.state].format(who)

    def _add(self, event: Event) -> None:
        if event.id != self.id:
            self.id, self.stopping, self.out_of_memory = event.id, False, False
        self._called = event.name
        alive = self.state in {"running", "paused"}
        if event.action == "stop" and alive:
            self.stopping = True  # its step follows that of the end
        elif event.action in {"kill", "oom"}:
            self._interrupted(event, alive=alive)
        else:
            self._append(event)

    def _append(self, event: Event) -> None:
        note = "a new container" if event.action == "create" and self.steps else _note(event)
        self.steps.append(Step(event.action, _LEADS_TO.get(event.action, self.state), note))
        if event.action == "die":
            self._exit_code = event.exit_code
            if self.stopping:
                self.stopping = False
                self.steps.append(Step("stop", self.state, _NOTES["stop"]))

    def _interrupted(self, event: Event, *, alive: bool) -> None:
        """Add what comes before an end, also where it was told after it."""
        ends = [index for index, step in enumerate(self.steps) if step.event == "die"]
        place = len(self.steps) if alive or not ends else ends[-1]
        before = self.steps[place - 1] if place else Step("", self.state)
        if event.action == "oom":
            self.out_of_memory = True
            if before.event == "oom":  # some engines tell it more than once
                return
        self.steps.insert(place, Step(event.action, before.state, _note(event)))


def _without_echoes(events: list[Event]) -> list[Event]:
    """Leave out pauses that never were.

    The engine hears of each pause and its end once more, from the program below it. Where this comes late,
    after an unpause, the engine takes it for another pause and its end. Two real pauses as close as an echo
    become one.
    """
    kept: list[Event] = []
    for event in events:
        three = [*kept[-2:], event]
        if (
            [one.action for one in three] == ["unpause", "pause", "unpause"]
            and len({one.id for one in three}) == 1
            and event.nanoseconds - kept[-2].nanoseconds < _ECHO
        ):
            kept.pop()
        else:
            kept.append(event)
    return kept


def state_of(container: Container) -> str:
    """Return the picture's word for a container's state: one that waits for its restart is stopped."""
    state = container.state.value
    return {"created": "created", "running": "running", "paused": "paused"}.get(state, "stopped")


def _note(event: Event) -> str:
    if event.action == "die":
        return f"exit code {event.exit_code}"
    if event.action == "rename":
        return f"from {event.old_name} to {event.name}"
    if event.action != "kill":
        return _NOTES.get(event.action, "")
    name = _SIGNAL_NAMES.get(event.signal or 0, f"signal {event.signal}")
    return _SIGNALLED.get(name, f"sent {name}")
