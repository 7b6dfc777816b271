"""What an engine offers, in the words that ``requires=`` of an exercise or a check uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import clientside
from .errors import asking

if TYPE_CHECKING:
    from .connect import Engine

#: Fields of ``docker info`` that are true or false.
_FLAGS = {
    "MemoryLimit": "memory-limit",
    "SwapLimit": "swap-limit",
    "CpuCfsQuota": "cpu-limit",
    "PidsLimit": "pids-limit",
}


#: The image of an engine in a container, which an exercise about engines requires by the word below.
SANDBOX_IMAGE = "docker-course/sandbox"
ENGINE_INSIDE = "engine-inside"


def sandbox_image(engine: Engine) -> str:
    """Return the reference of a sandbox's image that is on ``engine``; empty where there is none."""
    with asking(engine):
        found = engine.client.api.images(SANDBOX_IMAGE)
    return next((str(tag) for one in found for tag in one["RepoTags"] or ()), "")


def capabilities(engine: Engine) -> frozenset[str]:
    """Return what ``engine`` offers.

    Limits that it can set (``memory-limit``, ``swap-limit``, ``cpu-limit``, ``pids-limit``), ``cgroup-v1`` or
    ``cgroup-v2``, ``rootless`` or ``rootful``, ``userns-remap``, ``containerd-store`` or ``classic-store``,
    its architecture (``arch-x86_64``), and the command line's plugins ``buildx`` and ``compose``.
    """
    info = engine.info
    offered = {word for key, word in _FLAGS.items() if info.get(key)}
    offered.add(f"cgroup-v{info.get('CgroupVersion', '1')}")
    options = {option.split(",")[0].removeprefix("name=") for option in info.get("SecurityOptions") or ()}
    offered.add("rootless" if "rootless" in options else "rootful")
    if "userns" in options:
        offered.add("userns-remap")
    snapshotter = any("io.containerd.snapshotter" in str(row) for row in info.get("DriverStatus") or ())
    offered.add("containerd-store" if snapshotter else "classic-store")
    offered.add(f"arch-{info.get('Architecture', 'unknown')}")
    environment = engine.environment()
    if clientside.has_plugins() or clientside.private_tools(engine.endpoint, environment.get("PATH", "")):
        offered |= {"buildx", "compose"}
    return frozenset(offered)
