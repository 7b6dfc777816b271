"""Watching: when it looks again, which events matter, and that it sees the engine without changing it."""

from __future__ import annotations

import queue
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest

from checker import Owns
from checker.course import open_course
from checker.engine import events
from checker.engine.events import Event
from checker.engine.waiting import ticks
from checker.result import CheckResult, Status
from checker.runner import Runner
from checker.ui import watch_switch
from checker.ui.tell import Tell
from checker.ui.watch_switch import Switch, said
from checker.ui.watching import (
    ACTIONS,
    CALM,
    DEBOUNCE,
    ENOUGH,
    KINDS,
    LOOP,
    PAUSE,
    Pace,
    Relevance,
    watch,
)
from checker.work import clean, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.course import Course
    from checker.engine.connect import Engine

REAL = open_course(Path(__file__).parents[2])
GREET = "01-small/greet"
LOOKING = [one for one in REAL.ids() if REAL.load(one).exercise.observing().checks]


def test_changes_are_waited_for_together_but_not_for_ever() -> None:
    pace = Pace()
    assert pace.due is None
    pace.changed(10)
    assert pace.due == 10 + DEBOUNCE
    pace.changed(10.2)
    assert pace.due == 10.2 + DEBOUNCE
    pace.changed(10.9)
    assert pace.due == 10 + PAUSE
    pace.begin(11)
    assert pace.due is None
    pace.changed(11.1)
    pace.end(11.2)
    assert pace.due == 11 + PAUSE


def chased(pace: Pace, runs: int, *, after: float) -> list[float]:
    """Let each run be followed by a change; return the pauses."""
    now, pauses = 100.0, []
    for _ in range(runs):
        pace.begin(now)
        pace.end(now + 0.1)
        pace.changed(now + 0.1 + after)
        pauses.append(pace.pause)
        now += 60
    return pauses


def test_runs_that_bring_their_own_changes_slow_down_and_end() -> None:
    pace = Pace()
    pauses = chased(pace, ENOUGH + 1, after=0.2)
    assert pauses[: CALM + 1] == [PAUSE] * (CALM + 1)
    assert pauses == sorted(pauses)
    assert pauses[-1] == 16
    assert pace.given_up


def test_a_learner_who_works_on_and_on_is_no_loop() -> None:
    pace = Pace()
    assert set(chased(pace, 3 * ENOUGH, after=2)) == {PAUSE}
    assert not pace.given_up


def event(action: str = "start", name: str = "x", **other: Any) -> Event:
    return replace(Event(1, action, f"id-of-{name}", name), **other)


@pytest.mark.parametrize(
    ("one", "matters"),
    [
        (event(), True),
        (event(name="somebody-elses"), False),
        (event(role="probe"), False),
        (event(role="scene"), True),
        (event("rename", "y", old_name="x"), True),
        (event("connect", "n", kind="network"), True),
        (event("create", "n"), False),
        (event("tag", "anything", kind="image"), True),
        (event("destroy", "v", kind="volume"), True),
    ],
)
def test_what_happens_to_the_exercises_names_matters(one: Event, matters: bool) -> None:
    relevance = Relevance(Owns(containers=["x"], images=["i:1"], networks=["n"], volumes=["v"]))
    assert relevance.matters(one) is matters


def test_a_container_that_got_another_name_still_matters() -> None:
    relevance = Relevance(Owns(containers=["x"]))
    renamed = event("rename", "y", old_name="x")
    assert relevance.matters(renamed)
    assert relevance.matters(event("die", "y"))
    assert not relevance.matters(event("die", "z"))
    assert not relevance.matters(event("tag", "x", kind="image"))  # it declares none


def test_it_says_how_many_lines_look_done_and_who_decides() -> None:
    checks = [{"id": "a", "observes": True}, {"id": "b", "observes": True}, {"id": "c", "observes": False}]
    assert (
        said(checks, {"a": "done"}) == "1 of 2 watched lines looks done. Check decides, and tests the others."
    )
    assert said(checks[:2], {}) == "0 of 2 watched lines look done. Check decides."


@pytest.fixture
def looking(fake_course: Course) -> Course:
    """The small course, in which all checks of the greeting only look."""
    path = fake_course.root / "exercises" / GREET / "checks.py"
    path.write_text(path.read_text().replace("(points=1)", "(points=1, observes=True)").replace(
        "(points=2)", "(points=2, observes=True)"))  # fmt: skip
    return fake_course


@pytest.fixture
def told(looking: Course, engine: Engine) -> Iterator[queue.SimpleQueue[dict[str, Any]]]:
    """What a watch of the greeting tells; it ends with the test."""
    start(looking, engine, GREET)
    heard: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    tell = Tell(lambda name, **fields: heard.put({"event": name, **fields}))
    ended: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: ended.append(watch(looking, tell, GREET)))
    thread.start()
    yield heard
    tell.cancel()
    thread.join(20)
    assert ended == [{"why": ""}]


def until(told: queue.SimpleQueue[dict[str, Any]], check: str, state: str) -> None:
    while (one := told.get(timeout=20)) != {"event": "seen", "check": check, "state": state}:
        assert one["event"] in {"seen", "reached", "sign"}


@pytest.mark.engine
def test_it_sees_what_the_learner_does_on_the_engine_and_in_files(
    told: queue.SimpleQueue[dict[str, Any]], looking: Course, engine: Engine
) -> None:
    folder = looking.work(GREET)
    until(told, "right_name", "open")
    name = (folder / "name.txt").read_text().strip()
    made = engine.client.containers.run(
        "busybox:1.37", ["echo", f"hello {name}"], name="fake-greet", detach=True
    )
    try:
        until(told, "greeter", "done")
        until(told, "right_name", "done")
    finally:
        made.remove(force=True)
    until(told, "greeter", "open")


def _sight(engine: Engine, names: list[str]) -> list[tuple[str, str, int]]:
    """Return how these containers are."""
    listed = engine.client.containers.list(ignore_removed=True, all=True)
    return sorted(
        (one.name, str(one.attrs["State"]), one.attrs["RestartCount"]) for one in listed if one.name in names
    )


def _contents(folder: Path) -> dict[Path, bytes]:
    return {one: one.read_bytes() for one in folder.rglob("*") if one.is_file()}


@pytest.mark.engine
@pytest.mark.parametrize(
    "exercise_id", [one for one in REAL.ids() if REAL.load(one).exercise.observing().checks]
)
def test_a_check_of_the_course_that_only_looks_leaves_the_engine_as_it_is(
    engine: Engine, state: Path, exercise_id: str
) -> None:
    shutil.copytree(REAL.root / "exercises", state / "course" / "exercises")
    course = open_course(state / "course")
    exercise, folder = course.load(exercise_id).exercise, start(course, engine, exercise_id)
    try:
        names = list(exercise.owns.containers)
        sight, files = _sight(engine, names), _contents(folder)
        since = events.now(engine)
        seen: list[CheckResult] = []
        with Runner(course) as runner:
            runner.observe(exercise_id, folder, seen.append)
        actions = (*ACTIONS, "exec_create", "extract-to-dir")
        with events.follow(
            engine, since=since, until=events.now(engine), actions=actions, kinds=KINDS
        ) as found:
            caused = [f"{one.name} {one.action}" for one in found if one.name in names]
        assert [one.status for one in seen if one.status is Status.ERROR and one.reason == "course"] == []
        assert len(seen) == len(exercise.observing().checks)
        assert (caused, sight) == ([], _sight(engine, names))
        assert _contents(folder) == files
    finally:
        clean(course, engine, exercise_id)


def test_an_engine_that_is_away_is_said_and_waited_for(
    looking: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    heard: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    tell = Tell(lambda name, **fields: heard.put({"event": name, **fields}))
    thread = threading.Thread(target=watch, args=(looking, tell, GREET))
    thread.start()
    away = heard.get(timeout=20)
    assert away["event"] == "away"
    assert "/nowhere/docker.sock" in away["message"]
    assert heard.get(timeout=20)["event"] == "away"  # it has tried once more
    tell.cancel()
    thread.join(20)
    assert not thread.is_alive()


class Asked:
    """Stands for what the kernel has begun: it tells one event, and then waits to be cancelled."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def result(self, on_event: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        while (event := self.events.get(timeout=20))["event"] != "done":
            on_event(event)
        return {"why": event["why"]}

    def cancel(self) -> None:
        self.events.put({"event": "done", "why": ""})


class Begun:
    """Stands for the helper of the kernel: remembers all that was begun."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    def begin(self, do: str, exercise: str) -> Asked:
        assert (do, exercise) == ("watch", GREET)
        self.asked.append(Asked())
        return self.asked[-1]


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Iterator[Begun]:
    """The helper's place is taken; whatever still waits for it in the end is let go."""
    helper = Begun()
    monkeypatch.setattr(watch_switch, "helper", lambda _: helper)
    monkeypatch.setattr(watch_switch, "_wanted", {})
    monkeypatch.setattr(watch_switch, "_watches", {})
    yield helper
    for asked in helper.asked:
        asked.events.put({"event": "done", "why": ""})


CHECKS = [{"id": "greeter", "observes": True}]


def test_a_page_that_shows_no_sign_of_life_is_not_watched_for(
    begun: Begun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = Switch(tmp_path, GREET, lambda **_: None)
    switch.know(CHECKS, started=True)
    begun.asked[0].cancel = ended = Mock()  # type: ignore[method-assign]
    monkeypatch.setattr(watch_switch, "LEASE", -1.0)
    begun.asked[0].events.put({"event": "sign"})
    for _ in ticks(20):
        if ended.called:
            break
    ended.assert_called_once_with()
    monkeypatch.setattr(watch_switch, "LEASE", 60.0)
    switch.alive()
    assert len(begun.asked) == 2
    begun.asked[0].events.put({"event": "done", "why": ""})
    switch.close()


def test_a_watch_that_gives_up_turns_the_switch_off_and_says_why(begun: Begun, tmp_path: Path) -> None:
    shown: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    switch = Switch(tmp_path, GREET, lambda **fields: shown.put(fields))
    switch.know(CHECKS, started=True)
    begun.asked[0].events.put({"event": "done", "why": LOOP})
    while (last := shown.get(timeout=20)["watch"])["on"]:
        pass
    assert last == {"able": True, "on": False, "say": LOOP}
    switch.turn(True)
    assert len(begun.asked) == 2
    switch.close()


def test_a_later_panel_of_the_exercise_takes_over(begun: Begun, tmp_path: Path) -> None:
    views: list[dict[str, Any]] = [{}, {}]
    for view in views:
        Switch(tmp_path, GREET, view.update).know(CHECKS, started=True)
    assert (views[0]["watch"]["on"], views[0]["watch"]["say"]) == (
        False,
        "A later panel of this exercise watches now.",
    )
    assert views[1]["watch"]["on"]
    assert len(begun.asked) == 2
