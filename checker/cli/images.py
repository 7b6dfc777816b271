"""``course images``: which of the course's images are here, and how the others come here."""

from __future__ import annotations

import json
import sys
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from checker.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from checker.engine.connect import Engine
    from checker.images.provide import Report
    from checker.images.pull import Layer
    from checker.images.status import Row

ALL = "All of these images are here."
STATES = {
    "present": ("✓", "green"),
    "stand-in": ("✓", "cyan"),
    "in the pack": ("·", "yellow"),
    "missing": ("✗", "red"),
    "optional": ("·", "dim"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    status = actions.add_parser("status", help="say which images are here")
    status.add_argument("--json", action="store_true", help="print one JSON list")
    _add_choice(status)
    _add_choice(actions.add_parser("pull", help="make images available: local, registry, offline pack"))
    pack = actions.add_parser("pack", help="build stand-ins from Debian's packages into the offline pack")
    pack.add_argument("--all", action="store_true", help="every image that can be built")
    _add_choice(pack)
    save = actions.add_parser("save", help="write images to one file")
    save.add_argument("file", metavar="FILE", type=Path)
    _add_choice(save)
    load = actions.add_parser("load", help="load the images of a file that `save` wrote")
    load.add_argument("file", metavar="FILE", type=Path)
    mirror = actions.add_parser("mirror", help="serve images to a classroom's engines")
    mirror.add_argument("--address", default="127.0.0.1", help="where to listen; default: %(default)s")
    mirror.add_argument("--port", type=int, default=0, help="default: a free one")
    mirror.add_argument("--stop", action="store_true", help="stop the mirror and remove its copies")
    _add_choice(mirror)


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("keys", metavar="KEY", nargs="*", help="images of the catalogue; default: all")
    parser.add_argument("--chapter", default="", help="the images of one chapter, such as 02")


def run(args: argparse.Namespace) -> int:
    """Do what was asked for."""
    from checker.engine.connect import connect  # noqa: PLC0415 - imports the Docker SDK; --help need not wait
    from checker.images.catalogue import choose  # noqa: PLC0415 - see above

    args.chosen = [image.key for image in choose(getattr(args, "keys", ()), getattr(args, "chapter", ""))]
    args.named = bool(getattr(args, "keys", ()) or getattr(args, "chapter", ""))
    with connect() as engine:
        return ACTIONS[args.action](engine, args)


def _status(engine: Engine, args: argparse.Namespace) -> int:
    from checker.images.status import status  # noqa: PLC0415 - see above

    rows = status(engine, args.chosen)
    if args.json:
        print(json.dumps([row.as_json() for row in rows], indent=2))
    else:
        _print(rows)
    return 1 if any(row.state in {"missing", "in the pack"} for row in rows) else 0


def _print(rows: list[Row]) -> None:
    from rich.console import Console  # noqa: PLC0415 - see above
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table("state", "key", "image", "MB", "chapters", box=None)
    for row in rows:
        sign, style = STATES[row.state]
        image = row.image
        words = (image.key, image.reference, str(image.size_mb), " ".join(image.chapters))
        table.add_row(Text(f"{sign} {row.state}", style), *words)
    for column in table.columns[:3]:
        column.no_wrap = True
    console = Console(highlight=False)
    console.print(table)
    if any(row.state == "stand-in" for row in rows):
        console.print("\nA stand-in is built from Debian's packages, and behaves like the image it replaces.")
    if any(row.state in {"missing", "in the pack"} for row in rows):
        console.print("\nNext: `course images pull` makes the missing ones available.")


def _pull(engine: Engine, args: argparse.Namespace) -> int:
    from checker.images.provide import missing, provide  # noqa: PLC0415 - see above

    if not missing(engine, args.chosen):
        print(ALL)
        return 0
    with reporting() as report:
        provide(engine, args.chosen, report, layers=partial(_layers, report))
    lacking = [image.key for image in missing(engine, args.chosen)]
    print(f"Optional, and not available: {', '.join(lacking)}." if lacking else ALL)
    return 1 if set(lacking) & set(args.keys) else 0


def _pack(engine: Engine, args: argparse.Namespace) -> int:
    from checker.images.pack import Pack  # noqa: PLC0415 - see above
    from checker.images.provide import pack  # noqa: PLC0415

    if not (args.named or args.all):
        raise UsageError("Which images are to be packed?", next="Name keys, or `--chapter 02`, or `--all`.")
    with reporting() as report:
        pack(engine, args.chosen if args.named else (), report)
    print(f"The pack is in {Pack().folder}.")
    return 0


def _save(engine: Engine, args: argparse.Namespace) -> int:
    from checker.images.stick import save  # noqa: PLC0415 - see above

    with reporting() as report:
        keys = save(engine, args.chosen if args.named else (), args.file, report)
    print(f"{args.file} holds {', '.join(keys)}. Elsewhere: `course images load {args.file.name}`.")
    return 0


def _load(engine: Engine, args: argparse.Namespace) -> int:
    from checker.images.stick import load  # noqa: PLC0415 - see above

    with reporting() as report:
        references = load(engine, args.file, report)
    print(f"Loaded: {', '.join(references)}.")
    return 0


def _mirror(engine: Engine, args: argparse.Namespace) -> int:
    from checker.images import mirror  # noqa: PLC0415 - see above
    from checker.images.provide import provide  # noqa: PLC0415

    if args.stop:
        print("The mirror is stopped." if mirror.stop(engine) else "No mirror was running.")
        return 0
    with reporting() as report:
        provide(engine, ["registry", *(args.chosen if args.named else ())], report)
        made = mirror.start(engine, args.chosen if args.named else (), args.address, args.port, report)
    everywhere = args.address in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
    where = f"{'ADDRESS-OF-THE-ENGINES-MACHINE' if everywhere else made.address}:{made.port}"
    print(f"The mirror serves {len(made.images)} images. In daemon.json of each engine that uses it:")
    print(json.dumps({"registry-mirrors": [f"http://{where}"]}))
    return 0


ACTIONS = {"status": _status, "pull": _pull, "pack": _pack, "save": _save, "load": _load, "mirror": _mirror}


@contextmanager
def reporting() -> Iterator[Report]:
    """Progress on standard error: a bar an image in a terminal, a line a step elsewhere."""
    from rich.console import Console  # noqa: PLC0415 - see above
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    if not sys.stderr.isatty():
        yield _lines()
        return
    columns = (
        TextColumn("{task.fields[key]:14}"),
        BarColumn(20),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[str, TaskID] = {}
        lock = threading.Lock()

        def report(key: str, step: str, fraction: float | None = None, /) -> None:
            with lock:
                if key not in tasks:
                    tasks[key] = progress.add_task(step, key=key, total=None)
            total = None if fraction is None else 1.0
            progress.update(tasks[key], description=step, total=total, completed=fraction or 0.0)

        yield report


def _layers(report: Report, key: str, layers: list[Layer]) -> None:
    """Report each layer beside its image; elsewhere than in a terminal the image's own lines say enough."""
    if not sys.stderr.isatty():
        return
    for number, one in enumerate(layers, 1):
        done = 1.0 if one.state in {"ready", "cached"} else None
        report(f"  layer {number}", f"{key}: {one.state}", one.here / one.size if one.size else done)


def _lines() -> Report:
    last: dict[str, str] = {}

    def report(key: str, step: str, _: float | None = None, /) -> None:
        if last.get(key) != step:
            last[key] = step
            print(f"{key}: {step}", file=sys.stderr, flush=True)

    return report
