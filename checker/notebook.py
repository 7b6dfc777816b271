"""Reading notebooks: cells and their tags, without more than the standard library."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .errors import Refused

if TYPE_CHECKING:
    from pathlib import Path

Notebook = dict[str, Any]
Cell = dict[str, Any]


class Damaged(Refused):
    """A notebook that cannot be read."""


def read_notebook(path: Path) -> Notebook:
    """Read a notebook.

    Raises
    ------
    Damaged
        If the file is missing, is no JSON, or is no notebook.
    """
    try:
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise _damaged(path, "is missing") from error
    except json.JSONDecodeError as error:
        raise _damaged(path, f"cannot be read: line {error.lineno} is no JSON") from error
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise _damaged(path, f"cannot be read: {type(error).__name__}") from error
    cells = data.get("cells") if isinstance(data, dict) else None
    if not isinstance(cells, list) or not all(_is_cell(cell) for cell in cells):
        raise _damaged(path, "is JSON, but no notebook")
    return dict(data)


def _is_cell(cell: object) -> bool:
    return (
        isinstance(cell, dict)
        and isinstance(cell.get("cell_type"), str)
        and isinstance(cell.get("source"), (str, list))
    )


def _damaged(path: Path, what: str) -> Damaged:
    return Damaged(
        f"The notebook {path.name} {what}.",
        next="`course reset` gives you a new one and keeps a copy of yours.",
    )


def source_of(cell: Cell) -> str:
    """Return the cell's text; the file format allows a list of lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def has_tag(cell: Cell, tag: str) -> bool:
    """Say whether the cell carries ``tag``."""
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return isinstance(tags, list) and tag in tags


def runnable(notebook: Notebook) -> list[Cell]:
    """Return the cells that a regrade runs: every code cell not tagged ``check``."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and not has_tag(cell, "check")]


def answers(notebook: Notebook) -> list[str]:
    """Return the text of the code cells tagged ``answer``."""
    return [
        source_of(cell)
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and has_tag(cell, "answer")
    ]
