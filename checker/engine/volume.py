"""Volumes: a typed snapshot of ``docker volume inspect``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import asking

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


def find(engine: Engine, name: str) -> Volume:
    """Read the volume ``name``.

    Raises
    ------
    Missing
        If there is none.
    """
    with asking(engine, "volume", name):
        return Volume(engine, engine.client.api.inspect_volume(name))
