from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from checker.build import build, stale_notebooks, strip
from checker.errors import CourseFault

if TYPE_CHECKING:
    from pathlib import Path

    from checker.course import Course


def notebook(*cells: dict[str, Any]) -> str:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def code(source: str, *tags: str, **more: Any) -> dict[str, Any]:
    metadata = {"tags": list(tags), **more.pop("metadata", {})}
    return {
        "cell_type": "code",
        "source": source,
        "metadata": metadata,
        "outputs": [{"output_type": "stream", "text": "x"}],
        "execution_count": 3,
        **more,
    }


def built(tmp_path: Path, *cells: dict[str, Any]) -> list[dict[str, Any]]:
    path = tmp_path / "solved.ipynb"
    path.write_text(notebook(*cells))
    return list(json.loads(strip(path))["cells"])


def test_answers_become_their_starter_or_a_comment(tmp_path: Path) -> None:
    with_starter, without = built(
        tmp_path,
        code("secret = 1", "answer", id="a", metadata={"course": {"starter": "secret = ..."}}),
        code("secret = 2", "answer", id="b"),
    )

    assert with_starter["source"] == ["secret = ..."]
    assert without["source"] == ["# your answer"]
    assert "secret = 1" not in json.dumps(with_starter)


def test_author_cells_are_dropped_and_outputs_cleared(tmp_path: Path) -> None:
    cells = built(tmp_path, code("1", id="a"), code("2", "solution-only", id="b"))

    assert [cell["id"] for cell in cells] == ["a"]
    assert (cells[0]["outputs"], cells[0]["execution_count"]) == ([], None)


def test_ids_are_kept_and_missing_ones_are_the_same_each_time(tmp_path: Path) -> None:
    first = built(tmp_path, code("1", id="mine"), code("2"), code("2"))
    second = built(tmp_path, code("1", id="mine"), code("2"), code("2"))

    assert first == second
    assert first[0]["id"] == "mine"
    assert len({cell["id"] for cell in first}) == 3


def test_two_cells_of_one_id_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(CourseFault, match="two cells have the same id"):
        built(tmp_path, code("1", id="a"), code("2", id="a"))


@pytest.mark.parametrize("text", ["{", "[]", '{"cells": 1}', None])
def test_a_missing_or_damaged_solution_is_the_courses_fault(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "solved.ipynb"
    if text is not None:
        path.write_text(text)

    with pytest.raises(CourseFault):
        strip(path)


def test_only_stale_notebooks_are_written(fake_course: Course) -> None:
    assert stale_notebooks(fake_course) == {}
    path = fake_course.root / "exercises/01-small/greet/exercise.ipynb"
    fresh = path.read_bytes()
    path.write_text("{}")

    assert list(stale_notebooks(fake_course)) == [path]
    assert stale_notebooks(fake_course, ["01-small/count"]) == {}
    assert build(fake_course) == [path]
    assert path.read_bytes() == fresh
