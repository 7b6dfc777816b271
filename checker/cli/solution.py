"""``course solution ID``: show the solution and why it works."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from checker.course import NOTEBOOK, Loaded, open_course
from checker.errors import Refused
from checker.notebook import answers, read_notebook
from checker.overlay import answer_files
from checker.progress import Progress

from ._common import add_exercise, console

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_exercise(parser)
    parser.add_argument("--give-up", action="store_true", help="show it before passing; this is recorded")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Show the answer cells, the solved files and the explanation, after passing or on giving up."""
    course = open_course()
    loaded = course.load(course.find(args.exercise))
    progress = Progress(course)
    if not progress.passed(loaded.id) and not progress.gave_up(loaded.id):
        if not args.give_up:
            raise Refused(
                f"The solution of {loaded.id} opens after you have passed.",
                next=f"See `course hint {loaded.id}`, or add --give-up to see it now.",
            )
        progress.give_up(loaded.id)
    parts = _parts(loaded)
    if args.json:
        print(json.dumps({"exercise": loaded.id, "files": parts, "why": loaded.why}))
    else:
        _show(loaded, parts)
    return 0


def _parts(loaded: Loaded) -> dict[str, str]:
    """Return the solution's files; of the notebook, its answer cells."""
    parts = {NOTEBOOK: "\n\n".join(answers(read_notebook(loaded.solution / NOTEBOOK)))}
    for name in answer_files(loaded.solution, loaded.exercise.edits):
        if name != NOTEBOOK:
            parts[name] = (loaded.solution / name).read_text("utf-8", errors="replace")
    return {name: text for name, text in parts.items() if text}


def _show(loaded: Loaded, parts: dict[str, str]) -> None:
    from rich.markdown import Markdown  # noqa: PLC0415 - not needed for --json
    from rich.syntax import Syntax  # noqa: PLC0415

    screen = console()
    for name, text in parts.items():
        screen.rule(name, align="left")
        lexer = "python" if name == NOTEBOOK else Syntax.guess_lexer(name, text)
        screen.print(Syntax(text, lexer, word_wrap=True))
    if loaded.why:
        screen.rule("why it works", align="left")
        screen.print(Markdown(loaded.why))
