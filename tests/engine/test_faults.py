from __future__ import annotations

import errno
import http.client
import socket
import ssl
from typing import get_args

import pytest
import requests
import urllib3
from docker import errors
from python_on_whales.exceptions import DockerException as CommandFailed

from checker.engine.faults import Endpoint, Kind, classify, fault
from checker.errors import EngineFault

HERE = Endpoint("unix:///e.sock", "Docker Engine's socket")
FAULTS = sorted(
    set(get_args(Kind)) - {"wrong-context", "bad-config"}
)  # these two name a file; see clientside


def wrapped(inner: Exception) -> Exception:
    """Wrap an error as deeply as the SDK does it."""
    middle = requests.exceptions.ConnectionError(
        urllib3.exceptions.ProtocolError("Connection aborted.", inner)
    )
    outer = errors.DockerException(f"Error while fetching server API version: {middle}")
    outer.__cause__ = middle
    return outer


def of_command(stderr: str) -> CommandFailed:
    return CommandFailed(["docker", "info"], 1, b"", stderr.encode())


@pytest.mark.parametrize(
    ("exception", "kind"),
    [
        (wrapped(FileNotFoundError(errno.ENOENT, "No such file or directory")), "not-running"),
        (wrapped(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")), "not-running"),
        (wrapped(socket.gaierror(socket.EAI_NONAME, "Name or service not known")), "not-running"),
        (wrapped(OSError(errno.EHOSTUNREACH, "No route to host")), "not-running"),
        (wrapped(PermissionError(errno.EACCES, "Permission denied")), "no-permission"),
        (wrapped(OSError("AF_UNIX path too long")), "bad-address"),
        (wrapped(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")), "stopped"),
        (wrapped(BrokenPipeError(errno.EPIPE, "Broken pipe")), "stopped"),
        (wrapped(http.client.RemoteDisconnected("Remote end closed connection")), "stopped"),
        (wrapped(http.client.IncompleteRead(b"")), "stopped"),
        (wrapped(TimeoutError("timed out")), "timeout"),
        (wrapped(OSError(errno.ETIMEDOUT, "Connection timed out")), "timeout"),
        (wrapped(ssl.SSLCertVerificationError("certificate verify failed")), "tls"),
        (requests.exceptions.ReadTimeout("Read timed out."), "timeout"),
        (requests.exceptions.ChunkedEncodingError("Connection broken"), "stopped"),
        (errors.TLSParameterError("Path to a certificate does not exist."), "tls"),
        (errors.InvalidVersion("API versions below 1.24 are no longer supported"), "too-old"),
        (errors.DockerException("Install paramiko package to enable ssh:// support"), "ssh-without-paramiko"),
        (errors.DockerException("Invalid bind address protocol: x://"), "bad-address"),
        (errors.APIError("500 Server Error", explanation="no space left on device"), "engine"),
        (
            of_command("Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?"),
            "not-running",
        ),
        (
            of_command("permission denied while trying to connect to the Docker daemon socket"),
            "no-permission",
        ),
        (of_command("failed to solve: process did not complete"), "engine"),
        (ValueError("anything else"), "engine"),
    ],
)
def test_faults_are_told_apart(exception: Exception, kind: Kind) -> None:
    found = classify(exception, HERE)
    assert found.kind == kind
    assert HERE.url in found.message


def test_windows_own_numbers() -> None:
    class PipeError(OSError):
        winerror = 5  # ERROR_ACCESS_DENIED; the SDK's pipe raises such an error

    assert classify(PipeError()).kind == "no-permission"
    PipeError.winerror = 2  # ERROR_FILE_NOT_FOUND
    assert classify(PipeError()).kind == "not-running"


def test_a_fault_stays_what_it_is() -> None:
    first = EngineFault("The context is gone.", next="Choose one.", kind="wrong-context")
    assert classify(first, HERE) is first


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("kind", FAULTS)
def test_each_fault_has_a_fix_on_each_platform(kind: Kind, platform: str) -> None:
    found = fault(kind, HERE, platform=platform)
    assert found.kind == kind
    assert found.message
    assert found.next


def test_the_fix_is_this_platforms() -> None:
    assert "usermod" in fault("no-permission", HERE, platform="linux").next
    assert "usermod" not in fault("no-permission", HERE, platform="win32").next
    assert "Colima" in fault("not-running", HERE, platform="darwin").next


@pytest.mark.parametrize(
    ("endpoint", "fix"),
    [
        (Endpoint("unix:///c.sock", "context 'colima'", "colima"), "docker context use"),
        (Endpoint("tcp://x:1", "DOCKER_HOST"), "unset DOCKER_HOST"),
        (Endpoint("unix:///p.sock", "the course's private engine"), "course engine start"),
    ],
)
def test_the_fix_depends_on_who_named_the_engine(endpoint: Endpoint, fix: str) -> None:
    assert fix in fault("not-running", endpoint).next


def test_the_engines_own_words_are_kept_short() -> None:
    said = classify(of_command("\n".join(f"line {number}" for number in range(100))), HERE).message
    assert "line 99" in said
    assert "line 1 " not in said
