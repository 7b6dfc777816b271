from __future__ import annotations

import os
import signal

import pytest

from checker import interrupts
from checker.errors import EngineFault
from checker.interrupts import undoing, uninterrupted


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_waits_for_the_end_of_the_block() -> None:
    steps = []

    def work() -> None:
        press_ctrl_c()
        steps.append("went on")

    with pytest.raises(KeyboardInterrupt), uninterrupted():
        work()
    assert steps == ["went on"]
    with pytest.raises(KeyboardInterrupt):
        press_ctrl_c()


def test_undoing_is_not_cut_off_by_a_second_ctrl_c() -> None:
    undone = []

    def undo() -> None:
        press_ctrl_c()
        undone.append(True)

    with pytest.raises(KeyboardInterrupt), undoing(undo):
        press_ctrl_c()
    assert undone


def test_what_arrives_after_ctrl_c_is_undone_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "_ON_ITS_WAY", 0.2)
    there = ["begun"]
    late = iter([[], ["late"]])

    def undo() -> None:
        there.clear()
        there.extend(next(late, []))

    with pytest.raises(KeyboardInterrupt), undoing(undo):
        raise KeyboardInterrupt
    assert there == []


def test_the_first_trouble_is_the_one_to_hear_of() -> None:
    def undo() -> None:
        raise EngineFault("The engine is away.")

    with pytest.raises(ValueError, match="first"), undoing(undo):
        raise ValueError("first")
    with pytest.raises(EngineFault), undoing(undo):
        pass


def test_it_is_undone_once_where_all_went_well() -> None:
    calls = []
    with undoing(lambda: calls.append(1)):
        assert calls == []
    assert calls == [1]
