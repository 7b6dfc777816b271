"""Whether a container was started in the background, or attached to the client that started it.

Neither ``docker inspect`` nor a list shows it: a container that was only created and then started bears the
same settings as one that holds a terminal. The engine's events do. It keeps the last 256 of them, so that a
start of long ago cannot be judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import events
from .errors import asking
from .settings import when

if TYPE_CHECKING:
    from .connect import Engine


def since_start(engine: Engine, container_id: str, name: str) -> bool:
    """Say whether a client attached before the last start, and has not detached since.

    A client that attaches later only looks on. One that is killed leaves without an event.
    """
    with asking(engine, "container", name):
        attrs = engine.client.api.inspect_container(container_id)
    if not when(attrs["State"]["StartedAt"]):
        return False
    created, started = (
        events.moment(engine, told) for told in (attrs["Created"], attrs["State"]["StartedAt"])
    )
    before = _actions(engine, container_id, created, started)
    if not before or before[-1] != "attach":
        return False
    return "detach" not in _actions(engine, container_id, started, events.now(engine))


def _actions(engine: Engine, container_id: str, since: int, until: int) -> list[str]:
    """Return who came and went between two times, the earliest first."""
    with events.follow(
        engine, since=since, until=until, container_id=container_id, actions=("attach", "detach", "die")
    ) as found:
        return [event.action for event in found]
