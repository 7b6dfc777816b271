"""A life as steps: the same steps in whichever order the engine tells one moment's events."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from checker.engine.events import Event
from checker.ui.life import Life


def events(*actions: str, container: str = "1", name: str = "x", first: int = 0) -> list[Event]:
    """Make events of consecutive moments; ``die:3`` and ``kill:9`` bring their number along."""
    made = []
    for moment, action in enumerate(actions, first):
        word, _, number = action.partition(":")
        value = int(number) if number else None
        event = Event(moment * 10**9, word, container, name)
        made.append(replace(event, exit_code=value) if word == "die" else replace(event, signal=value))
    return made


def path(life: Life) -> list[str]:
    return [f"{step.event}>{step.state}" for step in life.steps]


@pytest.mark.parametrize("order", list(permutations(["kill:15", "die:143", "stop"])))
def test_stop_is_one_story_in_every_order(order: tuple[str, ...]) -> None:
    life = Life("x", None, events("create", "start", *order))
    assert path(life)[2:] == ["kill>running", "die>stopped", "stop>stopped"]
    assert not life.stopping
    assert life.say == "x is stopped: its process ended with exit code 143."


@pytest.mark.parametrize("order", list(permutations(["oom", "oom", "die:137"])))
def test_out_of_memory_is_told_once_and_before_the_end(order: tuple[str, ...]) -> None:
    life = Life("x", None, events("create", "start", *order))
    assert path(life)[2:] == ["oom>running", "die>stopped"]
    assert life.out_of_memory


def test_a_stop_whose_end_was_not_told_yet_is_not_drawn() -> None:
    life = Life("x", None, events("create", "start", "kill:15", "stop"))
    assert life.stopping
    assert path(life)[-1] == "kill>running"


def test_a_restart_in_disorder_ends_running() -> None:
    told = events("create", "start", "kill:15", "stop", "die:143", "start", "restart")
    assert path(Life("x", None, told))[2:] == [
        "kill>running",
        "die>stopped",
        "stop>stopped",
        "start>running",
        "restart>running",
    ]


@pytest.mark.parametrize(("milliseconds", "pauses"), [(140, 1), (900, 2)])
def test_a_late_echo_of_a_pause_is_no_second_pause(milliseconds: int, pauses: int) -> None:
    told = events("create", "start", "pause", "unpause", "kill:1")
    for part, action in (0.75, "pause"), (1, "unpause"):
        moment = told[3].nanoseconds + int(part * milliseconds * 10**6)
        told.append(Event(moment, action, "1", "x"))
    life = Life("x", None, told)
    assert path(life).count("pause>paused") == path(life).count("unpause>running") == pauses
    assert path(life)[-1] == "kill>running"


def test_told_twice_and_shuffled_it_is_the_same() -> None:
    told = events("create", "start", "pause", "unpause", "die:0", "destroy")
    assert Life("x", None, [*reversed(told), *told]).steps == Life("x", None, told).steps


def test_a_new_container_of_the_name_is_said() -> None:
    life = Life("x", None, events("create", "destroy") + events("create", container="2", first=9))
    assert [step.note for step in life.steps] == ["", "", "a new container"]
    assert life.id == "2"


def test_others_do_not_matter_and_a_new_name_is_followed() -> None:
    told = [
        *events("create", "start"),
        *events("create", "die:1", container="2", name="y"),
        *events("rename", "pause", name="z", first=7),
    ]
    life = Life("x", None, told)
    assert path(life) == ["create>created", "start>running", "rename>running", "pause>paused"]
    assert life.say == "x, now named z, is paused: its process waits in memory."


def test_one_that_takes_the_name_is_followed_once_its_state_is_known() -> None:
    told = [*events("create", "destroy"), *events("rename", "kill:1", "pause", container="2", first=5)]
    assert path(Life("x", None, told))[2:] == ["pause>paused"]


@pytest.mark.parametrize(
    ("signal", "note"),
    [
        (15, "asked to stop (SIGTERM)"),
        (9, "ended by force (SIGKILL)"),
        (1, "sent SIGHUP"),
        (10, "sent SIGUSR1"),
        (28, "sent SIGWINCH"),
        (34, "sent signal 34"),
    ],
)
def test_signals_have_linuxs_names(signal: int, note: str) -> None:
    assert Life("x", None, events("create", "start", f"kill:{signal}")).steps[-1].note == note
