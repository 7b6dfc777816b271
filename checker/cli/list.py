"""``course list``: chapters and exercises."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from checker.course import Course, Loaded, open_course

from ._common import add_exercises

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_exercises(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON array")


def run(args: argparse.Namespace) -> int:
    """Print every exercise of the course, or those that were asked for."""
    course = open_course()
    rows = [_row(course.load(exercise_id)) for exercise_id in course.choose(args.exercises) or course.ids()]
    print(json.dumps(rows, indent=1)) if args.json else _show(course, rows)
    return 0


def _row(loaded: Loaded) -> dict[str, Any]:
    """Return what the list says of one exercise; checks, hints, alternatives and mutants are counted."""
    exercise = loaded.exercise
    return {
        "id": exercise.id,
        "title": exercise.title,
        "chapter": loaded.chapter,
        "minutes": exercise.minutes,
        "core": exercise.core,
        "points": exercise.max_score,
        "checks": len(exercise.checks),
        "hints": len(exercise.hints.general),
        "alternatives": len(loaded.alternatives),
        "mutants": len(loaded.mutants),
    }


def _show(course: Course, rows: list[dict[str, Any]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - not needed for --json
    from rich.table import Table  # noqa: PLC0415

    table = Table(title=course.key, title_justify="left", box=None, pad_edge=False)
    table.add_column("exercise", no_wrap=True)
    table.add_column("title")
    for column in ("minutes", "points", "checks"):
        table.add_column(column, justify="right")
    table.add_column("kind")
    for row in rows:
        kind = "core" if row["core"] else "extra"
        table.add_row(
            row["id"], row["title"], str(row["minutes"]), f"{row['points']:g}", str(row["checks"]), kind
        )
    Console().print(table)
