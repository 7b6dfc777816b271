"""Somebody else's objects, made for a trial: beside what an exercise owns, or under the very names."""

from __future__ import annotations

import io
import tarfile
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from docker.errors import NotFound
from docker.utils import parse_repository_tag

from checker.interrupts import undoing

from .errors import asking
from .probe import IMAGE, ROLE_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .connect import Engine
    from .scene import Owner

    Names = Mapping[str, Sequence[str]]  # noun → names

_ROLE = "bystander"
_LABELS = {ROLE_LABEL: _ROLE}


class Bystanders:
    """Objects of somebody else's, and how they were when they were made.

    Parameters
    ----------
    names
        For ``container``, ``network``, ``volume`` and ``image``, the names.
    run
        Start the containers.
    """

    def __init__(self, engine: Engine, names: Names, *, run: bool) -> None:
        self._engine = engine
        self._names = names
        self._run = run
        self._before: dict[str, Any] = {}

    def make(self) -> None:
        """Make them."""
        with asking(self._engine):
            client = self._engine.client
            for name in self._of("network"):
                client.networks.create(name, labels=_LABELS)
            for name in self._of("volume"):
                client.volumes.create(name, labels=_LABELS)
            for tag in self._of("image"):
                _make_image(self._engine, tag)
            for name in self._of("container"):
                made = client.containers.create(
                    IMAGE, ["sleep", "3600"], name=name, labels=_LABELS, init=True, stop_signal="KILL"
                )
                if self._run:
                    made.start()
        self._before = self._state()

    def changed(self) -> list[str]:
        """Return the names of those that are gone, or not as they were."""
        now = self._state()
        return [name for name, state in self._before.items() if now.get(name) != state]

    def remove(self) -> None:
        """Remove them, and nothing that bears one of the names but was not made here."""
        with asking(self._engine):
            api = self._engine.client.api
            for noun, name, one in self._found():
                with suppress(NotFound):
                    if noun == "container":
                        api.remove_container(one["Id"], force=True)
                    elif noun == "network":
                        api.remove_network(one["Id"])
                    elif noun == "volume":
                        api.remove_volume(name)
                    else:
                        api.remove_image(name)

    def _of(self, noun: str) -> Sequence[str]:
        return self._names.get(noun, ())

    def _found(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield those that are there: noun, name and what the engine lists."""
        api = self._engine.client.api
        ours = {"label": f"{ROLE_LABEL}={_ROLE}"}
        if self._of("container"):
            for one in api.containers(all=True, filters=ours):
                names = [name.removeprefix("/") for name in one["Names"] or ()]
                yield from self._named("container", names, one)
        if self._of("network"):
            for one in api.networks(filters=ours):
                yield from self._named("network", [one["Name"]], one)
        if self._of("volume"):
            for one in api.volumes(filters=ours).get("Volumes") or ():
                yield from self._named("volume", [one["Name"]], one)
        if self._of("image"):
            for one in api.images(filters=ours):
                tags = [tag.removesuffix(":latest") for tag in one.get("RepoTags") or ()]
                yield from self._named("image", [*tags, *(one.get("RepoTags") or ())], one)

    def _named(
        self, noun: str, names: Sequence[str], one: dict[str, Any]
    ) -> Iterator[tuple[str, str, dict[str, Any]]]:
        yield from ((noun, name, one) for name in names if name in self._of(noun))

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = {}
        with asking(self._engine):
            for noun, name, one in self._found():
                state[f"{noun} {name}"] = one.get("Id"), one.get("CreatedAt")
                if noun == "container":
                    with suppress(NotFound):
                        found = self._engine.client.api.inspect_container(one["Id"])["State"]
                        state[f"{noun} {name}"] = one["Id"], found["Running"], found["StartedAt"]
        return state


def _make_image(engine: Engine, tag: str) -> None:
    """Make an empty image, labelled: its tag can be told from one that somebody else has given."""
    empty = io.BytesIO()
    tarfile.open(fileobj=empty, mode="w").close()
    repository, version = parse_repository_tag(tag)
    changes = [f"LABEL {ROLE_LABEL}={_ROLE}"]
    api = engine.client.api
    api.import_image_from_data(empty.getvalue(), repository, tag=version or "latest", changes=changes)


@contextmanager
def bystanders(engine: Engine, owner: Owner) -> Iterator[Bystanders]:
    """Have look-alikes of what ``owner`` owns on the engine until the block ends, one of each noun."""
    owns, instead = owner.owns, [owner.id.replace("/", "-")]
    names = {"container": owns.containers, "network": owns.networks, "volume": owns.volumes}
    beside = {noun: [f"{name}-bystander" for name in own or instead] for noun, own in names.items()}
    with _there(Bystanders(engine, beside, run=True)) as they:
        yield they


@contextmanager
def namesake(engine: Engine, noun: str, name: str) -> Iterator[Bystanders]:
    """Have an object of somebody else's under this very name until the block ends."""
    with _there(Bystanders(engine, {noun: [name]}, run=False)) as they:
        yield they


@contextmanager
def _there(they: Bystanders) -> Iterator[Bystanders]:
    they.remove()  # an earlier run may have been killed
    with undoing(they.remove):
        they.make()
        yield they
