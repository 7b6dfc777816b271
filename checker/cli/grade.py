"""``course grade PATH… --out DIR``: grade what learners handed in."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from checker.course import open_course
from checker.errors import UsageError

from ._common import console, say

if TYPE_CHECKING:
    import argparse

    from checker.grading.grade import Graded


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="a folder shaped like work/, or a .zip or .tar.gz of one; its name is the student",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where results are written")
    parser.add_argument(
        "--engine",
        choices=("sandbox", "current"),
        default="sandbox",
        help="sandbox: an engine of its own for each exercise; current: yours, which isolates nothing",
    )
    workers = min(4, os.cpu_count() or 1)
    parser.add_argument(
        "--workers",
        type=int,
        default=workers,
        metavar="N",
        help=f"grade N exercises at the same time (default: {workers})",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Grade, write the reports, and say how it went."""
    from checker.grading.grade import grade  # noqa: PLC0415 - slow to import

    if args.workers < 1:
        raise UsageError("--workers needs a number of at least 1.", next="Leave it out, or name a number.")
    sandboxed = args.engine == "sandbox"
    if not sandboxed:
        say("On the current engine nothing is isolated: grade only answers that you trust.")
    graded = grade(open_course(), args.paths, args.out, sandboxed=sandboxed, workers=args.workers, say=say)
    if args.json:
        files = [str(path) for path in graded.files]
        print(json.dumps({"results": [one.to_json() for one in graded.results], "files": files}))
    else:
        _show(graded, args.out)
    return graded.exit_status


def _show(graded: Graded, out: Path) -> None:
    left = [result for result in graded.results if not result.gradable]
    screen = console()
    students = len({result.student for result in graded.results})
    screen.print(f"{len(graded.results)} results of {students} students are in {out}.", markup=False)
    for result in left:
        why = result.message.splitlines()[0] if result.message else result.reason
        screen.print(f"Not graded: {result.student}, {result.exercise or 'submission'}: {why}", markup=False)
