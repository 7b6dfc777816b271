from __future__ import annotations

import pytest

from checker import wait_until


def test_it_returns_the_first_true_value() -> None:
    answers = iter(["", None, "ready"])
    assert wait_until(lambda: next(answers)) == "ready"


def test_what_is_raised_is_not_yet_the_end() -> None:
    answers = iter([ConnectionRefusedError("not yet"), "ready"])

    def ask() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    assert wait_until(ask) == "ready"


def test_a_wait_in_vain_names_its_cause() -> None:
    def refuse() -> bool:
        raise ConnectionRefusedError("nobody listens")

    with pytest.raises(TimeoutError, match=r"0\.1 seconds") as caught:
        wait_until(refuse, within=0.1)
    assert "nobody listens" in str(caught.value.__cause__)


def test_nothing_stops_an_interrupt() -> None:
    def interrupt() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        wait_until(interrupt)
