"""submit(): where the values go, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from checker import submit
from checker.errors import Refused, UsageError

if TYPE_CHECKING:
    from pathlib import Path


def test_values_are_written_beside_the_notebook_and_add_up(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    submit(count=3)
    submit(names=["a"])
    assert json.loads((folder / "answer.json").read_text()) == {"count": 3, "names": ["a"]}
    assert capsys.readouterr().out == "Handed in: count = 3.\nHanded in: names = ['a'].\n"


def test_from_the_solved_notebook_they_go_to_the_learners_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    solved = folder.parents[2] / "solutions" / "01-small" / "count"
    monkeypatch.chdir(solved)
    submit(count=3)
    assert (folder / "answer.json").exists()
    assert not (solved / "answer.json").exists()


def test_outside_of_a_course_they_stay_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "regrade"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    submit(count=3)
    assert (elsewhere / "answer.json").exists()


def test_nothing_and_what_is_no_value_are_refused(folder: Path) -> None:
    with pytest.raises(Refused):
        submit()
    with pytest.raises(UsageError):
        submit(container=object())
    assert not (folder / "answer.json").exists()
