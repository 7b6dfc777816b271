"""What an engine offers, in the course's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from checker.engine.capabilities import capabilities
from checker.engine.faults import Endpoint

if TYPE_CHECKING:
    from checker.engine.connect import Engine


class Pretended:
    """An engine that says ``info``."""

    endpoint = Endpoint("unix:///nowhere", "a test")

    def __init__(self, **info: Any) -> None:
        self.info = info

    def environment(self) -> dict[str, str]:
        return {}


def offered(**info: Any) -> frozenset[str]:
    return capabilities(cast("Engine", Pretended(**info)))


def test_an_old_rootful_engine() -> None:
    found = offered(
        MemoryLimit=True,
        PidsLimit=False,
        CgroupVersion="1",
        Architecture="x86_64",
        SecurityOptions=["name=seccomp,profile=builtin"],
    )
    assert found >= {"memory-limit", "cgroup-v1", "rootful", "classic-store", "arch-x86_64"}
    assert not found & {"pids-limit", "swap-limit", "cgroup-v2", "rootless", "userns-remap"}


def test_a_rootless_engine_with_the_containerd_store() -> None:
    found = offered(
        CgroupVersion="2",
        CpuCfsQuota=True,
        SecurityOptions=["name=seccomp,profile=builtin", "name=rootless", "name=cgroupns"],
        DriverStatus=[["driver-type", "io.containerd.snapshotter.v1"]],
    )
    assert found >= {"cpu-limit", "cgroup-v2", "rootless", "containerd-store"}
    assert not found & {"rootful", "classic-store", "memory-limit"}


def test_an_engine_that_says_next_to_nothing() -> None:
    assert offered(SecurityOptions=None, DriverStatus=None) >= {"cgroup-v1", "rootful", "classic-store"}


@pytest.mark.engine
def test_the_real_one(engine: Engine) -> None:
    found = capabilities(engine)
    assert len(found & {"cgroup-v1", "cgroup-v2"}) == 1
    assert {"buildx", "compose"} <= found
