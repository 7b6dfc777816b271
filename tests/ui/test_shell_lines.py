"""Lines that begin with ``!``: all of their output shows, in its order, and their exit code is known."""

from __future__ import annotations

import os
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from checker.ui.shell_lines import running, through_pipes

pytestmark = pytest.mark.skipif(os.name != "posix", reason="elsewhere IPython uses pipes itself")


@pytest.fixture(scope="module")
def shell() -> Any:
    """A shell as a notebook's kernel has one; it keeps no history."""
    quiet = Config({"HistoryManager": {"enabled": False}})
    made: Any = InteractiveShell(config=quiet)  # type: ignore[no-untyped-call]
    made.system = running(made)
    return made


def test_output_of_both_streams_in_its_order(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("!echo one; echo two >&2; printf three")
    assert capsys.readouterr().out == "one\ntwo\nthree"
    assert shell.user_ns["_exit_code"] == 0


def test_variables_of_the_cell_and_the_exit_code(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("word = 'there'\nfor n in range(2):\n    !echo {word} $word {n}; exit 3")
    assert capsys.readouterr().out == "there there 0\nthere there 1\n"
    assert shell.user_ns["_exit_code"] == 3


def test_nothing_to_read_and_odd_bytes(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell(r"!cat; printf 'a\377b'; [ -t 1 ] || echo ' no terminal'")
    assert capsys.readouterr().out == "a\ufffdb no terminal\n"


def test_outside_of_a_notebook_nothing_happens() -> None:
    through_pipes()
