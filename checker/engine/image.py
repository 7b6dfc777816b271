"""Images: a typed snapshot of ``docker image inspect``, their history, and their saved layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .configured import environment
from .errors import Missing, asking
from .settings import when

if TYPE_CHECKING:
    from datetime import datetime

    from .connect import Engine

_HEXADECIMAL = set("0123456789abcdef")


class Step(NamedTuple):
    """One line of ``docker history``, the oldest first.

    Parameters
    ----------
    created_by
        The instruction, as the builder wrote it down.
    comment
        BuildKit's, or nothing where the image was committed from a container.
    size
        Bytes that it added; 0 also for a layer that only deletes.
    """

    created_by: str
    comment: str
    size: int


class Image:
    """One image as it was when it was read.

    It has no size: what the engine reports is unpacked bytes in one image store and compressed ones in the
    other. Measure its layers instead: :func:`checker.engine.layers.save`.
    """

    def __init__(self, engine: Engine, attrs: dict[str, Any]) -> None:
        self.engine = engine
        self.attrs = attrs
        self._config: dict[str, Any] = attrs.get("Config") or {}

    def __repr__(self) -> str:
        return f"<image {', '.join(self.tags) or self.id[7:19]}>"

    @property
    def id(self) -> str:
        """Its id. A configuration's digest in one image store, a manifest's in the other."""
        return str(self.attrs["Id"])

    @property
    def tags(self) -> tuple[str, ...]:
        """The references that point at it, such as ``busybox:1.37``; none where it dangles."""
        return tuple(tag for tag in self.attrs.get("RepoTags") or () if tag != "<none>:<none>")

    @property
    def digests(self) -> tuple[str, ...]:
        """The references by digest that a registry gave it, such as ``busybox@sha256:…``."""
        return tuple(self.attrs.get("RepoDigests") or ())

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """Digests of its unpacked layers, the lowest first."""
        return tuple((self.attrs.get("RootFS") or {}).get("Layers") or ())

    def builds_on(self, base: Image) -> bool:
        """Say whether it has all layers of ``base`` at its bottom, or is that image itself."""
        return self.diff_ids[: len(base.diff_ids)] == base.diff_ids

    @property
    def platform(self) -> str:
        """Its operating system and architecture, such as ``linux/arm64/v8``."""
        parts = (self.attrs.get(key) for key in ("Os", "Architecture", "Variant"))
        return "/".join(part for part in parts if part)

    @property
    def architecture(self) -> str:
        """Its architecture, such as ``amd64``."""
        return str(self.attrs["Architecture"])

    @property
    def created_at(self) -> datetime | None:
        """When it was made."""
        return when(self.attrs.get("Created"))

    @property
    def entrypoint(self) -> tuple[str, ...]:
        """Its entrypoint in exec form; the shell form shows as ``/bin/sh -c …``."""
        return tuple(self._config.get("Entrypoint") or ())

    @property
    def command(self) -> tuple[str, ...]:
        """Its default command in exec form."""
        return tuple(self._config.get("Cmd") or ())

    @property
    def env(self) -> dict[str, str]:
        """Its environment."""
        return environment(self._config)

    @property
    def user(self) -> str:
        """The user as it was given; empty means root. ``00`` and other names may be root as well."""
        return str(self._config.get("User") or "")

    @property
    def workdir(self) -> str:
        """Its working directory."""
        return str(self._config.get("WorkingDir") or "/")

    @property
    def exposed(self) -> frozenset[str]:
        """Ports that it declares, such as ``80/tcp``."""
        return frozenset(self._config.get("ExposedPorts") or ())

    @property
    def volumes(self) -> frozenset[str]:
        """Paths for which a container gets a volume of its own."""
        return frozenset(self._config.get("Volumes") or ())

    @property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        return dict(self._config.get("Labels") or {})

    @property
    def stop_signal(self) -> str:
        """The signal that ends its containers."""
        return str(self._config.get("StopSignal") or "SIGTERM")

    @property
    def healthcheck(self) -> tuple[str, ...]:
        """Its health check's command; none also where it was switched off with ``NONE``."""
        test = tuple((self._config.get("Healthcheck") or {}).get("Test") or ())
        return () if test == ("NONE",) else test

    def history(self) -> list[Step]:
        """Return how it was made, the oldest step first."""
        with asking(self.engine, "image", self.id):
            found = self.engine.client.api.history(self.id)  # type: ignore[no-untyped-call]
        return [
            Step(one.get("CreatedBy") or "", one.get("Comment") or "", one.get("Size") or 0)
            for one in reversed(found)
        ]

    def told_size(self) -> int:
        """Return the bytes that its steps added, as the engine tells them; nothing is saved for it.

        Only for comparing images on one engine: another image store tells other numbers.
        """
        return sum(step.size for step in self.history())


def find(engine: Engine, reference: str) -> Image:
    """Read the image that ``reference`` names: a tag, a digest, or an id of 12 digits or more.

    Raises
    ------
    Missing
        If the engine holds none. The beginning of an id, which the API takes as well, is none.
    """
    with asking(engine, "image", reference):
        attrs = engine.client.api.inspect_image(reference)  # type: ignore[no-untyped-call]
    if (
        set(reference) <= _HEXADECIMAL
        and len(reference) < 12
        and f"{reference}:latest" not in attrs["RepoTags"]
    ):
        raise Missing("image", reference)
    return Image(engine, attrs)
