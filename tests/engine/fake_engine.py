"""A socket that speaks as an engine does, or as one that has gone wrong."""

from __future__ import annotations

import hashlib
import json
import socketserver
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VERSION = {"ApiVersion": "1.45", "Version": "26.1.5", "Os": "linux", "Arch": "amd64", "Components": []}


def http(body: object, status: str = "200 OK") -> bytes:
    """Make a whole HTTP answer."""
    data = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + data


def healthy(request: str) -> bytes:
    """Answer a ping, a version and an info."""
    if request.endswith("/_ping"):
        return http("OK")
    return http({"ID": "fake"} if request.endswith("/info") else VERSION)


def version(**changes: Any) -> Callable[[str], bytes]:
    """Answer everything with a version that differs in ``changes``."""
    return lambda _: http(VERSION | changes)


class FakeEngine:
    """Serve ``answer(request path)`` on a Unix socket, or on a port where ``path`` is None.

    An empty answer hangs up, None never answers.
    """

    def __init__(self, path: Path | None, answer: Callable[[str], bytes | None] = healthy) -> None:
        self.requests: list[str] = []
        self._over = threading.Event()
        fake = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                first = self.rfile.readline().split(b" ")
                if len(first) < 2:  # TLS, or somebody who only knocked
                    self.wfile.write(http({}, "400 Bad Request") if first[0] else b"")
                    return
                request = first[1].decode()
                while self.rfile.readline().strip():
                    pass
                fake.requests.append(request)
                said = answer(request)
                if said is None:
                    fake._over.wait(60)
                else:
                    self.wfile.write(said)

        self._server: socketserver.TCPServer
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            self._server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
            self.url = f"unix://{path}"
        else:
            self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
            self.url = f"tcp://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def write_context(config: Path, name: str, host: str, **endpoint: Any) -> Path:
    """Make a Docker context in the configuration folder ``config``, and return its file."""
    folder = config / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    folder.mkdir(parents=True)
    meta = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, **endpoint}}}
    (folder / "meta.json").write_text(json.dumps(meta))
    return folder / "meta.json"
