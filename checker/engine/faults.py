"""What can be wrong between this program and the engine, told apart, with the fix for this platform.

The libraries below say little more than "error while fetching server API version". What a person can act on
is the operating system's error inside, so :func:`classify` looks for that one.
"""

from __future__ import annotations

import errno
import ssl
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from checker.errors import EngineFault

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal[
    "not-running",
    "no-permission",
    "wrong-context",
    "bad-config",
    "bad-address",
    "ssh-without-paramiko",
    "tls",
    "too-old",
    "windows-containers",
    "stopped",
    "timeout",
    "engine",
]


@dataclass(frozen=True)
class Endpoint:
    """Where an engine listens, and who said so.

    Parameters
    ----------
    url
        ``unix:///…``, ``tcp://…``, ``ssh://…`` or ``npipe:////./pipe/…``.
    source
        For a person: ``DOCKER_HOST``, ``context 'colima'``, ``Docker Desktop's socket``.
    context
        The name of the Docker context, where it was one.
    """

    url: str
    source: str
    context: str = ""

    def __str__(self) -> str:
        return f"{self.url} (from {self.source})"


_MESSAGES: dict[str, str] = {
    "not-running": "No engine answers at {where}.",
    "no-permission": "Your user may not talk to the engine at {where}.",
    "bad-address": "{where} is not an engine's address.",
    "ssh-without-paramiko": "The engine at {where} needs ssh. The Python package for ssh is missing.",
    "tls": "The engine at {where} and this machine do not agree on TLS.",
    "too-old": "The engine at {where} is too old for this course.",
    "windows-containers": "The engine at {where} runs Windows containers. The course needs Linux containers.",
    "stopped": "The engine at {where} stopped in the middle of an answer.",
    "timeout": "The engine at {where} took too long to answer.",
    "engine": "The engine at {where} reports an error.",
}

_ANY = "any"
_FIXES: dict[str, dict[str, str]] = {
    "not-running": {
        "linux": "Run `sudo systemctl start docker` or start Docker Desktop. If none: `course engine start`.",
        "darwin": "Start Docker Desktop, OrbStack, Rancher Desktop or Colima, and wait until it runs.",
        "win32": "Start Docker Desktop from the Start menu, and wait until it says running.",
    },
    "no-permission": {
        "linux": "Run `sudo usermod -aG docker $USER`, then log out and in again.",
        "darwin": "Quit Docker Desktop and start it again as the user you are logged in as.",
        "win32": "Add your user to the group docker-users, then log out and in again.",
    },
    "bad-address": {
        _ANY: "Write it as unix:///path, tcp://name:port or ssh://user@name, or unset DOCKER_HOST."
    },
    "ssh-without-paramiko": {_ANY: 'Install it: `python -m pip install "docker[ssh]"`.'},
    "tls": {
        _ANY: "Compare DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, or the context's files, with the engine's."
    },
    "too-old": {
        "linux": "Install Docker Engine 20.10 or newer, from your distribution or from docs.docker.com.",
        _ANY: "Update Docker Desktop, or the product that brings your engine.",
    },
    "windows-containers": {_ANY: "In Docker Desktop's menu choose Switch to Linux containers."},
    "stopped": {_ANY: "Wait until it runs again, then repeat. `course doctor` says how it is."},
    "timeout": {_ANY: "Repeat when the machine is less busy. If it stays so, restart the engine."},
    "engine": {_ANY: "`course doctor` looks at the engine more closely."},
}

_ERRNO: dict[int, Kind] = {
    errno.ENOENT: "not-running",
    errno.ECONNREFUSED: "not-running",
    errno.EHOSTUNREACH: "not-running",
    errno.ENETUNREACH: "not-running",
    errno.ENOTSOCK: "bad-address",
    errno.EACCES: "no-permission",
    errno.EPERM: "no-permission",
    errno.ETIMEDOUT: "timeout",
    errno.ECONNRESET: "stopped",
    errno.ECONNABORTED: "stopped",
    errno.EPIPE: "stopped",
}

# Windows' own numbers; a named pipe's errors are no OSErrors.
_WINERROR: dict[int, Kind] = {
    2: "not-running",  # ERROR_FILE_NOT_FOUND
    5: "no-permission",  # ERROR_ACCESS_DENIED
    109: "stopped",  # ERROR_BROKEN_PIPE
    121: "timeout",  # ERROR_SEM_TIMEOUT
    233: "stopped",  # ERROR_PIPE_NOT_CONNECTED
}

# Class names, because naming the classes would import three libraries to look at one error.
_NAMES: dict[str, Kind] = {
    "InvalidVersion": "too-old",
    "TLSParameterError": "tls",
    "gaierror": "not-running",
    "NoValidConnectionsError": "not-running",
    "AuthenticationException": "no-permission",
    "PasswordRequiredException": "no-permission",
    "Timeout": "timeout",
    "TimeoutError": "timeout",
    "ReadTimeoutError": "timeout",
    "RemoteDisconnected": "stopped",
    "IncompleteRead": "stopped",
    "ChunkedEncodingError": "stopped",
}

# What the SDK and the command line write, where there is no error inside. The order counts.
_PHRASES: tuple[tuple[str, Kind], ...] = (
    ("paramiko", "ssh-without-paramiko"),
    ("invalid bind address", "bad-address"),
    ("unable to parse docker host", "bad-address"),
    ("fd protocol", "bad-address"),
    ("npipe://", "bad-address"),
    ("port could not be cast", "bad-address"),
    ("port out of range", "bad-address"),
    ("unix domain socket path", "bad-address"),
    ("path too long", "bad-address"),
    ("permission denied", "no-permission"),
    ("access is denied", "no-permission"),
    ("client sent an http request to an https server", "tls"),
    ("minimum supported api version", "too-old"),
    ("maximum supported api version", "too-old"),
    ("is the docker daemon running", "not-running"),
    ("the system cannot find the file", "not-running"),
    ("connection aborted", "stopped"),
    ("connection broken", "stopped"),
)


def fault(
    kind: Kind, endpoint: Endpoint | None = None, *, detail: str = "", platform: str = sys.platform
) -> EngineFault:
    """Make the fault ``kind`` with its message and the fix for ``platform`` (``sys.platform``'s words)."""
    message = _MESSAGES[kind].format(where=endpoint or "the address in use")
    if detail:
        message = f"{message} It says: {detail}"
    return EngineFault(message, next=_fix(kind, endpoint, platform), kind=kind)


def classify(
    exception: BaseException, endpoint: Endpoint | None = None, *, platform: str = sys.platform
) -> EngineFault:
    """Turn whatever the Docker SDK, requests or python-on-whales raised into a fault told apart.

    Parameters
    ----------
    exception
        What was raised. An :class:`~checker.errors.EngineFault` is returned as it is.
    endpoint
        The engine that was asked, for the message.
    platform
        ``linux``, ``darwin`` or ``win32``: whose fix to name.
    """
    if isinstance(exception, EngineFault):
        return exception
    kind = _kind(exception)
    detail = _explanation(exception) if kind in {"engine", "tls", "too-old"} else ""
    return fault(kind, endpoint, detail=detail, platform=platform)


def _fix(kind: Kind, endpoint: Endpoint | None, platform: str) -> str:
    if kind == "not-running" and endpoint:
        if endpoint.context:
            return f"Start the engine of {endpoint.source}, or choose another with `docker context use NAME`."
        if endpoint.source == "the course's private engine":
            return "Start it: `course engine start`."
        if endpoint.source == "DOCKER_HOST":
            return "Start that engine, or unset DOCKER_HOST so that the one of this machine is found."
    fixes = _FIXES[kind]
    return fixes.get(platform) or fixes.get(_ANY) or fixes["linux"]


def _kind(exception: BaseException) -> Kind:
    chain = list(_inside(exception))
    for one in reversed(chain):
        if isinstance(one, ssl.SSLError):
            return "tls"
        if found := _WINERROR.get(getattr(one, "winerror", None) or 0):
            return found
        # requests' errors are OSErrors as well, and carry no number.
        if isinstance(one, OSError) and (found := _ERRNO.get(one.errno or 0)):
            return found
    for one in reversed(chain):
        for ancestor in type(one).__mro__:
            if ancestor.__name__ in _NAMES:
                return _NAMES[ancestor.__name__]
    text = " ".join(
        f"{one} {getattr(one, 'explanation', '')} {getattr(one, 'stderr', '')}" for one in chain
    ).lower()
    return next((kind for phrase, kind in _PHRASES if phrase in text), "engine")


def _inside(exception: BaseException) -> Iterator[BaseException]:
    """Yield the exception and all that it wraps: causes, contexts, arguments, urllib3's ``reason``."""
    seen: set[int] = set()
    queue = [exception]
    while queue:
        one = queue.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        wrapped = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        queue.extend(inner for inner in wrapped if isinstance(inner, BaseException))


def _explanation(exception: BaseException) -> str:
    """Return the engine's or the command's own words, at most their last three lines."""
    text = getattr(exception, "explanation", None) or getattr(exception, "stderr", None) or str(exception)
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    lines = [line.strip() for line in str(text).strip().splitlines() if line.strip()]
    return " ".join(lines[-3:])[:500]
