"""A process that has everything imported and forks for each request. :mod:`checker.process` starts it.

Started with the argument ``once``, where there is no fork, it serves one request itself.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import sys
import traceback
from typing import TYPE_CHECKING, Any, NoReturn

from .channel import Channel
from .process import GRACE, ONCE

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[[Channel, dict[str, Any]], None]


def serve(run: Run) -> None:
    """Serve requests with ``run``, in their environment, until the one who started this process is gone."""
    channel = Channel.take_over()
    if ONCE in sys.argv[1:]:
        if request := channel.receive():
            _run_and_exit(run, channel, request)
        return
    gc.freeze()  # forks share these pages as long as nobody looks at them
    while request := channel.receive():
        _fork(run, channel, request)


def _run_and_exit(run: Run, channel: Channel, request: dict[str, Any]) -> NoReturn:
    """Run one request, and end this process: threads and exit handlers of what ran must not keep it."""
    code = 1
    try:
        channel.send("begun", pid=os.getpid())
        os.environ.clear()
        os.environ.update(request["environment"])
        run(channel, request)
        code = 0
    except KeyboardInterrupt:
        code = 130
    except Exception:  # noqa: BLE001 - nothing is left that could take it
        traceback.print_exc()
    finally:
        os._exit(code)


def _fork(run: Run, channel: Channel, request: dict[str, Any]) -> None:
    """Run one request in a child with a process group of its own, and sweep that group afterwards."""
    alive, life = os.pipe()  # the reading end closes when the child is gone
    child = os.fork()
    if child == 0:
        os.close(alive)
        os.setsid()
        _run_and_exit(run, channel, request)
    os.close(life)
    readable, _, _ = select.select([alive, channel.descriptor], [], [])
    if alive not in readable:  # nobody is waiting for the answer any more
        _end_child(child, alive)
    os.close(alive)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what it has started and left behind
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(BrokenPipeError):
        channel.send("ended", code=os.waitstatus_to_exitcode(status))


def _end_child(child: int, alive: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGINT)
    select.select([alive], [], [], GRACE)
