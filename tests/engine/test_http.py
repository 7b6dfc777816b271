"""One HTTP request, and every way in which it comes to nothing."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from checker.engine import http
from checker.engine.errors import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def serving(answer: bytes | None) -> Iterator[int]:
    """Serve one connection: None closes it at once, without reading."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):  # the asker may have heard enough
                if answer is not None:
                    connection.recv(2**16)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            thread.join()


def get(port: int) -> http.Response:
    payload = http.request("127.0.0.1", port, "/x", headers={"X-Y": "z"})
    return http.parse(http.from_here("127.0.0.1", port, payload, timeout=5), "127.0.0.1", port)


def test_an_answer_in_chunks() -> None:
    with serving(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    ) as port:
        answer = get(port)
    assert (answer.status, answer.text, answer.headers["x-a"]) == (200, "abcde", "b")


def test_an_answer_that_ends_too_early_keeps_what_came() -> None:
    with serving(b"HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nhalf \xff") as port:
        answer = get(port)
    assert (answer.status, answer.text) == (500, "half �")
    assert str(answer) == "HTTP 500, beginning “half �”"


@pytest.mark.parametrize(("answer", "reason"), [(b"SSH-2.0-x\r\n", "not-http"), (b"", "not-http")])
def test_something_else_than_http(answer: bytes, reason: str) -> None:
    with serving(answer) as port, pytest.raises(NoAnswer) as caught:
        get(port)
    assert caught.value.reason == reason


def test_nobody_listens_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(NoAnswer, match="nothing listens") as caught:
        get(port)
    assert caught.value.reason == "refused"


def test_silence_has_a_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(NoAnswer) as caught:
        http.from_here("127.0.0.1", server.getsockname()[1], b"x", timeout=0.2)
    assert caught.value.reason == "no-answer"


def test_an_endless_answer_is_cut() -> None:
    with serving(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000) as port:
        raw = http.from_here("127.0.0.1", port, http.request("127.0.0.1", port, "/"), limit=1000)
    assert len(raw) < 80_000


@pytest.mark.parametrize("path", ["/a\r\nX: y", "/a\nb", "/\0"])
def test_a_path_cannot_break_out_of_its_line(path: str) -> None:
    with pytest.raises(ValueError, match="line end"):
        http.request("127.0.0.1", 80, path)


def test_an_address_of_version_six_is_put_in_brackets() -> None:
    assert b"Host: [::1]:80\r\n" in http.request("::1", 80, "/")


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        ("nc: can't connect to remote host (172.17.0.3): Connection refused", "refused"),
        ("reset: an empty answer", "reset"),
        ("nc: bad address 'x'", "unreachable"),
        ("No route to host", "unreachable"),
        ("something new", "no-answer"),
    ],
)
def test_what_tools_write_has_a_stable_key(problem: str, reason: str) -> None:
    assert http.no_answer("h", 80, problem).reason == reason
