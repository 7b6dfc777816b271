"""Measures how long requests to the engine take, from outside: by a socket between us and the engine."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path


class EngineTime:
    """Forwards a Unix socket to the engine's and adds up the time in which any request waits for its answer.

    Parameters
    ----------
    target
        The engine's socket.
    listen
        The socket to make.
    """

    def __init__(self, target: Path, listen: Path) -> None:
        self.url = f"unix://{listen}"
        self._target = str(target)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(listen))
        self._server.listen()
        self._spans: list[tuple[float, float]] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def take(self) -> float:
        """Return the seconds since the last call, each moment counted once, and begin anew."""
        with self._lock:
            spans, self._spans = sorted(self._spans), []
        total, until = 0.0, 0.0
        for start, end in spans:
            total += max(0.0, end - max(start, until))
            until = max(until, end)
        return total

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        """Copy both ways. A request is under way from its first byte to the last byte before the next one."""
        with client, socket.socket(socket.AF_UNIX) as engine, selectors.DefaultSelector() as ready:
            engine.connect(self._target)
            ready.register(client, selectors.EVENT_READ, engine)
            ready.register(engine, selectors.EVENT_READ, client)
            asked = answered = 0.0
            while True:
                for key, _ in ready.select():
                    source, sink = key.fileobj, key.data
                    data = source.recv(65536)  # type: ignore[union-attr]  # sockets are what is registered
                    if not data:
                        self._note(asked, answered)
                        return
                    if source is client and answered >= asked:
                        self._note(asked, answered)
                        asked = time.monotonic()
                    sink.sendall(data)
                    if source is engine:
                        answered = time.monotonic()

    def _note(self, asked: float, answered: float) -> None:
        if asked and answered > asked:
            with self._lock:
                self._spans.append((asked, answered))
