"""Every stored cell compares something: nbval skips a cell that was never run, and says nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).parent.parent.parent
CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def code_cells(path: Path) -> list[Any]:
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_cell_was_run_in_order_from_a_new_kernel(path: Path) -> None:
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_cell_shows_something_that_is_compared(path: Path) -> None:
    silent = [cell.id for cell in code_cells(path) if not any(map(text_of, cell.outputs))]
    assert silent == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_cell_ended_with_an_error(path: Path) -> None:
    kinds = {(cell.id, output.output_type) for cell in code_cells(path) for output in cell.outputs}
    assert [cell for cell, kind in kinds if kind == "error"] == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_widget_state_is_stored(path: Path) -> None:
    """It holds what one machine's engine said, and belongs to a kernel that is gone."""
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types
    assert "widgets" not in notebook.metadata


def test_there_are_chapters() -> None:
    assert CHAPTERS


def text_of(output: Any) -> str:
    """Return what nbval compares of an output."""
    return str(output.get("text") or output.get("data", {}).get("text/plain") or "")
