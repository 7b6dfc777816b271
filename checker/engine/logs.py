"""A container's logs, read within bounds whatever the container wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from docker.errors import APIError

from .errors import NotReadable, asking

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .connect import Engine

#: Bytes of one stream that are read at most.
LIMIT = 4 * 2**20


@dataclass(frozen=True)
class Logs:
    """What a container wrote to its two streams.

    With a terminal (``-t``) both arrive as stdout. Bytes that are not UTF-8 show as ``�``.

    Parameters
    ----------
    stdout, stderr
        The text of each stream.
    truncated
        True where there was more than the limit.
    """

    stdout: str
    stderr: str
    truncated: bool = False

    @property
    def text(self) -> str:
        """Both streams, stdout first."""
        return self.stdout + self.stderr

    @property
    def lines(self) -> list[str]:
        """The lines of both streams, stdout's first."""
        return self.stdout.splitlines() + self.stderr.splitlines()


def read(
    engine: Engine, container_id: str, name: str, *, tail: int | None = None, limit: int = LIMIT
) -> Logs:
    """Read the logs of the container.

    Parameters
    ----------
    tail
        How many of the last lines of both streams together to read; all where it is None.
    limit
        Bytes read of each stream. A longer log is cut at its end.

    Raises
    ------
    Missing
        If the container is gone.
    NotReadable
        If its logging driver keeps nothing that can be read, as ``none`` does.
    """
    stdout, more = _stream(engine, container_id, name, which="stdout", tail=tail, limit=limit)
    stderr, even_more = _stream(engine, container_id, name, which="stderr", tail=tail, limit=limit)
    return Logs(stdout, stderr, truncated=more or even_more)


def _stream(
    engine: Engine,
    container_id: str,
    name: str,
    *,
    which: str,
    tail: int | None,
    limit: int,
) -> tuple[str, bool]:
    with asking(engine, "container", name):
        try:
            stream = engine.client.api.logs(
                container_id,
                stdout=which == "stdout",
                stderr=which == "stderr",
                stream=True,
                follow=False,
                tail="all" if tail is None else tail,
            )
        except APIError as error:
            if "does not support reading" not in str(error):
                raise
            raise NotReadable(
                expected=f"the logs of {name} to be readable",
                actual="a logging driver that keeps nothing to read, such as none",
                reason="logs-not-readable",
                why="The engine then throws the output away, or sends it where it cannot read it back.",
                next="`docker inspect` shows the driver under HostConfig.LogConfig.",
            ) from error
        try:
            data, more = bounded(stream, limit)
        finally:
            hang_up(stream)
    return data.decode(errors="replace"), more


def bounded(chunks: Iterable[bytes], limit: int) -> tuple[bytes, bool]:
    """Join ``chunks`` up to ``limit`` bytes; say whether there was more."""
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > limit:
            return bytes(data[:limit]), True
    return bytes(data), False


def hang_up(stream: object) -> None:
    """Close the answer that a stream of the SDK comes from, which the SDK itself leaves open."""
    if answer := getattr(stream, "_response", None):
        answer.close()
