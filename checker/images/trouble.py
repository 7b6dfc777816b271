"""What goes wrong while images are moved about, told apart: a full disk, a folder, the engine."""

from __future__ import annotations

import errno
import re
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from checker.engine.faults import classify
from checker.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from checker.engine.connect import Engine

P = ParamSpec("P")
R = TypeVar("R")
_ELSEWHERE = (
    "Free some room there, or name another folder in the variable COURSE_STATE_DIR. Then run it again."
)


def told_apart(action: Callable[Concatenate[Engine, P], R]) -> Callable[Concatenate[Engine, P], R]:
    """Let ``action`` raise an EngineFault where the Docker SDK raises errors of its own."""

    @wraps(action)
    def wrapped(engine: Engine, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return action(engine, *args, **kwargs)
        except (DockerException, RequestException) as error:
            raise classify(error, engine.endpoint) from error

    return wrapped


@contextmanager
def room(folder: Path) -> Iterator[None]:
    """Say which disk is full, ours or the engine's, and what to do; or why ``folder`` cannot be written.

    Raises
    ------
    Refused
        In place of such an error. All others pass.
    """
    full = f"The disk that holds {folder} is full."
    try:
        yield
    except APIError as error:
        if "no space left" in str(error).lower():
            raise Refused(
                "The engine's disk is full.", next="`docker system df` shows what takes the room."
            ) from error
        raise
    except (RequestException, ConnectionError, TimeoutError):  # the connection's, though all are OSErrors
        raise
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Refused(full, next=_ELSEWHERE) from error
        raise Refused(f"{folder} cannot be written: {error.strerror or error}.", next=_ELSEWHERE) from error
    except Refused as error:  # apt's words
        if re.search(r"no space left|enough free space", error.message, re.IGNORECASE):
            raise Refused(full, next=_ELSEWHERE) from error
        raise
