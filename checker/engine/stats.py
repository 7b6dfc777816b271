"""What containers use, as ``docker stats`` measures it, and what the engine's machine has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from .errors import asking
from .settings import when

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from .connect import Engine

_STARTING = 5  # throttled periods that starting a program may need; a busy one has 10 a second
_FILES = ("total_inactive_file", "inactive_file")  # cgroup v1's word, which has the other as well; v2's


@dataclass(frozen=True)
class Stats:
    """What a running container used until one moment. ``None`` is what the engine cannot measure.

    Parameters
    ----------
    when
        The moment, by the engine's clock.
    memory
        Bytes, without files that the kernel can forget at once: what ``docker stats`` shows.
    cpu
        Seconds that all its processes have spent on CPUs since it was started.
    throttled
        Periods in which its CPU limit held it back since it was started.
    """

    when: datetime
    memory: int | None
    cpu: float | None
    throttled: int

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self | None:
        """Read one answer, of cgroup v1 or v2; ``None`` where the container does not run."""
        moment = when(told.get("read"))
        if moment is None:
            return None
        cpu = told["cpu_stats"]
        spent = int(cpu["cpu_usage"].get("total_usage") or 0)
        throttled = int((cpu.get("throttling_data") or {}).get("throttled_periods") or 0)
        # Whatever runs has spent something: nothing at all means that there is no cgroup to read.
        return cls(moment, _memory(told.get("memory_stats") or {}), spent / 1e9 or None, throttled)

    @property
    def held_back(self) -> bool:
        """True where its CPU limit held it back for more than what starting a program needs."""
        return self.throttled >= _STARTING

    def cores_since(self, before: Self) -> float | None:
        """Return how many cores it has used since ``before``, on average; ``None`` if it was started anew."""
        seconds = (self.when - before.when).total_seconds()
        if self.cpu is None or before.cpu is None or seconds <= 0 or self.cpu < before.cpu:
            return None
        return (self.cpu - before.cpu) / seconds


def _memory(told: Mapping[str, Any]) -> int | None:
    if "usage" not in told:
        return None
    usage, details = int(told["usage"]), told.get("stats") or {}
    files = next((int(details[name]) for name in _FILES if name in details), 0)
    return usage - files if files < usage else usage


def stats(engine: Engine, container_id: str) -> Stats | None:
    """Measure a container once; ``None`` where it does not run.

    Raises
    ------
    Missing
        If it was removed.
    """
    with asking(engine, "container", container_id):
        return Stats.read(engine.client.api.stats(container_id, stream=False, one_shot=True))


@dataclass(frozen=True)
class Machine:
    """What the engine's machine has, and what the engine can do there.

    Parameters
    ----------
    memory, cpus
        Bytes and CPUs of the engine's machine: what a container without limits may use.
    limits_memory, limits_cpu
        True where the engine can limit them.
    """

    memory: int
    cpus: int
    limits_memory: bool
    limits_cpu: bool

    @classmethod
    def read(cls, info: Mapping[str, Any]) -> Self:
        """Read ``docker info``. What an engine does not say of its limits, it can do."""
        return cls(
            int(info.get("MemTotal") or 0),
            int(info.get("NCPU") or 0),
            bool(info.get("MemoryLimit", True)),
            bool(info.get("CpuCfsQuota", True)),
        )
