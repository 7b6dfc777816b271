"""Containers: a typed snapshot of ``docker inspect``, and what can be asked of the container itself."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from . import archive, attached, execute, logs, probe
from .configured import Configured
from .errors import Missing, ObjectError, asking
from .settings import Binding, Health, Published, bindings, when

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from .connect import Engine


class State(StrEnum):
    """What a container is doing; the words of ``docker ps``."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    DEAD = "dead"


class Process(NamedTuple):
    """A process of a container. ``pid`` is its number on the engine's machine."""

    pid: int
    command: str


class Change(NamedTuple):
    """A path of the writable layer: ``added``, ``changed`` or ``deleted``."""

    kind: str
    path: str


class Container(Configured):
    """One container as it was when it was read; :meth:`refresh` reads it again.

    Examples
    --------
    A container that restarts or is paused counts as running for ``docker inspect``, and not here:

    >>> web = find(engine, "c02-web")  # doctest: +SKIP
    >>> web.state, web.running  # doctest: +SKIP
    (<State.RESTARTING: 'restarting'>, False)
    """

    def __init__(self, engine: Engine, attrs: dict[str, Any]) -> None:
        super().__init__(attrs)
        self.engine = engine
        self._state: dict[str, Any] = attrs["State"]

    def __repr__(self) -> str:
        return f"<container {self.name}, {self.state}>"

    def refresh(self) -> Self:
        """Read it again.

        Raises
        ------
        Missing
            If it was removed. A new container of the same name is another one.
        """
        with asking(self.engine, "container", self.name):
            self.__init__(self.engine, self.engine.client.api.inspect_container(self.id))  # type: ignore[misc]
        return self

    # -- what it is

    @property
    def id(self) -> str:
        """Its full id."""
        return str(self.attrs["Id"])

    @property
    def name(self) -> str:
        """Its name, without the slash that the API puts before it."""
        return str(self.attrs["Name"]).removeprefix("/")

    @property
    def image(self) -> str:
        """The image's reference as it was given."""
        return str(self._config["Image"])

    @property
    def image_id(self) -> str:
        """The id of the image that it was made from."""
        return str(self.attrs["Image"])

    @property
    def labels(self) -> dict[str, str]:
        """Its labels, the image's among them."""
        return dict(self._config.get("Labels") or {})

    # -- how it is

    @property
    def state(self) -> State:
        """What it is doing."""
        return State(self._state["Status"])

    @property
    def running(self) -> bool:
        """True only while its process runs: not while it restarts or is paused."""
        return self.state is State.RUNNING

    @property
    def ended(self) -> bool:
        """True where its process has ended and will not start again by itself."""
        return self.state in {State.EXITED, State.DEAD, State.REMOVING}

    @property
    def exit_code(self) -> int | None:
        """How its process ended last; None while it runs, and where it was never started.

        A command that cannot be started has an exit code as well, though its container stays created.
        """
        if self.state is State.CREATED and not self.error:
            return None
        alive = self.state in {State.RUNNING, State.PAUSED}
        return None if alive else int(self._state["ExitCode"])

    @property
    def status(self) -> str:
        """One phrase for a person, such as ``exited with code 137``."""
        if self.state is State.CREATED and self.error:
            return f"created and not started: {self.error}"
        if self.state in {State.EXITED, State.DEAD}:
            return f"{self.state} with code {self.exit_code}" + (
                " (out of memory)" if self.oom_killed else ""
            )
        return str(self.state)

    @property
    def error(self) -> str:
        """Why the engine could not start it; empty where it could."""
        return str(self._state.get("Error") or "")

    @property
    def pid(self) -> int | None:
        """The number of its first process on the engine's machine; None where none runs."""
        return self._state.get("Pid") or None

    @property
    def oom_killed(self) -> bool:
        """True where the kernel killed a process of it for memory; the first process may live on."""
        return bool(self._state["OOMKilled"])

    @property
    def started_at(self) -> datetime | None:
        """When it was started last."""
        return when(self._state.get("StartedAt"))

    @property
    def finished_at(self) -> datetime | None:
        """When its process ended last."""
        return when(self._state.get("FinishedAt"))

    @property
    def created_at(self) -> datetime | None:
        """When it was created."""
        return when(self.attrs.get("Created"))

    @property
    def restart_count(self) -> int:
        """How often its restart policy has started it again."""
        return int(self.attrs.get("RestartCount", 0))

    def held(self) -> bool:
        """Say whether a client was attached when it was started, and has not let go: no ``--detach``."""
        return attached.since_start(self.engine, self.id, self.name)

    @property
    def health(self) -> Health:
        """What its health check says."""
        return Health.read(self._state)

    # -- its ports

    @property
    def exposed(self) -> frozenset[str]:
        """Ports that are declared, such as ``80/tcp``. Declaring publishes nothing."""
        return frozenset(self._config.get("ExposedPorts") or ())

    @property
    def publishes(self) -> list[Published]:
        """Every port that is published while it runs, with each place where it is."""
        return [
            Published(int(port.partition("/")[0]), port.partition("/")[2], binding)
            for port, places in bindings(self.attrs["NetworkSettings"].get("Ports")).items()
            for binding in places
        ]

    def bindings(self, port: int, protocol: str = "tcp") -> tuple[Binding, ...]:
        """Where ``port`` is published, the binding that is open to most first; empty where nowhere.

        With ``-P`` and with no host port given, the engine chooses one when the container starts. A container
        that does not run shows what was asked for.
        """
        key = f"{port}/{protocol}"
        live = bindings(self.attrs["NetworkSettings"].get("Ports")).get(key, ())
        return live or (() if self.running else bindings(self._host.get("PortBindings")).get(key, ()))

    def published(self, port: int, protocol: str = "tcp") -> Binding:
        """Where ``port`` is published: the binding that is open to most.

        Raises
        ------
        ObjectError
            ``not-published``, if it is published nowhere.
        """
        if found := self.bindings(port, protocol):
            return found[0]
        others = dict.fromkeys(
            f"{one.binding.host_port} to {one.port}/{one.protocol}" for one in self.publishes
        )
        only = "a port that is only exposed" if f"{port}/{protocol}" in self.exposed else "a port that is not"
        raise ObjectError(
            expected=f"port {port} of {self.name} to be published",
            actual=only + (f"; published are {', '.join(others)}" if others else ""),
            reason="not-published",
            why="EXPOSE documents a port. Only publishing makes it reachable from your machine.",
            next=f"`docker port {self.name}` lists what is published.",
        )

    # -- asking the container itself

    def logs(self, *, tail: int | None = None, limit: int = logs.LIMIT) -> logs.Logs:
        """Read its logs; see :func:`checker.engine.logs.read`."""
        return logs.read(self.engine, self.id, self.name, tail=tail, limit=limit)

    def exec(
        self,
        *command: str,
        user: str = "",
        env: Mapping[str, str] | None = None,
        workdir: str | None = None,
        timeout: float = 10.0,
    ) -> execute.ExecResult:
        """Run a command inside it, without a shell; see :func:`checker.engine.execute.run`.

        A command that does not end in time is killed from outside.
        """
        return execute.run(
            self.engine,
            self.id,
            self.name,
            command,
            user=user,
            env=env,
            workdir=workdir,
            timeout=timeout,
            kill=lambda pid: probe.kill(self.engine, pid),
        )

    def read_file(self, path: str) -> bytes:
        """Return a file's content; see :mod:`checker.engine.archive` for what it cannot see."""
        return archive.read_file(self.engine, self.id, self.name, path)

    def write_file(self, path: str, content: bytes, *, mode: int = 0o644) -> None:
        """Write a file; see :mod:`checker.engine.archive` for where it should not."""
        archive.write_file(self.engine, self.id, self.name, path, content, mode=mode)

    def processes(self) -> list[Process]:
        """Its processes, as the engine's machine sees them. Empty where it does not run."""
        if not self.running:
            return []
        with asking(self.engine, "container", self.name):
            found = self.engine.client.api.top(self.id)
        pid, command = (found["Titles"].index(title) for title in ("PID", "CMD"))
        return [Process(int(row[pid]), row[command]) for row in found["Processes"] or ()]

    def changes(self) -> list[Change]:
        """What ``docker diff`` shows: paths of its writable layer."""
        with asking(self.engine, "container", self.name):
            found = self.engine.client.api.diff(self.id) or []
        return [Change(("changed", "added", "deleted")[one["Kind"]], one["Path"]) for one in found]

    def start(self) -> None:
        """Start it."""
        with asking(self.engine, "container", self.name):
            self.engine.client.api.start(self.id)

    def stop(self, grace: int = 1) -> None:
        """Stop it: TERM, then KILL after ``grace`` seconds, which is short for the deaf among them."""
        with asking(self.engine, "container", self.name):
            self.engine.client.api.stop(self.id, timeout=grace)

    def kill(self) -> None:
        """Send KILL to its first process, which leaves it no time for anything."""
        with asking(self.engine, "container", self.name):
            self.engine.client.api.kill(self.id)

    def remove(self) -> None:
        """Remove it with force, with its anonymous volumes. Already gone is fine."""
        probe.remove(self.engine, self.id)


def find(engine: Engine, name: str) -> Container:
    """Read the container of exactly this name, or with this id of 12 digits or more.

    The API also takes the beginning of any id for a name, which could be another container.

    Raises
    ------
    Missing
        If there is none.
    """
    with asking(engine, "container", name):
        attrs = engine.client.api.inspect_container(name)
    if attrs["Name"] != f"/{name}" and not (len(name) >= 12 and attrs["Id"].startswith(name)):
        raise Missing("container", name)
    return Container(engine, attrs)
