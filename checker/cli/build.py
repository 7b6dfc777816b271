"""``course build``: make the learners' notebooks from the solved ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.build import build, stale_notebooks
from checker.course import open_course

from ._common import add_exercises, say

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_exercises(parser)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a notebook is stale")


def run(args: argparse.Namespace) -> int:
    """Write the stale notebooks; with ``--check`` only name them."""
    course = open_course()
    ids = course.choose(args.exercises) or None
    if not args.check:
        for path in build(course, ids):
            print(f"wrote {path.relative_to(course.root)}")
        return 0
    stale = [path.relative_to(course.root) for path in stale_notebooks(course, ids)]
    for path in stale:
        say(f"{path} is stale. Run `course build`, and commit it.")
    return 1 if stale else 0
