"""Makes ``exercises/<id>/exercise.ipynb`` from ``solutions/<id>/exercise.ipynb``.

.. code-block:: text

    tagged `answer`         source replaced by the cell's metadata `course.starter`, else by a comment
    tagged `solution-only`  dropped
    every code cell         outputs and execution count cleared

The same solution always gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from .course import NOTEBOOK, Course
from .errors import CourseFault
from .files import write_atomic
from .notebook import Cell, Damaged, Notebook, has_tag, read_notebook, source_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_EMPTY = "# your answer"
_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def build(course: Course, ids: Iterable[str] | None = None) -> list[Path]:
    """Write every notebook that is not fresh, and return their paths."""
    stale = stale_notebooks(course, ids)
    for path, text in stale.items():
        write_atomic(path, text)
    return list(stale)


def stale_notebooks(course: Course, ids: Iterable[str] | None = None) -> dict[Path, str]:
    """Return the notebooks that differ from what their solutions give, with what they should hold.

    Raises
    ------
    CourseFault
        If a solved notebook is missing or damaged.
    """
    stale = {}
    for exercise_id in course.ids() if ids is None else ids:
        path = course.root / "exercises" / exercise_id / NOTEBOOK
        fresh = strip(course.root / "solutions" / exercise_id / NOTEBOOK)
        if not path.is_file() or path.read_text("utf-8") != fresh:
            stale[path] = fresh
    return stale


def strip(solution: Path) -> str:
    """Return the text of the learner's notebook for one solved notebook."""
    try:
        notebook = read_notebook(solution)
    except Damaged as damaged:
        raise CourseFault(
            f"{solution}: {damaged.message}", next="Write the solved notebook there."
        ) from damaged
    cells = [
        _stripped(cell, number)
        for number, cell in enumerate(notebook["cells"])
        if not has_tag(cell, "solution-only")
    ]
    if len({cell["id"] for cell in cells}) < len(cells):
        raise CourseFault(f"{solution}: two cells have the same id.", next="Give one of them another id.")
    learners: Notebook = {
        "cells": cells,
        "metadata": {"kernelspec": _KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(learners, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _stripped(cell: Cell, number: int) -> Cell:
    metadata = {
        key: value
        for key, value in cell.get("metadata", {}).items()
        if key in {"tags", "editable", "deletable"}
    }
    source = source_of(cell)
    stable = hashlib.sha256(f"{number} {source}".encode()).hexdigest()[:8]
    if has_tag(cell, "answer"):
        source = str(cell["metadata"].get("course", {}).get("starter", _EMPTY))
    fresh: Cell = {
        "cell_type": cell["cell_type"],
        "id": str(cell.get("id") or stable),
        "metadata": metadata,
        "source": source.rstrip("\n").splitlines(keepends=True),
    }
    if cell["cell_type"] == "code":
        fresh |= {"execution_count": None, "outputs": []}
    elif cell.get("attachments"):
        fresh["attachments"] = cell["attachments"]
    return fresh
