"""``course reset ID``: begin an exercise anew."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from checker.course import open_course

from ._common import add_exercise, say

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_exercise(parser)
    parser.add_argument("--seed", type=int, help="choose the scene, to get the same one again")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Reset the exercise, and say where its files are."""
    from checker.engine.connect import connect  # noqa: PLC0415 - slow to import
    from checker.work import reset  # noqa: PLC0415

    course = open_course()
    exercise_id = course.find(args.exercise)
    with connect() as engine:
        folder = reset(course, engine, exercise_id, seed=args.seed, say=say)
    if args.json:
        print(json.dumps({"exercise": exercise_id, "folder": str(folder)}))
    else:
        print(f"{exercise_id} begins anew in {folder}.")
    return 0
