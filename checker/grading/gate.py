"""The grader's word to a sandbox's filter: serve the answer's requests, or hold them."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

from checker.errors import EngineFault

if TYPE_CHECKING:
    from pathlib import Path

_PATIENCE = 10.0  # seconds


class Gate:
    """The filter's control socket. A context manager; close it when done."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_PATIENCE)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise _gone() from error
        self._lines = self._socket.makefile("rb")

    def open(self, hidden: dict[str, str]) -> None:
        """Serve requests. The containers of ``hidden``, id → name, do not exist for them."""
        self._ask({"do": "open", "hidden": list(hidden), "names": list(hidden.values())})

    def hold(self) -> list[str]:
        """Let no request through any more, and return what was refused so far."""
        return [str(one) for one in self._ask({"do": "hold"}).get("refused", ())]

    def close(self) -> None:
        """Leave the filter as it is."""
        self._lines.close()
        self._socket.close()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
            reply: dict[str, Any] = json.loads(self._lines.readline())
        except (OSError, ValueError) as error:
            raise _gone() from error
        return reply


def _gone() -> EngineFault:
    return EngineFault("The sandbox's filter does not answer.", kind="not-running")
