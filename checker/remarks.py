"""What a check run says beside its verdict: things in the learner's folder that will matter later."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .course import NOTEBOOK, Loaded, tree_sha256
from .notebook import Damaged, read_notebook, runnable, source_of
from .overlay import answer_files

if TYPE_CHECKING:
    from pathlib import Path

    from .record import Record

_IMPORTED = {"docker": "the Docker SDK", "checker": "the course's package", "IPython": "IPython"}


def remarks(loaded: Loaded, folder: Path, record: Record | None, engine: str, *, passed: bool) -> list[str]:
    """Return sentences about ``folder``, the most important first."""
    found = shadows(folder, loaded.starter)
    if record and engine and record.engine != engine:
        why = (
            "This exercise was started on another engine." if record.engine else "Its scene was cleaned away."
        )
        found.append(f"{why} Run `course start {loaded.id}` to set its scene on this one.")
    if loaded.exercise.answer == "cell" and (folder / NOTEBOOK).exists():
        found.extend(_notebook(loaded, folder, passed=passed))
    return found


def shadows(folder: Path, starter: Path) -> list[str]:
    """Say which of the learner's own files hide a library from a notebook in ``folder``."""
    said = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        name = path.stem if path.suffix == ".py" else path.name if (path / "__init__.py").is_file() else ""
        if (name in _IMPORTED or name in sys.stdlib_module_names) and not (starter / path.name).exists():
            hidden = _IMPORTED.get(name, f"Python's own module {name}")
            what = "file" if path.is_file() else "folder"
            said.append(
                f"A {what} {path.name} in your folder hides {hidden} from your notebook. "
                "The checks are not affected. Rename it, then restart the kernel."
            )
    return said


def _notebook(loaded: Loaded, folder: Path, *, passed: bool) -> list[str]:
    try:
        mine = {source_of(cell).strip() for cell in runnable(read_notebook(folder / NOTEBOOK))}
    except Damaged as damaged:
        return [f"{damaged.message} The checks look at the engine only. {damaged.next}"]
    if not passed or (folder / "answer.py").exists():
        return []
    given = {source_of(cell).strip() for cell in runnable(read_notebook(loaded.starter / NOTEBOOK))}
    if mine - given - {""}:
        return []
    return [
        "Your answer cell is still empty. "
        "A regrade runs the notebook, and will not see what you did elsewhere. "
        "Write what you did into the cell."
    ]


def submission_sha256(loaded: Loaded, folder: Path) -> str:
    """Return one digest over the files in ``folder`` that belong to the answer."""
    return tree_sha256(folder, answer_files(folder, loaded.exercise.edits))
