"""The answers' own process, started by :mod:`checker.answer`: runs a notebook's cells in IPython.

They run as in the learner's kernel. The process stays until it is stopped, so that what a cell has started in
it is still there while the checks run.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from .serving import serve

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionResult

    from .channel import Channel

#: Nobody reads an answer's history later; kept, it would be a database and a thread for each answer.
_NO_HISTORY = Config({"HistoryManager": {"enabled": False}})


def _import_early() -> set[str]:
    """Import what most answers need, once for all forks, and return the names of the modules."""
    before = set(sys.modules)
    import docker  # noqa: F401, PLC0415

    from .ui import hand_in  # noqa: F401, PLC0415

    return set(sys.modules) - before


def _forget_hidden(early: set[str], folder: Path) -> None:
    """Let a learner's own module hide a library of the same name that is here already, as in a kernel."""
    own = {path.stem for path in folder.glob("*.py")} | {
        path.parent.name for path in folder.glob("*/__init__.py")
    }
    for name in early:
        if name.partition(".")[0] in own:
            del sys.modules[name]


def _answer(early: set[str], channel: Channel, request: dict[str, Any]) -> None:
    """Run the cells of one request, say how that went, and stay."""
    if request["printed"]:
        printed = os.open(request["printed"], os.O_WRONLY)
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        os.close(printed)
    os.chdir(request["folder"])
    sys.path.insert(0, "")  # as in a kernel: the learner's own modules come first
    _forget_hidden(early, Path(request["folder"]))
    errors = _run(request["cells"], request["profile"])
    channel.send("done", error=errors[0] if errors else "")
    channel.receive()


def _run(cells: list[str], profile: str) -> list[str]:
    """Run every cell, going on past errors, and return the errors as one line each."""
    shell = InteractiveShell.instance(ipython_dir=profile, config=_NO_HISTORY)
    shell.colors = "nocolor"
    errors = []
    for number, cell in enumerate(cells, 1):
        outcome: ExecutionResult = shell.run_cell(cell, store_history=True)  # type: ignore[no-untyped-call]
        error: BaseException | None = outcome.error_before_exec or outcome.error_in_exec
        if error is not None:
            errors.append(f"Cell {number}: {type(error).__name__}: {error}"[:500])
        sys.stdout.flush()
    return errors


if __name__ == "__main__":
    serve(partial(_answer, _import_early()))
