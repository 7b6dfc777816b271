"""A local registry of the catalogue's images under their Docker Hub names, for a classroom's engines."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docker.errors import APIError, NotFound

from checker.engine.connect import Engine
from checker.errors import EngineFault, Refused
from checker.paths import state_dir

from .catalogue import catalogue
from .provide import PATIENCE, missing
from .trouble import room, told_apart

if TYPE_CHECKING:
    from collections.abc import Iterable

    from docker import APIClient

    from .provide import Report

NAME = "docker-course-mirror"
LABELS = {"docker-course": "mirror"}
LOOPBACK = "127.0.0.1"
STARTS_WITHIN = 30.0  # seconds


@dataclass(frozen=True)
class Mirror:
    """A mirror that answers.

    Attributes
    ----------
    address, port
        Where it is published on the engine's machine.
    images
        References that it serves.
    """

    address: str
    port: int
    images: tuple[str, ...]


@told_apart
def start(engine: Engine, keys: Iterable[str], address: str, port: int, report: Report) -> Mirror:
    """Start the mirror and fill it with the images of ``keys`` (default: all that the engine has).

    It is filled on the loopback address. What then listens on ``address`` is read-only.

    Parameters
    ----------
    port
        0: the engine chooses a free one.

    Raises
    ------
    Refused
        If it runs already, the port is taken, or an image is missing.
    """
    keys = list(keys)
    absent = {image.key for image in missing(engine)}
    if lost := [key for key in ["registry", *keys] if key in absent]:
        raise Refused(
            f"The engine does not have {', '.join(lost)}.", next=f"Run `course images pull {' '.join(lost)}`."
        )
    references = [
        image.reference
        for key, image in catalogue().items()
        if key not in absent and (not keys or key in keys)
    ]
    with Engine(engine.endpoint, PATIENCE) as patient, room(state_dir()):
        api = patient.client.api
        if _exists(api):
            raise Refused("The mirror runs already.", next="Run `course images mirror --stop` first.")
        try:
            filling = _run(api, LOOPBACK, 0, read_only=False)
            for reference in references:
                _push(api, reference, f"{LOOPBACK}:{filling}", report)
            api.remove_container(NAME, force=True)
            published = _run(api, address, port, read_only=True)
        except BaseException:
            stop(patient)
            raise
    return Mirror(address, published, tuple(references))


@told_apart
def stop(engine: Engine) -> bool:
    """Remove the mirror and its copies of the images; whether there was one."""
    api = engine.client.api
    there = _exists(api)
    with suppress(NotFound):
        api.remove_container(NAME, force=True)
    with suppress(NotFound):
        api.remove_volume(NAME)
    return there


def path(reference: str) -> str:
    """What a registry calls it: ``library/nginx:1.26`` for ``nginx:1.26``."""
    return reference if "/" in reference else f"library/{reference}"


def _exists(api: APIClient) -> bool:
    found = api.containers(all=True, filters={"label": "docker-course=mirror", "name": f"^/{NAME}$"})
    return bool(found)


def _run(api: APIClient, address: str, port: int, *, read_only: bool) -> int:
    """Start the registry on ``address``; returns the port once it listens."""
    environment = {"REGISTRY_STORAGE_MAINTENANCE_READONLY": "{enabled: true}"} if read_only else {}
    api.create_container(
        catalogue()["registry"].reference,
        name=NAME,
        labels=LABELS,
        environment=environment,
        ports=[5000],
        host_config=api.create_host_config(
            port_bindings={5000: (address, port or None)}, binds=[f"{NAME}:/var/lib/registry"]
        ),
    )
    try:
        api.start(NAME)
    except APIError as error:
        if "port is already allocated" in str(error) or "address already in use" in str(error):
            raise Refused(f"Port {port} on {address} is taken.", next="Choose another: `--port`.") from error
        raise
    _await_listening(api)
    return int(api.port(NAME, 5000)[0]["HostPort"])


def _await_listening(api: APIClient) -> None:
    limit = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < limit:
        logs = api.logs(NAME)
        if b"listening on" in logs:
            return
        if not api.inspect_container(NAME)["State"]["Running"]:
            break
        time.sleep(0.1)
    last = api.logs(NAME, tail=3).decode(errors="replace").strip()
    raise EngineFault(f"The mirror does not start: {last}", next="Run `course doctor`.")


def _push(api: APIClient, reference: str, registry: str, report: Report) -> None:
    """Copy one image into the registry; its name there does not stay on the engine."""
    key = next(key for key, image in catalogue().items() if image.reference == reference)
    repository, _, tag = f"{registry}/{path(reference)}".rpartition(":")
    report(key, "copies into the mirror")
    api.tag(reference, repository, tag)
    try:
        for event in api.push(repository, tag=tag, stream=True, decode=True):
            if "error" in event:
                raise EngineFault(f"{reference} cannot be copied into the mirror: {event['error']}")
    finally:
        api.remove_image(f"{repository}:{tag}", noprune=True)
    report(key, "in the mirror", 1.0)
