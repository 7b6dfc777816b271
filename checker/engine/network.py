"""Networks: a typed snapshot of ``docker network inspect``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import Missing, asking

if TYPE_CHECKING:
    from .connect import Engine


class Member(NamedTuple):
    """A running container in a network."""

    id: str
    name: str
    ip: str


class Network:
    """One network as it was when it was read."""

    def __init__(self, attrs: dict[str, Any]) -> None:
        self.attrs = attrs

    def __repr__(self) -> str:
        return f"<network {self.name}>"

    @property
    def id(self) -> str:
        """Its full id."""
        return str(self.attrs["Id"])

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.attrs["Name"])

    @property
    def driver(self) -> str:
        """``bridge``, ``host``, ``none``, ``overlay`` …."""
        return str(self.attrs["Driver"])

    @property
    def user_defined(self) -> bool:
        """True where containers find each other by name: every network but the three built-in ones."""
        return self.name not in {"bridge", "host", "none"}

    @property
    def internal(self) -> bool:
        """True where no way leads out of it."""
        return bool(self.attrs.get("Internal"))

    @property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        return dict(self.attrs.get("Labels") or {})

    @property
    def subnets(self) -> tuple[str, ...]:
        """Its subnets, such as ``172.18.0.0/16``."""
        pools = (self.attrs.get("IPAM") or {}).get("Config") or ()
        return tuple(pool["Subnet"] for pool in pools if pool.get("Subnet"))

    @property
    def members(self) -> tuple[Member, ...]:
        """The running containers in it, by name; the course's own helpers among them while they work."""
        found = (self.attrs.get("Containers") or {}).items()
        members = (
            Member(
                key, one["Name"], (one.get("IPv4Address") or one.get("IPv6Address") or "").partition("/")[0]
            )
            for key, one in found
        )
        return tuple(sorted(members, key=lambda one: one.name))


def find(engine: Engine, name: str) -> Network:
    """Read the network of exactly this name; the API also takes the beginning of an id.

    Raises
    ------
    Missing
        If there is none.
    """
    with asking(engine, "network", name):
        attrs = engine.client.api.inspect_network(name)
    if attrs["Name"] != name and attrs["Id"] != name:
        raise Missing("network", name)
    return Network(attrs)
