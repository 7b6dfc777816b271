"""A throw-away engine in a container, for exercises about engines. It needs no ``--privileged``.

It is a sandbox without a network and without the learner in it, so it also runs on a sandbox's own engine.
The image has the ``docker`` command: ``docker exec NAME docker ps`` asks the engine inside.
"""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from checker.engine import container
from checker.engine.capabilities import sandbox_image
from checker.engine.errors import asking
from checker.engine.execute import ExecResult, run
from checker.engine.probe import labels
from checker.errors import EngineFault
from checker.images.archive import Entry, tar_stream

from .sandbox import SOCKETS, Limits, create

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.engine.connect import Engine

_LIMITS = Limits(memory=2**30, disk=2**29, pids=256)
_UIDS = range(70_000, 90_000)  # there are such ids in a sandbox, too
_WAIT = f'until [ -S "{SOCKETS}/$1/engine.sock" ]; do sleep 0.05; done; docker version > /dev/null'


def start(engine: Engine, exercise: str, name: str, images: Iterable[str] = ()) -> container.Container:
    """Start one in a container called ``name``, wait for it, and give it ``images``.

    Raises
    ------
    EngineFault
        If the image that it needs is not on ``engine``, or it does not start.
    """
    image = sandbox_image(engine)
    if not image:
        raise EngineFault(
            "The image of throw-away engines is not on this engine.",
            next="Run `course doctor --grading`, which makes it.",
            kind="image-missing",
        )
    uid = secrets.choice(_UIDS)
    made = create(engine, image, name, limits=_LIMITS, uid=uid, extra_labels=labels(exercise, "scene", name))
    with asking(engine):
        engine.client.api.start(made)
    done = run(engine, made, name, ("sh", "-c", _WAIT, "sh", name), timeout=30.0)
    if not done.ok:
        raise EngineFault(f"The throw-away engine {name} does not start: {done.stderr.strip()}")
    for reference in images:
        _load(engine, made, name, reference)
    return container.find(engine, name)


def docker(engine: Engine, name: str, *words: str, timeout: float = 30.0) -> ExecResult:
    """Run ``docker …`` on the engine inside the container called ``name``."""
    return run(engine, name, name, ("docker", *words), timeout=timeout)


def _load(engine: Engine, made: str, name: str, reference: str) -> None:
    with tempfile.TemporaryDirectory() as folder, asking(engine, "image", reference):
        file = Path(folder, "image.tar")
        with file.open("wb") as out:
            out.writelines(engine.client.api.get_image(reference))
        engine.client.api.put_archive(made, "/root", tar_stream([Entry("image.tar", file)]))
    loaded = docker(engine, name, "load", "--input", "/root/image.tar", timeout=120.0)
    run(engine, made, name, ("rm", "/root/image.tar"))
    if not loaded.ok:
        raise EngineFault(f"The throw-away engine {name} cannot load {reference}: {loaded.stderr.strip()}")
