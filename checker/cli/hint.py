"""``course hint ID``: show the next hint."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from checker.course import open_course
from checker.hints import next_hint, shown_hints
from checker.progress import Progress

from ._common import add_exercise

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_exercise(parser)
    parser.add_argument("--all", action="store_true", help="show again what was shown, and no new hint")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Show the next hint, or say that there is none left."""
    course = open_course()
    exercise_id, progress = course.find(args.exercise), Progress(course)
    new = None if args.all else next_hint(course, progress, exercise_id)
    shown = [new] if new else shown_hints(course, progress, exercise_id)
    if args.json:
        print(json.dumps([vars(hint) for hint in shown]))
        return 0
    if not shown:
        print(f"No hint of {exercise_id} was shown yet.")
    elif not new and not args.all:
        print("Every hint was shown. Here they are again.")
    for hint in shown:
        print(f"Hint {hint.number} of {hint.total}: {hint.text}")
    return 0
