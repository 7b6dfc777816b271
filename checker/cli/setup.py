"""``course setup``: make sure of all that the course needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.paths import course_root
from checker.setup import setup

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Take no arguments; what is there is left as it is."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Set up, and say what to do next."""
    del args
    setup(course_root(), lambda line: print(line, flush=True))
    print("Ready. `course lab` opens JupyterLab.")
    return 0
