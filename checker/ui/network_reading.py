"""What a map of networks shows: read from the engine, and tried from inside the containers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from checker.engine import container, network
from checker.engine.connect import connect
from checker.engine.container import State
from checker.engine.errors import Missing
from checker.engine.reaching import DISCARD, Outcome, Target, Tries, from_here
from checker.engine.sockets import NAME_SERVER, listeners

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from checker.course import Course
    from checker.engine.connect import Engine
    from checker.engine.container import Container
    from checker.engine.network import Network, Resident
    from checker.engine.settings import Published

    from .tell import Tell

#: How much is drawn and tried of an engine that holds a lot.
NETWORKS, DRAWN, TRIED = 6, 8, 8
_BUILT_IN = {"bridge": "default", "host": "host", "none": "none"}
#: What is worth a second try, from the engine's machine: it may be another one than this.
_ELSEWHERE = {Outcome.REFUSED, Outcome.NO_WAY, Outcome.SILENT}


@dataclass(frozen=True)
class Survey:
    """Networks and the containers in them, as they were when they were read.

    Parameters
    ----------
    drawn
        ``networks``, ``published`` and ``left_out``, as a picture draws them.
    containers
        Every container that is drawn, by name.
    """

    drawn: dict[str, Any]
    containers: tuple[Container, ...]

    @property
    def living(self) -> list[Container]:
        """Those that can be reached: running or paused."""
        return [one for one in self.containers if one.state in {State.RUNNING, State.PAUSED}]

    @property
    def promising(self) -> bool:
        """True where there is anything to try."""
        return len(self.living) > 1 or bool(self.drawn["published"])


def survey(engine: Engine, names: Sequence[str]) -> Survey:
    """Read the networks ``names``; without names, those that hold a container.

    Raises
    ------
    EngineFault
        If the engine cannot be asked.
    """
    everybody = network.residents(engine)
    inhabited = frozenset[str]().union(*(one.networks for one in everybody))
    by_name = {one.name: one for one in network.every(engine)}
    # The built-in ones come last: a lesson is mostly about its own.
    holding = sorted(
        (name for name, one in by_name.items() if {name, one.id} & inhabited),
        key=lambda name: (name in _BUILT_IN, name),
    )
    found: dict[str, Container] = {}
    drawn = []
    for name in (names or holding)[:NETWORKS]:
        members = [one for one in everybody if name in by_name and {name, by_name[name].id} & one.networks]
        members.sort(key=lambda one: (one.state not in {"running", "paused"}, one.name))
        found |= {one.id: one for one in _read(engine, members[:DRAWN], found)}
        here = [found[one.id] for one in members[:DRAWN] if one.id in found]
        drawn.append(_network(name, by_name.get(name), here, everybody, max(0, len(members) - DRAWN)))
    containers = tuple(sorted(found.values(), key=lambda one: one.name))
    shown = {
        "networks": drawn,
        "published": [place for one in containers for place in _published(one)],
        "left_out": max(0, len(names or holding) - NETWORKS),
    }
    return Survey(shown, containers)


def _read(engine: Engine, members: Sequence[Resident], known: dict[str, Container]) -> Iterator[Container]:
    for one in members:
        try:
            yield known[one.id] if one.id in known else container.find(engine, one.id)
        except Missing:  # gone since it was listed
            continue


def _network(
    name: str,
    found: Network | None,
    members: Sequence[Container],
    everybody: Sequence[Resident],
    left_out: int,
) -> dict[str, Any]:
    return {
        "name": name,
        "there": found is not None,
        "kind": _BUILT_IN.get(name, "user-defined"),
        "internal": bool(found and found.internal),
        "members": [_member(one, name, everybody) for one in members],
        "left_out": left_out,
    }


def _member(one: Container, name: str, everybody: Sequence[Resident]) -> dict[str, Any]:
    places = one.networks
    place = places.get(name)
    aliases = [alias for alias in (place.aliases if place else ()) if not one.id.startswith(alias)]
    return {
        "name": one.name,
        "state": str(one.state),
        "address": (place.ip or place.ipv6) if place else "",
        "names": [] if name in _BUILT_IN else list(dict.fromkeys([one.name, *aliases])),
        "also": sorted(set(places) - {name}),
        "shares": [other.name for other in everybody if other.shares == one.id],
    }


def _places(one: Container) -> list[Published]:
    """Return where its ports are published: ``0.0.0.0`` speaks for ``::``, which comes with it."""
    return [
        place for place in one.publishes if not (":" in place.binding.host_ip and place.binding.everywhere)
    ]


def _published(one: Container) -> list[dict[str, Any]]:
    return [
        {
            "container": one.name,
            "port": place.port,
            "protocol": place.protocol,
            "host_ip": "" if place.binding.everywhere else place.binding.host_ip,
            "host_port": place.binding.host_port,
        }
        for place in _places(one)
    ]


def reach(course: Course, tell: Tell, networks: Sequence[str]) -> bool:
    """Try who reaches whom in ``networks``, and tell each result as soon as it is there.

    Returns
    -------
    bool
        False where it was stopped early.
    """
    del course
    with connect() as engine, Tries(engine) as tries:
        tell.on_cancel(tries.stop)
        seen = survey(engine, networks)
        alive = seen.living[:TRIED]
        sources = [one for one in alive if one.running]
        tell(
            "seen",
            drawn=seen.drawn,
            sources=[one.name for one in sources],
            targets=[one.name for one in alive],
            beyond=len(seen.living) - len(alive),
        )
        targets = _targets(tell, tries, alive)
        with ThreadPoolExecutor(TRIED + 1) as pool:
            jobs = [pool.submit(_from, tell, tries, source, targets) for source in sources]
            jobs.append(pool.submit(_from_outside, tell, tries, engine, seen.containers))
            for job in jobs:
                job.result()
        return not tell.cancelled


def _targets(tell: Tell, tries: Tries, alive: Sequence[Container]) -> dict[str, tuple[Target, bool]]:
    """Choose for each container a port that it listens on, and tell what it listens on.

    With each stands whether it is paused.
    """
    # In the engine's machine's own network, what listens need not be of this container.
    own = {one.name: one.pid for one in alive if one.pid and one.network_mode != "host"}
    tables = tries.listening(own) if own else {}
    found = {}
    for one in alive:
        heard = [there for there in listeners(tables.get(one.name, "")) if there.address != NAME_SERVER]
        outside = sorted({there.port for there in heard if not there.loopback})
        inside = sorted({there.port for there in heard} - set(outside))
        if one.name in tables:
            tell("listens", container=one.name, outside=outside, inside=inside)
        exposed = sorted(int(port.partition("/")[0]) for port in one.exposed if port.endswith("/tcp"))
        port = next(iter([*(set(exposed) & set(outside)), *outside, *inside, *exposed]), DISCARD)
        addresses = [
            address for place in one.networks.values() for address in (place.ip, place.ipv6) if address
        ]
        target = Target(one.name, port, tuple(dict.fromkeys(addresses)))
        found[one.name] = target, one.state is State.PAUSED
    return found


def _from(tell: Tell, tries: Tries, source: Container, targets: Mapping[str, tuple[Target, bool]]) -> None:
    others = [one for one, _ in targets.values() if one.name != source.name]
    for found in tries.reach(source.id, others):
        paused = targets[found.name][1]
        by_name, by_address = (_heard(one, paused=paused) for one in (found.by_name, found.by_address))
        tell("reached", source=source.name, target=found.name, by_name=by_name, by_address=by_address)


def _heard(outcome: Outcome, *, paused: bool) -> str:
    """Say what came of a try: the kernel takes connections also for a process that is paused."""
    return "paused" if paused and outcome is Outcome.YES else outcome


def _from_outside(tell: Tell, tries: Tries, engine: Engine, containers: Sequence[Container]) -> None:
    """Try what is published: from this machine, else from the engine's."""
    holders = {
        place.binding: (one, place.port)
        for one in containers
        for place in _places(one)
        if place.protocol == "tcp"
    }
    here = engine.endpoint.url.startswith(("unix:", "npipe:"))
    with ThreadPoolExecutor(TRIED) as pool:
        outcomes = dict(zip(holders, pool.map(from_here, holders), strict=True)) if here else {}
    there = [one for one in holders if outcomes.get(one, Outcome.NO_WAY) in _ELSEWHERE]
    outcomes |= dict(tries.published(there) if there else ())
    for place, outcome in outcomes.items():
        one, port = holders[place]
        tell(
            "answered",
            container=one.name,
            port=port,
            host_ip="" if place.everywhere else place.host_ip,
            host_port=place.host_port,
            outcome=_heard(outcome, paused=one.state is State.PAUSED),
            elsewhere=place in there and outcome is Outcome.YES,
        )
