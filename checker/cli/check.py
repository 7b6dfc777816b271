"""``course check ID``: check what the engine and the learner's folder hold now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from checker.course import Course, open_course
from checker.errors import Refused, UsageError
from checker.progress import Progress
from checker.result import Status
from checker.runner import Runner

from ._common import add_exercise, console, exit_status, say, show_check, show_summary

if TYPE_CHECKING:
    import argparse

    from checker.result import Result


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_exercise(parser)
    parser.add_argument("--path", type=Path, metavar="DIR", help="check this folder in place of work/<id>")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run the checks, show each as soon as it is known, and keep the attempt."""
    course = open_course()
    exercise_id = course.find(args.exercise)
    folder = _folder(course, exercise_id, args.path)
    with Runner(course, say) as runner:
        if args.json:
            result = runner.check(exercise_id, folder)
            print(json.dumps(result.to_json()))
        else:
            screen = console()
            result = runner.check(exercise_id, folder, lambda check: show_check(screen, check))
            show_summary(screen, result)
            if result.status in {Status.FAILED, Status.TIMEOUT}:
                screen.print(
                    f"Stuck? `course hint {exercise_id}` shows the next hint.", style="dim", markup=False
                )
    _keep(course, result)
    return exit_status(result)


def _folder(course: Course, exercise_id: str, path: Path | None) -> Path:
    if path is not None and not path.is_dir():
        raise UsageError(f"There is no folder {path}.", next="Name the folder that holds your answer.")
    folder = path or course.work(exercise_id)
    if not folder.is_dir():
        raise Refused(f"{exercise_id} was not started yet.", next=f"Run `course start {exercise_id}`.")
    return folder


def _keep(course: Course, result: Result) -> None:
    """Keep the attempt. A verdict counts also where that is not possible."""
    try:
        progress = Progress(course)
        progress.record(result)
    except Refused as refused:
        say(f"course: {refused.message} {refused.next}")
    else:
        if progress.message:
            say(f"course: {progress.message}")
