"""JSON lines between processes, out of reach of what the started process prints."""

from __future__ import annotations

import json
import os
import sys
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


_LONGEST = 2**24  # bytes of one message


class Channel:
    """What a started process uses to speak with the one that started it."""

    def __init__(self, reader: IO[bytes], writer: IO[bytes]) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    def take_over(cls) -> Channel:
        """Keep standard input and output for the channel alone.

        From here on this process and all that it starts read nothing from standard input; what they print
        goes to standard error.
        """
        sys.stdout.flush()
        reader, writer = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        os.close(nothing)
        return cls(reader, writer)

    @property
    def descriptor(self) -> int:
        """The descriptor to wait on for the next message."""
        return self._reader.fileno()

    def send(self, event: str, **fields: Any) -> None:
        """Send one message in one write, so that messages never mix."""
        self._writer.write(json.dumps({"event": event, **fields}).encode() + b"\n")

    def receive(self) -> dict[str, Any] | None:
        """Return the next message, or ``None`` where the other side is gone."""
        line = self._reader.readline()
        return dict(json.loads(line)) if line.endswith(b"\n") else None


def messages(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the messages of a started process until it is gone, or says something else.

    It may be under somebody else's control: one line is read up to a limit, and what is no message ends it.
    """
    while (line := stream.readline(_LONGEST)).endswith(b"\n"):
        try:
            yield dict(json.loads(line))
        except (ValueError, TypeError, RecursionError):
            return
