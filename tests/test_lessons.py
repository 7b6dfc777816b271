"""The learner's copies of the lessons: refreshed when they are as they came, never when they were changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from checker.errors import CourseFault
from checker.lessons import RECORD, copy_lessons

if TYPE_CHECKING:
    from pathlib import Path

NAME = "01-small.ipynb"


def notebook(*sources: str, output: str | None = None) -> dict[str, Any]:
    cells = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {"execution": {"iopub.status.busy": "2026-01-01"}, "tags": ["kept"]},
            "execution_count": 3,
            "outputs": [{"output_type": "stream", "name": "stdout", "text": output or "stored\n"}],
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    return {"cells": cells, "metadata": {"widgets": {}}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def course(tmp_path: Path) -> Path:
    (tmp_path / "notebooks").mkdir()
    write(tmp_path, "notebooks", notebook("print(1)"))
    return tmp_path


def write(course: Path, folder: str, content: dict[str, Any]) -> None:
    (course / folder / NAME).write_text(json.dumps(content), "utf-8")


def read(course: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((course / "work" / NAME).read_text("utf-8"))
    return found


def test_a_copy_has_no_outputs_and_the_source_keeps_its_own(course: Path) -> None:
    before = (course / "notebooks" / NAME).read_bytes()
    assert copy_lessons(course).made == [NAME]
    (cell,) = read(course)["cells"]
    assert cell["outputs"] == []
    assert cell["execution_count"] is None
    assert cell["metadata"] == {"tags": ["kept"]}
    assert read(course)["metadata"] == {}
    assert (course / "notebooks" / NAME).read_bytes() == before


def test_the_second_time_nothing_is_written(course: Path) -> None:
    copy_lessons(course)
    (course / "work" / NAME).chmod(0o400)
    times = {path: path.stat().st_mtime_ns for path in (course / "work").iterdir()}
    done = copy_lessons(course)
    assert (done.made, done.refreshed, done.kept) == ([], [], [])
    assert {path: path.stat().st_mtime_ns for path in (course / "work").iterdir()} == times


def test_a_copy_whose_cells_were_only_run_is_refreshed(course: Path) -> None:
    copy_lessons(course)
    write(course, "work", notebook("print(1)", output="of the learner's run\n"))
    assert copy_lessons(course).refreshed == []
    assert read(course)["cells"][0]["outputs"]  # nothing new: what was printed stays

    write(course, "notebooks", notebook("print(2)"))
    assert copy_lessons(course).refreshed == [NAME]
    assert read(course)["cells"][0]["source"] == "print(2)"


def test_a_copy_that_was_changed_is_kept_as_it_is(course: Path) -> None:
    copy_lessons(course)
    write(course, "work", notebook("print('mine')"))
    mine = (course / "work" / NAME).read_bytes()
    write(course, "notebooks", notebook("print(2)"))
    for _ in range(2):
        assert copy_lessons(course).kept == [NAME]
        assert (course / "work" / NAME).read_bytes() == mine


def test_a_changed_copy_that_was_put_back_is_refreshed_again(course: Path) -> None:
    copy_lessons(course)
    write(course, "work", notebook("print('mine')"))
    write(course, "notebooks", notebook("print(2)"))
    copy_lessons(course)
    write(course, "work", notebook("print(1)"))
    assert copy_lessons(course).refreshed == [NAME]


def test_a_removed_copy_is_made_again(course: Path) -> None:
    copy_lessons(course)
    (course / "work" / NAME).unlink()
    assert copy_lessons(course).made == [NAME]


@pytest.mark.parametrize("record", ["{", "[]", '{"01-small.ipynb": 7}'])
def test_a_damaged_record_costs_no_edit(course: Path, record: str) -> None:
    copy_lessons(course)
    write(course, "work", notebook("print('mine')"))
    (course / "work" / RECORD).write_text(record)
    assert copy_lessons(course).kept == [NAME]
    assert read(course)["cells"][0]["source"] == "print('mine')"


@pytest.mark.parametrize("with_record", [True, False])
def test_a_damaged_copy_counts_as_the_learners(course: Path, with_record: bool) -> None:
    copy_lessons(course)
    (course / "work" / NAME).write_text('{"cells": [')
    if not with_record:
        (course / "work" / RECORD).unlink()
    write(course, "notebooks", notebook("print(2)"))
    assert copy_lessons(course).kept == [NAME]
    assert (course / "work" / NAME).read_text() == '{"cells": ['


def test_a_damaged_notebook_of_the_course_is_named(course: Path) -> None:
    (course / "notebooks" / NAME).write_text("{")
    with pytest.raises(CourseFault, match=NAME):
        copy_lessons(course)
