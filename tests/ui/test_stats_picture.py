"""The live picture of memory and CPU: what it says, what it sends, whom it follows, and that it stops."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from checker.engine.connect import Endpoint
from checker.engine.container import Container
from checker.engine.events import Event
from checker.engine.faults import fault
from checker.engine.stats import Machine
from checker.engine.waiting import ticks
from checker.errors import Refused, UsageError
from checker.ui.stats_picture import LiveStats, live_stats, sentence
from checker.ui.stats_watch import Followed, Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.engine.connect import Engine

BUSY = ["timeout", "30", "sh", "-c", "while :; do :; done"]
CANNOT = "this engine cannot limit memory or CPU"


def inspected(**changes: Any) -> Container:
    """A container as an engine would describe it."""
    state = {"Status": changes.pop("status", "running"), "OOMKilled": changes.pop("oom_killed", False)}
    state |= {
        "ExitCode": changes.pop("exit_code", 0),
        "StartedAt": changes.pop("started", "2026-03-01T10:00:00Z"),
    }
    attrs = {"Id": changes.pop("id", "a1"), "Name": "/c02-hungry", "Config": {}, "HostConfig": changes}
    return Container(SimpleNamespace(), {**attrs, "State": state})  # type: ignore[arg-type]


def followed(name: str = "c02-hungry", sample: Sample | None = None, **changes: Any) -> Followed:
    one = Followed(name, measured=True)
    one.look(inspected(**changes))
    one.sample = sample or Sample(memory=4.0, cpu=0.1)
    return one


def event(action: str, id: str = "a1", nanoseconds: int = 1) -> Event:  # noqa: A002
    return Event(nanoseconds, action, id, "c02-hungry")


LIMITED: dict[str, Any] = {"Memory": 16 * 2**20, "NanoCpus": 200_000_000}


@pytest.mark.parametrize(
    ("one", "memory", "says"),
    [
        (Followed("c02-hungry", measured=True), None, "No container is named c02-hungry yet."),
        (followed(**LIMITED), 4.0, "c02-hungry uses 4 of 16 MB."),
        (followed(**LIMITED), 15.0, "c02-hungry uses 15 of 16 MB: it is near its limit."),
        (followed(), 1536.0, "c02-hungry uses 1.5 GB and has no memory limit."),
        (followed(Memory=2**31), 512.0, "c02-hungry uses 512 MB of 2 GB."),
        (
            followed(sample=Sample(throttled=9), **LIMITED),
            4.0,
            "c02-hungry is held back by its CPU limit of 0.2 cores.",
        ),
        (
            followed(status="exited", exit_code=137, oom_killed=True, **LIMITED),
            None,
            "c02-hungry is stopped: it was ended once for lack of memory.",
        ),
        (
            followed(oom_killed=True, **LIMITED),
            4.0,
            "c02-hungry uses 4 of 16 MB and had a process ended for lack of memory.",
        ),
        (followed(status="paused"), 4.0, "c02-hungry is paused: it keeps its memory and uses no CPU."),
        (followed(status="created"), None, "c02-hungry is created: it uses no memory and no CPU yet."),
        (followed(status="exited"), None, "c02-hungry is stopped: it uses no memory and no CPU."),
    ],
)
def test_the_sentence_says_what_matters(one: Followed, memory: float | None, says: str) -> None:
    assert sentence([one], {} if memory is None else {one.name: memory}) == says


def test_of_several_the_worst_comes_first() -> None:
    calm = followed("c02-calm", **LIMITED)
    held = followed("c02-busy", sample=Sample(throttled=9), **LIMITED)
    killed = followed("c02-killed", oom_killed=True, **LIMITED)
    told = {"c02-calm": 1.0, "c02-busy": 1.0, "c02-killed": 9.0}
    assert sentence([calm, Followed("c02-new", measured=True)], told) == (
        "1 of 2 containers run; none is near a limit."
    )
    first = "c02-killed uses 9 of 16 MB and had a process ended for lack of memory."
    assert sentence([calm, held, killed], told) == (
        f"{first} c02-busy is held back by its CPU limit of 0.2 cores."
    )
    assert sentence([held, killed, held], told) == f"{first} 2 more are at a limit, too."


def test_what_ran_out_is_counted_for_one_container_and_ended_only_where_it_died() -> None:
    one = followed(**LIMITED)
    for nanoseconds in (1, 2):
        one.hear(event("oom", nanoseconds=nanoseconds))
    assert (one.ooms, one.ended_by_oom) == (2, False)
    one.hear(event("die"))
    assert (one.ooms, one.ended_by_oom) == (2, True)
    one.look(inspected(oom_killed=True, status="exited", exit_code=137))
    assert one.ooms == 2  # the flag says no more than the events
    one.hear(event("destroy"))
    one.look(None)
    assert (one.ooms, one.state) == (2, "removed")
    one.look(inspected(id="b2"))
    assert (one.ooms, one.ended_by_oom, one.state) == (0, False, "running")


def answer(second: int, cpu: int, throttled: int, memory: int = 2**20) -> dict[str, Any]:
    data = {"cpu_usage": {"total_usage": cpu}, "throttling_data": {"throttled_periods": throttled}}
    return {"read": f"2026-03-01T10:00:{second:02d}Z", "cpu_stats": data, "memory_stats": {"usage": memory}}


def test_samples_count_over_the_runs_of_one_container() -> None:
    told: list[dict[str, Any]] = []
    api = SimpleNamespace(stats=lambda *_, **__: told.pop(0))
    engine: Any = SimpleNamespace(client=SimpleNamespace(api=api))
    one = followed(**LIMITED)

    def sample(*values: int) -> Sample:
        told.append(answer(*values))
        one.measure(engine)
        return one.sample

    # What came before the first look is counted, but no point of this second; its speed is not known.
    assert sample(10, 10**9, 40) == Sample(1.0, None, 0, 0, 40)
    assert sample(11, 12 * 10**8, 47) == Sample(1.0, 0.2, 0, 7, 47)
    one.hear(event("oom"))
    one.look(inspected(status="exited"))
    one.measure(engine)
    assert one.sample == Sample(None, None, 1, 0, 47)
    one.look(inspected(started="2026-03-01T10:00:20Z"))
    assert sample(22, 10**9, 5) == Sample(1.0, 0.5, 0, 5, 52)
    one.look(inspected(id="b2", started="2026-03-01T10:00:30Z"))
    assert sample(31, 10**9, 1) == Sample(1.0, 1.0, 0, 1, 1)


class Still:
    """Stands for the watch: it starts nothing."""

    def __init__(self, names: Any, measured: int, _changed: Any, lost: Any) -> None:
        self.followed = [Followed(name, measured=index < measured) for index, name in enumerate(names)]
        self.machine = Machine(2**34, 4, limits_memory=True, limits_cpu=True)
        self.lost = lost

    def start(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[LiveStats, Any]]:
    """Make a picture that the test moves."""

    def make(*names: str) -> tuple[LiveStats, Any]:
        monkeypatch.setattr("checker.ui.stats_picture.StatsWatch", Still)
        picture = LiveStats(*names)
        return picture, picture._watch

    return make


def test_only_the_last_second_is_sent_and_nothing_where_a_minute_was_still(still: Any) -> None:
    picture, watch = still("c02-hungry")
    sent: list[str] = []
    picture.observe(lambda change: sent.append(change.name), ["now", "history", "view"])
    (one,) = watch.followed
    one.look(inspected(**LIMITED))
    one.sample = Sample(4.0, 0.0)
    for _ in range(70):
        picture._changed(watch)
    assert sent == ["view", *["now"] * 60]
    assert picture.now == [60, [[4.0, 0.0, 0, 0, 0]]]
    one.sample = Sample(4.1, 0.0)
    picture._changed(watch)
    assert picture.now == [71, [[4.1, 0.0, 0, 0, 0]]]
    assert sent.count("view") == 1  # what the sentence tells did not change by as much
    one.sample = Sample(9.0, 0.0)
    picture._changed(watch)
    assert picture.view["say"] == "c02-hungry uses 9 of 16 MB."

    history = picture.get_state()["history"]  # for a page that is opened now
    assert [number for number, _ in history] == list(range(13, 73))
    assert "history" not in picture.get_state("now")


def test_a_hundred_names_are_listed_and_ten_measured(still: Any) -> None:
    picture, watch = still(*(f"c02-{number}" for number in range(100)))
    picture._changed(watch)
    assert len(picture.now[1]) == 10
    shown = picture.view["containers"]
    assert (len(shown), sum(one["measured"] for one in shown), picture.view["drawn"]) == (100, 10, 10)
    assert picture.view["say"] == "0 of 100 containers run; none is near a limit."
    assert repr(picture) == "Memory and CPU of c02-0, c02-1 and 98 more against their limits, drawn live."
    assert len(json.dumps(picture.now)) < 400


def test_an_engine_without_limits_says_so_and_goes_on(still: Any) -> None:
    picture, watch = still("c02-hungry")
    watch.machine = Machine(2**34, 4, limits_memory=False, limits_cpu=False)
    picture._changed(watch)
    assert picture.view["trouble"]["message"] == (
        "This engine cannot limit memory and CPU: a limit that you ask for is not there."
    )
    assert "delegated" in picture.view["trouble"]["next"]
    assert picture.view["live"]


def test_an_engine_that_stops_is_said_with_a_next_step(still: Any) -> None:
    picture, watch = still("c02-hungry")
    watch.lost(fault("stopped", Endpoint("unix:///x.sock", "the test")))
    assert picture.view["say"] == "The engine does not tell any more what the containers use."
    assert (picture.view["live"], bool(picture.view["trouble"]["next"])) == (False, True)


def test_no_name_is_refused() -> None:
    with pytest.raises(UsageError, match="found none"):
        live_stats()


def test_without_an_engine_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such.sock")
    shown = live_stats("c02-hungry")
    assert "unix:///no/such.sock" in shown.view["trouble"]["message"]
    assert shown.view["trouble"]["next"]
    assert repr(shown) == "Memory and CPU of c02-hungry against their limits, drawn live."
    with pytest.raises(Refused):
        shown.table()
    shown.close()


# -- on the real engine


@pytest.fixture
def prefix(engine: Engine) -> Iterator[str]:
    """The beginning of names; what has such a name is removed in the end."""
    begin = f"c02-stats-{secrets.token_hex(3)}-"
    yield begin
    for left in engine.client.containers.list(ignore_removed=True, all=True, filters={"name": f"^/?{begin}"}):
        left.remove(force=True)


@pytest.fixture
def show() -> Iterator[Callable[..., LiveStats]]:
    shown: list[LiveStats] = []

    def make(*names: str) -> LiveStats:
        shown.append(live_stats(*names))
        return shown[-1]

    yield make
    for picture in shown:
        picture.close()
    assert following() == []


def following() -> list[str]:
    return sorted(one.name for one in threading.enumerate() if one.name.startswith("course-stats"))


def eventually(true: Callable[[], Any]) -> None:
    for _ in ticks(15):
        if true():
            return
    pytest.fail("what the test waits for did not come about")


def state(picture: LiveStats, index: int = 0) -> str:
    containers = picture.view["containers"]
    return str(containers[index]["state"]) if containers else "?"


@pytest.mark.engine
def test_a_container_is_followed_from_before_it_is_there(engine: Engine, prefix: str, show: Any) -> None:
    name = f"{prefix}calm"
    picture = show(name)
    eventually(lambda: picture.view["say"] == f"No container is named {name} yet.")
    made = engine.client.containers.create("busybox:1.37", ["sleep", "300"], name=name, init=True)
    eventually(lambda: state(picture) == "created")
    made.start()
    eventually(lambda: picture.now[1][0][:2] not in ([None, None], [None, 0.0]))
    assert "has no memory limit" in picture.view["say"]
    assert picture.view["containers"][0]["memory"]["limit"] is None
    made.pause()
    eventually(lambda: state(picture) == "paused")
    assert picture.now[1][0][0] is not None  # what is paused keeps its memory
    made.unpause()
    if engine.info.get("MemoryLimit"):
        made.update(mem_limit="64m", memswap_limit="64m")
        eventually(lambda: picture.view["containers"][0]["memory"]["text"] == "64 MB")
    made.kill()
    eventually(lambda: state(picture) == "stopped" and picture.now[1][0][:2] == [None, None])
    made.remove()
    eventually(lambda: state(picture) == "removed")


@pytest.mark.engine
def test_limits_that_are_met_are_points_and_words(engine: Engine, prefix: str, show: Any) -> None:
    if not (engine.info.get("MemoryLimit") and engine.info.get("CpuCfsQuota")):
        pytest.skip(CANNOT)
    hungry, busy, calm = names = [prefix + word for word in ("hungry", "busy", "calm")]
    picture = show(*names)
    run = engine.client.containers.run
    run("busybox:1.37", BUSY, name=busy, detach=True, init=True, nano_cpus=200_000_000)
    run("busybox:1.37", ["sleep", "300"], name=calm, detach=True, init=True, nano_cpus=500_000_000)
    run("busybox:1.37", ["tail", "/dev/zero"], name=hungry, detach=True, mem_limit="16m").wait()
    expected = f"""\
name{" " * (len(hungry) - 4)}  memory limit  CPU limit  out of memory  throttled
{hungry}  16 MB         no limit   yes            no
{busy}    no limit      0.2 cores  no             yes
{calm}    no limit      0.5 cores  no             no"""
    assert [repr(picture.table()) for _ in range(2)] == [expected] * 2
    eventually(lambda: f"{hungry} is stopped: it was ended once for lack of memory." in picture.view["say"])
    eventually(lambda: f"{busy} is held back by its CPU limit of 0.2 cores." in picture.view["say"])
    rows = [samples for _, samples in picture.get_state()["history"]]
    assert sum(samples[0][2] for samples in rows) == 1
    assert sum(samples[1][3] for samples in rows) == rows[-1][1][4] > 3
    engine.client.containers.get(hungry).remove()
    engine.client.containers.get(busy).kill()
    assert [line.split()[-4:] for line in repr(picture.table()).splitlines()[1:3]] == [
        ["container", "-", "yes", "-"],
        ["cores", "no", "not", "known"],
    ]


@pytest.mark.engine
def test_what_is_restarted_again_and_again_is_counted(engine: Engine, prefix: str, show: Any) -> None:
    if not engine.info.get("MemoryLimit"):
        pytest.skip(CANNOT)
    name = f"{prefix}hungry"
    picture = show(name)
    again: Any = {"Name": "on-failure", "MaximumRetryCount": 2}
    eats = ["tail", "/dev/zero"]
    engine.client.containers.run(
        "busybox:1.37", eats, name=name, detach=True, mem_limit="16m", restart_policy=again
    )
    eventually(lambda: picture.view["say"] == f"{name} is stopped: it was ended 3 times for lack of memory.")


@pytest.mark.engine
def test_two_threads_however_many_and_none_after_closing(prefix: str, show: Any) -> None:
    names = [f"{prefix}{number}" for number in range(100)]
    both = ["course-stats-events", "course-stats-samples"]
    picture = show(*names)
    assert following() == both
    later = show(*reversed(names))
    assert following() == both
    assert picture.view["say"] == "This picture has ended. A later one shows the same containers."
    eventually(lambda: later.view["say"] == "0 of 100 containers run; none is near a limit.")
    assert (picture.view["live"], later.view["live"]) == (False, True)
    later.close()
    assert following() == []


@pytest.mark.engine
def test_a_connection_that_breaks_ends_both_threads(prefix: str, show: Any) -> None:
    picture = show(prefix)
    eventually(lambda: picture.view["live"])
    picture._watch._following._stream.close()  # as the engine does where it ends
    eventually(lambda: not picture.view["live"] and picture.view["trouble"])
    assert picture.view["say"] == "The engine does not tell any more what the containers use."
    eventually(lambda: following() == [])


@pytest.mark.engine
def test_it_does_not_keep_the_kernel_alive(engine: Engine, prefix: str) -> None:
    code = f"from checker.ui.stats_picture import live_stats; live_stats({prefix!r}); print('last line')"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "last line\n", "")
