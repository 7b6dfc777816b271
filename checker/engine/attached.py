"""Whether a container was started in the background, or attached to the client that started it.

Neither ``docker inspect`` nor a list shows it: a container that was only created and then started bears the
same settings as one that holds a terminal. The engine's events do. It keeps the last 256 of them, so that a
start of long ago cannot be judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import asking
from .settings import when

if TYPE_CHECKING:
    from .connect import Engine


def since_start(engine: Engine, container_id: str, name: str) -> bool:
    """Say whether a client attached before the last start, and has not detached since.

    A client that attaches later only looks on. One that is killed leaves without an event.
    """
    api = engine.client.api
    with asking(engine, "container", name):
        attrs = api.inspect_container(container_id)
        started = attrs["State"]["StartedAt"]
        if not when(started):
            return False
        before = _actions(engine, container_id, attrs["Created"], started)
        if not before or before[-1] != "attach":
            return False
        return "detach" not in _actions(engine, container_id, started, api.info()["SystemTime"])


def _actions(engine: Engine, container_id: str, since: str, until: str) -> list[str]:
    """Return who came and went between two times of the engine's own clock, the earliest first."""
    filters = {"type": "container", "container": container_id, "event": ["attach", "detach", "die"]}
    # The API takes fractions of a second, of which the SDK's types know nothing.
    found = engine.client.api.events(_stamp(since), _stamp(until), filters=filters, decode=True)  # type: ignore[call-overload]
    return [str(event["Action"]) for event in found]


def _stamp(text: str) -> str:
    """Turn a time stamp of the engine's into what it takes as one."""
    time = when(text)
    assert time  # noqa: S101 - for the type checker: only times that happened come here
    return f"{time.timestamp():.6f}"
