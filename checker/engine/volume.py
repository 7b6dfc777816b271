"""Volumes: a typed snapshot of ``docker volume inspect``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import archive, probe
from .errors import Missing, asking

if TYPE_CHECKING:
    from .connect import Engine


class Volume:
    """One volume as it was when it was read."""

    def __init__(self, engine: Engine, attrs: dict[str, Any]) -> None:
        self.engine = engine
        self.attrs = attrs

    def __repr__(self) -> str:
        return f"<volume {self.name}>"

    @property
    def name(self) -> str:
        """Its name, which is all the id that it has."""
        return str(self.attrs["Name"])

    @property
    def driver(self) -> str:
        """``local``, or a plugin's name."""
        return str(self.attrs["Driver"])

    @property
    def options(self) -> dict[str, str]:
        """Its driver's options."""
        return dict(self.attrs.get("Options") or {})

    @property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        return dict(self.attrs.get("Labels") or {})

    @property
    def anonymous(self) -> bool:
        """True where nobody named it: an image's or a ``-v /path`` volume."""
        named = self.name.strip("0123456789abcdef")
        return len(self.name) == 64 and not named

    def used_by(self) -> tuple[str, ...]:
        """Names of all containers that mount it, the stopped ones too."""
        with asking(self.engine):
            # The API's filter takes a path inside a container for a volume's name as well.
            listed = self.engine.client.api.containers(all=True, filters={"volume": self.name})
        return tuple(
            sorted(
                one["Names"][0].removeprefix("/")
                for one in listed
                if any(mount.get("Name") == self.name for mount in one.get("Mounts") or ())
            )
        )

    def read_file(self, path: str) -> bytes:
        """Return the content of the file ``path`` of this volume, whether or not a container runs.

        Raises
        ------
        Missing
            If the volume has no such file.
        """
        with probe.holding(self.engine, self.name) as (holder, root):
            try:
                return archive.read_file(self.engine, holder, self.name, f"{root}/{path}")
            except Missing as missing:
                raise Missing("file", f"{path} in volume {self.name}") from missing

    def write_file(self, path: str, content: bytes, *, mode: int = 0o644) -> None:
        """Write ``content`` to the file ``path`` of this volume, as root."""
        with probe.holding(self.engine, self.name) as (holder, root):
            archive.write_file(self.engine, holder, self.name, f"{root}/{path}", content, mode=mode)


def find(engine: Engine, name: str) -> Volume:
    """Read the volume ``name``.

    Raises
    ------
    Missing
        If there is none.
    """
    with asking(engine, "volume", name):
        return Volume(engine, engine.client.api.inspect_volume(name))
