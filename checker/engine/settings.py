"""What a container was started with, as typed values: ports, mounts, networks, limits, health.

Read from ``docker inspect``, whose fields differ between how an option was written (``--cpus`` and a quota,
``--tmpfs`` and ``--mount``) and between releases. Here each has one form.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from pathlib import PurePosixPath
from typing import Any, Literal, NamedTuple, Self

#: ``inspect`` writes this where something never happened.
_NEVER = "0001-01-01"


def when(text: str | None) -> datetime | None:
    """Parse an engine's time stamp, which has nanoseconds; ``None`` where the event never happened."""
    if not text or text.startswith(_NEVER):
        return None
    head, dot, rest = text.partition(".")
    if not dot:
        return datetime.fromisoformat(text)
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return datetime.fromisoformat(f"{head}.{rest[: min(digits, 6)]:0<6}{rest[digits:]}")


@dataclass(frozen=True)
class Binding:
    """Where a container's port is published on the engine's machine."""

    host_ip: str
    host_port: int

    @property
    def loopback(self) -> bool:
        """True where nothing but the engine's machine itself can reach it."""
        return ip_address(self.host_ip).is_loopback

    @property
    def everywhere(self) -> bool:
        """True where it is on every interface of the engine's machine."""
        return ip_address(self.host_ip).is_unspecified

    def __str__(self) -> str:
        address = f"[{self.host_ip}]" if ":" in self.host_ip else self.host_ip
        return f"{address}:{self.host_port}"


def bindings(ports: dict[str, Any] | None) -> dict[str, tuple[Binding, ...]]:
    """Read ``Ports`` or ``PortBindings``: ``80/tcp`` → bindings, the ones open to most first.

    A port that is only exposed has none. IPv4 comes before IPv6, so that ``0.0.0.0`` speaks for ``::``.
    """
    found = {}
    for port, entries in (ports or {}).items():
        # HostIp is empty where it was not given, HostPort is 0 or empty while none is chosen.
        parsed = {
            Binding(entry.get("HostIp") or "0.0.0.0", int(entry.get("HostPort") or 0))  # noqa: S104 - what the engine means by it
            for entry in entries or ()
        }
        found[port] = tuple(sorted(parsed, key=lambda one: (one.loopback, ":" in one.host_ip, one.host_port)))
    return found


class Published(NamedTuple):
    """A port of a container, and where it is published."""

    port: int
    protocol: str
    binding: Binding


@dataclass(frozen=True)
class Mount:
    """A bind, a volume or a tmpfs inside a container.

    Parameters
    ----------
    type
        ``bind``, ``volume`` or ``tmpfs``.
    destination
        Where it is inside the container.
    source
        The volume's name, or the bound path as the engine can mount it again. Empty for tmpfs.
    read_only
        True where the container cannot write to it.
    """

    type: str
    destination: PurePosixPath
    source: str = ""
    read_only: bool = False

    def holds(self, path: PurePosixPath) -> bool:
        """Say whether ``path`` inside the container lies in this mount."""
        return path.is_relative_to(self.destination)


def mounts(attrs: dict[str, Any]) -> tuple[Mount, ...]:
    """List all mounts; ``--tmpfs`` stands in another place of ``inspect`` than the others."""
    host = attrs["HostConfig"]
    found = [
        Mount(
            type=one["Type"],
            destination=PurePosixPath(one["Destination"]),
            source=_source(one, host),
            read_only=not one["RW"],
        )
        for one in attrs.get("Mounts") or ()
    ]
    known = {one.destination for one in found}
    for path, options in (host.get("Tmpfs") or {}).items():
        if PurePosixPath(path) not in known:
            read_only = "ro" in options.split(",")
            found.append(Mount("tmpfs", PurePosixPath(path), read_only=read_only))
    return tuple(sorted(found, key=lambda one: one.destination))


def _source(mount: dict[str, Any], host: dict[str, Any]) -> str:
    """Return what to mount again: as the user wrote it, since Docker Desktop shows its own inner path."""
    if mount["Type"] == "tmpfs":
        return ""
    if mount["Type"] == "volume":
        return str(mount["Name"])
    for asked in host.get("Mounts") or ():
        if PurePosixPath(asked["Target"]) == PurePosixPath(mount["Destination"]):
            return str(asked["Source"])
    for bind in host.get("Binds") or ():
        source, found, rest = bind.rpartition(f":{mount['Destination']}")
        if found and rest.lstrip("/")[:1] in {"", ":"}:
            return str(source)
    return str(mount["Source"])


@dataclass(frozen=True)
class Attachment:
    """A container's place in one network."""

    network: str
    network_id: str
    ip: str
    ipv6: str
    aliases: tuple[str, ...]

    @classmethod
    def read(cls, name: str, data: dict[str, Any]) -> Self:
        """Read one entry of ``NetworkSettings.Networks``."""
        names = [*(data.get("Aliases") or ()), *(data.get("DNSNames") or ())]
        return cls(
            network=name,
            network_id=data.get("NetworkID", ""),
            ip=data.get("IPAddress", ""),
            ipv6=data.get("GlobalIPv6Address", ""),
            aliases=tuple(dict.fromkeys(names)),
        )


@dataclass(frozen=True)
class Limits:
    """What a container may use. ``None`` is no limit; a reservation is not a limit.

    Parameters
    ----------
    memory, memory_reservation
        Bytes.
    swap
        Bytes of swap on top of ``memory``. 0 where swap is switched off.
    cpus
        CPUs, from ``--cpus`` or from a quota and its period.
    pids
        Processes and threads.
    """

    memory: int | None
    memory_reservation: int | None
    swap: int | None
    cpus: float | None
    pids: int | None

    @classmethod
    def read(cls, host: dict[str, Any]) -> Self:
        """Read ``HostConfig``."""
        memory = host.get("Memory") or None
        both = host.get("MemorySwap") or 0
        swap = None
        if memory and both >= 0:
            # Left out, the engine allows as much swap as memory.
            swap = both - memory if both else memory
        quota = host.get("CpuQuota") or 0
        cpus = (host.get("NanoCpus") or 0) / 1e9 or None
        if cpus is None and quota > 0:
            cpus = quota / (host.get("CpuPeriod") or 100_000)
        pids = host.get("PidsLimit") or 0
        return cls(memory, host.get("MemoryReservation") or None, swap, cpus, pids if pids > 0 else None)


@dataclass(frozen=True)
class RestartPolicy:
    """``no``, ``always``, ``unless-stopped`` or ``on-failure``; ``maximum`` is 0 where there is no limit."""

    name: str
    maximum: int

    @classmethod
    def read(cls, host: dict[str, Any]) -> Self:
        """Read ``HostConfig``. An empty name means ``no``."""
        policy = host.get("RestartPolicy") or {}
        return cls(policy.get("Name") or "no", policy.get("MaximumRetryCount") or 0)


@dataclass(frozen=True)
class Health:
    """What a health check says.

    ``status`` is ``none`` where there is no check, also where it was switched off with ``NONE``.
    ``last_output`` is what the check printed last.
    """

    status: Literal["none", "starting", "healthy", "unhealthy"]
    failing_streak: int = 0
    last_output: str = ""

    @classmethod
    def read(cls, state: dict[str, Any]) -> Self:
        """Read ``State``."""
        data = state.get("Health") or {}
        log = data.get("Log") or []
        return cls(
            data.get("Status") or "none",
            data.get("FailingStreak", 0),
            (log[-1].get("Output") or "").strip() if log else "",
        )
