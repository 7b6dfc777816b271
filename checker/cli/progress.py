"""``course progress``: how far the learner is, chapter by chapter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from checker.course import Course, open_course
from checker.progress import Progress

from ._common import add_exercises, console, printable, say

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_exercises(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print the map of the course."""
    course = open_course()
    progress = Progress(course)
    if progress.message:
        say(f"course: {progress.message}")
    chapters = _map(course, progress, course.choose(args.exercises) or course.ids())
    if args.json:
        print(json.dumps({"course": course.key, "chapters": chapters}))
    else:
        _show(chapters)
    return 0


def _map(course: Course, progress: Progress, ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Return by chapter those exercises, each with state, best score, attempts and hints shown."""
    found: dict[str, list[dict[str, Any]]] = {}
    for exercise_id in ids:
        found.setdefault(exercise_id.split("/")[0], []).append(_exercise(course, progress, exercise_id))
    return found


def _exercise(course: Course, progress: Progress, exercise_id: str) -> dict[str, Any]:
    exercise = course.load(exercise_id).exercise
    best = progress.best(exercise_id)
    if progress.passed(exercise_id):
        state = "passed"
    elif best or course.work(exercise_id).is_dir():
        state = "begun"
    else:
        state = "open"
    return {
        "id": exercise_id,
        "title": exercise.title,
        "core": exercise.core,
        "minutes": exercise.minutes,
        "state": state,
        "score": best.score if best else None,
        "max_score": exercise.max_score,
        "attempts": progress.attempts(exercise_id),
        "hints": len(progress.hints_shown(exercise_id)),
        "gave_up": progress.gave_up(exercise_id),
    }


def _show(chapters: dict[str, list[dict[str, Any]]]) -> None:
    from rich.table import Table  # noqa: PLC0415 - not needed for --json

    screen = console()
    signs = {"passed": printable(screen, "✔", "+"), "begun": printable(screen, "…", "-"), "open": " "}
    for chapter, rows in chapters.items():
        done = sum(row["state"] == "passed" for row in rows)
        screen.print(f"[bold]{chapter}[/] — {done} of {len(rows)} passed")
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for row in rows:
            kind = "core" if row["core"] else "extra"
            tries = f"{row['attempts']} checked, {row['hints']} hints" if row["attempts"] else ""
            table.add_row(f"  {signs[row['state']]} {row['state']}", row["id"].split("/")[1], kind, tries)
        screen.print(table)
