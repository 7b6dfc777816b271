"""``course doctor``: which engine is reached, and what is missing. Exit status 0: ready; 1: not ready."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from ._common import say

if TYPE_CHECKING:
    import argparse

    from checker.doctor import Report

#: A sign and a word for each level; colour only repeats them.
SIGNS = {"ok": ("✓", "ok", "green"), "warn": ("!", "note", "yellow"), "bad": ("✗", "not ready", "red")}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.add_argument("--grading", action="store_true", help="say whether submissions can be graded here")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Examine the engine and print what was found."""
    from checker.doctor import report  # noqa: PLC0415 - imports the Docker SDK; `course --help` need not wait

    found = _grading() if args.grading else report()
    if args.json:
        print(
            json.dumps({"ready": found.ready, "findings": [asdict(one) for one in found.findings]}, indent=2)
        )
    else:
        _print(found, "submissions can be graded" if args.grading else "the course can begin")
    return 0 if found.ready else 1


def _grading() -> Report:
    from checker.doctor import Report  # noqa: PLC0415 - see above
    from checker.engine.doctor import ready  # noqa: PLC0415
    from checker.grading.examine import examine  # noqa: PLC0415

    findings = examine(say)
    return Report(ready(findings), findings)


def _print(found: Report, can: str) -> None:
    from rich.console import Console  # noqa: PLC0415 - see above
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table.grid(padding=(0, 2))
    for finding in found.findings:
        sign, word, colour = SIGNS[finding.level]
        what = Text(finding.what)
        if finding.next:
            what.append(f"\nNext: {finding.next}", style="bold")
        table.add_row(Text(f"{sign} {word}", style=colour), finding.key, what)
    console = Console(highlight=False)
    console.print(table)
    console.print()
    console.print(f"Ready: {can}." if found.ready else "Not ready: see each ✗ above, and its next step.")
