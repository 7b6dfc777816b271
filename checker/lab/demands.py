"""What several exercises demand of a container or an image, in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.engine.container import State
from checker.engine.probe import EXERCISE_LABEL, NAME_LABEL, ROLE_LABEL
from checker.exercise import Failure

if TYPE_CHECKING:
    from collections.abc import Collection

    from checker.engine.container import Container
    from checker.engine.image import Image

    from .toolbox import Lab

_ENDED = (
    "A container runs as long as its main process does, and no longer.",
    "`docker logs {name}` shows what it printed. Then remove it, and run it again.",
)
#: Why a container does not run, and what to do: by its state.
_NOT_RUNNING = {
    State.CREATED: (
        "The engine first creates a container, then starts it. The second step is missing, or failed.",
        "If an error is named above, mend its cause, remove {name}, and run it again. Else start it.",
    ),
    State.PAUSED: (
        "A paused container is there, but its processes stand still. It answers nobody.",
        "There is a command that takes the pause away again.",
    ),
}


def running(container: Container) -> None:
    """Fail where a container does not run: also where it is paused, or between two starts."""
    if not container.running:
        why, step = _NOT_RUNNING.get(container.state, _ENDED)
        raise Failure(
            expected=f"{container.name} to be running",
            actual=f"it is {container.status}",
            reason="not-running",
            why=why,
            next=step.format(name=container.name),
        )


def made_from(lab: Lab, container: Container, image: str) -> None:
    """Fail unless a container was made from ``image``, a reference or key, or from one that builds on it."""
    if not lab.image(container.image_id).builds_on(lab.image(image)):
        raise Failure(
            expected=f"{container.name} to be made from {lab.reference(image)}",
            actual=f"it was made from {container.image}",
            reason="other-image",
            why="The image decides which programs and files a container has.",
            next="Compare the image in your run with the one in the task.",
        )


def delivered(
    image: Image,
    name: str,
    base: Image,
    *,
    layers: int,
    rows: int,
    why: str,
    step: str,
    labels: Collection[str] = (),
) -> None:
    """Fail unless ``image`` is still what the scene has built on ``base`` as ``name``.

    A commit adds a layer, a build on top of it a row of the history or a label, a new name none of these.

    Parameters
    ----------
    layers, rows
        How many layers and rows of the history it has above its base. COPY and RUN make both, the rest rows.
    why, step
        What the message says: why it matters, and what to do next.
    labels
        The keys that its own Dockerfile sets.
    """
    as_built = image.builds_on(base) and len(image.diff_ids) == len(base.diff_ids) + layers
    known = {*base.labels, EXERCISE_LABEL, ROLE_LABEL, NAME_LABEL, *labels}
    untouched = len(image.history()) == len(base.history()) + rows and set(image.labels) == known
    if not (as_built and untouched and image.labels.get(NAME_LABEL) == name):
        raise Failure(
            expected=f"{name} as it was delivered",
            actual="another image of that name",
            reason="image-changed",
            why=why,
            next=step,
        )


def own_network(container: Container) -> None:
    """Fail where a container shares the network of the engine's machine, or of another container."""
    mode = container.network_mode
    if mode == "host" or mode.startswith("container:"):
        whose = "the engine's machine" if mode == "host" else "another container"
        raise Failure(
            expected=f"{container.name} to be in a network of its own",
            actual=f"it shares the network of {whose}",
            reason="no-network-of-its-own",
            why="Such a container publishes nothing itself. "
            "Every port on which it listens is open there as it is.",
            next="Leave that network option out, and publish the one port.",
        )


def loopback_only(container: Container) -> None:
    """Fail where a container is published on an address that other machines can reach."""
    reachable = [one.binding for one in container.refresh().publishes if not one.binding.loopback]
    if reachable:
        worst = reachable[0]
        means = "that is, on every interface" if worst.everywhere else "which other machines can reach"
        raise Failure(
            expected="127.0.0.1 as the only address",
            actual=f"port {worst.host_port} on {worst.host_ip}, {means}",
            reason="published-everywhere",
            why="A published port is open to your whole network. On Linux, Docker writes firewall rules of "
            "its own: the port is open even where the machine's firewall says no.",
            next="A publish has three parts. Which one has been left out, or is too wide?",
        )
