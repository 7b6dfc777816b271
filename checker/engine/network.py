"""Networks: a typed snapshot of ``docker network inspect``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import Missing, asking
from .probe import ROLE_LABEL

if TYPE_CHECKING:
    from .connect import Engine


class Member(NamedTuple):
    """A running container in a network."""

    id: str
    name: str
    ip: str


class Resident(NamedTuple):
    """A container, running or not, and the networks that it belongs to.

    Parameters
    ----------
    networks
        Their ids, and their names: one that was never started knows the name alone.
    shares
        Id of the container whose network it lives in; empty where it has a place of its own.
    """

    id: str
    name: str
    state: str
    networks: frozenset[str]
    shares: str


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


def every(engine: Engine) -> list[Network]:
    """Read all networks, by name. Lists do not tell who is in them: their ``members`` are empty."""
    with asking(engine):
        found = engine.client.api.networks()
    return sorted(map(Network, found), key=lambda one: one.name)


def residents(engine: Engine) -> list[Resident]:
    """List all containers by name, but the course's own helpers."""
    with asking(engine):
        found: list[dict[str, Any]] = engine.client.api.containers(all=True)
    listed = [_resident(one) for one in found if (one.get("Labels") or {}).get(ROLE_LABEL) != "probe"]
    return sorted(listed, key=lambda one: one.name)


def _resident(one: dict[str, Any]) -> Resident:
    places = (one.get("NetworkSettings") or {}).get("Networks") or {}
    mode, _, shared = ((one.get("HostConfig") or {}).get("NetworkMode") or "").partition(":")
    return Resident(
        id=one["Id"],
        # A legacy link adds names such as /other/alias.
        name=next((name[1:] for name in one.get("Names") or () if "/" not in name[1:]), one["Id"][:12]),
        state=one["State"],
        networks=frozenset([*places, *(place.get("NetworkID") or "" for place in places.values())]) - {""},
        shares=shared if mode == "container" else "",
    )
