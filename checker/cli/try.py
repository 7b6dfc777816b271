"""``course try ID --answer DIR``: run and check an answer that lies in another folder."""  # noqa: N999 - the verb is called so

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from checker.course import open_course
from checker.errors import UsageError

from ._common import add_engine, add_exercise, console, exit_status, in_sandbox, say, show_check, show_summary

if TYPE_CHECKING:
    import argparse

    from checker.course import Course, Loaded
    from checker.result import Result


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_exercise(parser)
    parser.add_argument(
        "--answer", type=Path, required=True, metavar="DIR", help="holds exercise.ipynb, answer.py or files"
    )
    parser.add_argument("--seed", type=int, help="choose the scene, to get the same one again")
    add_engine(parser)
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Lay the answer over the starter, run it, check it, and remove all of it."""
    from checker.attempt import answer_layer  # noqa: PLC0415 - slow to import

    course = open_course()
    loaded = course.load(course.find(args.exercise))
    if not args.answer.is_dir():
        raise UsageError(f"There is no folder {args.answer}.", next="Name the folder that holds the answer.")
    _, ignored = answer_layer(loaded, args.answer)
    if ignored:
        more = f" and {len(ignored) - 5} more" if len(ignored) > 5 else ""
        say(f"Not part of an answer to {loaded.id}, and ignored: {', '.join(ignored[:5])}{more}.")
    result = (_in_sandbox if in_sandbox(args) else _on_current_engine)(course, loaded, args)
    if args.json:
        print(json.dumps(result.to_json()))
        return exit_status(result)
    screen = console()
    if result.answer.status in {"raised", "timeout"}:
        screen.print(f"The answer did not run to its end: {result.answer.error}", markup=False)
    for check in result.checks:
        show_check(screen, check)
    show_summary(screen, result)
    return exit_status(result)


def _in_sandbox(course: Course, loaded: Loaded, args: argparse.Namespace) -> Result:
    from checker.engine.connect import connect  # noqa: PLC0415 - slow to import
    from checker.grading.desk import Desk  # noqa: PLC0415

    with connect() as engine, Desk(course, engine, loaded.exercise.images, workers=1, say=say) as desk:
        return desk.grade(loaded, args.answer, seed=args.seed)


def _on_current_engine(course: Course, loaded: Loaded, args: argparse.Namespace) -> Result:
    from checker.answer import Answers  # noqa: PLC0415 - slow to import
    from checker.attempt import answer_layer, attempted  # noqa: PLC0415
    from checker.engine.connect import connect  # noqa: PLC0415
    from checker.grading.handed import seed_of  # noqa: PLC0415
    from checker.runner import Runner  # noqa: PLC0415

    layer, _ = answer_layer(loaded, args.answer)
    seed = seed_of(args.answer) if args.seed is None else args.seed
    with (
        Runner(course, say) as runner,
        Answers() as answers,
        connect() as engine,
        attempted(course, engine, loaded, [layer], answers, seed=seed) as attempt,
    ):
        return attempt.check(runner)
