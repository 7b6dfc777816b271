"""``course clean [ID …]``: remove what exercises made on the engine, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from checker.course import open_course

from ._common import add_exercises, say

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_exercises(parser, "every exercise that was started")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Clean each exercise, and say which ones were there to be cleaned."""
    from checker.engine.connect import connect  # noqa: PLC0415 - slow to import
    from checker.work import clean  # noqa: PLC0415

    course = open_course()
    chosen = course.choose(args.exercises) or course.ids()
    with connect() as engine:
        cleaned = [exercise_id for exercise_id in chosen if clean(course, engine, exercise_id, say=say)]
    if args.json:
        print(json.dumps({"cleaned": cleaned}))
        return 0
    for exercise_id in cleaned:
        print(f"{exercise_id}: what it made on the engine is removed. Your files stay.")
    if not cleaned:
        print("Nothing to remove: no such exercise is started on this engine.")
    return 0
