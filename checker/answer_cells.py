"""The answers' own process, started by :mod:`checker.answer`: runs a notebook's cells in IPython.

They run as in the learner's kernel. The process stays until it is stopped, so that what a cell has started in
it is still there while the checks run.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from IPython.core.interactiveshell import InteractiveShell

from .serving import serve

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionResult

    from .channel import Channel


def _answer(channel: Channel, request: dict[str, Any]) -> None:
    """Run the cells of one request, say how that went, and stay."""
    if request["printed"]:
        printed = os.open(request["printed"], os.O_WRONLY)
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        os.close(printed)
    os.chdir(request["folder"])
    sys.path.insert(0, "")  # as in a kernel: the learner's own modules come first
    errors = _run(request["cells"], request["profile"])
    channel.send("done", error=errors[0] if errors else "")
    channel.receive()


def _run(cells: list[str], profile: str) -> list[str]:
    """Run every cell, going on past errors, and return the errors as one line each."""
    shell = InteractiveShell.instance(ipython_dir=profile)
    if shell.history_manager:
        shell.history_manager.enabled = False
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
    serve(_answer)
