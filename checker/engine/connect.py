"""The only door to Docker: find the engine that ``docker`` would reach, and open it for the SDK as well.

.. code-block:: text

    DOCKER_HOST  →  the current docker context  →  known sockets that answer  →  the course's private engine
"""

from __future__ import annotations

import os
import shutil
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import docker
from docker.tls import TLSConfig
from docker.utils import parse_host

from checker.errors import EngineFault

from . import clientside
from .faults import Endpoint, classify, fault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    import python_on_whales

__all__ = ["Endpoint", "Engine", "connect", "find_endpoint"]

#: Docker Engine 20.10's, the oldest that Debian's supported releases hold.
MINIMUM_API = (1, 41)
_GREETING = 15.0  # seconds that the chosen engine has for its first answer


def find_endpoint() -> Endpoint:
    """Find where the engine listens, in the order of this module's first lines.

    Raises
    ------
    EngineFault
        ``wrong-context``, ``bad-config``, ``bad-address``, or what the known sockets answer:
        ``not-running`` or ``no-permission``.
    """
    if url := os.environ.get("DOCKER_HOST", "").strip():
        return _checked(Endpoint(url, "DOCKER_HOST"))
    if (name := clientside.current_context()) != "default":
        return _checked(clientside.context_endpoint(name))
    return _first_that_answers(known_sockets(os.environ))


def connect(timeout: float = 60.0) -> Engine:
    """Open the engine and make sure that it answers and can serve this course.

    Parameters
    ----------
    timeout
        Seconds that one request may take.

    Raises
    ------
    EngineFault
        With a ``kind`` (:data:`checker.engine.faults.Kind`) and the fix for this platform.
    """
    return Engine(find_endpoint(), timeout)


class Engine:
    """An engine that answered. A context manager; close it when done.

    :meth:`close` drops the connections, no more: used again, it connects again. A process that is going to
    fork closes first, so that no two processes share a connection.

    Examples
    --------
    >>> with connect() as engine:  # doctest: +SKIP
    ...     engine.endpoint.source
    "context 'colima'"
    """

    def __init__(self, endpoint: Endpoint, timeout: float = 60.0) -> None:
        self.endpoint = endpoint
        #: What ``docker version`` says of the engine.
        self.version: dict[str, Any] = _greet(endpoint, min(timeout, _GREETING))
        self.client: docker.DockerClient = _open(endpoint, self.version["ApiVersion"], timeout)

    @cached_property
    def info(self) -> dict[str, Any]:
        """What ``docker info`` says, asked once."""
        try:
            return dict(self.client.info())
        except Exception as error:
            raise classify(error, self.endpoint) from error

    @property
    def id(self) -> str:
        """The engine's own id: the same for everyone who reaches this engine."""
        return str(self.info.get("ID") or self.endpoint.url)

    def environment(self) -> dict[str, str]:
        """Return the environment in which ``docker``, buildx and Compose reach this same engine."""
        return clientside.environment(self.endpoint, os.environ)

    def whales(self) -> python_on_whales.DockerClient:
        """Return python-on-whales' client of this same engine, for buildx and Compose.

        Raises
        ------
        EngineFault
            ``engine`` where there is no ``docker`` command.
        """
        from python_on_whales import DockerClient  # noqa: PLC0415 - slow to import, and rarely needed

        env = self.environment()
        command = shutil.which("docker", path=env.get("PATH"))
        if not command:
            raise EngineFault(
                "There is no docker command on PATH, which builds and Compose need.",
                next="Install Docker's command line with buildx and Compose, or run `course engine start`.",
                kind="engine",
            )
        return DockerClient(
            config=env.get("DOCKER_CONFIG"),
            context=env.get("DOCKER_CONTEXT"),
            host=env.get("DOCKER_HOST") if not env.get("DOCKER_CONTEXT") else None,
            client_call=[command],
        )

    def close(self) -> None:
        """Drop the connections."""
        self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def known_sockets(env: Mapping[str, str], *, platform: str = sys.platform) -> list[Endpoint]:
    """List where engines of this platform listen, the default context's address first, ours last."""
    home = Path(env.get("HOME") or Path.home())
    if platform == "win32":
        found = [
            Endpoint("npipe:////./pipe/docker_engine", "Docker's named pipe"),
            Endpoint("npipe:////./pipe/dockerDesktopLinuxEngine", "Docker Desktop's named pipe"),
        ]
    else:
        runtime = Path(env.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
        places = [
            (Path(clientside.DEFAULT_SOCKET), "Docker Engine's socket"),
            (home / ".docker/run/docker.sock", "Docker Desktop's socket"),
            (home / ".docker/desktop/docker.sock", "Docker Desktop's socket"),
            (runtime / "docker.sock", "the rootless engine's socket"),
            (home / ".colima/default/docker.sock", "Colima's socket"),
            (home / ".config/colima/default/docker.sock", "Colima's socket"),
            (home / ".rd/docker.sock", "Rancher Desktop's socket"),
            (home / ".orbstack/run/docker.sock", "OrbStack's socket"),
        ]
        found = [Endpoint(f"unix://{path}", source) for path, source in places]
    if private := clientside.Private.load():
        found.append(Endpoint(private.url, clientside.PRIVATE))
    return found


def _first_that_answers(candidates: list[Endpoint]) -> Endpoint:
    """Return the first that answers, else the first that takes the connection: it may be starting."""
    silent: Endpoint | None = None
    refusals = []
    for endpoint in candidates:
        try:
            if clientside.answers(endpoint.url):
                return endpoint
        except OSError as error:
            if isinstance(error, (TimeoutError, ConnectionResetError)):
                silent = silent or endpoint
            else:
                refusals.append(classify(error, endpoint))
        else:
            silent = silent or endpoint
    if silent:
        return silent
    refused = next((one for one in refusals if one.kind == "no-permission"), None)
    raise refused or fault("not-running", candidates[0])


def _checked(endpoint: Endpoint) -> Endpoint:
    """Refuse an address that neither the SDK nor the command line could use."""
    try:
        parse_host(endpoint.url, is_win32=sys.platform == "win32")
    except Exception as error:
        raise classify(error, endpoint) from error
    return endpoint


def _open(endpoint: Endpoint, version: str, timeout: float) -> docker.DockerClient:
    found = clientside.certificates(endpoint)
    tls: TLSConfig | bool = False
    if found:
        pair = (str(found.cert), str(found.key)) if found.cert and found.key else None
        tls = TLSConfig(client_cert=pair, ca_cert=str(found.ca) if found.ca else None, verify=found.verify)
    client = docker.DockerClient(base_url=endpoint.url, version=version, timeout=timeout, tls=tls)  # type: ignore[arg-type]
    client.api.trust_env = False  # `docker` asks no web proxy for the way to its engine; nor do we
    return client


def _greet(endpoint: Endpoint, timeout: float) -> dict[str, Any]:
    """Ask an engine for its version, and refuse one that cannot serve the course.

    A client of its own: the SDK's own negotiation would leave its connection open when it fails. So would its
    connecting, therefore a socket is tried first.
    """
    try:
        if endpoint.url.startswith("unix://"):
            clientside.knock(endpoint.url)
        client = _open(endpoint, "1.24", timeout)
        try:
            version: dict[str, Any] = client.api.version(api_version=False)
        finally:
            client.close()
        api = tuple(map(int, version["ApiVersion"].split(".")))
    except Exception as error:
        raise classify(error, endpoint) from error
    if version.get("Os") == "windows":
        raise fault("windows-containers", endpoint)
    if api < MINIMUM_API:
        raise fault(
            "too-old", endpoint, detail=f"engine {version.get('Version')}, API {version['ApiVersion']}."
        )
    return version
