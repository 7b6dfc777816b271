"""What an exercise owns on the engine: what is there, setting it up, and taking it away again.

An exercise declares its names and ports. What bears a declared name is its own, unless it was there before
the exercise was started: then it is a bystander, known by its id, and never touched. What the course makes
itself is labelled as well. Nothing is ever pruned.
"""

from __future__ import annotations

import socket
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from docker.errors import APIError, NotFound

from checker.errors import CourseFault

from . import container, probe
from .build import build
from .errors import asking
from .probe import EXERCISE_LABEL, NAME_LABEL, ROLE_LABEL
from .waiting import ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from .connect import Engine
    from .image import Image

__all__ = [
    "EXERCISE_LABEL",
    "ROLE_LABEL",
    "Held",
    "Owned",
    "Removed",
    "Scene",
    "Taken",
    "remove",
    "remove_tag",
    "taken",
]

#: Seconds to wait for what another process is removing at this moment.
_PATIENCE = 3.0


class Owned(Protocol):
    """The names that an exercise declares; :class:`checker.exercise.Owns` is one."""

    @property
    def containers(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def images(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def networks(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def volumes(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def ports(self) -> Sequence[int]: ...  # noqa: D102


class Owner(Protocol):
    """Whose objects they are; :class:`checker.exercise.Exercise` is one."""

    @property
    def id(self) -> str: ...
    @property
    def owns(self) -> Owned: ...


@dataclass(frozen=True)
class Held:
    """An object on the engine.

    Parameters
    ----------
    id
        Tells it from a later one of the same name.
    label
        The exercise whose scene made it, as its label says; empty where there is none.
    """

    noun: str
    name: str
    id: str
    label: str = ""

    def __str__(self) -> str:
        return f"{self.noun} {self.name}"


@dataclass(frozen=True)
class Taken:
    """What already bears a declared name, and who holds a declared port.

    ``ports`` maps a port to its holder, such as ``container c02-web`` or ``another program``.
    """

    objects: tuple[Held, ...] = ()
    ports: Mapping[int, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.objects or self.ports)

    @property
    def ids(self) -> list[str]:
        """The ids to remember as bystanders."""
        return [one.id for one in self.objects]


@dataclass(frozen=True)
class Removed:
    """What was removed, and what had to stay: an object and why."""

    gone: tuple[Held, ...]
    kept: tuple[tuple[Held, str], ...]


def taken(engine: Engine, exercise: Owner) -> Taken:
    """Find what already bears a name or listens on a port that ``exercise`` declares."""
    owns = exercise.owns
    with asking(engine):
        listed = engine.client.api.containers(all=True)
        objects = tuple(_held(engine, owns, listed))
    holders = {
        entry["PublicPort"]: f"container {one['Names'][0].removeprefix('/')}"
        for one in listed
        for entry in one.get("Ports") or ()
        if entry.get("PublicPort")
    }
    ports = {}
    for port in owns.ports:
        if port in holders:
            ports[port] = holders[port]
        elif _is_local(engine) and _listens(port):
            ports[port] = "another program"
    return Taken(objects, ports)


def _held(engine: Engine, owns: Owned, listed: list[dict[str, Any]]) -> Iterator[Held]:
    """Yield what bears a declared name. The API's own name filter also matches parts of names."""
    api = engine.client.api
    for one in listed:
        for name in one["Names"]:
            if name.removeprefix("/") in owns.containers:
                yield Held(
                    "container", name.removeprefix("/"), one["Id"], _label(one, name.removeprefix("/"))
                )
    for tag in owns.images:
        with suppress(NotFound):
            one = api.inspect_image(tag)  # type: ignore[no-untyped-call]
            yield Held("image", tag, one["Id"], _label(one.get("Config") or {}, tag))
    networks = api.networks() if owns.networks else ()
    yield from (_network(one) for one in networks if one["Name"] in owns.networks)
    volumes = (api.volumes().get("Volumes") or ()) if owns.volumes else ()
    yield from (_volume(one) for one in volumes if one["Name"] in owns.volumes)


def _network(one: dict[str, Any]) -> Held:
    return Held("network", one["Name"], one["Id"], _label(one, one["Name"]))


def _volume(one: dict[str, Any]) -> Held:
    """A volume has no id: its name and birth serve as one."""
    return Held("volume", one["Name"], f"{one['Name']}@{one.get('CreatedAt', '')}", _label(one, one["Name"]))


def _label(one: dict[str, Any], name: str) -> str:
    """Return the exercise that an object is labelled with; an inherited label counts for nothing."""
    labels = one.get("Labels") or {}
    return str(labels.get(EXERCISE_LABEL, "")) if labels.get(NAME_LABEL) == name else ""


def _is_local(engine: Engine) -> bool:
    return engine.endpoint.url.startswith(("unix:", "npipe:"))


def _listens(port: int) -> bool:
    """Say whether something answers on this machine's loopback."""
    for address in ("127.0.0.1", "::1"):
        with suppress(OSError), socket.create_connection((address, port), timeout=0.5):
            return True
    return False


def remove(engine: Engine, exercise: Owner, keep: Iterable[str] = ()) -> Removed:
    """Remove what the exercise owns: declared names that are no bystanders, and what bears its label.

    Containers deaf to TERM are killed. Helper containers first undo what they changed. An image only loses
    its declared tag: layers that others use stay. What a bystander still uses is kept and reported.

    Parameters
    ----------
    keep
        Ids of bystanders: what :func:`taken` had found when the exercise was started.
    """
    spared = set(keep)
    with asking(engine):
        listed = engine.client.api.containers(all=True)
        objects = [one for one in _held(engine, exercise.owns, listed) if one.id not in spared]
        known = {one.id for one in objects}
        objects += [one for one in _labelled(engine, exercise.id, listed) if one.id not in known | spared]
    probes = {one["Id"] for one in listed if (one.get("Labels") or {}).get(ROLE_LABEL) == "probe"}
    gone, kept = [], []
    for noun in ("container", "network", "volume", "image"):
        for held in (one for one in objects if one.noun == noun):
            if problem := _remove(engine, held, probes):
                kept.append((held, problem))
            else:
                gone.append(held)
    return Removed(tuple(gone), tuple(kept))


def _labelled(engine: Engine, exercise: str, listed: list[dict[str, Any]]) -> Iterator[Held]:
    api = engine.client.api
    wanted = {"label": f"{EXERCISE_LABEL}={exercise}"}
    for one in listed:
        name = one["Names"][0].removeprefix("/")
        if _label(one, name) == exercise:
            yield Held("container", name, one["Id"], exercise)
    yield from map(_network, api.networks(filters=wanted))
    yield from map(_volume, api.volumes(filters=wanted).get("Volumes") or ())


def _remove(engine: Engine, held: Held, probes: set[str]) -> str:
    """Remove one object. Returns why it cannot be removed; empty where it is gone."""
    api = engine.client.api
    if held.noun == "container":
        (probe.undo if held.id in probes else probe.remove)(engine, held.id)
        return ""
    if held.noun == "image":
        return remove_tag(engine, held.name)
    if held.noun == "network":
        return _when_free(engine, lambda: api.remove_network(held.id))
    return _when_free(engine, lambda: api.remove_volume(held.name))


def remove_tag(engine: Engine, tag: str) -> str:
    """Remove a tag, and its image where nothing else needs it; returns why it cannot be removed."""
    return _when_free(engine, lambda: engine.client.api.remove_image(tag, force=True))


def _when_free(engine: Engine, action: Callable[[], object]) -> str:
    """Call ``action`` until nothing uses the object any more, for as long as a removal may take."""
    problem = ""
    for _ in ticks(_PATIENCE):
        with asking(engine):
            try:
                action()
            except NotFound:
                return ""
            except APIError as error:
                if error.status_code not in {403, 409}:  # the engine's answers for what is in use
                    raise
                problem = str(error.explanation)
            else:
                return ""
    return problem


class Scene:
    """Makes the objects of an exercise's starting scene, labelled, under declared names only.

    Parameters
    ----------
    reference
        Turns a key of the image catalogue into a reference; any other reference stays as it is.
    """

    def __init__(self, engine: Engine, exercise: Owner, reference: Callable[[str], str]) -> None:
        self.engine = engine
        self._exercise = exercise
        self._reference = reference

    def container(
        self,
        name: str,
        image: str,
        command: str | list[str] | None = None,
        *,
        start: bool = True,
        **options: Any,
    ) -> container.Container:
        """Create a container, and start it.

        Parameters
        ----------
        image
            A key of the catalogue, or a reference.
        options
            As ``docker.DockerClient.containers.create`` takes them. A port that is given as a number alone
            is published on 127.0.0.1.
        """
        self._declared("container", name, self._exercise.owns.containers)
        if "ports" in options:
            options["ports"] = {
                inside: ("127.0.0.1", outside) if isinstance(outside, int) else outside
                for inside, outside in options["ports"].items()
            }
        labels = self._labels(name) | dict(options.pop("labels", None) or {})
        reference = self._reference(image)
        with asking(self.engine, "image", reference):
            made = self.engine.client.containers.create(
                reference, command, name=name, labels=labels, **options
            )
            if start:
                made.start()
        return container.find(self.engine, name)

    def network(self, name: str, **options: Any) -> None:
        """Create a network; options as ``docker.DockerClient.networks.create`` takes them."""
        self._declared("network", name, self._exercise.owns.networks)
        with asking(self.engine):
            self.engine.client.networks.create(name, labels=self._labels(name), **options)

    def volume(self, name: str, **options: Any) -> None:
        """Create a volume; options as ``docker.DockerClient.volumes.create`` takes them."""
        self._declared("volume", name, self._exercise.owns.volumes)
        with asking(self.engine):
            self.engine.client.volumes.create(name, labels=self._labels(name), **options)

    def image(self, tag: str, files: Mapping[str, str | bytes], **options: Any) -> Image:
        """Build an image from ``files``, a Dockerfile among them; options as a build takes them."""
        self._declared("image", tag, self._exercise.owns.images)
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.encode() if isinstance(content, str) else content)
            return build(self.engine, Path(folder), tags=[tag], labels=self._labels(tag), **options).image

    def _labels(self, name: str) -> dict[str, str]:
        return probe.labels(self._exercise.id, "scene", name)

    def _declared(self, noun: str, name: str, names: Sequence[str]) -> None:
        if name not in names:
            raise CourseFault(
                f"{self._exercise.id}: the scene makes the {noun} {name}, which owns= does not declare."
            )
