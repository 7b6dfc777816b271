"""What several verbs share: arguments, messages, exit statuses, and how a result is shown in a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from checker.result import CheckResult, Result, Status

if TYPE_CHECKING:
    import argparse

    from rich.console import Console

#: A sign and a word for each outcome: never colour alone.
SIGNS = {
    Status.PASSED: ("✔", "passed", "green"),
    Status.FAILED: ("✘", "failed", "red"),
    Status.BLOCKED: ("·", "blocked", "dim"),
    Status.TIMEOUT: ("◷", "timeout", "yellow"),
    Status.ERROR: ("!", "error", "magenta"),
}
_ASCII = {"✔": "+", "✘": "x", "·": "-", "◷": "t", "!": "!"}


def add_exercise(parser: argparse.ArgumentParser) -> None:
    """Add the argument ID."""
    parser.add_argument("exercise", metavar="ID", help="chapter/exercise, or the exercise's name alone")


def add_exercises(parser: argparse.ArgumentParser, default: str = "every exercise") -> None:
    """Add the argument ID …"""
    parser.add_argument(
        "exercises",
        nargs="*",
        metavar="ID",
        help=f"an exercise, or a chapter, which means all its exercises (default: {default})",
    )


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Add the option --engine."""
    parser.add_argument(
        "--engine",
        choices=("sandbox", "current"),
        help="sandbox: an engine of its own for each exercise; current: yours "
        "(default: sandbox where your engine can hold one)",
    )


def in_sandbox(args: argparse.Namespace) -> bool:
    """Say whether to work in a sandbox: as asked for, else where the engine can hold one."""
    from checker.engine.connect import connect  # noqa: PLC0415 - imports the Docker SDK
    from checker.grading.able import why_not  # noqa: PLC0415 - see above

    if args.engine:
        return bool(args.engine == "sandbox")
    with connect() as engine:
        why = why_not(engine)
    if why:
        say(f"Your engine holds no sandbox: {why}. This runs on your engine itself.")
    return not why


def say(line: str) -> None:
    """Say something beside the result, on standard error."""
    print(line, file=sys.stderr, flush=True)


def exit_status(result: Result) -> int:
    """Return 0 for passed, 3 where the course or the engine is at fault, 1 for all else."""
    if result.status is Status.ERROR:
        return 1 if result.reason == "unsupported-here" else 3
    return 0 if result.passed and result.gradable else 1


def console() -> Console:
    """Return a console for standard output."""
    from rich.console import Console  # noqa: PLC0415 - not needed for --json

    return Console(highlight=False, soft_wrap=False)


def show_check(to: Console, check: CheckResult) -> None:
    """Print one check: its line, and for what did not pass expected, found, why and next."""
    from rich.padding import Padding  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    sign, word, style = _sign(to, check.status)
    points = (
        "" if check.points is None or not check.max_points else f" ({check.points:g}/{check.max_points:g})"
    )
    to.print(Text.assemble((f"{sign} {word:8}", style), (check.title, "bold"), (points, "dim")))
    lines = [("Expected", check.expected), ("Found", check.actual)]
    lines += [("Why it matters" if check.expected else "", check.message), ("Next", check.next)]
    if check.status is Status.FAILED:
        lines.append(("Read", ", ".join(check.docs)))
    for label, text in lines:
        if text:
            to.print(Padding(Text.assemble((f"{label}: " if label else "", "italic"), text), (0, 0, 0, 10)))


def show_summary(to: Console, result: Result) -> None:
    """Print the verdict and what else there is to say."""
    from rich.text import Text  # noqa: PLC0415

    sign, word, style = _sign(to, result.status)
    score = "no score" if result.score is None else f"{result.score:g} of {result.max_score:g} points"
    to.print(Text.assemble("\n", (f"{sign} {word}", style), f" — {result.exercise}, {score}"))
    shown = {check.message for check in result.checks}
    for line in result.message.splitlines():
        if line not in shown:
            to.print(Text(line))


def printable(to: Console, sign: str, instead: str) -> str:
    """Return ``sign``, or ``instead`` where this terminal cannot show it."""
    try:
        sign.encode(to.encoding)
    except UnicodeEncodeError:
        return instead
    return sign


def _sign(to: Console, status: Status) -> tuple[str, str, str]:
    sign, word, style = SIGNS[status]
    return printable(to, sign, _ASCII[sign]), word, style
