"""The ``course`` command: one module a verb, imported only when that verb is used.

Every verb's module has ``configure(parser)`` and ``run(args) -> int``. Exit statuses: 0 passed or done,
1 not passed or refused, 2 wrong usage, 3 the course or the engine is at fault, 130 interrupted with Ctrl-C.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from checker.errors import CourseError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Verb → the line that ``course --help`` shows. The verb's module has the same name.
VERBS = {
    "list": "what the course holds",
    "start": "copy an exercise to work/ and set its scene",
    "check": "check your work on an exercise",
    "hint": "show the next hint",
    "reset": "begin an exercise anew: starter files and scene",
    "clean": "remove what exercises made on the engine; your files stay",
    "solution": "show the solution and why it works",
    "progress": "how far you are",
    "doctor": "say which engine is reached, and what is missing",
    "env": "print how to reach the course's private engine",
    "images": "status, pull, pack, load, save or mirror the course's images",
    "engine": "start or stop a private engine where there is none",
    "setup": "install what the course needs",
    "lab": "open JupyterLab on the start page",
    "build": "make the exercise notebooks from the solved ones",
    "try": "check an answer that lies in another folder",
    "grade": "grade what learners handed in, each in an engine of its own",
    "verify": "the author's gate: starters fail, solutions pass, mutants are caught",
}


def _parser(verb: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="course", description="A Docker course that checks what the engine actually does."
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, line in VERBS.items():
        sub = verbs.add_parser(name, help=line, description=line[:1].upper() + line[1:] + ".")
        if name == verb:
            import_module(f".{name}", __name__).configure(sub)
    return parser


def _say(error: CourseError, *, as_json: bool) -> None:
    """Print the error for a person on stderr; with ``--json`` also as an object on stdout."""
    if as_json:
        print(json.dumps({"error": type(error).__name__, "message": error.message, "next": error.next}))
    print(f"course: {error.message}", file=sys.stderr)
    if error.next:
        print(f"Next: {error.next}", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the ``course`` command and return its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a sign shows another in its place
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    verb = next((word for word in arguments if word in VERBS), None)
    args = _parser(verb).parse_args(arguments)
    try:
        status: int = import_module(f".{args.verb}", __name__).run(args)
        sys.stdout.flush()  # here, where an error can still be said
    except CourseError as error:
        _say(error, as_json=getattr(args, "json", False))
        return error.exit_status
    except KeyboardInterrupt:
        print("\ncourse: stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `course list | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # the machine's limits: a full disk, a folder that may not be written to
        about = f" ({error.filename})" if error.filename else ""
        _say(
            CourseError(
                f"Your machine refused: {error.strerror or error}{about}.",
                next="Make room there, or allow your user to write there, then repeat.",
            ),
            as_json=getattr(args, "json", False),
        )
        return CourseError.exit_status
    return status
