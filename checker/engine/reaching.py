"""Who reaches whom: tried, not guessed.

A container's image may hold no tool at all. So a helper container of the course joins its network for a
moment: it sees the same interfaces, the same routes and the same name server.
"""

from __future__ import annotations

import secrets
import socket
import threading
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from docker.types import LogConfig
from docker.utils.socket import STDOUT, frames_iter

from checker.errors import CourseError, Refused

from . import container, probe
from .errors import Missing, asking
from .logs import hang_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    from .connect import Engine
    from .settings import Binding

_PATIENCE = 2  # seconds for a name server, and for a connection; within one engine both take milliseconds
_SILENCE = 1.0  # seconds after which a connection that is neither used nor ended is taken for open
#: What is tried where nothing listens: whether it is refused says whether the way is open.
DISCARD = 9
_LIMITS: dict[str, Any] = {
    "auto_remove": True,
    "read_only": True,
    "mem_limit": "64m",
    "pids_limit": 512,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "log_config": LogConfig(type="none"),
}

#: Each argument is a target: number, name, port, addresses. wget says where a name leads before it connects.
_TRY = f"""
one() {{
    number=$1 name=$2 port=$3; shift 3
    for at; do
        {{ said=$(nc -w {_PATIENCE} "$at" "$port" -e true 2>&1) && said=open; echo "$number $at $said"; }} &
    done
    led=$(timeout {_PATIENCE} wget -O /dev/null "http://$name:{DISCARD}/" 2>&1 |
        sed -n 's/^Connecting to .* (\\(.*\\):{DISCARD})$/\\1/p')
    echo "$number name $led"
    wait
}}
for target; do one $target & done
wait
"""
#: Each argument is an address and a port. Whoever is let in, and not shown out again, was answered.
_TRY_PUBLISHED = f"""
one() {{
    said=$(nc -w {_PATIENCE} "$1" "$2" -e sh -c 'timeout 1 cat >/dev/null 2>&1; test $? -gt 100' 2>&1)
    code=$?
    [ -n "$said" ] || said=closed
    [ "$code" -ne 0 ] || said=open
    echo "$1 $2 $said"
}}
for place; do one $place & done
wait
"""
_TABLES = """
for pid; do
    echo "= $pid"
    cat "/proc/$pid/net/tcp" "/proc/$pid/net/tcp6" 2>/dev/null
done
"""


class Outcome(StrEnum):
    """What came of a try, in a person's words."""

    YES = "yes"
    REFUSED = "refused"
    CLOSED = "closed at once"
    SILENT = "no answer"
    NO_WAY = "no way there"
    UNKNOWN = "name unknown"
    NO_ADDRESS = "no address of its own"


class Target(NamedTuple):
    """A container that is to be reached, a TCP port of it, and its addresses."""

    name: str
    port: int
    addresses: tuple[str, ...]


class Reached(NamedTuple):
    """What came of trying one target, by its name and by its addresses."""

    name: str
    by_name: Outcome
    by_address: Outcome


class Tries:
    """Tries who reaches whom. A context manager, which any thread may stop.

    Nothing is left behind: helpers end by themselves in a few seconds, and :meth:`stop` removes them at once.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._helpers: set[str] = set()
        self._changing = threading.Lock()
        self.stopped = False

    def listening(self, pids: Mapping[str, int]) -> dict[str, str]:
        """Read the kernel's tables of TCP sockets, each in the network of the process that a key names.

        Raises
        ------
        EngineFault
            ``image-missing`` where the helpers' image is not on the engine.
        """
        with probe.Probe(self._engine, pid="host") as helper:
            said = helper.script(_TABLES, *map(str, pids.values())).stdout
        tables = dict(part.partition("\n")[::2] for part in said.split("= ")[1:])
        return {key: tables.get(str(pid), "") for key, pid in pids.items()}

    def reach(self, source: str, targets: Sequence[Target]) -> Iterator[Reached]:
        """Try all ``targets`` from inside the container with the id ``source``; yield each when it is known.

        It yields fewer where it is stopped, or where the container stops meanwhile.
        """
        words = [
            f"{number} {one.name} {one.port} {' '.join(one.addresses)}" for number, one in enumerate(targets)
        ]
        known: list[dict[str, str]] = [{} for _ in targets]
        told = set()
        for line in self._lines(f"container:{source}", _TRY, words):
            number, at, said = (*line.split(" ", 2), "")[:3]
            index = int(number)
            known[index][at] = said
            if index not in told and (reached := _reached(targets[index], known[index])):
                told.add(index)
                yield reached

    def published(self, places: Sequence[Binding]) -> Iterator[tuple[Binding, Outcome]]:
        """Try published ports from the engine's machine."""
        ways = {f"{_to(one)} {one.host_port}": one for one in places}
        for line in self._lines("host", _TRY_PUBLISHED, list(ways)):
            address, port, said = line.split(" ", 2)
            yield ways[f"{address} {port}"], _outcome(said)

    def stop(self) -> None:
        """End all tries, and remove the helpers. Those that are about to start end as well."""
        with self._changing:
            self.stopped = True
            helpers = list(self._helpers)
        for helper in helpers:
            self._remove(helper)

    def _lines(self, network: str, script: str, arguments: Sequence[str]) -> Iterator[str]:
        """Run a script in a helper of its own in ``network``, and yield its output line by line."""
        source = network.partition(":")[2]
        try:
            with (
                asking(self._engine, "container", source),
                self._helper(network, script, arguments) as helper,
            ):
                connection: Any = self._engine.client.api.attach_socket(helper, {"stdout": 1, "stream": 1})
                try:
                    self._engine.client.api.start(helper)
                    yield from _lines(connection)
                finally:
                    hang_up(connection)
                    connection.close()
        except CourseError:
            if not self.stopped and not (source and self._ended(source)):
                raise

    @contextmanager
    def _helper(self, network: str, script: str, arguments: Sequence[str]) -> Iterator[str]:
        """Make a helper that :meth:`stop` knows of; remove it in the end."""
        name = f"course-probe-{secrets.token_hex(4)}"
        api = self._engine.client.api
        with self._changing:
            if self.stopped:
                raise Refused("The tries are stopped.")
            made = api.create_container(
                probe.IMAGE,
                ["sh", "-c", script, "sh", *arguments],
                name=name,
                labels=probe.labels("", "probe", name),
                host_config=api.create_host_config(network_mode=network, **_LIMITS),
            )
            helper = str(made["Id"])
            self._helpers.add(helper)
        try:
            yield helper
        finally:
            self._remove(helper)

    def _ended(self, source: str) -> bool:
        """Say whether a container stopped, or is gone: then nothing can join its network."""
        try:
            return not container.find(self._engine, source).running
        except Missing:
            return True

    def _remove(self, helper: str) -> None:
        with suppress(CourseError):  # an engine that is gone is no reason to fail
            probe.remove(self._engine, helper)
        with self._changing:
            self._helpers.discard(helper)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def from_here(place: Binding) -> Outcome:
    """Try a published port from the machine that this program runs on.

    The engine's own forwarder takes every connection, and drops it at once where nothing answers inside.
    """
    try:
        with socket.create_connection((_to(place), place.host_port), timeout=_PATIENCE) as connection:
            connection.settimeout(_SILENCE)
            try:
                return Outcome.YES if connection.recv(1) else Outcome.CLOSED
            except TimeoutError:  # it waits for us to speak
                return Outcome.YES
    except TimeoutError:
        return Outcome.SILENT
    except ConnectionRefusedError:
        return Outcome.REFUSED
    except ConnectionError:
        return Outcome.CLOSED
    except OSError:
        return Outcome.NO_WAY


def _to(place: Binding) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(place.host_ip, place.host_ip)  # noqa: S104 - not bound to


def _lines(connection: Any) -> Iterator[str]:
    """Yield the lines that a container writes from its start on."""
    rest = b""
    for stream, chunk in frames_iter(connection, tty=False):  # type: ignore[no-untyped-call]
        if stream == STDOUT:
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (line.decode(errors="replace") for line in lines)


def _reached(target: Target, known: dict[str, str]) -> Reached | None:
    """Return what came of the tries of a target; None while what is still to come could change it."""
    found = {address: _outcome(known[address]) for address in target.addresses if address in known}
    # A name server far away may know any name: only one of the container's own addresses counts.
    led = known.get("name", "").strip("[]")
    if "name" not in known or (led in target.addresses and led not in found):
        return None
    best = min(found.values(), key=list(Outcome).index, default=Outcome.NO_ADDRESS)
    if best is not Outcome.YES and len(found) < len(target.addresses):
        return None
    return Reached(target.name, found.get(led, Outcome.UNKNOWN), best)


#: What busybox writes → what it means. All else is silence.
_MEANS = {
    "open": Outcome.YES,
    "closed": Outcome.CLOSED,
    "refused": Outcome.REFUSED,
    "unreachable": Outcome.NO_WAY,
    "no route": Outcome.NO_WAY,
}


def _outcome(said: str) -> Outcome:
    return next((meaning for word, meaning in _MEANS.items() if word in said.lower()), Outcome.SILENT)
