"""Running a command inside a container, bounded in time and output."""

from __future__ import annotations

import struct
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docker.errors import APIError
from docker.utils.socket import STDOUT, frames_iter

from .errors import ExecFailed, asking
from .logs import hang_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .connect import Engine

#: Bytes that are kept of each stream.
LIMIT = 2**20
#: Seconds that a killed command has to end.
_DYING = 2.0


@dataclass(frozen=True)
class ExecResult:
    """How a command inside a container ended; what it wrote, cut at :data:`LIMIT`."""

    exit_code: int
    raw_stdout: bytes
    raw_stderr: bytes

    @property
    def stdout(self) -> str:
        """Its output. Bytes that are not UTF-8 show as ``�``."""
        return self.raw_stdout.decode(errors="replace")

    @property
    def stderr(self) -> str:
        """Its error output, likewise."""
        return self.raw_stderr.decode(errors="replace")

    @property
    def ok(self) -> bool:
        """True where it ended with exit code 0."""
        return self.exit_code == 0


class Reading:
    """Reads both streams of a process in a thread: a socket's own time limit is not there on every platform.

    Parameters
    ----------
    opened
        Opens the connection, in that thread. For an exec, this starts the command.
    """

    def __init__(self, api: Any, opened: Callable[[], Any]) -> None:
        self.stdout, self.stderr = bytearray(), bytearray()
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._read, args=(api, opened), daemon=True)
        self._thread.start()

    def wait(self, timeout: float) -> bool:
        """Say whether it has ended within so many seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _read(self, api: Any, opened: Callable[[], Any]) -> None:
        try:
            connection = opened()
            api._disable_socket_timeout(connection)  # noqa: SLF001 - a command may be silent for long
            try:
                for stream, chunk in _frames(connection):
                    # What is past the limit is read and dropped, so that the command is not held up.
                    kept = self.stdout if stream == STDOUT else self.stderr
                    kept.extend(chunk[: max(0, LIMIT - len(kept))])
            finally:
                hang_up(connection)
                connection.close()
        except Exception as error:  # noqa: BLE001 - carried over to the thread that waits
            self.error = error


def _frames(connection: Any) -> Iterator[tuple[int, bytes]]:
    """Yield what the streams carry, each piece with its stream's number.

    Read where the answer's head was read: what came right behind it lies in that buffer, and the SDK's own
    ``frames_iter`` begins after it.
    """
    response = getattr(connection, "_response", None)  # the SDK's own; not there on every platform
    if response is None:
        yield from frames_iter(connection, tty=False)  # type: ignore[no-untyped-call]
        return
    reader = response.raw._fp.fp  # noqa: SLF001
    while len(head := reader.read(8)) == 8:
        stream, left = struct.unpack(">BxxxL", head)
        while left and (piece := reader.read(min(left, 65536))):
            left -= len(piece)
            yield stream, piece


def run(
    engine: Engine,
    container_id: str,
    name: str,
    command: tuple[str, ...],
    *,
    user: str = "",
    env: Mapping[str, str] | None = None,
    workdir: str | None = None,
    timeout: float = 10.0,
    kill: Callable[[int], None] | None = None,
) -> ExecResult:
    """Run ``command`` inside the container, without a shell.

    Parameters
    ----------
    timeout
        Seconds that it may take.
    kill
        Ends the process with this id on the engine's machine; called when the time is up.

    Raises
    ------
    Missing
        If the container is gone.
    ExecFailed
        If the container does not run, the command cannot be started, or does not end in time.
    """
    api = engine.client.api
    with asking(engine, "container", name):
        made = _create(
            api, container_id, name, command, user=user, environment=dict(env or {}), workdir=workdir
        )
        reading = Reading(api, lambda: api.exec_start(made, socket=True))
        ended = reading.wait(timeout)
        if not ended and kill:
            kill(api.exec_inspect(made)["Pid"])
            reading.wait(_DYING)
        seen = api.exec_inspect(made)
    if not ended:
        raise ExecFailed(
            expected=f"{command[0]} inside {name} to end within {timeout:g} s",
            actual="it still runs",
            reason="exec-timeout",
        )
    if reading.error:
        with asking(engine, "container", name):
            raise reading.error
    result = ExecResult(seen["ExitCode"], bytes(reading.stdout), bytes(reading.stderr))
    if not seen["Pid"]:
        raise _not_startable(name, command, result.stdout or result.stderr)
    return result


def _create(api: Any, container_id: str, name: str, command: tuple[str, ...], **options: Any) -> str:
    try:
        return str(api.exec_create(container_id, list(command), **options)["Id"])
    except APIError as error:
        if error.status_code != 409:  # the engine's answer for a container that is stopped or paused
            raise
        raise _not_running(name, error.explanation) from error


def _not_running(name: str, explanation: str | None) -> ExecFailed:
    state = "paused" if "paused" in (explanation or "") else "not running"
    return ExecFailed(
        expected=f"container {name} to be running",
        actual=f"it is {state}",
        reason=f"container-{state.replace(' ', '-')}",
    )


def _not_startable(name: str, command: tuple[str, ...], output: str) -> ExecFailed:
    problem = output.rpartition(f'exec: "{command[0]}": ')[2] or output
    return ExecFailed(
        expected=f"{command[0]} to start inside {name}",
        actual=problem.strip().removesuffix(": unknown") or "it does not start",
        reason="exec-not-started",
    )
