"""What can be wrong with one object on a healthy engine.

.. code-block:: text

    ObjectError            expected, found, why, one next step
    ├── Missing            no such container, image, network, volume …
    ├── NotReadable        it is there, and what was asked for cannot be read or written
    ├── ExecFailed         a command cannot be started inside the container, or never ends
    ├── BuildFailed        a build stopped in one of its steps
    └── NoAnswer           nothing, or not HTTP, answers at an address

An engine that cannot be reached, or that fails, is a :class:`checker.errors.EngineFault`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from docker.errors import DockerException, NotFound
from urllib3.exceptions import HTTPError

from checker.errors import CourseError

from .build_causes import likely_cause
from .faults import classify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .connect import Engine


class ObjectError(CourseError):
    """Something about an object on the engine is not as it was asked for.

    Parameters
    ----------
    expected, actual
        What was expected and what was found, each without a full stop.
    reason
        A stable key, such as ``missing-container``.
    why, next
        Why it matters, and one next step. Both may be empty.
    """

    exit_status = 1

    def __init__(
        self,
        *,
        expected: str,
        actual: str,
        reason: str,
        why: str = "",
        next: str = "",  # noqa: A002 - the contract's word
    ) -> None:
        super().__init__(f"Expected {expected}; found {actual}.", next=next)
        self.expected = expected
        self.actual = actual
        self.reason = reason
        self.why = why


_LISTS = {
    "container": "`docker ps -a` lists all containers, the stopped ones too.",
    "image": "`docker image ls` lists the images that the engine holds.",
    "network": "`docker network ls` lists the networks.",
    "volume": "`docker volume ls` lists the volumes.",
}


class Missing(ObjectError):  # noqa: N818 - these read as what is the matter
    """There is no ``noun`` (container, image …) of this name.

    Examples
    --------
    >>> print(Missing("container", "c02-web"))
    Expected a container named c02-web; found none of that name.
    """

    def __init__(self, noun: str, name: str) -> None:
        article = "an" if noun[0] in "aeiou" else "a"
        super().__init__(
            expected=f"{article} {noun} named {name}",
            actual="none of that name",
            reason=f"missing-{noun}",
            next=_LISTS.get(noun, ""),
        )
        self.noun = noun
        self.name = name


class NotReadable(ObjectError):  # noqa: N818 - see Missing
    """The object is there, and what was asked for cannot be read from it or written to it."""


class ExecFailed(ObjectError):  # noqa: N818 - see Missing
    """A command cannot be started inside the container, or did not end in time."""


class NoAnswer(ObjectError):  # noqa: N818 - see Missing
    """Nothing, or nothing that speaks HTTP, answers at an address."""


class BuildFailed(ObjectError):  # noqa: N818 - see Missing
    """A build stopped.

    Parameters
    ----------
    step
        The step as the builder names it, such as ``[2/3] RUN make``. Empty where no step was reached.
    lines
        The last lines that the step printed.
    """

    def __init__(self, message: str, *, step: str = "", lines: tuple[str, ...] = ()) -> None:
        where = f"step {step} fails: {message}" if step else message
        if lines:
            where += f"; before that it says: {' / '.join(lines)}"
        super().__init__(
            expected="the build to succeed",
            actual=where,
            reason="build-failed",
            why=likely_cause(message, lines, step),
            next="Build it yourself with --progress=plain, and read the lines above the error.",
        )
        self.step = step
        self.lines = lines


@contextmanager
def asking(engine: Engine, noun: str = "", name: str = "") -> Iterator[None]:
    """Turn the SDK's exceptions into :class:`Missing` (for ``noun`` and ``name``) or an EngineFault."""
    try:
        yield
    except CourseError:
        raise
    except NotFound as error:
        if not noun:
            raise classify(error, engine.endpoint) from error
        raise Missing(noun, name) from error
    except (DockerException, HTTPError, OSError) as error:
        raise classify(error, engine.endpoint) from error
    except Exception as error:
        # Over ssh, paramiko's own exceptions come through; naming its classes would import it.
        if type(error).__module__.partition(".")[0] != "paramiko":
            raise
        raise classify(error, engine.endpoint) from error
