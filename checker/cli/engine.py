"""``course engine start|stop|status``: a private engine, where none is reachable."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

_REACH = 'Next: in a terminal, run `eval "$(course env)"`. `make lab` and `course lab` do it themselves.'


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("start", help="fetch and start one; does nothing where an engine is reachable")
    stop = actions.add_parser("stop", help="stop what `course engine start` started, and only that")
    stop.add_argument(
        "--remove", action="store_true", help="also remove its images, volumes and what was fetched"
    )
    actions.add_parser("status", help="say whether it runs; exit status 1 where it does not")


def run(args: argparse.Namespace) -> int:
    """Do what was asked for."""
    from checker.engine import private  # noqa: PLC0415 - imports the Docker SDK; `course --help` need not wait
    from checker.engine.clientside import PRIVATE  # noqa: PLC0415 - see below

    if args.action == "start":
        endpoint = private.start(_say)
        ours = endpoint.source == PRIVATE
        print(
            f"The course's private engine runs at {endpoint.url}."
            if ours
            else f"An engine answers: {endpoint}."
        )
        print(_REACH if ours else "No other is started.")
        return 0
    if args.action == "stop":
        stopped = private.stop(_say, remove=args.remove)
        print("The private engine is stopped." if stopped else "The private engine was not running.")
        return 0
    found = private.status()
    print(f"The private engine runs at {found.url}." if found else "The private engine is not running.")
    return 0 if found else 1


def _say(line: str) -> None:
    print(f"{line} …", flush=True)
