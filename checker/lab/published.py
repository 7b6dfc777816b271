"""Where a container may be reached from: what several exercises ask for in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.exercise import Failure

if TYPE_CHECKING:
    from checker.engine.container import Container


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
