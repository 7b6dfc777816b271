"""A client that finds a service by its name, in a network of their own, with nothing published."""

import re
from dataclasses import dataclass, field

from checker import Exercise, Failure, Hints, Owns
from checker.engine.container import Container
from checker.engine.execute import ExecResult
from checker.engine.sockets import Listener
from checker.lab import Lab
from checker.lab.demands import made_from, running
from checker.lab.pages import fresh_page

exercise = Exercise(
    "02-running-containers/two-on-a-network",
    title="Two containers on a network",
    minutes=15,
    objectives=[
        "Put containers on a network of your own",
        "Reach a container by its name, with nothing published",
    ],
    images=["nginx", "busybox"],
    owns=Owns(containers=["c02-api", "c02-client"], networks=["c02-net"]),
    skills=["network.create", "network.names", "publish.not-needed", "run.detached"],
    docs=["docker network create", "Networking overview", "Bridge network driver"],
    hints=Hints(
        "`docker network inspect c02-net` lists the containers that are in the network. Are both there?",
        "In a network that you make yourself, the engine answers for the names of all containers in it. "
        "In the default network, which is named bridge, it does not.",
        "Three steps: make the network; run the service with `--network`; run the client with `--network` and a command "
        "that lasts. No step needs an address or a port. A container that runs already can be connected to a network.",
        when={
            "no-network": "`docker network ls` lists the networks. One of the pieces above makes a new one.",
            "not-in-the-network": "`docker inspect` shows the networks of a container at its end. "
            "Without `--network`, a container is put into the network named bridge.",
            "not-running": "`docker ps --all` shows how it ended. The image busybox starts a shell. "
            "With nothing to read, a shell ends at once. Which command lasts?",
            "pinned-address": "`docker exec c02-client cat /etc/hosts` shows the names that the client keeps for itself. "
            "Which option of the run has written one there?",
            "published": "Publishing opens a port of your machine. "
            "Containers of one network reach each other's ports without it.",
        },
    ),
    passed="Both containers are in c02-net. The engine's name server answers there for every container's name, so a "
    "replacement is found as well. Nothing is published: containers of one network do not need it.",
    timeout=30,
)

_NET, _NAME = "c02-net", "c02-api"
_PATIENCE = 4  # seconds in which nginx comes up, also on a slow machine
_WHY_NOT_HERE = {
    "bridge": "Names work in a network that you make yourself. In the default one, named bridge, they do not.",
    "host": "There, a container has no name, and no network that keeps others out.",
}
#: Where the engine answers for the names of a network, in every container of it.
_NAME_SERVER = "127.0.0.11"


@exercise.check(points=1, observes=True)
def api(lab):
    "The service c02-api is running"
    found = lab.container(_NAME, why="The client asks for the service by this name.")
    made_from(lab, found, "nginx")
    running(found)
    return found


@exercise.check(points=1, observes=True)
def client(lab):
    "The client c02-client keeps running"
    found = lab.container("c02-client", why="Your colleague works in the client.")
    made_from(lab, found, "busybox")
    running(found)
    if found.restart_policy.name != "no":  # then it may be running by chance, between two ends
        starts = found.restart_count
        lab.stable(
            lambda: found.refresh().running and found.restart_count == starts,
            1.0,
            what="c02-client to keep running",
            reason="not-running",
            why="Your colleague works in the client. The engine starts it again and again.",
            next="Give it a command that lasts.",
        )
    return found


@exercise.check(points=2, observes=True)
def together(lab, api, client):
    "Both are in the network c02-net"
    lab.network(
        _NET,
        reason="no-network",
        why="A network of your own has its own name server, and keeps other containers out.",
        next="Make it first. Then put both containers into it.",
    )
    for one in (api, client):
        if _NET not in one.networks:
            lab.fail(
                expected=f"{one.name} to be in {_NET}",
                actual=f"it is in {_place(one)}",
                reason="not-in-the-network",
                why=_WHY_NOT_HERE.get(
                    one.network_mode, "Containers find each other in a network that both are in."
                ),
                next="A container that runs can be connected to a network. Or remove it, and run it again in this one.",
            )


@exercise.check(points=2)
def by_name(lab, api, client, together):
    "Inside c02-client, http://c02-api/ answers with a page that was written a moment ago"
    path, is_ours = fresh_page(lab, api, "/usr/share/nginx/html")
    asking = _Asking(lab, client, path)
    try:
        lab.eventually(
            lambda: is_ours(asking.once().stdout),
            within=_PATIENCE,
            until=lambda: lab.listeners(api),  # then it answers at once, or never
            what=f"the new page at http://{_NAME}{path}",
            reason="other-page",
            why=f"The new page is in c02-api. What answers under the name {_NAME} is something else.",
            next="Compare the address that `nslookup c02-api` prints inside c02-client with that of c02-api.",
        )
    except Failure:
        asking.explain(api, lab.listeners(api))
        raise


@exercise.check(points=2)
def by_the_engine(lab, api, client, together):
    "The name will lead to a replacement, too: the network answers for it"
    kept = [line.split()[0] for line in _hosts(lab, client) if _NAME in line.split()[1:]]
    if kept:
        lab.fail(
            expected=f"{_NAME} to be looked up whenever it is asked for",
            actual=f"c02-client keeps the address {kept[0]} for this name in its own /etc/hosts",
            reason="pinned-address",
            why="That file comes before the network's name server. A replacement of the service may get another "
            "address; the client would still ask the old one.",
            next="Leave out the option that writes the address down. The network knows the name.",
        )
    asked = lab.exec(client, "nslookup", "-type=a", _NAME, _NAME_SERVER)
    told = set(re.findall(r"\d+\.\d+\.\d+\.\d+", asked.stdout)) - {_NAME_SERVER}
    right = {attachment.ip for attachment in api.refresh().networks.values()}
    if not told or told - right:
        lab.fail(
            expected=f"the network to answer for {_NAME} with the address of that container alone",
            actual=f"it answers {', '.join(sorted(told)) or 'that there is no such name'}",
            reason="other-name",
            why="The client finds whatever the network names so. Two containers under one name take turns.",
            next=f"`docker inspect` shows every container's names, its aliases too. Which one is also named {_NAME}?",
        )


@exercise.check(points=1, observes=True)
def nothing_published(lab, api, client):
    "No port is published"
    for one in (api, client):
        for published in one.refresh().publishes:
            lab.fail(
                expected="no published port",
                actual=f"port {published.port} of {one.name} is published as {published.binding}",
                reason="published",
                why="Containers of one network reach each other's ports without it. "
                "Publishing lets others in as well.",
                next="Ports are fixed when a container is created. Remove it, and run it again without publishing.",
            )


@dataclass
class _Asking:
    """What came of asking for the page by name, inside the client."""

    lab: Lab
    client: Container
    path: str
    last: ExecResult | None = field(default=None, init=False)

    def once(self) -> ExecResult:
        # The docker command may have given the container a proxy, which knows nothing of this name.
        command = ("wget", "-q", "-T", "2", "-O", "-", f"http://{_NAME}{self.path}")
        self.last = self.lab.exec(self.client, *command, env={"http_proxy": ""})
        return self.last

    def explain(self, api: Container, listening: list[Listener]) -> None:
        """Fail with what is wrong, if it is known."""
        said = self.last.stderr.strip() if self.last else ""
        if "bad address" in said:
            self.lab.fail(
                expected=f"c02-client to know the name {_NAME}",
                actual=f"wget says: {said}",
                reason="unknown-name",
                why="The engine answers for names only among containers that are in one network of your own.",
                next="`docker network inspect c02-net` lists who is in it. Are both there under the right names?",
            )
        if not any(one.port == 80 and not one.loopback for one in listening):
            self.lab.fail(
                expected=f"{api.name} to listen on port 80 for the other containers",
                actual=f"inside, programs listen on {', '.join(map(str, listening)) or 'no port'}",
                reason="nothing-listens",
                why="A name leads to an address. The port is still the one on which the program listens.",
                next=f"`docker logs {api.name}` shows what it printed. Does it run with the image's own command?",
            )


def _place(one: Container) -> str:
    if one.network_mode.startswith("container:"):
        return "the network of another container, which it shares"
    if one.network_mode == "host":
        return "the network of the engine's machine"
    return f"the network {', '.join(one.networks)}" if one.networks else "no network"


def _hosts(lab: Lab, client: Container) -> list[str]:
    """Return the lines of the client's own list of names that say something."""
    lines = (line.partition("#")[0] for line in lab.exec(client, "cat", "/etc/hosts").stdout.splitlines())
    return [line for line in lines if line.strip()]
