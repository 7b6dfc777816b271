"""Reaching what containers serve: from their own network, from the engine's machine, from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.engine import http
from checker.engine import network as networks
from checker.engine.container import Container, find
from checker.engine.errors import NoAnswer, ObjectError
from checker.engine.probe import Probe
from checker.engine.sockets import LISTENING, listeners

from .waits import ENDED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.engine.connect import Engine
    from checker.engine.http import Response

_LARGEST = 64 * 2**20  # bytes of an answer: a registry's blobs come this way too
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - every interface: loopback is one of them


class Reach:
    """Asks by HTTP; keeps one helper container for each network that it asks from."""

    def __init__(self, engine: Engine, exercise: str) -> None:
        self._engine = engine
        self._exercise = exercise
        self._probes: dict[str, Probe] = {}

    def inside(
        self, container: Container, port: int, path: str, *, headers: Mapping[str, str] | None, timeout: float
    ) -> Response:
        """Ask the container over its own network, as another container would.

        Raises
        ------
        NoAnswer
            If nothing answers there.
        ObjectError
            If the container does not run.
        """
        way = network, host = self._way_to(container)
        payload = http.request(host, port, path, headers=headers)
        try:
            raw = http.from_probe(self.probe(network), host, port, payload, timeout=timeout)
            answer = http.parse(raw, host, port)
            self._confirm(container, way)
        except NoAnswer as error:
            raise NoAnswer(
                expected=f"an answer on port {port} of {container.name}",
                actual=error.actual,
                reason=error.reason,
                why="The program inside may listen on another port, or on the container's own 127.0.0.1 only."
                if error.reason == "refused"
                else "",
                next=f"`docker logs {container.name}` may say where it listens.",
            ) from error
        return answer

    def published(
        self, host_ip: str, port: int, path: str, *, headers: Mapping[str, str] | None, timeout: float
    ) -> Response:
        """Ask a published port: from here, else from the engine's machine, which may be another one."""
        host = _LOOPBACK.get(host_ip, host_ip)
        payload = http.request(host, port, path, headers=headers)
        if self._is_here():
            try:
                raw = http.from_here(host, port, payload, timeout=timeout, limit=_LARGEST)
                return http.parse(raw, host, port)
            except NoAnswer as error:
                if error.reason not in {"refused", "unreachable"}:
                    raise
        return http.parse(
            http.from_probe(self.probe("host"), host, port, payload, timeout=timeout), host, port
        )

    def listening(self, port: int) -> list[str]:
        """Return the addresses of the engine's machine on which something listens at TCP ``port``."""
        table = self.probe("host").run("cat", *LISTENING).stdout
        return sorted({one.address for one in listeners(table) if one.port == port})

    def probe(self, network: str) -> Probe:
        """Return the helper container of ``network``."""
        if network not in self._probes:
            self._probes[network] = Probe(self._engine, self._exercise, network=network)
        return self._probes[network]

    def close(self) -> None:
        """Remove the helper containers."""
        while self._probes:
            self._probes.popitem()[1].close()

    def _is_here(self) -> bool:
        """Say whether the engine's ports may be ports of this machine."""
        return self._engine.endpoint.url.startswith(("unix:", "npipe:"))

    def _way_to(self, container: Container) -> tuple[str, str]:
        """Return the network to ask from, and the container's address in it."""
        require_running(container.refresh())
        mode = container.network_mode
        if mode.startswith("container:"):  # it lives in another container's network
            return self._way_to(find(self._engine, mode.partition(":")[2]))
        if mode == "host":
            return "host", "127.0.0.1"
        for attachment in container.networks.values():
            if address := attachment.ip or attachment.ipv6:
                return attachment.network_id or attachment.network, address
        return f"container:{container.id}", "127.0.0.1"

    def _confirm(self, container: Container, way: tuple[str, str]) -> None:
        """Raise where another container may have answered: an engine gives a free address away at once."""
        try:
            if self._way_to(container) == way:
                return
        except ObjectError:
            if not self._is_anothers(container, *way):  # it has answered, and ended then
                return
            raise
        raise NoAnswer(
            expected="an answer of this container",
            actual="it has another address by now: it was started anew meanwhile",
            reason="started-anew",
        )

    def _is_anothers(self, container: Container, network: str, host: str) -> bool:
        if network == "host" or network.startswith("container:"):
            return False
        members = networks.find(self._engine, network).members
        return any(one.ip == host for one in members if one.id != container.id)


def require_running(container: Container) -> None:
    """Raise an ObjectError where the container does not run."""
    if not container.running:
        raise ObjectError(
            expected=f"container {container.name} to be running",
            actual=f"it is {container.status}",
            reason=ENDED if container.ended else "not-running",
            next=f"`docker logs {container.name}` shows what it printed.",
        )
