"""One HTTP request at a time, from this machine or from a probe inside the engine.

Both ways send the same bytes and read the same answer, so that a check does not depend on which was taken.
"""

from __future__ import annotations

import http.client
import io
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from .errors import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .probe import Probe

#: Bytes of one answer that are read at most.
LIMIT = 2**20


@dataclass(frozen=True)
class Response:
    """An HTTP answer. Header names are lower-case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")

    def __str__(self) -> str:
        start = " ".join(self.text[:80].split())
        return f"HTTP {self.status}" + (f", beginning “{start}”" if start else ", empty")


def request(
    host: str, port: int, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None
) -> bytes:
    """Return a request's bytes.

    Raises
    ------
    ValueError
        If ``path`` or a header could break out of its line.
    """
    named = f"[{host}]" if ":" in host else host
    lines = [f"{method} {path} HTTP/1.1", f"Host: {named}:{port}", "Connection: close", "Accept: */*"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if any(character in line for line in lines for character in "\r\n\0"):
        raise ValueError("a path or header of an HTTP request holds a line end")
    return "\r\n".join([*lines, "", ""]).encode()


def from_here(host: str, port: int, payload: bytes, *, timeout: float = 3.0, limit: int = LIMIT) -> bytes:
    """Send ``payload`` from this machine and return the whole answer.

    Raises
    ------
    NoAnswer
        ``refused``, ``reset``, ``no-answer`` (in time) or ``unreachable``.
    """
    answer = bytearray()
    try:
        with socket.create_connection((host, port), timeout=timeout) as connection:
            connection.sendall(payload)
            while (chunk := connection.recv(2**16)) and len(answer) < limit:
                answer += chunk
    except OSError as error:
        if not answer:
            raise no_answer(host, port, str(error) or type(error).__name__) from error
    return bytes(answer)


def from_probe(probe: Probe, host: str, port: int, payload: bytes, *, timeout: float = 3.0) -> bytes:
    """Send ``payload`` from inside the engine and return the whole answer; errors as :func:`from_here`."""
    seconds = str(max(1, round(timeout)))
    result = probe.script(
        'printf %s "$1" | timeout "$4" nc -w "$4" "$2" "$3"',
        payload.decode(), host, str(port), seconds,
        timeout=timeout + 5,
    )  # fmt: skip
    if result.raw_stdout:
        return result.raw_stdout
    raise no_answer(
        host, port, result.stderr or ("timed out" if result.exit_code else "reset: an empty answer")
    )


def parse(raw: bytes, host: str, port: int) -> Response:
    """Read an answer: length, chunks and all.

    Raises
    ------
    NoAnswer
        ``not-http``, if it is something else.
    """

    class Answer:
        def makefile(self, _mode: str) -> io.BytesIO:
            return io.BytesIO(raw)

    with http.client.HTTPResponse(cast("socket.socket", Answer())) as answer:
        try:
            answer.begin()
            body = answer.read()
        except http.client.IncompleteRead as cut:
            body = cut.partial
        except (http.client.HTTPException, ValueError) as error:
            raise NoAnswer(
                expected=f"an HTTP answer on port {port} of {host}",
                actual=f"{raw[:40]!r}" if raw else "a closed connection",
                reason="not-http",
            ) from error
        return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)


#: What the system, busybox and the SDK write → the stable key and a person's words for it.
_PROBLEMS = (
    ("refused", "refused", "connection refused: nothing listens there"),
    ("reset", "reset", "connection reset: nothing inside answers where the port leads"),
    ("broken pipe", "reset", "connection reset: nothing inside answers where the port leads"),
    ("timed out", "no-answer", "no answer in time"),
    ("timeout", "no-answer", "no answer in time"),
    ("bad address", "unreachable", "no such name or address"),
    ("unreachable", "unreachable", "no way to that address"),
    ("no route", "unreachable", "no way to that address"),
)


def no_answer(host: str, port: int, problem: str) -> NoAnswer:
    """Make the error for a connection that came to nothing."""
    text = problem.lower()
    reason, words = next(
        ((key, words) for phrase, key, words in _PROBLEMS if phrase in text), ("no-answer", problem.strip())
    )
    return NoAnswer(expected=f"an answer on port {port} of {host}", actual=words, reason=reason)
