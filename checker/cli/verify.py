"""``course verify``: the author's gate."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from checker.course import open_course

from ._common import add_engine, add_exercises, console, in_sandbox, printable, say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from rich.console import Console

    from checker.course import Course
    from checker.verify import Report


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_exercises(parser)
    jobs = min(
        4, 2 * (os.cpu_count() or 1)
    )  # more than processors: trials also wait, for a server or for an end
    parser.add_argument(
        "--jobs",
        type=int,
        default=jobs,
        metavar="N",
        help=f"try N exercises at the same time (default: {jobs})",
    )
    parser.add_argument(
        "--shared", action="store_true", help="others use this engine too: look for declared names only"
    )
    add_engine(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Verify exercises and print what is wrong, each with its fix."""
    course = open_course()
    ids = course.choose(args.exercises) or None
    begun = time.monotonic()
    sandboxed = not args.shared and in_sandbox(args)
    if args.json:
        report = _verify(course, ids, args, sandboxed, lambda _: None)
        print(json.dumps(report.to_json() | {"seconds": round(time.monotonic() - begun, 1)}))
        return 1 if report.findings else 0
    screen = console()
    with screen.status("") as status:
        report = _verify(course, ids, args, sandboxed, _progress(screen, status.update))
    _show(screen, report, time.monotonic() - begun)
    return 1 if report.findings else 0


def _verify(
    course: Course,
    ids: list[str] | None,
    args: argparse.Namespace,
    sandboxed: bool,
    say: Callable[[str], None],
) -> Report:
    if sandboxed:
        from checker.grading.gatekeeper import verify_in_sandboxes  # noqa: PLC0415 - slow to import

        return verify_in_sandboxes(course, ids, jobs=args.jobs, say=say)
    from checker.verify import verify  # noqa: PLC0415 - see above

    return verify(course, ids, jobs=args.jobs, shared=args.shared, say=say)


def _progress(screen: Console, update: Callable[[str], None]) -> Callable[[str], None]:
    """Show what is being tried: in a terminal in one line that changes, else in a line each."""
    return update if screen.is_terminal else say


def _show(screen: Console, report: Report, seconds: float) -> None:
    sign = printable(screen, "✘", "x")
    for finding in report.findings:
        screen.print(f"{sign} {finding.exercise or 'course'}: {finding.message}", style="red", markup=False)
        screen.print(f"  Fix: {finding.next}", markup=False)
    for exercise, reason in report.skipped.items():
        screen.print(f"- {exercise} was not verified. {reason}", markup=False)
    verified = len(report.exercises) - len(report.skipped)
    found = "nothing to mend" if not report.findings else f"{len(report.findings)} things to mend"
    screen.print(f"{verified} of {len(report.exercises)} exercises verified in {seconds:.0f} s: {found}.")
