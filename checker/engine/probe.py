"""Short-lived helper containers: they reach what this program cannot, from inside the engine.

The checker may share neither a network nor a disk with the engine (a sandbox, an ssh context, Jupyter in a
container), and the learner's image may hold no tool at all.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

from docker.errors import APIError
from docker.types import LogConfig

from checker.errors import CourseError, EngineFault

from .errors import Missing, asking
from .execute import ExecResult, run
from .waiting import ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from .connect import Engine
    from .settings import Mount

#: The image of every probe; a test compares it with the catalogue's.
IMAGE = "busybox:1.37"

EXERCISE_LABEL = "docker-course.exercise"
ROLE_LABEL = "docker-course.role"
#: The object's own name: what inherits labels, as a container does from its image, bears another one.
NAME_LABEL = "docker-course.name"

#: Seconds after which a probe ends by itself, should nobody be left to remove it.
LIFETIME = 300
#: The file in a probe whose commands it runs before it ends, however that comes about.
UNDO = "/undo/todo"
_LIMITS: dict[str, Any] = {
    "auto_remove": True,
    "read_only": True,
    "tmpfs": {"/undo": "size=16m"},
    "mem_limit": "64m",
    "pids_limit": 64,
    "cap_drop": ["ALL"],
    # Where SELinux or AppArmor guard containers from each other, a probe could not read another one's files.
    "security_opt": ["no-new-privileges", "label=disable", "apparmor=unconfined"],
    "log_config": LogConfig(type="none"),
}
_MAIN = f"trap : TERM; sleep {LIFETIME} & wait $!; [ ! -f {UNDO} ] || sh {UNDO}"


def labels(exercise: str, role: str, name: str) -> dict[str, str]:
    """Return the labels of an object that the course makes."""
    return {EXERCISE_LABEL: exercise, ROLE_LABEL: role, NAME_LABEL: name}


@contextmanager
def _image_needed(engine: Engine) -> Iterator[None]:
    """Say whose fault it is that probes cannot be made: nobody's answer is wrong for that."""
    try:
        with asking(engine, "image", IMAGE):
            yield
    except Missing as missing:
        raise EngineFault(
            f"The image {IMAGE}, which checks work with, is not on this engine.",
            next="Run `course images pull busybox`.",
            kind="image-missing",
        ) from missing


class Probe:
    """A busybox container that waits to be told what to run; removed by :meth:`close`.

    Parameters
    ----------
    exercise
        Id of the exercise that it works for: its label.
    network
        A network's name or id, ``host``, ``none`` or ``container:<id>``.
    pid
        ``host`` or ``container:<id>`` to see other processes than its own.
    mounts
        Binds and volumes, mounted writable at ``/m0``, ``/m1`` … in this order.
    capabilities
        All others are dropped.
    """

    def __init__(
        self,
        engine: Engine,
        exercise: str = "",
        *,
        network: str = "none",
        pid: str | None = None,
        mounts: Iterable[Mount] = (),
        capabilities: Iterable[str] = (),
    ) -> None:
        self.engine = engine
        self.name = f"course-probe-{secrets.token_hex(4)}"
        api = engine.client.api
        with _image_needed(engine):
            host = api.create_host_config(
                network_mode=network,
                pid_mode=pid,
                # Where the engine maps users, or hides control groups, it must not do so here.
                userns_mode="host" if pid == "host" else None,
                cgroupns="host" if pid == "host" else None,
                binds=[f"{mount.source}:/m{index}:rw" for index, mount in enumerate(mounts)],
                cap_add=list(capabilities),
                **_LIMITS,
            )
            made = api.create_container(
                IMAGE,
                ["sh", "-c", _MAIN],
                name=self.name,
                labels=labels(exercise, "probe", self.name),
                host_config=host,
            )
            self.id = str(made["Id"])
        try:
            with asking(engine):
                api.start(self.id)
        except BaseException:  # also Ctrl-C: what never started does not remove itself
            remove(engine, self.id)
            raise

    def run(self, *command: str, timeout: float = 10.0) -> ExecResult:
        """Run ``command`` in the probe."""
        return run(self.engine, self.id, self.name, command, timeout=timeout)

    def script(self, text: str, *arguments: str, timeout: float = 10.0) -> ExecResult:
        """Run shell code in the probe; ``arguments`` are ``$1``, ``$2`` …"""
        return self.run("sh", "-c", text, "sh", *arguments, timeout=timeout)

    def close(self) -> None:
        """Let it undo what it has to undo, and remove it. An engine that is gone is no reason to fail."""
        with suppress(CourseError):
            undo(self.engine, self.id)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def holding(engine: Engine, volume: str) -> Iterator[tuple[str, str]]:
    """Give a container that holds ``volume`` and never starts: its id, and where the volume is in it.

    The engine mounts a volume for each file that it copies, also where nothing runs.
    """
    name, root = f"course-probe-{secrets.token_hex(4)}", "/m0"
    api = engine.client.api
    with _image_needed(engine):
        host = api.create_host_config(network_mode="none", binds=[f"{volume}:{root}:rw"])
        made = api.create_container(IMAGE, name=name, labels=labels("", "probe", name), host_config=host)
    try:
        yield str(made["Id"]), root
    finally:
        remove(engine, str(made["Id"]))


def undo(engine: Engine, container_id: str) -> None:
    """End a probe with TERM, so that it runs its undo file, and see it removed."""
    with suppress(Missing), asking(engine, "container", container_id):
        engine.client.api.stop(container_id, timeout=5)
    remove(engine, container_id)


def remove(engine: Engine, container_id: str) -> None:
    """Remove a container with force and with its anonymous volumes. Already gone is fine.

    One that another process is removing at this moment is waited for, so that its name is free afterwards.
    """
    with suppress(Missing), asking(engine, "container", container_id):
        for left in ticks(10.0):
            try:
                engine.client.api.remove_container(container_id, force=True, v=True)
            except APIError as error:
                if error.status_code != 409 or not left:
                    raise
            else:
                return


def kill(engine: Engine, pid: int) -> None:
    """Kill the process ``pid`` of the engine's machine and its group: an exec leads a group of its own."""
    with Probe(engine, pid="host", capabilities=["KILL"]) as probe:
        probe.run("kill", "-9", f"-{pid}")
