"""A sandbox: an unprivileged container that holds a Docker engine of its own, for one submission to break.

See ``docs/grading.md`` for what it defends, and :mod:`checker.grading.inside.init` for how.
"""

from __future__ import annotations

import math
import queue
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from docker.errors import APIError, NotFound
from docker.types import LogConfig

from checker.engine.errors import asking
from checker.engine.probe import ROLE_LABEL
from checker.errors import CourseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from checker.engine.connect import Engine

    from .tools import Tools

#: Where a sandbox and a station see the volume of sockets.
SOCKETS = "/run/sandboxes"
_PROFILE = Path(__file__).parent / "inside" / "seccomp.json"
_UNTIL = "docker-course.until"  # label: seconds since 1970 after which it is nobody's any more
_FIRST_UID, _UIDS = 1_000_000, 2**31 - 2_000_000


@dataclass(frozen=True)
class Limits:
    """What one sandbox may use. All that is written counts as memory, too.

    Parameters
    ----------
    memory, disk
        Bytes. ``disk`` is what containers, images and volumes may write, on top of the seed.
    cpus
        CPUs.
    pids
        Processes and threads.
    lifetime
        Seconds after which it ends by itself.
    """

    memory: int = 2 * 2**30
    disk: int = 2**30
    cpus: float = 1.0
    pids: int = 512
    lifetime: int = 1800


def create(
    engine: Engine,
    image: str,
    name: str,
    *,
    volume: str = "",
    seed: str = "",
    seeding: bool = False,
    limits: Limits,
    uid: int = 0,
    extra_labels: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Create a sandbox's container, not started, and return its id.

    Parameters
    ----------
    volume
        Of the sockets; without one they are in the container's own files.
    seed
        The volume of the images; read-only but with ``seeding``. Without one, the engine begins empty.
    uid
        Of its first process. Default: one that nobody else has.
    """
    api = engine.client.api
    environment = {
        "SANDBOX_NAME": name,
        "SANDBOX_UID": str(uid or _FIRST_UID + secrets.randbelow(_UIDS)),
        "SANDBOX_DISK": str(limits.disk),
        "SANDBOX_LIFETIME": str(limits.lifetime),
        "DOCKER_HOST": f"unix://{SOCKETS}/{name}/engine.sock",  # for whoever is let in by `docker exec`
    }
    with asking(engine):
        host = api.create_host_config(
            network_mode="none",
            # Needed to make namespaces and mounts; given up before anything of a submission runs.
            cap_add=["SYS_ADMIN"],
            security_opt=[
                f"seccomp={_PROFILE.read_text('utf-8')}",
                "apparmor=unconfined",
                "label=disable",
            ],
            mem_limit=limits.memory,
            memswap_limit=limits.memory,
            nano_cpus=int(limits.cpus * 1e9),
            pids_limit=limits.pids,
            binds=[
                *([f"{volume}:{SOCKETS}"] if volume else []),
                *([f"{seed}:/seed:{'rw' if seeding else 'ro'}"] if seed else []),
            ],
            log_config=LogConfig(type="json-file", config={"max-size": "1m", "max-file": "1"}),
        )
        # A new /proc can be mounted inside only where nothing of the one outside is masked.
        host |= {"MaskedPaths": [], "ReadonlyPaths": []}
        if engine.info.get("CgroupVersion") == "2":
            host["CgroupnsMode"] = "private"  # with the machine's own it would be handed the machine's groups
        made = api.create_container(
            image,
            name=name,
            environment=environment | ({"SANDBOX_SEEDING": "1"} if seeding else {}),
            labels=expiring("sandbox", limits.lifetime) | dict(extra_labels),
            host_config=host,
        )
    return str(made["Id"])


def expiring(role: str, lifetime: int) -> dict[str, str]:
    """Return the labels of what may be removed by anybody once its time is over."""
    return {ROLE_LABEL: role, _UNTIL: str(int(time.time()) + lifetime + 60)}


def in_sandbox(image: str, volume: str, sandbox: str) -> list[str]:
    """Return the ``docker`` command line that runs a command beside a sandbox, on its engine."""
    return [
        "run", "--rm", "--interactive", "--network=none", f"--volume={volume}:{SOCKETS}",
        f"--env=DOCKER_HOST=unix://{SOCKETS}/{sandbox}/engine.sock", f"--label={ROLE_LABEL}=station", image,
        # The socket appears a moment after the sandbox was started.
        "sh", "-c", 'until [ -S "${DOCKER_HOST#unix://}" ]; do sleep 0.1; done; exec "$@"', "sh",
    ]  # fmt: skip


@contextmanager
def sockets(engine: Engine, lifetime: int = 6 * 3600) -> Iterator[str]:
    """Give a volume in memory for sockets; remove it at the end."""
    name = f"docker-course-sockets-{secrets.token_hex(4)}"
    options = {"type": "tmpfs", "device": "tmpfs", "o": "size=4m,nr_inodes=4096"}
    with asking(engine):
        engine.client.api.create_volume(
            name, driver="local", driver_opts=options, labels=expiring("sockets", lifetime)
        )
    try:
        yield name
    finally:
        with suppress(CourseError), asking(engine):
            engine.client.api.remove_volume(name)


def sweep(engine: Engine) -> None:
    """Remove what a grading run that was killed has left: only what bears our label and is over its time."""
    api = engine.client.api
    with asking(engine):
        for role in ("sandbox", "station"):
            for one in api.containers(all=True, filters={"label": f"{ROLE_LABEL}={role}"}):
                if _over(one.get("Labels")):
                    with suppress(APIError):
                        api.remove_container(one["Id"], force=True, v=True)
        for one in api.volumes(filters={"label": f"{ROLE_LABEL}=sockets"}).get("Volumes") or ():
            if _over(one.get("Labels")):
                with suppress(APIError):
                    api.remove_volume(one["Name"])


def _over(labels: dict[str, str] | None) -> bool:
    until = (labels or {}).get(_UNTIL, "")
    return until.isdigit() and int(until) < time.time()


@dataclass(frozen=True)
class Sandbox:
    """A sandbox that was started."""

    name: str
    id: str


@dataclass
class Sandboxes:
    """Starts sandboxes, and keeps some warm. A context manager: at its end none is left.

    Parameters
    ----------
    tools
        What :func:`checker.grading.tools.prepare` made.
    volume
        Of the sockets.
    warm
        How many wait, started, for the next :meth:`take`.
    most
        How many will be taken in all, where that is known: no more are started.
    """

    engine: Engine
    tools: Tools
    volume: str
    warm: int = 0
    most: float = math.inf
    limits: Limits = field(default_factory=Limits)
    _waiting: queue.SimpleQueue[Sandbox | Exception] = field(default_factory=queue.SimpleQueue, init=False)
    _alive: set[str] = field(default_factory=set, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _begun: int = field(default=0, init=False)
    _taken: int = field(default=0, init=False)
    _closed: bool = field(default=False, init=False)
    _threads: list[threading.Thread] = field(default_factory=list, init=False)

    def __enter__(self) -> Self:
        for _ in range(self.warm):
            self._start_another()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._closed = True
        for thread in self._threads:
            thread.join()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self._remove, list(self._alive)))

    def take(self) -> Sandbox:
        """Return a sandbox that nobody has used: a warm one where there is one."""
        with self._lock:
            self._taken += 1
            warm = self._taken <= self._begun
        if not warm:
            return self._start()
        found = self._waiting.get()
        self._start_another()
        if isinstance(found, Exception):
            raise found
        return found

    def how(self, sandbox: Sandbox) -> str:
        """Say why a sandbox has ended; empty where it still runs."""
        with asking(self.engine):
            try:
                state: dict[str, Any] = self.engine.client.api.inspect_container(sandbox.id)["State"]
            except NotFound:
                return "it was removed by somebody else"
        if state["Running"]:
            return ""
        if state["OOMKilled"]:
            return f"its memory of {self.limits.memory / 2**30:g} GB was used up"
        return f"its engine ended with exit code {state['ExitCode']}"

    def destroy(self, sandbox: Sandbox) -> None:
        """Remove a sandbox with all that is in it."""
        self._remove(sandbox.id)

    def _start_another(self) -> None:
        """Start one more in the background, if it will be needed."""
        with self._lock:
            if self._begun >= self.most:
                return
            self._begun += 1
        thread = threading.Thread(target=self._start_waiting, daemon=True, name="course-sandbox")
        self._threads = [*(one for one in self._threads if one.is_alive()), thread]
        thread.start()

    def _start_waiting(self) -> None:
        try:
            self._waiting.put(self._start())
        except Exception as error:  # noqa: BLE001 - it belongs to whoever takes the next one
            self._waiting.put(error)

    def _start(self) -> Sandbox:
        name = f"course-sandbox-{secrets.token_hex(4)}"
        with self._lock:
            if self._closed:
                raise CourseError("The sandboxes are closed.")
            made = create(
                self.engine,
                self.tools.sandbox,
                name,
                volume=self.volume,
                seed=self.tools.seed,
                limits=self.limits,
            )
            self._alive.add(made)
        with asking(self.engine):
            self.engine.client.api.start(made)
        return Sandbox(name, made)

    def _remove(self, container: str) -> None:
        with asking(self.engine), suppress(NotFound):
            self.engine.client.api.remove_container(container, force=True, v=True)
        self._alive.discard(container)
