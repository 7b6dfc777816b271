"""The checks' own process: one parent that has everything imported and forks for each run.

Started by :mod:`checker.runner` as ``python -I -m checker.warm``. ``-I`` keeps a learner's ``docker.py`` from
being imported in place of the SDK; it is no trust boundary. Without fork, one process serves one run.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .channel import Channel
from .course import open_course
from .engine.capabilities import capabilities
from .engine.connect import Engine, connect
from .errors import CourseError, EngineFault
from .images.catalogue import catalogue
from .images.provide import missing
from .lab import Lab
from .outcomes import CheckRun
from .process import GRACE

if TYPE_CHECKING:
    from .exercise import Exercise


def main() -> None:
    """Serve check runs until the one who started this process is gone."""
    channel = Channel.take_over()
    channel.send("ready")
    if not hasattr(os, "fork"):
        if request := channel.receive():
            channel.send("begun", pid=os.getpid())
            _run(channel, request)
            channel.send("ended", code=0)
        return
    gc.freeze()  # forks share these pages as long as nobody looks at them
    while request := channel.receive():
        _fork(channel, request)


def _fork(channel: Channel, request: dict[str, Any]) -> None:
    """Run one request in a child with a process group of its own, and sweep that group afterwards."""
    alive, life = os.pipe()  # the reading end closes when the child is gone
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(alive)
            os.setsid()
            channel.send("begun", pid=os.getpid())
            _run(channel, request)
            code = 0
        except KeyboardInterrupt:
            code = 130
        finally:
            os._exit(code)
    os.close(life)
    readable, _, _ = select.select([alive, channel.descriptor], [], [])
    if alive not in readable:  # nobody is waiting for the answer any more
        _end_child(child, alive)
    os.close(alive)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what a check has started and left behind
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(BrokenPipeError):
        channel.send("ended", code=os.waitstatus_to_exitcode(status))


def _end_child(child: int, alive: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGINT)
    select.select([alive], [], [], GRACE)


def _run(channel: Channel, request: dict[str, Any]) -> None:
    """Run one request's checks and send what comes of them."""
    os.environ.clear()
    os.environ.update(request["environment"])
    try:
        loaded = open_course(Path(request["root"])).load(request["exercise"])
        with (
            connect() as engine,
            Lab(engine, loaded.exercise, Path(request["folder"]), request["seed"]) as lab,
        ):
            run = CheckRun(
                loaded.exercise,
                _offered(engine, loaded.exercise),
                begin=lambda check: channel.send("check-begun", id=check),
                report=lambda result: channel.send("check", result=asdict(result)),
            )
            if hasattr(signal, "SIGTERM") and sys.platform != "win32":
                signal.signal(signal.SIGTERM, lambda *_: run.time_up())
                signal.signal(signal.SIGINT, signal.default_int_handler)
            channel.send("engine", id=engine.id)
            run.run(lab)
    except CourseError as error:
        kind = error.kind if isinstance(error, EngineFault) else ""
        channel.send("fault", message=error.message, next=error.next, kind=kind)
    except Exception as error:  # noqa: BLE001 - a mistake of ours becomes a result, never a traceback
        channel.send(
            "fault", message=f"The checks' process failed: {type(error).__name__}: {error}", next="", kind=""
        )


def _offered(engine: Engine, exercise: Exercise) -> frozenset[str]:
    """Return what the engine offers, with the required images that it holds."""
    offered = capabilities(engine)
    required = {need for check in exercise.checks for need in check.requires} | set(exercise.requires)
    if required <= offered:
        return offered
    images = [need for need in required if need in catalogue()]
    return offered | (set(images) - {image.key for image in missing(engine, images)} if images else set())


if __name__ == "__main__":
    main()
