"""The answer's own process: runs a notebook's cells in IPython, as the learner's kernel would.

Started by :mod:`checker.answer` as ``python -I -m checker.answer_cells``. It stays until its channel closes,
so that what a cell has started in this process is still there while the checks run.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from IPython.core.interactiveshell import InteractiveShell

from .channel import Channel

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionResult


def main() -> None:
    """Run the cells that the channel's first message brings."""
    channel = Channel.take_over()
    request = channel.receive()
    if request is None:
        return
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
    try:
        main()
    finally:
        os._exit(0)  # threads and exit handlers of a cell must not keep this process
