"""``course env``: lines that make a terminal reach the course's private engine. Exit status 1: none."""

from __future__ import annotations

import json
import os
import shlex
from typing import TYPE_CHECKING

from checker.errors import Refused

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--shell", choices=list(SHELLS), default="sh", help="whose syntax to print (default: sh)"
    )
    parser.epilog = 'Use it so: eval "$(course env)" · course env --shell fish | source · '
    parser.epilog += "course env --shell powershell | Invoke-Expression"


def run(args: argparse.Namespace) -> int:
    """Print what differs from the present environment, and how to set it."""
    from checker.engine.clientside import PRIVATE, private_tools  # noqa: PLC0415 - only this verb needs it
    from checker.engine.faults import Endpoint  # noqa: PLC0415
    from checker.engine.private import status  # noqa: PLC0415

    found = status()
    if not found:
        raise Refused("The course's private engine is not running.", next="Start it: `course engine start`.")
    tools = private_tools(Endpoint(found.url, PRIVATE), os.environ.get("PATH", ""))
    variables = {"DOCKER_HOST": found.url, **tools}
    if args.json:
        print(json.dumps(variables, indent=2))
    else:
        for name, value in variables.items():
            print(SHELLS[args.shell](name, value))
    return 0


def _sh(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


def _fish(name: str, value: str) -> str:
    if name == "PATH":
        return "set -gx PATH " + " ".join(_fish_quoted(folder) for folder in value.split(os.pathsep))
    return f"set -gx {name} {_fish_quoted(value)}"


def _fish_quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _powershell(name: str, value: str) -> str:
    escaped = value.replace("'", "''")
    return f"$env:{name} = '{escaped}'"


SHELLS = {"sh": _sh, "fish": _fish, "powershell": _powershell}
