"""What the engine measures, on cgroup v1 and v2, and on the real engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from made import Made, making, wait_for

from checker.engine.errors import Missing
from checker.engine.stats import Machine, Stats, stats

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.engine.connect import Engine

NEVER = "0001-01-01T00:00:00Z"

# As engines of both kinds answer, without what is not read.
V1: dict[str, Any] = {
    "read": "2026-03-01T10:00:00.250000000Z",
    "preread": NEVER,
    "cpu_stats": {
        "cpu_usage": {"total_usage": 337035219, "percpu_usage": [4215365, 332819854]},
        "system_cpu_usage": 62604030000000,
        "online_cpus": 2,
        "throttling_data": {"periods": 16, "throttled_periods": 15, "throttled_time": 1127648843},
    },
    "memory_stats": {
        "usage": 2797568,
        "max_usage": 4083712,
        "stats": {
            "cache": 2031616,
            "hierarchical_memory_limit": 16777216,
            "inactive_file": 4096,  # of this cgroup alone
            "total_inactive_file": 2027520,
        },
        "limit": 16777216,
    },
}
V2: dict[str, Any] = {
    "read": "2026-03-01T10:00:00.250000000Z",
    "preread": NEVER,
    "cpu_stats": {
        "cpu_usage": {
            "total_usage": 51230000,
            "usage_in_kernelmode": 22110000,
            "usage_in_usermode": 29120000,
        },
        "system_cpu_usage": 7710000000,
        "online_cpus": 4,
        "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0},
    },
    "memory_stats": {
        "usage": 11902976,
        "stats": {"active_file": 212992, "anon": 421888, "file": 6995968, "inactive_file": 6782976},
        "limit": 16692396032,
    },
}
STOPPED: dict[str, Any] = {
    "read": NEVER,
    "cpu_stats": {"cpu_usage": {"total_usage": 0}, "throttling_data": {"throttled_periods": 0}},
    "memory_stats": {},
}


def read(told: dict[str, Any]) -> Stats:
    found = Stats.read(told)
    assert found
    return found


def later(told: dict[str, Any], *, seconds: int, cpu: int) -> Stats:
    return read(
        told
        | {"read": f"2026-03-01T10:00:0{seconds}.25Z"}
        | {"cpu_stats": {**told["cpu_stats"], "cpu_usage": {"total_usage": cpu}}}
    )


def test_memory_is_what_docker_stats_shows_on_both_cgroup_versions() -> None:
    assert read(V1).memory == 2797568 - 2027520
    assert read(V2).memory == 11902976 - 6782976
    full_of_files = V2["memory_stats"] | {"stats": {"inactive_file": 11902976}}
    assert read(V2 | {"memory_stats": full_of_files}).memory == 11902976


def test_throttling_counts_from_what_starting_a_program_cannot_need() -> None:
    assert (read(V1).throttled, read(V1).held_back) == (15, True)
    assert (read(V2).throttled, read(V2).held_back) == (0, False)
    for periods, held_back in ((4, False), (5, True)):
        cpu = V2["cpu_stats"] | {"throttling_data": {"throttled_periods": periods}}
        assert read(V2 | {"cpu_stats": cpu}).held_back is held_back


def test_cores_come_from_two_moments_of_one_run() -> None:
    before = read(V2)
    assert later(V2, seconds=2, cpu=51230000 + 500_000_000).cores_since(before) == pytest.approx(0.25)
    assert later(V2, seconds=2, cpu=1).cores_since(before) is None  # started anew: it counts from nothing
    assert before.cores_since(before) is None


def test_what_does_not_run_and_what_has_no_cgroup() -> None:
    assert Stats.read(STOPPED) is None
    no_cgroup = read(STOPPED | {"read": V2["read"]})
    assert (no_cgroup.memory, no_cgroup.cpu, no_cgroup.throttled) == (None, None, 0)
    assert read(V2).cores_since(no_cgroup) is None


def test_what_the_engines_machine_has() -> None:
    said = {"MemTotal": 2**34, "NCPU": 4, "MemoryLimit": False, "CpuCfsQuota": False}
    assert Machine.read(said) == Machine(2**34, 4, limits_memory=False, limits_cpu=False)
    assert Machine.read({}) == Machine(0, 0, limits_memory=True, limits_cpu=True)


@pytest.fixture
def made(engine: Engine) -> Iterator[Made]:
    with making(engine) as maker:
        yield maker


@pytest.mark.engine
def test_the_real_engine_measures_what_runs(engine: Engine, made: Made) -> None:
    one = made.container("sleep", "60", init=True)
    first = stats(engine, one.id)
    assert first
    assert first.memory
    assert first.cpu
    second = stats(engine, one.id)
    assert second
    assert second.cores_since(first) is not None
    one.kill()
    wait_for(lambda: one.refresh().ended)
    assert stats(engine, one.id) is None
    one.remove()
    with pytest.raises(Missing):
        stats(engine, one.id)


@pytest.mark.engine
def test_a_busy_one_is_held_back_by_its_limit(engine: Engine, made: Made) -> None:
    if not engine.info.get("CpuCfsQuota"):
        pytest.skip("this engine cannot limit CPU")
    busy = ["timeout", "20", "sh", "-c", "while :; do :; done"]
    one = made.container(*busy, init=True, nano_cpus=200_000_000)
    wait_for(lambda: (now := stats(engine, one.id)) and now.held_back)
