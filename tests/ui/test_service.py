"""Requests are answered side by side, and end early where they are cancelled or the kernel is gone."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any

import pytest

from checker.ui import service
from checker.ui.tell import Tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.course import Course


class Line:
    """Both ends of a channel: requests go in, what is told comes out."""

    def __init__(self) -> None:
        self.requests: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self.told: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def receive(self) -> dict[str, Any] | None:
        return self.requests.get()

    def send(self, event: str, **fields: Any) -> None:
        self.told.put({"event": event, **fields})

    def ask(self, key: int, do: str, **request: Any) -> None:
        self.requests.put({"key": key, "do": do, **request})

    def next(self) -> dict[str, Any]:
        return self.told.get(timeout=10)


class Resting(service.Service):
    """A service with one verb, which rests until it is cancelled."""

    def rest(self, tell: Tell) -> str:
        tell.on_cancel(lambda: tell("says", line="asked to end"))
        tell("says", line="resting")
        assert tell.wait(10)
        return "ended early"


@pytest.fixture
def line(fake_course: Course) -> Iterator[Line]:
    both = Line()
    thread = threading.Thread(target=service.serve, args=(both, Resting(fake_course)))
    thread.start()
    yield both
    both.requests.put(None)
    thread.join(10)
    assert not thread.is_alive()


def test_what_is_asked_for_can_be_cancelled_and_nothing_else_is(line: Line) -> None:
    line.ask(1, "rest")
    assert line.next()["line"] == "resting"
    line.ask(2, "rest")
    assert line.next() == {"event": "says", "key": 2, "line": "resting"}
    line.ask(1, "cancel")
    assert line.next() == {"event": "says", "key": 1, "line": "asked to end"}
    assert line.next() == {"event": "done", "key": 1, "value": "ended early"}
    line.ask(1, "cancel")  # it has ended: there is nothing to cancel
    line.ask(2, "cancel")
    assert line.next()["key"] == 2


def test_where_the_kernel_is_gone_everything_is_asked_to_end(line: Line) -> None:
    line.ask(1, "rest")
    line.next()
    line.requests.put(None)
    assert line.next()["line"] == "asked to end"
    line.requests.put(None)


def test_what_is_cancelled_before_it_can_be_stopped_is_stopped_at_once() -> None:
    tell = Tell(lambda *_, **__: None)
    tell.cancel()
    stopped = threading.Event()
    tell.on_cancel(stopped.set)
    assert stopped.is_set()
