"""Look-alikes of what an exercise owns, under other names: a careful answer and a reset spare them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from checker.interrupts import undoing

from .errors import asking
from .probe import IMAGE, ROLE_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .connect import Engine
    from .scene import Owner

_LABELS = {ROLE_LABEL: "bystander"}
_SUFFIX = "-bystander"


class Bystanders:
    """Look-alikes on the engine, and how they were when they were made."""

    def __init__(self, engine: Engine, owner: Owner) -> None:
        self._engine = engine
        owns, always = owner.owns, owner.id.replace("/", "-")  # one of each also where nothing is owned
        self._containers = [name + _SUFFIX for name in (*owns.containers, always)]
        self._networks = [name + _SUFFIX for name in (*owns.networks, always)]
        self._volumes = [name + _SUFFIX for name in (*owns.volumes, always)]
        self._before: dict[str, Any] = {}

    def make(self) -> None:
        """Make them."""
        with asking(self._engine):
            client = self._engine.client
            for name in self._networks:
                client.networks.create(name, labels=_LABELS)
            for name in self._volumes:
                client.volumes.create(name, labels=_LABELS)
            for name in self._containers:
                client.containers.run(
                    IMAGE,
                    ["sleep", "3600"],
                    name=name,
                    labels=_LABELS,
                    detach=True,
                    init=True,
                    stop_signal="KILL",
                )
        self._before = self._state()

    def changed(self) -> list[str]:
        """Return the names of those that are gone, or not as they were."""
        now = self._state()
        return [name for name, state in self._before.items() if now[name] != state]

    def remove(self) -> None:
        """Remove them."""
        with asking(self._engine):
            api = self._engine.client.api
            for one in api.containers(all=True):
                if {name.removeprefix("/") for name in one["Names"]} & set(self._containers):
                    api.remove_container(one["Id"], force=True)
            for one in api.networks():
                if one["Name"] in self._networks:
                    api.remove_network(one["Id"])
            for one in api.volumes().get("Volumes") or ():
                if one["Name"] in self._volumes:
                    api.remove_volume(one["Name"])

    def _state(self) -> dict[str, Any]:
        with asking(self._engine):
            api = self._engine.client.api
            containers = {one["Names"][0].removeprefix("/"): one["Id"] for one in api.containers(all=True)}
            networks = {one["Name"]: one["Id"] for one in api.networks()}
            volumes = {one["Name"]: one.get("CreatedAt") for one in api.volumes().get("Volumes") or ()}
            state: dict[str, Any] = {}
            for name in self._containers:
                found = api.inspect_container(containers[name]) if name in containers else None
                state[f"container {name}"] = found and (
                    found["Id"], found["State"]["Running"], found["State"]["StartedAt"]
                )  # fmt: skip
        state |= {f"network {name}": networks.get(name) for name in self._networks}
        return state | {f"volume {name}": volumes.get(name) for name in self._volumes}


@contextmanager
def bystanders(engine: Engine, owner: Owner) -> Iterator[Bystanders]:
    """Have look-alikes of what ``owner`` owns on the engine, until the block ends."""
    they = Bystanders(engine, owner)
    they.remove()  # an earlier run may have been killed
    with undoing(they.remove):
        they.make()
        yield they
