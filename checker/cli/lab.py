"""``course lab``: set up, then JupyterLab on the start page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker import jupyter
from checker.paths import course_root
from checker.setup import setup

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    parser.add_argument(
        "--port", type=int, help="port of your machine; default: the first free one from 8888"
    )
    parser.add_argument(
        "lab_args", nargs="*", metavar="LAB_ARGS", help="after --: arguments for JupyterLab itself"
    )


def run(args: argparse.Namespace) -> int:
    """Serve JupyterLab until Ctrl-C."""
    root = course_root()
    port = jupyter.choose_port(args.port)
    variables = setup(root, lambda line: print(line, flush=True))
    jupyter.serve(root, variables, port, args.lab_args)
    return 0
