"""The client's own side: ``config.json``, contexts, command line plugins, the private engine's record.

Read here and not by the SDK, because the SDK takes a missing context for the default one, and looks for
contexts in the working directory when there is no ``config.json``.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import socket
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.errors import EngineFault
from checker.files import write_atomic
from checker.paths import state_dir

from .faults import Endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

PLUGINS = ("docker-buildx", "docker-compose")
_PATIENCE = 2.0  # seconds that a local socket has for its answer
DEFAULT_SOCKET = "/var/run/docker.sock"
PRIVATE = "the course's private engine"


@dataclass(frozen=True)
class Private:
    """How to reach the engine that ``course engine start`` started.

    Parameters
    ----------
    url
        Its socket, ``unix:///…``.
    bin
        A folder that holds ``docker`` and nothing that could hide a program of yours.
    config
        A client configuration that names the folder of its command line plugins.
    pid
        The daemon's process.
    """

    url: str
    bin: str
    config: str
    pid: int

    @staticmethod
    def file() -> Path:
        """Return the record's path."""
        return state_dir() / "engine" / "engine.json"

    @classmethod
    def load(cls) -> Private | None:
        """Read the record; None where no private engine was started."""
        try:
            return cls(**json.loads(cls.file().read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def save(self) -> None:
        """Write the record."""
        write_atomic(self.file(), json.dumps(asdict(self), indent=2) + "\n")


def config_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of the command line's configuration."""
    return Path(environment.get("DOCKER_CONFIG") or Path.home() / ".docker")


def config(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Read ``config.json``; empty where there is none.

    Raises
    ------
    EngineFault
        ``bad-config`` where it cannot be read, or is not a JSON object.
    """
    file = config_dir(environment) / "config.json"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise _bad_config(f"{file} cannot be read as JSON: {error}.", file) from error
    if not isinstance(content, dict):
        raise _bad_config(f"{file} does not hold a JSON object.", file)
    return content


def current_context() -> str:
    """Return the name of the context that ``docker`` uses, ``default`` where none is chosen."""
    return os.environ.get("DOCKER_CONTEXT") or str(config().get("currentContext") or "default")


def context_endpoint(name: str) -> Endpoint:
    """Look up the engine's address in the context ``name``.

    Raises
    ------
    EngineFault
        ``wrong-context`` where there is no such context, ``bad-config`` where its file is damaged.
    """
    file = _context_file("meta", name) / "meta.json"
    try:
        url = json.loads(file.read_text(encoding="utf-8"))["Endpoints"]["docker"]["Host"]
    except FileNotFoundError:
        said = "DOCKER_CONTEXT" if os.environ.get("DOCKER_CONTEXT") else str(config_dir() / "config.json")
        raise EngineFault(
            f"The Docker context {name!r} does not exist. {said} asks for it.",
            next="`docker context ls` lists the contexts, `docker context use NAME` chooses one.",
            kind="wrong-context",
        ) from None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise _bad_config(f"The context {name!r} names no engine in {file}: {error}.", file) from error
    return Endpoint(str(url), f"context {name!r}", name)


@dataclass(frozen=True)
class Certificates:
    """The files that TLS needs, and whether the engine's name is verified."""

    ca: Path | None
    cert: Path | None
    key: Path | None
    verify: bool


def certificates(endpoint: Endpoint) -> Certificates | None:
    """Find the TLS files for ``endpoint``; None where the connection is plain."""
    if endpoint.context:
        folder = _context_file("tls", endpoint.context) / "docker"
        meta = json.loads((_context_file("meta", endpoint.context) / "meta.json").read_text(encoding="utf-8"))
        verify = not meta["Endpoints"]["docker"].get("SkipTLSVerify", False)
        return _certificates(folder, verify=verify) if folder.is_dir() else None
    env = os.environ
    wanted = env.get("DOCKER_TLS_VERIFY") or env.get("DOCKER_TLS")
    if (
        endpoint.source == "DOCKER_HOST"
        and wanted
        and not endpoint.url.startswith(("unix:", "npipe:", "ssh:"))
    ):
        folder = Path(env.get("DOCKER_CERT_PATH") or config_dir())
        return _certificates(folder, verify=bool(env.get("DOCKER_TLS_VERIFY")))
    return None


def has_plugins() -> bool:
    """Say whether the user's own ``docker`` finds buildx and Compose."""
    return bool(shutil.which("docker")) and all(plugin(name, os.environ) for name in PLUGINS)


def plugin(name: str, environment: Mapping[str, str]) -> str:
    """Return the path of a command line plugin where ``docker`` looks for it first; empty where it is not."""
    folders = [
        config_dir(environment) / "cli-plugins",
        *map(Path, config(environment).get("cliPluginsExtraDirs") or ()),
        *_system_dirs(),
    ]
    suffix = ".exe" if sys.platform == "win32" else ""
    paths = (folder / (name + suffix) for folder in folders)
    return next((str(path) for path in paths if path.exists()), "")


def environment(endpoint: Endpoint, base: Mapping[str, str]) -> dict[str, str]:
    """Return ``base`` with what makes ``docker``, buildx and Compose reach ``endpoint``."""
    env = dict(base)
    if endpoint.context:
        env.pop("DOCKER_HOST", None)
        return env | {"DOCKER_CONTEXT": endpoint.context}
    env.pop("DOCKER_CONTEXT", None)
    if endpoint.source != "DOCKER_HOST":  # these belong to a DOCKER_HOST that is not set
        for name in ("DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
            env.pop(name, None)
    return env | {"DOCKER_HOST": endpoint.url} | private_tools(endpoint, env.get("PATH", ""))


def private_tools(endpoint: Endpoint, path: str) -> dict[str, str]:
    """Return the variables that lend the private engine's tools where the user's own do not suffice."""
    private = Private.load()
    if not private or private.url != endpoint.url or has_plugins():
        return {}
    # The user's own docker, where there is one, stays first: only its plugins are missing.
    folders = [*path.split(os.pathsep), private.bin] if path else [private.bin]
    return {"PATH": os.pathsep.join(dict.fromkeys(folders)), "DOCKER_CONFIG": private.config}


def answers(url: str) -> bool:
    """Ping a local socket. False where something else than an engine answers; OSError where nothing does."""
    if url.startswith("npipe:"):
        return Path(url.removeprefix("npipe://")).exists()
    return ask(url, "/_ping") is not None


def knock(url: str) -> None:
    """Connect to a local socket and hang up. OSError where nothing listens."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_PATIENCE)
        connection.connect(socket_path(url))


def socket_path(url: str) -> str:
    """Return the file that ``unix://…`` means to the SDK: never a relative one."""
    path = url.removeprefix("unix://")
    return f"/{path.lstrip('/')}" if path else DEFAULT_SOCKET


def ask(url: str, request: str) -> bytes | None:
    """Get ``request`` from the engine on a local socket, without the SDK; None for an error."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_PATIENCE)
        connection.connect(socket_path(url))
        connection.sendall(f"GET {request} HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
        with http.client.HTTPResponse(connection) as response:
            try:
                response.begin()
                return response.read() if response.status == http.client.OK else None
            except http.client.HTTPException:
                return None


def _system_dirs() -> list[Path]:
    if sys.platform == "win32":
        roots = [os.environ.get("ProgramData"), os.environ.get("ProgramFiles")]  # noqa: SIM112 - Windows' own spelling
        return [Path(root) / "Docker" / "cli-plugins" for root in roots if root]
    folders = ("/usr/local/lib", "/usr/local/libexec", "/usr/lib", "/usr/libexec")
    desktop = Path("/Applications/Docker.app/Contents/Resources/cli-plugins")
    return [*(Path(folder) / "docker" / "cli-plugins" for folder in folders), desktop]


def _context_file(part: str, name: str) -> Path:
    return config_dir() / "contexts" / part / hashlib.sha256(name.encode()).hexdigest()


def _certificates(folder: Path, *, verify: bool) -> Certificates:
    ca, cert, key = (
        path if (path := folder / f"{name}.pem").exists() else None for name in ("ca", "cert", "key")
    )
    return Certificates(ca, cert, key, verify)


def _bad_config(message: str, file: Path) -> EngineFault:
    return EngineFault(message, next=f"Repair {file}, or move it away.", kind="bad-config")
