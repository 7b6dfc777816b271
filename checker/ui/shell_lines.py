"""Lines that begin with ``!``: run through a pipe, so that nothing of what they print is lost.

IPython runs them on a pseudo-terminal. It takes a process that has ended for the end of its output as well,
and on a busy machine the terminal's last bytes come later. On a terminal, builds also redraw what they show,
which a notebook prints again and again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython

if TYPE_CHECKING:
    from collections.abc import Callable


def through_pipes() -> None:
    """Let lines that begin with ``!`` run through a pipe in this notebook. On Windows they do so anyway."""
    shell: Any = get_ipython()
    if shell and os.name == "posix":
        shell.system = running(shell)


def running(shell: Any) -> Callable[[str], None]:
    """Return what runs a line for ``shell``, prints all its output, and leaves its exit code behind."""

    def system(line: str) -> None:
        command = shell.var_expand(line, depth=1)
        with subprocess.Popen(  # noqa: S602 - the learner's own line
            command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as process:
            assert process.stdout  # noqa: S101 - for the type checker: it is a pipe
            try:
                for printed in process.stdout:
                    print(printed, end="")
                    sys.stdout.flush()
                code = process.wait()
            except KeyboardInterrupt:  # the process group has got Ctrl-C too
                process.terminate()
                code = process.wait()
        shell.user_ns["_exit_code"] = code

    return system
