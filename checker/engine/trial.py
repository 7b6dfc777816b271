"""Containers that a check makes to put an image to the test: labelled, limited, and removed again."""

from __future__ import annotations

import re
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docker.errors import APIError
from docker.types import LogConfig

from . import container as containers
from . import probe
from .errors import ObjectError, asking
from .execute import Reading
from .waiting import ticks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .connect import Engine
    from .container import Container

_LIMITS: dict[str, Any] = {
    "mem_limit": "512m",
    "pids_limit": 512,
    # The engine's default may be a driver that cannot be read.
    "log_config": LogConfig(type="json-file", config={"max-size": "16m"}),
}
_LAST_WORDS = 5.0  # seconds in which the output of a container that has ended arrives
#: The engine's words for an image whose program does not start: its own, and its runtime's.
_UNSTARTABLE = ("no command specified", "runtime create failed", "failed to create task", "exec:")
#: Its words for a user or a group by name, of which it finds no line in the image's files.
_NOBODY = re.compile(r"unable to find (user|group) (.+): no matching entries in (passwd|group) file")


@dataclass(frozen=True)
class Ran:
    """How a container ended, and what it printed. Bytes that are not UTF-8 show as ``�``."""

    exit_code: int
    stdout: str
    stderr: str


def start(engine: Engine, exercise: str, image: str, *command: str, **options: Any) -> Container:
    """Start a container of ``image`` that works for ``exercise``; whoever asks for it removes it.

    Parameters
    ----------
    command
        In place of the image's own; none to keep that one.
    options
        As ``docker.DockerClient.containers.create`` takes them.

    Raises
    ------
    Missing
        If there is no such image.
    ObjectError
        ``not-startable``, if the image names no program, or one that cannot be started; ``no-such-user``, if
        it names a user that its files do not know.
    """
    with _made(engine, exercise, image, *command, **options) as made:
        made.start()
    return containers.find(engine, str(made.id))


def run(engine: Engine, exercise: str, image: str, *command: str, timeout: float, **options: Any) -> Ran:
    """Run a container to its end, and remove it. Parameters and errors as :func:`start`, and

    Parameters
    ----------
    timeout
        Seconds that it may take.

    Raises
    ------
    ObjectError
        ``still-running``, if it takes longer.
    """
    api = engine.client.api
    with _made(engine, exercise, image, *command, **options) as made:
        # The log of a container that ends at once may stay empty on a busy machine; who listens before it
        # starts misses nothing.
        listening = api.attach_socket(made.id, {"stdout": 1, "stderr": 1, "stream": 1})
        reading = Reading(api, lambda: listening)
        made.start()
    try:
        container = containers.find(engine, str(made.id))
        if not any(container.refresh().ended for _ in ticks(timeout, every=0.02)):
            raise ObjectError(
                expected=f"{' '.join(command) or 'its own command'} to end within {timeout:g} seconds",
                actual="it still runs",
                reason="still-running",
            )
        reading.wait(_LAST_WORDS)
        return Ran(container.exit_code or 0, _text(reading.stdout), _text(reading.stderr))
    finally:
        probe.remove(engine, str(made.id))


def _text(data: bytearray) -> str:
    return data.decode("utf-8", errors="replace")


@contextmanager
def _made(engine: Engine, exercise: str, image: str, *command: str, **options: Any) -> Iterator[Any]:
    """Create a container for the block to start. Where the block fails, also by Ctrl-C, it is removed."""
    name = f"course-trial-{secrets.token_hex(4)}"
    labels = probe.labels(exercise, "trial", name)
    with asking(engine, "image", image), _startable():
        made = engine.client.containers.create(
            image, list(command) or None, name=name, labels=labels, **(_LIMITS | options)
        )
        try:
            yield made
        except BaseException:
            probe.remove(engine, str(made.id))
            raise


@contextmanager
def _startable() -> Iterator[None]:
    """Turn the engine's refusal of an image's program into an ObjectError: it is no fault of the engine."""
    try:
        yield
    except APIError as error:
        said = str(error.explanation or error)
        if nobody := _NOBODY.search(said):
            raise ObjectError(
                expected="a container of the image to start",
                actual=f"its {nobody[1]} is {nobody[2]}, and its /etc/{nobody[3]} has no line for that",
                reason="no-such-user",
                why=f"A name must be known inside the image. A number needs no line in /etc/{nobody[3]}.",
                next="Look at the image's User with `docker image inspect`.",
            ) from error
        if not any(word in said for word in _UNSTARTABLE):
            raise
        raise ObjectError(
            expected="a container of the image to start",
            actual=said.rpartition("unable to start container process: ")[2]
            .removesuffix(": unknown")
            .strip(),
            reason="not-startable",
            why="The engine found no program to run, or could not run it.",
            next="Look at the image's entrypoint and command with `docker image inspect`.",
        ) from error
