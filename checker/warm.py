"""The checks' own process, started by :mod:`checker.runner`: runs an exercise's checks."""

from __future__ import annotations

import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .course import open_course
from .engine.capabilities import ENGINE_INSIDE, capabilities, sandbox_image
from .engine.connect import Engine, connect
from .errors import CourseError, EngineFault
from .images.catalogue import catalogue
from .images.provide import missing
from .lab import Lab
from .outcomes import CheckRun
from .serving import serve
from .work import given_files

if TYPE_CHECKING:
    from .channel import Channel
    from .exercise import Exercise


def _run(channel: Channel, request: dict[str, Any]) -> None:
    """Run one request's checks and send what comes of them."""
    try:
        loaded = open_course(Path(request["root"])).load(request["exercise"])
        exercise, folder = loaded.exercise, Path(request["folder"])
        if request["observing"]:
            exercise = exercise.observing()
        with (
            connect() as engine,
            Lab(
                engine,
                exercise,
                folder,
                request["seed"],
                given=lambda: given_files(loaded, folder),
                secret=request["secret"],
            ) as lab,
        ):
            run = CheckRun(
                exercise,
                _offered(engine, exercise),
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
    if ENGINE_INSIDE in required and sandbox_image(engine):
        offered |= {ENGINE_INSIDE}
    images = [need for need in required if need in catalogue()]
    return offered | (set(images) - {image.key for image in missing(engine, images)} if images else set())


if __name__ == "__main__":
    serve(_run)
