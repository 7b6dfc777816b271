"""Events as the engine tells them, ended from another thread, and never in silence."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest
from fake_engine import VERSION, FakeEngine, http
from made import Made, making, wait_for

from checker.engine import events
from checker.engine.connect import Endpoint, Engine
from checker.errors import EngineFault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.engine.events import Event


@pytest.fixture
def made(engine: Engine) -> Iterator[Made]:
    with making(engine) as maker:
        yield maker


def told(engine: Engine, since: int, name: str) -> list[Event]:
    with events.follow(engine, since=since, until=events.now(engine)) as found:
        return [event for event in found if event.name == name]


@pytest.mark.engine
def test_a_life_is_told_with_its_codes_and_signals(engine: Engine, made: Made) -> None:
    since = events.now(engine)
    one = made.container("sleep", "300", init=True)
    one.exec("true")
    one.write_file("/x", b"1")
    one.stop()
    wait_for(lambda: {"die", "stop"} <= {event.action for event in told(engine, since, one.name)})
    heard = told(engine, since, one.name)
    assert {event.id for event in heard} == {one.id}
    assert sorted(event.action for event in heard) == ["create", "die", "kill", "start", "stop"]
    assert {event.action: event.exit_code for event in heard if event.exit_code is not None} == {"die": 143}
    assert {event.action: event.signal for event in heard if event.signal} == {"kill": 15}
    assert not any(event.out_of_memory for event in heard)
    assert heard == sorted(heard)


@pytest.mark.engine
def test_what_was_before_is_told_only_where_it_is_asked_for(engine: Engine, made: Made) -> None:
    before = events.now(engine)
    one = made.container(start=False)
    between = events.now(engine)
    engine.client.api.rename(one.id, f"{one.name}-b")
    assert [event.action for event in told(engine, before, one.name)] == ["create"]
    (renamed,) = told(engine, between, f"{one.name}-b")
    assert (renamed.action, renamed.old_name) == ("rename", one.name)
    assert before < renamed.nanoseconds
    assert renamed.when.tzinfo


@pytest.mark.engine
def test_it_waits_for_what_is_to_come_and_another_thread_ends_it(engine: Engine, made: Made) -> None:
    heard: list[str] = []
    first = threading.Event()
    name = made.name()

    def listen() -> None:
        for event in following:
            if event.name == name:
                heard.append(event.action)
                first.set()

    following = events.follow(engine)
    listener = threading.Thread(target=listen)
    listener.start()
    made.container(start=False, name=name)
    assert first.wait(10)
    following.close()
    listener.join(10)
    assert not listener.is_alive()
    assert heard == ["create"]
    assert list(following) == []
    following.close()  # once more is fine


EVENT = {
    "Type": "container",
    "Action": "die",
    "Actor": {"ID": "abc", "Attributes": {"name": "c02-x", "exitCode": "137"}},
    "timeNano": 1_700_000_000_123_456_789,
}


@pytest.mark.parametrize("end", [b"", b"0\r\n\r\n"], ids=["the connection breaks", "the answer ends"])
def test_an_engine_that_stops_is_a_fault_and_no_silence(tmp_path: Path, end: bytes) -> None:
    line = json.dumps(EVENT).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = head + f"{len(line):x}\r\n".encode() + line + b"\r\n" + end

    def speak(request: str) -> bytes:
        return answer if "/events" in request else http(VERSION)

    with FakeEngine(tmp_path / "fake.sock", speak) as fake, Engine(Endpoint(fake.url, "the test")) as engine:
        following = events.follow(engine)
        (died,) = [next(following)]
        assert (died.exit_code, died.nanoseconds) == (137, 1_700_000_000_123_456_789)
        with pytest.raises(EngineFault) as caught:
            next(following)
        assert caught.value.kind == "stopped"


@pytest.mark.parametrize(
    ("written", "nanoseconds"),
    [
        ("2023-11-14T22:13:20.123456789Z", 1_700_000_000_123_456_789),
        ("2023-11-15T00:13:20.5+02:00", 1_700_000_000_500_000_000),
        ("2023-11-14T17:13:20-05:00", 1_700_000_000_000_000_000),
    ],
)
def test_the_engines_time_keeps_its_digits_and_its_zone(
    tmp_path: Path, written: str, nanoseconds: int
) -> None:
    def speak(request: str) -> bytes:
        return http({"SystemTime": written} if request.endswith("/info") else VERSION)

    with FakeEngine(tmp_path / "fake.sock", speak) as fake, Engine(Endpoint(fake.url, "the test")) as engine:
        assert events.now(engine) == nanoseconds
