"""The learner's copies of the lessons: ``work/<chapter>.ipynb``, made from ``notebooks/`` without outputs.

A copy that the learner has changed is theirs and stays. Running cells changes only outputs, and is no change.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import CourseFault
from .files import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

RECORD = ".lessons.json"


@dataclass(frozen=True)
class Copied:
    """What :func:`copy_lessons` did, as names of notebooks.

    ``kept`` are copies that the learner changed while the course's own version changed too.
    """

    made: list[str]
    refreshed: list[str]
    kept: list[str]


def copy_lessons(course_root: Path) -> Copied:
    """Make or refresh the copies of all lessons in ``course_root``'s ``work/``.

    Raises
    ------
    CourseFault
        If one of the course's own notebooks is damaged.
    """
    work = course_root / "work"
    work.mkdir(exist_ok=True)
    record = _read_record(work / RECORD)
    done = Copied([], [], [])
    known: dict[str, str] = {}
    for source in sorted((course_root / "notebooks").glob("*.ipynb")):
        lesson = _without_outputs(source)
        known[source.name] = _copy(lesson, work / source.name, record.get(source.name), done)
    if known != record:
        write_atomic(work / RECORD, json.dumps(known, indent=1) + "\n")
    return done


def _copy(lesson: dict[str, Any], target: Path, recorded: str | None, done: Copied) -> str:
    """Bring one copy up to date, and return the fingerprint that the record keeps for it."""
    new = fingerprint(lesson)
    if not target.exists():
        done.made.append(target.name)
    elif recorded == new or (present := _fingerprint_of(target)) == new:
        return new
    elif present is not None and present == recorded:
        done.refreshed.append(target.name)
    else:
        done.kept.append(target.name)
        return recorded or ""
    write_atomic(target, json.dumps(lesson, indent=1, ensure_ascii=False) + "\n")
    return new


def fingerprint(notebook: dict[str, Any]) -> str:
    """Return a hash of what a person wrote: the cells' kinds and sources, without outputs and metadata."""
    cells = [(cell["cell_type"], _text(cell["source"])) for cell in notebook["cells"]]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _fingerprint_of(copy: Path) -> str | None:
    """Return the copy's fingerprint; ``None`` for a damaged one, which counts as the learner's."""
    try:
        return fingerprint(json.loads(copy.read_bytes()))
    except (ValueError, KeyError, TypeError):
        return None


def _without_outputs(source: Path) -> dict[str, Any]:
    try:
        notebook: dict[str, Any] = json.loads(source.read_bytes())
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell.update(outputs=[], execution_count=None)
                cell.get("metadata", {}).pop("execution", None)
        notebook["metadata"].pop("widgets", None)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CourseFault(
            f"The course's notebook {source.name} is damaged.",
            next=f"Restore it: git checkout notebooks/{source.name}",
        ) from None
    return notebook


def _read_record(path: Path) -> dict[str, str]:
    """Return what was copied before; nothing where the record is missing or damaged."""
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
