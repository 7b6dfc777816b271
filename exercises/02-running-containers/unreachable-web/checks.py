"""A shop that nobody reaches: a name that is taken, a wrong port, an app on the container's own loopback."""

from pathlib import Path

from checker import Exercise, Hints, Owns
from checker.engine.probe import ROLE_LABEL
from checker.lab import Lab
from checker.lab.demands import loopback_only, made_from, own_network, running

exercise = Exercise(
    "02-running-containers/unreachable-web",
    title="The shop that nobody reaches",
    minutes=20,
    core=False,
    objectives=[
        "Follow a connection from your machine into a container, step by step",
        "Tell a wrong published port from an app that listens on the container's own 127.0.0.1",
    ],
    images=["python"],
    owns=Owns(containers=["c02-shop", "c02-shop-new"], images=["c02-shop:1.0"], ports=[8083]),
    skills=["debug.ports", "publish.port", "publish.loopback", "container.names"],
    docs=["docker container run", "docker container port", "Publishing and exposing ports"],
    hints=Hints(
        "Follow the connection: your machine's port, the container's port, the program. "
        "`docker ps --all`, `docker port` and `docker logs` show one step each. Compare what they say.",
        "Inside a container, 127.0.0.1 is the container itself. What comes in through a published port comes from outside. "
        "shop.py says in its first lines how it is told where to listen.",
        "Neither name, nor port, nor environment of a container can be put right while it stays. Remove both containers. "
        "Run the image again: under the right name, with the port on which the shop listens, "
        "and with an address that stands for all of the container's addresses.",
        when={
            "name-taken": "`docker ps --all` shows ended containers, too. A name is free again once its holder is removed.",
            "listens-to-itself": "`docker logs c02-shop` says on which address the shop listens. "
            "Who can reach 127.0.0.1 of a container? Which address stands for all of them?",
            "wrong-container-port": "Read `docker port c02-shop` and `docker logs c02-shop` side by side. "
            "Both name a port inside the container.",
            "published-everywhere": "A publish has three parts. Without the first one, it is on every interface.",
            "changed-app": "The image's app is right as it is. It can be told where to listen when it is started.",
        },
    ),
    passed="A connection passes three steps: a port of your machine, the port inside to which it leads, and a program "
    "that listens there on an address that the outside reaches. All three are right now.",
    timeout=30,
)

_PORT = 8083
_IMAGE = "c02-shop:1.0"
_APP = "/app/shop.py"
_SOURCE = Path(__file__).with_name("shop.py")
_PATIENCE = 4  # seconds in which the shop comes up, also on a slow machine

_DOCKERFILE = """FROM {base}
WORKDIR /app
COPY shop.py .
EXPOSE 8000
CMD ["python", "shop.py"]
"""


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Leave an old container under the shop's name, and run the new one with two mistakes."""
    files = {"Dockerfile": _DOCKERFILE.format(base=lab.reference("python")), "shop.py": _SOURCE.read_bytes()}
    lab.scene.image(_IMAGE, files)
    lab.scene.container("c02-shop", _IMAGE, ["echo", "shop 0.9: closed for the update"], network_mode="none")
    lab.scene.container("c02-shop-new", _IMAGE, ports={"80/tcp": _PORT})


@exercise.check(points=1, observes=True)
def shop(lab):
    "A container named c02-shop, made from c02-shop:1.0, is running"
    found = lab.container(
        "c02-shop",
        reason="no-container",
        why="Operations look for the shop by this name.",
        next="`docker ps --all` lists all containers. Run the shop under this name.",
    )
    if found.ended and found.labels.get(ROLE_LABEL) == "scene":
        lab.fail(
            expected="c02-shop to be the running shop",
            actual=f"it is the old container, {found.status}",
            reason="name-taken",
            why="A name belongs to one container, also after that one has ended. "
            "The new shop could not have it, and got another one.",
            next="Nobody needs the old container any more. What frees its name?",
        )
    running(found)
    made_from(lab, found, _IMAGE)
    return found


@exercise.check(points=1, observes=True)
def unchanged(lab, shop):
    "The app is the one that was delivered"
    lab.expect(
        shop.read_file(_APP) == _SOURCE.read_bytes(),
        True,
        expected_text=f"{_APP} in the container as the image holds it",
        actual_text="another text in that file",
        reason="changed-app",
        why="The shop was tested as it is. What is changed inside one container is gone with it, "
        "and nobody will know of it next time.",
        next="The first lines of shop.py say how it is told where to listen. Use that.",
    )


@exercise.check(points=2)
def listens_outside(lab, shop):
    "Inside the container, the shop listens where the outside can reach it"
    own_network(shop)
    listening = lab.eventually(
        lambda: lab.listeners(shop),
        within=_PATIENCE,
        what="a program that listens inside c02-shop",
        reason="nothing-listens",
        why="A published port leads to a program that waits for connections.",
        next="`docker logs c02-shop` shows what the shop printed.",
    )
    if all(one.loopback for one in listening):
        lab.fail(
            expected="the shop to listen on an address that the outside reaches",
            actual=f"it listens on {', '.join(map(str, listening))} inside the container",
            reason="listens-to-itself",
            why="Inside the container, 127.0.0.1 is the container itself. "
            "What comes in through a published port comes from outside, and is turned away.",
            next="Which address stands for all addresses of the container? shop.py says how it is told one.",
        )
    return listening


@exercise.check(points=2)
def leads_to_the_shop(lab, shop):
    "Port 8083 of your machine leads to the port on which the shop listens"
    own_network(shop)
    expected = f"port {_PORT} of 127.0.0.1 to lead to the shop's port"
    published = shop.refresh().publishes
    here = [one for one in published if one.binding.host_port == _PORT]
    if not here:
        others = ", ".join(f"{one.binding} to {one.port}" for one in published)
        lab.fail(
            expected=expected,
            actual=f"c02-shop publishes {others or 'no port'}",
            reason="not-published",
            why="People ask for this port. EXPOSE in the image only documents the container's one.",
            next="Ports are fixed when a container is created. Remove it, and run it again with a publish option.",
        )
    listening = lab.eventually(lambda: lab.listeners(shop), within=_PATIENCE)
    if not {one.port for one in here} & {one.port for one in listening}:
        lab.fail(
            expected=expected,
            actual=f"it leads to port {here[0].port} of the container; inside, something listens on "
            + ", ".join(str(one.port) for one in listening),
            reason="wrong-container-port",
            why="A published port leads to one port of the container. Nothing waits there for a connection.",
            next="The last number of the publish option is the port inside. On which one does the shop listen?",
        )
    return here


@exercise.check(points=1)
def only_here(lab, shop, leads_to_the_shop):
    "c02-shop is published for your machine, and for no other one"
    loopback_only(shop)


@exercise.check(points=2)
def answers(lab, shop, listens_outside, leads_to_the_shop):
    "An order at http://127.0.0.1:8083/ is taken by the shop in c02-shop"
    order = lab.nonce()

    def taken() -> bool:
        answer = lab.reach("127.0.0.1", _PORT, f"/order/{order}")
        got.append(answer.status)
        return order in answer.text and f"order: {order}" in lab.logs(shop).stdout

    got: list[int] = []
    lab.eventually(
        taken,
        within=_PATIENCE,
        until=lambda: 404 in got,
        what=f"the shop to take order {order}",
        reason="no-order",
        why="Something answers on this port, but the shop in c02-shop has not seen the order.",
        next="`docker logs c02-shop` shows every order that it takes. Which program runs in c02-shop?",
    )
