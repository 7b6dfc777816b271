"""The engine's events: what happened to containers, in the order in which the engine tells it.

The order is the engine's, and not always that of a textbook: ``stop`` may come before the ``die`` that it
waited for, since two of the engine's threads tell them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from docker.errors import DockerException

from .errors import asking
from .faults import fault
from .logs import hang_up
from .probe import ROLE_LABEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .connect import Engine

#: The events of a container's life. The engine tells of more: execs, attaching, copies, health, and so on.
ACTIONS = (
    "create", "rename", "start", "pause", "unpause", "kill", "oom", "die", "stop", "restart", "destroy",
)  # fmt: skip
#: What happens to networks themselves. A network is also told as what a container joins and leaves.
NETWORK_ACTIONS = ("create", "connect", "disconnect", "destroy", "remove")
_SECOND = 10**9


@dataclass(frozen=True, order=True)
class Event:
    """One thing that happened to a container, or to an object of another kind. Events compare by their time.

    Parameters
    ----------
    nanoseconds
        When, in the engine's own time since 1970.
    action
        The engine's word, such as those of :data:`ACTIONS`.
    id, name
        The object's; the name is the one that it had right after the event.
    exit_code
        How its process ended; None but for ``die``.
    signal
        The signal's number on Linux; None but for ``kill``.
    old_name
        The name before; empty but for ``rename``.
    role
        What the course made it for, as its label says: ``probe`` for its own helpers.
    kind
        The engine's word for what it happened to: ``container``, ``image``, ``network`` or ``volume``.
    """

    nanoseconds: int
    action: str
    id: str
    name: str
    exit_code: int | None = None
    signal: int | None = None
    old_name: str = ""
    role: str = ""
    kind: str = "container"

    @property
    def when(self) -> datetime:
        """When it happened."""
        return datetime.fromtimestamp(self.nanoseconds / _SECOND, UTC)

    @property
    def out_of_memory(self) -> bool:
        """True where the kernel ended a process of the container for lack of memory."""
        return self.action == "oom"

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> Self:
        """Read one message of the engine's stream."""
        actor = message["Actor"]
        said = actor.get("Attributes") or {}
        return cls(
            nanoseconds=int(message["timeNano"]),
            action=str(message["Action"]),
            id=str(actor["ID"]),
            name=str(said.get("name", actor["ID"] if message["Type"] == "volume" else "")),
            exit_code=_number(said.get("exitCode")),
            signal=_number(said.get("signal")),
            old_name=str(said.get("oldName", "")).removeprefix("/"),
            role=str(said.get(ROLE_LABEL, "")),
            kind=str(message["Type"]),
        )


class Following:
    """Events of containers as they happen; any thread may close it. :func:`follow` makes one.

    It ends quietly when it is closed, and when the time ``until`` is reached. It never ends so because the
    engine does: that is an :class:`~checker.errors.EngineFault`.
    """

    def __init__(self, engine: Engine, since: int | None, until: int | None, filters: dict[str, Any]) -> None:
        self._engine = engine
        self._ends = until is not None
        self._closed = False
        with asking(engine):
            self._stream = engine.client.api.events(
                since=_seconds(since), until=_seconds(until), filters=filters, decode=True
            )

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        try:
            with asking(self._engine):
                return Event.read(next(self._stream))
        except StopIteration:  # also where the connection broke: the SDK hides that
            hang_up(self._stream)
            if self._closed or self._ends:
                raise
            raise fault("stopped", self._engine.endpoint) from None
        except Exception:
            hang_up(self._stream)
            if self._closed:  # whatever it is, closing it under the reader's hands has brought it about
                raise StopIteration from None
            raise

    def close(self) -> None:
        """End it, also while another thread waits for the next event."""
        self._closed = True
        try:
            self._stream.close()
        except DockerException:  # over ssh a stream cannot be closed, but its connection can
            self._engine.close()
        except (OSError, AttributeError):  # it has ended in this very moment
            hang_up(self._stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def follow(
    engine: Engine,
    *,
    since: int | None = None,
    until: int | None = None,
    container_id: str = "",
    actions: Sequence[str] = ACTIONS,
    kinds: Sequence[str] = ("container",),
) -> Following:
    """Iterate over the events of all containers, or of objects of other kinds.

    The engine remembers its last 256 events, of whatever kind; older ones are not told.

    Parameters
    ----------
    since
        Tell also what happened from then on, in nanoseconds of the engine's time; see :func:`now`.
    until
        End with what happened until then. A time that has passed ends it without waiting.
    container_id
        Tell of this container alone.
    actions
        Tell of these alone.
    kinds
        Tell of objects of these kinds: ``container``, ``image``, ``network``, ``volume``.

    Examples
    --------
    >>> with follow(engine) as events:  # doctest: +SKIP
    ...     for event in events:
    ...         print(event.name, event.action)
    c02-web create
    c02-web start
    """
    filters: dict[str, Any] = {"type": list(kinds), "event": list(actions)}
    return Following(engine, since, until, filters | ({"container": container_id} if container_id else {}))


def now(engine: Engine) -> int:
    """Return the engine's own time in nanoseconds; its clock need not agree with this machine's."""
    with asking(engine):
        told = str(engine.client.info()["SystemTime"])
    return moment(engine, told)


def moment(engine: Engine, told: str) -> int:
    """Return a time stamp of the engine's, such as a container's ``StartedAt``, in nanoseconds.

    Raises
    ------
    EngineFault
        If it is no time stamp.
    """
    found = re.fullmatch(r"([^.]*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", told)
    if not found:
        raise fault("engine", engine.endpoint, detail=f"its time is {told!r}.")
    whole, fraction, zone = found.groups(default="")
    return int(datetime.fromisoformat(whole + zone).timestamp()) * _SECOND + int(fraction.ljust(9, "0"))


def _seconds(nanoseconds: int | None) -> Any:
    """Write a time as the API takes it without losing digits; the SDK passes a text on as it is."""
    return None if nanoseconds is None else f"{nanoseconds // _SECOND}.{nanoseconds % _SECOND:09d}"


def _number(text: object) -> int | None:
    return int(str(text)) if str(text).isdecimal() else None
