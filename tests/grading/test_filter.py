"""The filter between a submission and its engine: what is smuggled, what is hidden, what a hold stops."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

import docker
import pytest
from docker.errors import NotFound

import checker.grading.filtering
from checker.grading.filtering.filter import parse, serve
from checker.grading.filtering.policy import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.engine.connect import Engine

BUSYBOX = "busybox:1.37"
ANSWERED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK"


class Door:
    """A filter in a thread, in front of the engine's socket at ``upstream``."""

    def __init__(self, upstream: str) -> None:
        self.place = Path(tempfile.mkdtemp(dir="/tmp"))  # the path of a Unix socket is short
        self.lab = str(self.place / "lab")
        self._listening = {name: socket.socket(socket.AF_UNIX) for name in ("lab", "control")}
        for name, listening in self._listening.items():
            listening.bind(str(self.place / name))
            listening.listen(128)
        self._upstream = upstream
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        serving = serve(self._listening["lab"], self._listening["control"], self._upstream)
        self._task = self._loop.create_task(serving)
        with (
            contextlib.suppress(asyncio.CancelledError),
            asyncio.Runner(loop_factory=lambda: self._loop) as runner,
        ):
            runner.run(self._until_cancelled())

    async def _until_cancelled(self) -> None:
        await self._task

    def __enter__(self) -> Self:
        self._thread.start()
        self._grader = socket.socket(socket.AF_UNIX)
        self._grader.settimeout(20)
        self._grader.connect(str(self.place / "control"))
        self._lines = self._grader.makefile("rb")
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._grader.close()
        self.end()
        for listening in self._listening.values():
            listening.close()
        shutil.rmtree(self.place)

    def end(self) -> None:
        """End the filter as its first process does."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(20)
        assert not self._thread.is_alive()

    def ask(self, **request: Any) -> dict[str, Any]:
        """Say something as the grader does."""
        self._grader.sendall(json.dumps(request).encode() + b"\n")
        reply: dict[str, Any] = json.loads(self._lines.readline())
        assert reply["ok"]
        return reply

    def open(self, hidden: dict[str, str] | None = None) -> None:
        hidden = hidden or {}
        self.ask(do="open", hidden=list(hidden), names=list(hidden.values()))

    def hold(self) -> list[str]:
        refused: list[str] = self.ask(do="hold")["refused"]
        return refused

    @contextlib.contextmanager
    def connected(self) -> Iterator[socket.socket]:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(self.lab)
            yield client

    def send(self, data: bytes) -> bytes:
        """Send bytes as they are, and return all that comes back."""
        with self.connected() as client:
            client.sendall(data)
            return everything(client)

    def request(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Send a request, and return its status and its content."""
        data = b"" if body is None else json.dumps(body).encode()
        head, _, content = self.send(framed(method, path, data)).partition(b"\r\n\r\n")
        if b"chunked" in head:
            content = content.partition(b"\r\n")[2].rpartition(b"\r\n0\r\n")[0]
        with contextlib.suppress(ValueError):
            return int(head.split()[1]), json.loads(content)
        return int(head.split()[1]), content

    def docker(self, engine: Engine, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run the ``docker`` command as an answer does."""
        return subprocess.run(
            ["docker", *words],
            env=environment(engine, self),
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
            **options,
        )


def environment(engine: Engine, door: Door, **more: str) -> dict[str, str]:
    found = {key: value for key, value in engine.environment().items() if key != "DOCKER_CONTEXT"}
    return found | {"DOCKER_HOST": f"unix://{door.lab}"} | more


def framed(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: docker", *headers]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def everything(client: socket.socket) -> bytes:
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while data := client.recv(65536):
            found += data
    return found


def eventually(true: Callable[[], object]) -> None:
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


@dataclass
class FakeEngine:
    """Listens; keeps what it is sent, each connection's; answers a head with ``reply`` once it may."""

    path: str
    reply: bytes = ANSWERED
    may_answer: threading.Event = field(default_factory=threading.Event)
    sent: list[bytearray] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.may_answer.set()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(self.path)
        self._listening.listen(4)  # a short queue: connections have to be tried again
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.may_answer.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(20)
        Path(self.path).unlink()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                self.sent.append(bytearray())
                threading.Thread(target=self._serve, args=(client, len(self.sent) - 1), daemon=True).start()

    def _serve(self, client: socket.socket, number: int) -> None:
        answered = ended = False
        client.settimeout(0.02)
        with client, contextlib.suppress(ConnectionError):
            while not (answered and (ended or b"Connection: close" in self.reply)):
                if not ended:
                    with contextlib.suppress(TimeoutError):
                        data = client.recv(65536)
                        self.sent[number] += data
                        ended = not data
                        self.ended += [number] * ended
                if not answered and b"\r\n\r\n" in self.sent[number] and self.may_answer.wait(0.02):
                    client.sendall(self.reply)
                    answered = True

    def all_sent(self) -> bytes:
        return b"".join(bytes(one) for one in self.sent)

    def content(self) -> bytes:
        """What followed the first head."""
        return bytes(self.sent[0]).partition(b"\r\n\r\n")[2]


@pytest.fixture
def fake() -> Iterator[FakeEngine]:
    with tempfile.TemporaryDirectory(dir="/tmp") as place, FakeEngine(f"{place}/s") as engine:
        yield engine


@pytest.fixture
def before_fake(fake: FakeEngine) -> Iterator[Door]:
    with Door(fake.path) as door:
        door.open()
        yield door


@pytest.fixture
def door(engine: Engine) -> Iterator[Door]:
    """A filter before the real engine."""
    if not engine.endpoint.url.startswith("unix://"):
        pytest.skip("the engine has no Unix socket")
    with Door(engine.endpoint.url.removeprefix("unix://")) as door:
        door.open()
        yield door


@pytest.fixture
def name(engine: Engine) -> Iterator[str]:
    """A name; what is called so, or begins so, is removed afterwards."""
    made = f"filter-{uuid4().hex[:8]}"
    yield made
    client = engine.client
    for container in client.containers.list(ignore_removed=True, all=True, filters={"name": made}):
        container.remove(force=True, v=True)
    for network in client.networks.list(filters={"name": made}):
        network.remove()
    for volume in client.volumes.list(filters={"name": made}):
        volume.remove()
    for image in client.images.list(name=f"{made}*"):
        client.images.remove(image.tags[0], force=True)


@pytest.fixture
def hidden(engine: Engine, door: Door, name: str) -> dict[str, str]:
    """A container that runs, and is hidden: ``{id: name}``."""
    found = engine.client.containers.run(BUSYBOX, "sleep 600", name=f"{name}-hidden", detach=True, init=True)
    hidden = {str(found.id): f"{name}-hidden"}
    door.open(hidden)
    return hidden


# -- reading a head

BUILD = b"POST /build HTTP/1.1\r\n"


@pytest.mark.parametrize(
    "head",
    [
        b"GET /_ping HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
        b"GET /_ping HTTP/1.1\r\n A: b\r\n\r\n",
        b"GET /_ping HTTP/1.1\r\nA : b\r\n\r\n",
        b"GET /_ping HTTP/1.1\r\nA\r\n\r\n",
        b"GET /_ping HTTP/1.1\r\n: b\r\n\r\n",
        b"GET /_ping HTTP/1.1\r\nA: b\nContent-Length: 3\r\n\r\n",
        b"GET /_ping HTTP/1.1\r\nA: b\rContent-Length: 3\r\n\r\n",
        b"GET /_ping HTTP/1.1\r\nA: b\x00\r\n\r\n",
        b"GET /_ping HTTP/1.1\nHost: x\r\n\r\n",
        b"GET /_ping HTTP/2.0\r\n\r\n",
        b"GET /_ping\r\n\r\n",
        b"get /_ping HTTP/1.1\r\n\r\n",
        b"GET  /_ping HTTP/1.1\r\n\r\n",
        b"GET /_ping x HTTP/1.1\r\n\r\n",
        b"GET /_ping\t HTTP/1.1\r\n\r\n",
        b"GET http://docker/_ping HTTP/1.1\r\n\r\n",
        b"CONNECT docker:80 HTTP/1.1\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\n",
        b"\r\nGET /_ping HTTP/1.1\r\n\r\n",
        b"\r\n\r\n",
        "GET /_ping\u00e4 HTTP/1.1\r\n\r\n".encode(),
        BUILD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        BUILD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
        BUILD + b"Content-Length: 1, 1\r\n\r\n",
        BUILD + b"Content-Length: +1\r\n\r\n",
        BUILD + b"Content-Length: 0x1\r\n\r\n",
        BUILD + b"Content-Length: -1\r\n\r\n",
        BUILD + b"Content-Length:\r\n\r\n",
        BUILD + b"Content-Length: 1_0\r\n\r\n",
        BUILD + b"Content-Length: \xb2\r\n\r\n",
        BUILD + b"Transfer-Encoding: chunked, chunked\r\n\r\n",
        BUILD + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        BUILD + b"Transfer-Encoding: identity\r\n\r\n",
        BUILD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        BUILD + b"Transfer-Encoding: \x0bchunked\r\n\r\n",
        BUILD + b"Transfer-Encoding: \xa0chunked\r\n\r\n",
        # a form's fields stand in for the query's
        BUILD + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\n",
        BUILD + b"Content-Type: Application/X-WWW-Form-UrlEncoded ;a=b\r\nContent-Length: 9\r\n\r\n",
        BUILD + b"Content-Type: multipart/form-data\r\nTransfer-Encoding: chunked\r\n\r\n",
        BUILD + b"Content-Type: multipart/form-data\r\nContent-Type: a/b\r\nContent-Length: 9\r\n\r\n",
    ],
)  # fmt: skip
def test_a_head_that_can_be_read_in_two_ways_is_refused(head: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        parse(head)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "target",
    [
        "//docker/containers/json", "/containers//json", "/containers/json/", "/./containers/json",
        "/containers/../info", "/containers/%2e%2e/info", "/containers/.%2E/info", "/containers/a%2Fexec",
        "/containers/%2Fcourse-answer/json", "/containers/a%00/json", "/containers/a%0d%0a/json",
        "/containers/a%3Fb/json", "/containers/a%23b/json", "/containers/a%20b/json", "/containers/a\\b/json",
        "/containers/a%5cb/json", "/images/a%2F..%2Fb/json", "/v1.45//info", "/volumes/a%2fb",
        # a link's alias: the engine takes `web/db` for a name
        "/containers/web/db/exec", "/containers/web/db/json", "/exec/a/b/start",
        "/build?a=1;b=2", "/build?" + "&".join(f"a{number}=1" for number in range(300)),
    ],
)  # fmt: skip
def test_a_path_that_can_be_read_in_two_ways_is_refused(target: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(f"POST {target} HTTP/1.1\r\n\r\n".encode())
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "target",
    [
        "/plugins/pull", "/plugins/privileges", "/swarm/init", "/nodes", "/services/create", "/tasks",
        "/secrets", "/configs", "/distribution/busybox/json", "/debug/pprof/heap", "/metrics", "/",
        "/Containers/json", "/v1.45/swarm", "/v1.45/v1.45/containers/json", "/v1/info", "/v1.45.0/info",
        "/v%31.45/info", "/checkpoints", "/%73warm/init",
    ],
)  # fmt: skip
def test_what_is_no_part_of_the_course_is_refused(target: str) -> None:
    with pytest.raises(Refusal):
        parse(f"GET {target} HTTP/1.1\r\n\r\n".encode())


@pytest.mark.parametrize("target", ["/plugins", "/v1.45/plugins/any/json"])
def test_plugins_may_be_looked_for_as_inspect_does(target: str) -> None:
    assert parse(f"GET {target} HTTP/1.1\r\n\r\n".encode()).path.startswith("/plugins")
    with pytest.raises(Refusal):
        parse(f"POST {target} HTTP/1.1\r\n\r\n".encode())


@pytest.mark.parametrize(
    ("target", "version", "path", "query"),
    [
        ("/_ping", "", "/_ping", {}),
        ("/v1.24/containers/json?all=1&limit=", "/v1.24", "/containers/json", {"all": ["1"], "limit": [""]}),
        ("/images/localhost:5000%2Fa%2Fb:1/push", "", "/images/localhost:5000/a/b:1/push", {}),
        ("/images/a@sha256:0/json", "", "/images/a@sha256:0/json", {}),
        ("/containers/%61b/js%6Fn", "", "/containers/ab/json", {}),
        ("/containers/a%2525/json", "", "/containers/a%25/json", {}),
        ("/build?t=a&t=b+c&q", "", "/build", {"t": ["a", "b c"], "q": [""]}),
        ("/containers/a/attach/ws", "", "/containers/a/attach/ws", {}),
    ],
)
def test_a_sound_head_is_read_and_written_anew(
    target: str, version: str, path: str, query: dict[str, list[str]]
) -> None:
    request = parse(f"GET {target} HTTP/1.1\r\nHost: x\r\nX-Registry-Auth:  e30= \r\n\r\n".encode())
    assert (request.version, request.path, request.query) == (version, path, query)
    again = parse(request.head(None))
    assert (again.version, again.path, again.query) == (version, path, query)
    assert dict(again.headers) | {"upgrade": ""} == {
        "host": "x", "x-registry-auth": "e30=", "connection": "close", "upgrade": "",
    }  # fmt: skip


def test_headers_that_frame_are_written_by_nobody_else() -> None:
    request = parse(
        b"POST /build HTTP/1.1\r\nConnection: keep-alive, upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n"
        b"TE: trailers\r\nExpect: 100-continue\r\nTransfer-Encoding: Chunked\r\nTrailer: x\r\n\r\n"
    )
    lines = request.head(None).decode().split("\r\n")
    assert lines == ["POST /build HTTP/1.1", "connection: close", "transfer-encoding: chunked", "", ""]
    assert b"content-length: 3\r\n" in request.head(3)


def test_an_upgrade_also_says_close_so_that_nothing_follows_where_there_is_none() -> None:
    head = parse(b"POST /exec/a/start HTTP/1.1\r\nUpgrade: tcp\r\nConnection: upgrade\r\n\r\n").head(2)
    assert b"connection: upgrade, close\r\n" in head
    assert b"upgrade: tcp\r\n" in head


# -- before an engine that only keeps what it is sent


@pytest.mark.parametrize("status", [b"400 Bad Request", b"409 Conflict", b"304 Not Modified"])
def test_nothing_is_sent_on_where_the_engine_does_not_upgrade(
    fake: FakeEngine, before_fake: Door, status: bytes
) -> None:
    """The engine would read what follows as a request."""
    fake.reply = b"HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n" % status
    start = framed("POST", "/exec/a/start", b'{"Detach": true}', "Upgrade: tcp", "Connection: Upgrade")
    second = framed("POST", "/containers/create", b'{"HostConfig": {"Privileged": true}}')
    with before_fake.connected() as client:
        client.sendall(start + second)
        assert status in client.recv(65536)
        client.shutdown(socket.SHUT_WR)
        eventually(lambda: fake.ended)
    assert fake.content() == b'{"Detach": true}'


@pytest.mark.parametrize("path", ["/containers/a/attach", "/session", "/grpc", "/exec/a/start"])
def test_an_upgraded_stream_is_piped_and_closed_in_halves(
    fake: FakeEngine, before_fake: Door, path: str
) -> None:
    fake.reply = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello"
    with before_fake.connected() as client:
        client.sendall(framed("POST", path, b"", "Upgrade: tcp", "Connection: Upgrade") + b"input")
        found = b""
        while b"hello" not in found:
            found += client.recv(65536)
        client.shutdown(socket.SHUT_WR)
        eventually(lambda: fake.ended)
    assert fake.content() == b"input"


def test_only_the_first_request_of_a_connection_is_served(fake: FakeEngine, before_fake: Door) -> None:
    ping = framed("GET", "/_ping")
    assert before_fake.send(ping + framed("GET", "/info") + ping) == ANSWERED
    assert fake.all_sent().count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "chunks",
    [
        b"5;x=y\r\nhello\r\n0\r\n\r\n",
        b"5\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b" 5\r\nhello\r\n0\r\n\r\n",
        b"-1\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhelloX\r\n0\r\n\r\n",
        b"0\r\nA: b\r\n\r\n",
        b"\r\n\r\n",
    ],
)
def test_a_body_in_odd_chunks_is_refused(fake: FakeEngine, before_fake: Door, chunks: bytes) -> None:
    head = framed("POST", "/containers/create", b"", "Transfer-Encoding: chunked")
    assert before_fake.send(head + chunks).startswith(b"HTTP/1.1 400")
    assert fake.sent == []


def test_a_chunked_body_of_settings_is_sent_on_in_one_piece(fake: FakeEngine, before_fake: Door) -> None:
    head = framed("POST", "/containers/create", b"", "Transfer-Encoding: chunked")
    assert before_fake.send(head + b'3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n') == ANSWERED
    assert b"content-length: 8\r\n" in fake.all_sent()
    assert fake.content() == b'{"a": 1}'


def test_an_upload_passes_as_it_comes_in_a_framing_of_our_own(fake: FakeEngine, before_fake: Door) -> None:
    fake.may_answer.clear()
    with before_fake.connected() as client:
        client.sendall(framed("POST", "/build?t=x", b"", "Transfer-Encoding: chunked"))
        client.sendall(b"00000005\r\nhello\r\n1\r\n!\r\n0\r\n\r\n")
        eventually(lambda: fake.sent and fake.content() == b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n")


def test_settings_are_written_anew(fake: FakeEngine, before_fake: Door) -> None:
    """Go adds up what has the same name; what is sent on has each name once."""
    body = b'{"Container": "a", "Container": null, "EndpointConfig": {"x": "\\u212a"}}'
    before_fake.send(framed("POST", "/networks/x/connect", body))
    assert fake.content() == b'{"Container": null, "EndpointConfig": {"x": "\\u212a"}}'


def test_an_empty_body_of_settings_stays_what_it_is(fake: FakeEngine, before_fake: Door) -> None:
    before_fake.send(framed("POST", "/commit?container=a", b"null\n"))
    assert fake.content() == b"null\n"


@pytest.mark.parametrize(
    ("attempt", "status"),
    [
        (framed("POST", "/containers/create", b'{"HostConfig": {"Privileged": true}}'), 403),
        (framed("POST", "/v1.24/containers/create", b'{"HostConfig": {"Privileged": true}}'), 403),
        (framed("POST", "/containers/%63reate", b'{"HostConfig": {"Privileged": true}}'), 403),
        (framed("POST", "/containers/create", b'{"Privileged": true}'), 403),
        (framed("POST", "/v1.24/containers/a/start", b'{"Privileged": true}'), 403),
        (framed("POST", "/containers/a/start", b'{"Binds": ["/:/x"]}'), 403),
        (framed("POST", "/containers/a/update", b'{"Devices": [{"PathOnHost": "/dev/kmsg"}]}'), 403),
        (framed("POST", "/containers/a/exec", b'{"Cmd": ["sh"], "privileged": true}'), 403),
        (framed("POST", "/volumes/create", b'{"Driver": "x"}'), 403),
        (framed("POST", "/networks/create", b'{"Driver": "macvlan"}'), 403),
        (framed("POST", "/build?cgroupparent=/x"), 403),
        (framed("POST", "/build?securityopt=x"), 403),
        (framed("POST", "/swarm/init", b"{}"), 403),
        (framed("POST", "/containers/create", b'{"HostConfig": {"Runtime": []}}'), 400),
        (framed("POST", "/networks/create", b'{"Driver": {}}'), 400),
        (framed("POST", "/containers/create", b'"x"'), 400),
        (framed("POST", "/containers/create", b"[" * 5000), 400),
        (framed("POST", "/containers/create", b'{"a":' * 900 + b"1" + b"}" * 900 + b"x"), 400),
        (framed("GET", "/_ping", b"", "A: " + "b" * 2**17), 431),
        (framed("POST", "/containers/create", b" " * (2**22 + 1)), 413),
        (b"GET /_ping HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
    ],
    ids=lambda value: str(value)[:70],
)  # fmt: skip
def test_what_is_refused_is_answered_and_never_reaches_the_engine(
    fake: FakeEngine, before_fake: Door, attempt: bytes, status: int
) -> None:
    answer = before_fake.send(attempt)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer
    message = json.loads(answer.partition(b"\r\n\r\n")[2])["message"]
    assert message.startswith("refused by the grading sandbox: ")
    assert fake.sent == []
    assert len(before_fake.hold()) == 1


def test_a_refused_client_that_still_sends_reads_the_answer(fake: FakeEngine, before_fake: Door) -> None:
    with before_fake.connected() as client:
        client.sendall(framed("POST", "/build?cgroupparent=x", b"", f"Content-Length: {2**24}"))
        for _ in range(2**8):
            client.sendall(b" " * 2**16)
        assert everything(client).startswith(b"HTTP/1.1 403")


def test_the_reasons_of_refusals_are_few_and_short(fake: FakeEngine, before_fake: Door) -> None:
    for number in range(30):
        body = {"HostConfig": {"Binds": [f"/{number}{'x' * 10_000}:/x"]}}
        assert before_fake.request("POST", "/containers/create", body)[0] == 403
    refused = before_fake.hold()
    assert len(refused) == 20
    assert max(map(len, refused)) <= 200


def test_a_client_that_is_gone_is_gone_for_the_engine_too(fake: FakeEngine, before_fake: Door) -> None:
    fake.may_answer.clear()
    with before_fake.connected() as client:
        client.sendall(framed("GET", "/containers/a/logs?follow=1"))
        eventually(lambda: b"\r\n\r\n" in fake.all_sent())
        assert not fake.ended
    eventually(lambda: fake.ended)


def test_a_body_that_breaks_off_breaks_off_for_the_engine_too(fake: FakeEngine, before_fake: Door) -> None:
    fake.may_answer.clear()
    with before_fake.connected() as client:
        client.sendall(framed("POST", "/build", b"", "Content-Length: 100") + b"half")
        eventually(lambda: fake.sent and fake.content() == b"half")
    eventually(lambda: fake.ended)


def test_requests_wait_for_the_first_open(fake: FakeEngine) -> None:
    with Door(fake.path) as door, door.connected() as client:
        client.sendall(framed("GET", "/_ping"))
        door.hold()
        assert fake.sent == []
        door.open()
        assert everything(client) == ANSWERED


def test_200_connections_at_once(fake: FakeEngine, before_fake: Door) -> None:
    fake.may_answer.clear()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(before_fake.connected()) for _ in range(200)]
        for client in clients:
            client.sendall(framed("GET", "/info"))
            client.shutdown(socket.SHUT_WR)
        eventually(lambda: len(fake.ended) == 200)
        gc.collect()  # asyncio holds tasks weakly
        fake.may_answer.set()
        assert [everything(client) for client in clients] == [ANSWERED] * 200


def test_an_engine_that_is_not_there(tmp_path: Path) -> None:
    with Door(str(tmp_path / "nothing")) as door:
        door.open()
        assert door.request("GET", "/info") == (502, {"message": "The sandbox's engine does not answer."})


def test_it_ends_while_clients_are_connected(fake: FakeEngine) -> None:
    fake.may_answer.clear()
    with Door(fake.path) as door:
        door.open()
        with door.connected() as client, door.connected():
            client.sendall(framed("GET", "/events"))
            eventually(lambda: fake.sent)
            door.end()
            assert everything(client) == b""


def test_it_needs_nothing_but_the_standard_library() -> None:
    folder = Path(checker.grading.filtering.__file__).parents[1]
    program = f"import sys; sys.path.insert(0, {str(folder)!r}); import filtering.filter"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], check=False)
    assert done.returncode == 0


# -- a hold


def test_a_slow_body_that_ends_after_the_hold_goes_nowhere(fake: FakeEngine, before_fake: Door) -> None:
    request = framed("POST", "/containers/create", b'{"Image": "x"}')
    with before_fake.connected() as client:
        client.sendall(request[:-5])
        time.sleep(0.2)
        before_fake.hold()
        client.sendall(request[-5:])
        time.sleep(0.2)
        assert not fake.all_sent()
        before_fake.open()
        assert everything(client) == ANSWERED


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/images/load"), ("POST", "/build"), ("PUT", "/containers/a/archive")]
)
def test_an_upload_stops_where_it_is(fake: FakeEngine, before_fake: Door, method: str, path: str) -> None:
    fake.may_answer.clear()
    with before_fake.connected() as client:
        client.sendall(framed(method, path, b"", "Content-Length: 10") + b"12345")
        eventually(lambda: fake.sent and fake.content() == b"12345")
        threading.Timer(0.3, fake.may_answer.set).start()
        before_fake.hold()
        with contextlib.suppress(BrokenPipeError):
            client.sendall(b"67890")
        time.sleep(0.2)
    assert fake.content() == b"12345"


@pytest.mark.parametrize(
    "path",
    ["/build?t=x", "/images/create?fromImage=x", "/images/load", "/images/x/push", "/session", "/grpc"],
)
def test_a_hold_ends_what_would_make_images_later(fake: FakeEngine, before_fake: Door, path: str) -> None:
    fake.may_answer.clear()
    with before_fake.connected() as client:
        client.sendall(framed("POST", path, b"", "Upgrade: h2c", "Connection: Upgrade"))
        eventually(lambda: b"\r\n\r\n" in fake.all_sent())
        assert not fake.ended
        threading.Timer(0.3, fake.may_answer.set).start()
        before_fake.hold()
        assert fake.ended == [0]


def test_a_hold_waits_for_requests_that_are_on_their_way(fake: FakeEngine, before_fake: Door) -> None:
    fake.may_answer.clear()
    with before_fake.connected() as client:
        client.sendall(framed("POST", "/containers/a/kill"))
        eventually(lambda: b"\r\n\r\n" in fake.all_sent())
        held = threading.Thread(target=before_fake.hold)
        held.start()
        time.sleep(0.3)
        assert held.is_alive()
        fake.may_answer.set()
        held.join(20)
        assert not held.is_alive()
        assert everything(client) == ANSWERED


def test_after_a_hold_a_stream_goes_on_towards_the_client_only(fake: FakeEngine, before_fake: Door) -> None:
    fake.reply = b"HTTP/1.1 101 UPGRADED\r\n\r\n"
    with before_fake.connected() as client:
        client.sendall(framed("POST", "/containers/a/attach", b"", "Upgrade: tcp"))
        assert client.recv(65536) == fake.reply
        before_fake.hold()
        client.sendall(b"typed")
        client.shutdown(socket.SHUT_WR)
        time.sleep(0.2)
        assert not fake.ended
        assert fake.content() == b""
        before_fake.open()
        eventually(lambda: fake.ended)
        assert fake.content() == b"typed"


# -- before the real engine

engine_test = pytest.mark.engine


@engine_test
def test_what_answers_do_with_the_docker_command(engine: Engine, door: Door, name: str) -> None:
    def done(*words: str, **options: Any) -> str:
        finished = door.docker(engine, *words, **options)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    assert done("run", "--rm", "--name", f"{name}-1", BUSYBOX, "echo", "hi") == "hi\n"
    assert done("run", "--rm", "-i", "--name", f"{name}-2", BUSYBOX, "cat", input="in") == "in"
    failing = ("run", "--rm", "--name", f"{name}-3", BUSYBOX, "sh", "-c", "exit 7")
    assert door.docker(engine, *failing).returncode == 7
    done("volume", "create", f"{name}-data")
    done("network", "create", f"{name}-net")
    web = f"{name}-web"
    serving = "echo page > index.html; echo begun; exec httpd -f -p 80"
    done(
        "run", "-d", "--init", "--name", web, "--network", f"{name}-net", "-p", "127.0.0.1::80",
        "-v", f"{name}-data:/data", "--tmpfs", "/t:size=1m", "-w", "/data", "-m", "64m", "--cap-drop", "ALL",
        "--cap-add", "NET_BIND_SERVICE", "--security-opt", "no-new-privileges", "--ulimit", "nofile=100",
        "--health-cmd", "true", "--log-opt", "max-size=1m", BUSYBOX, "sh", "-c", serving,
    )  # fmt: skip
    assert done("port", web).startswith("80/tcp -> 127.0.0.1:")
    assert done("exec", "-i", web, "sh", "-c", "cat; cat index.html", input="typed\n") == "typed\npage\n"
    assert done("logs", web) == "begun\n"
    assert web in done("ps", "--format", "{{.Names}}")
    assert json.loads(done("inspect", web))[0]["HostConfig"]["CapDrop"] == ["ALL"]
    done("update", "--memory", "80m", "--memory-swap", "80m", web)
    assert web in done("stats", "--no-stream", web)
    assert "httpd" in done("top", web)
    done("diff", web)
    done("network", "disconnect", f"{name}-net", web)
    done("stop", "-t", "0", web)
    done("start", web)
    done("commit", web, f"{name}-image:1")
    saved = door.place / "saved.tar"
    done("save", "-o", str(saved), f"{name}-image:1")
    done("rmi", f"{name}-image:1")
    assert f"{name}-image:1" in done("load", "-i", str(saved))
    done("rm", "-f", web)
    assert done("wait", done("run", "-d", "--name", f"{name}-4", BUSYBOX, "false").strip()) == "1\n"
    for words in (("system", "df", "-v"), ("info",), ("version",), ("network", "ls"), ("volume", "ls")):
        done(*words)


@engine_test
def test_a_refusal_reaches_the_command_line(engine: Engine, door: Door, name: str) -> None:
    refused = door.docker(engine, "run", "--rm", "--privileged", "--name", name, BUSYBOX, "true")
    assert refused.returncode == 125
    assert "refused by the grading sandbox: HostConfig.Privileged" in refused.stderr
    assert door.hold() == ["HostConfig.Privileged"]


@engine_test
def test_copies_go_both_ways(engine: Engine, door: Door, name: str, tmp_path: Path) -> None:
    engine.client.containers.create(BUSYBOX, "true", name=name)
    (tmp_path / "large").write_bytes(b"0123456789abcdef" * 2**15 * 100)  # 50 MB
    assert door.docker(engine, "cp", str(tmp_path / "large"), f"{name}:/tmp/large").returncode == 0
    assert door.docker(engine, "cp", f"{name}:/tmp/large", str(tmp_path / "back")).returncode == 0
    assert (tmp_path / "back").read_bytes() == (tmp_path / "large").read_bytes()


@engine_test
@pytest.mark.parametrize("buildkit", ["1", "0"])
def test_images_are_built(engine: Engine, door: Door, name: str, tmp_path: Path, buildkit: str) -> None:
    (tmp_path / "file").write_bytes(b"x" * 2**20)
    (tmp_path / "Dockerfile").write_text(f"FROM {BUSYBOX}\nCOPY file /file\nRUN wc -c < /file > /size\n")
    built = subprocess.run(
        ["docker", "build", "-t", f"{name}:1", str(tmp_path)],
        env=environment(engine, door, DOCKER_BUILDKIT=buildkit),
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    size = engine.client.containers.run(f"{name}:1", "cat /size", remove=True, name=name)
    assert size == b"1048576\n"


@engine_test
def test_compose_brings_two_services_up_and_down(
    engine: Engine, door: Door, name: str, tmp_path: Path
) -> None:
    (tmp_path / "compose.yaml").write_text(
        f"""
        name: {name}
        services:
          web:
            image: {BUSYBOX}
            init: true
            command: httpd -f -p 80
            ports: ["127.0.0.1::80"]
            volumes: ["data:/data", "{{type: tmpfs, target: /t}}"]
            healthcheck: {{test: ["CMD", "wget", "-qO-", "127.0.0.1/"], interval: 1s}}
          once:
            image: {BUSYBOX}
            depends_on: [web]
            command: nslookup web
        volumes: {{data: {{}}}}
        """.replace('"{type: tmpfs, target: /t}"', "{type: tmpfs, target: /t}")
    )
    up = door.docker(engine, "compose", "up", "-d", cwd=tmp_path)
    assert up.returncode == 0, up.stderr
    assert f"{name}-web-1" in door.docker(engine, "compose", "ps", cwd=tmp_path).stdout
    assert door.docker(engine, "compose", "exec", "-T", "web", "echo", "hi", cwd=tmp_path).stdout == "hi\n"
    assert door.docker(engine, "compose", "logs", cwd=tmp_path).returncode == 0
    down = door.docker(engine, "compose", "down", "-v", "-t", "0", cwd=tmp_path)
    assert down.returncode == 0, down.stderr


@engine_test
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the SDK's streams
def test_what_answers_do_with_the_sdk(engine: Engine, door: Door, name: str) -> None:
    with contextlib.closing(docker.DockerClient(base_url=f"unix://{door.lab}")) as client:
        assert client.containers.run(BUSYBOX, "echo hi", remove=True, name=name) == b"hi\n"
        made = client.containers.run(
            BUSYBOX, "sh -c 'while :; do date; sleep 0.2; done'", detach=True, init=True, name=f"{name}-d",
            volumes=["/anonymous"], cap_add=["NET_ADMIN"], sysctls={"net.ipv4.ip_forward": "1"},
            mem_limit="32m", tmpfs={"/t": ""},
        )  # fmt: skip
        assert made.exec_run("echo there").output == b"there\n"
        assert next(iter(made.logs(stream=True, follow=True)))
        stats: Any = made.stats(stream=False)
        assert stats["id"] == made.id
        events = client.events(decode=True, filters={"container": made.id})
        made.pause()
        assert next(events)["Action"] == "pause"
        events.close()
        made.unpause()
        assert [
            one.id for one in client.containers.list(ignore_removed=True, filters={"name": f"{name}-d"})
        ] == [made.id]
        assert made.put_archive("/", b"\0" * 1024)
        assert b"".join(made.get_archive("/etc/hostname")[0])
        made.rename(f"{name}-e")
        made.reload()
        assert made.attrs["Mounts"][0]["Destination"] == "/anonymous"
        made.remove(force=True, v=True)
        with pytest.raises(NotFound):
            client.containers.get(f"{name}-e")


@engine_test
def test_a_hidden_container_is_no_container(
    engine: Engine, door: Door, hidden: dict[str, str], name: str
) -> None:
    ((key, called),) = hidden.items()
    for reference in (key, key[:12], key[:5], called):
        for method, path, body in [
            ("GET", f"/containers/{reference}/json", None),
            ("GET", f"/v1.24/containers/{reference}/logs?stdout=1", None),
            ("GET", f"/containers/{reference}/archive?path=/", None),
            ("GET", f"/containers/{reference}/export", None),
            ("POST", f"/containers/{reference}/exec", {"Cmd": ["true"]}),
            ("POST", f"/containers/{reference}/attach?stream=1", None),
            ("POST", f"/containers/{reference}/kill", None),
            ("POST", f"/containers/{reference}/rename?name=x", None),
            ("POST", f"/containers/{reference}/update", {"Memory": 2**23}),
            ("DELETE", f"/containers/{reference}?force=1", None),
            ("POST", f"/commit?container={reference}&repo={name}", {}),
            ("POST", "/networks/bridge/connect", {"container": reference}),
            ("POST", "/networks/host/disconnect", {"Container": f"/{reference}", "Force": True}),
            *(
                ("POST", "/containers/create", {"Image": BUSYBOX, **settings})
                for settings in (
                    {"HostConfig": {"VolumesFrom": [f"{reference}:ro"]}},
                    {"hostconfig": {"Links": [f"/{reference}:x"]}},
                    {"NetworkMode": f"container:{reference}"},
                    {"HostConfig": {"PidMode": f"container:{reference}"}},
                    {"HostConfig": {"IpcMode": f"container:/{reference}"}},
                )
            ),
        ]:
            status, content = door.request(method, path, body)
            assert status == 404, (method, path, body, content)
            assert content["message"].startswith("No such container: ")
    assert engine.client.containers.get(key).status == "running"


@engine_test
def test_hidden_containers_are_in_no_list(
    engine: Engine, door: Door, hidden: dict[str, str], name: str
) -> None:
    ((key, called),) = hidden.items()
    later = engine.client.containers.create(BUSYBOX, "true", name=f"{name}-later")
    for path in (
        "/containers/json?all=1",
        f'/containers/json?filters={{"id":["{key}"]}}',
        f"/v1.24/containers/json?before={later.id}",
        "/system/df",
        "/networks/bridge",
        "/networks",
        "/v1.24/networks",
    ):
        status, found = door.request("GET", path)
        assert status == 200, (path, found)
        assert key not in json.dumps(found), path
        assert called not in json.dumps(found), path
    listed = door.docker(engine, "ps", "-aq", "--no-trunc").stdout
    assert str(later.id) in listed
    assert key not in listed


@engine_test
def test_the_last_of_all_containers_is_never_a_hidden_one(
    engine: Engine, door: Door, hidden: dict[str, str], name: str
) -> None:
    mine = engine.client.containers.create(BUSYBOX, "true", name=f"{name}-mine")
    last = engine.client.containers.create(BUSYBOX, "true", name=f"{name}-last")
    door.open({**hidden, str(last.id): f"{name}-last"})
    # Others use the engine, too: what counts is that the hidden ones take no place away.
    listed = [one["Id"] for one in door.request("GET", "/containers/json?all=1")[1]]
    count = listed.index(str(mine.id)) + 1
    assert [one["Id"] for one in door.request("GET", f"/containers/json?limit={count}")[1]][-1] == mine.id
    assert "invalid" in door.request("GET", "/containers/json?limit=x")[1]["message"]  # the engine's word


@engine_test
def test_events_of_hidden_containers_are_left_out(
    engine: Engine, door: Door, hidden: dict[str, str], name: str
) -> None:
    ((key, _),) = hidden.items()
    mine = engine.client.containers.create(BUSYBOX, "true", name=name)
    since = time.time()
    engine.client.containers.get(key).pause()
    mine.rename(f"{name}-renamed")
    engine.client.containers.get(key).unpause()
    found = door.send(framed("GET", f"/events?since={since - 1:.3f}&until={time.time() + 1:.3f}"))
    assert str(mine.id).encode() in found
    assert key.encode() not in found
    assert found.endswith(b"\r\n0\r\n\r\n")
    assert door.request("GET", "/events?filters=x")[0] == 400


@engine_test
def test_a_name_that_begins_like_a_hidden_id_is_still_reached(
    engine: Engine, door: Door, hidden: dict[str, str]
) -> None:
    ((key, _),) = hidden.items()
    mine = engine.client.containers.create(BUSYBOX, "true", name=key[:10])
    try:
        assert door.request("GET", f"/containers/{key[:10]}/json")[1]["Id"] == mine.id
        assert door.request("GET", f"/containers/{key[:11]}/json")[0] == 404
    finally:
        mine.remove()


@engine_test
def test_a_hold_stops_a_loop_of_creations(engine: Engine, door: Door, name: str) -> None:
    stop = threading.Event()

    def create() -> None:
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                door.request("POST", "/containers/create", {"Image": BUSYBOX, "Labels": {"test": name}})

    def made() -> list[str]:
        listed = engine.client.api.containers(all=True, filters={"label": f"test={name}"})
        return [str(one["Id"]) for one in listed]

    loops = [threading.Thread(target=create) for _ in range(3)]
    for loop in loops:
        loop.start()
    try:
        eventually(lambda: len(made()) > 5)
        door.hold()
        count = len(made())
        time.sleep(0.5)
        assert len(made()) == count
    finally:
        stop.set()
        door.open()
        for loop in loops:
            loop.join(30)
        for one in made():
            engine.client.api.remove_container(one)


@engine_test
def test_after_a_hold_what_was_attached_stays_attached(engine: Engine, door: Door, name: str) -> None:
    words = ["docker", "run", "-i", "--name", name, BUSYBOX, "sh", "-c", "echo begun; read x; echo got $x"]
    watching = ["docker", "events", "--filter", f"container={name}", "--format", "{{.Action}}"]
    surroundings = environment(engine, door)
    with (
        subprocess.Popen(watching, env=surroundings, stdout=subprocess.PIPE, text=True) as events,
        subprocess.Popen(
            words, env=surroundings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as attached,
    ):
        assert attached.stdin
        assert attached.stdout
        assert events.stdout
        assert attached.stdout.readline() == "begun\n"
        door.hold()
        attached.stdin.write("typed\n")
        attached.stdin.flush()
        time.sleep(0.5)
        container = engine.client.containers.get(name)
        assert container.status == "running"
        assert container.logs() == b"begun\n"
        container.rename(f"{name}-2")  # streams from the engine go on
        while events.stdout.readline() != "rename\n":
            assert events.poll() is None
        assert attached.poll() is None
        door.open()
        assert attached.stdout.readline() == "got typed\n"
        assert attached.wait(20) == 0
        events.terminate()


@engine_test
@pytest.mark.parametrize("buildkit", ["1", "0"])
@pytest.mark.parametrize("how", ["hold", "vanish"])
def test_a_build_that_is_left_running_makes_no_image(
    engine: Engine, door: Door, name: str, tmp_path: Path, *, buildkit: str, how: str
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {BUSYBOX}\nRUN echo {name} begun; sleep 4\n")
    plain = ["--progress", "plain"] if buildkit == "1" else []
    with subprocess.Popen(
        ["docker", "build", *plain, "-t", f"{name}:1", str(tmp_path)],
        env=environment(engine, door, DOCKER_BUILDKIT=buildkit),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as build:
        assert build.stdout
        assert any(f"{name} begun" in line and "echo" not in line for line in build.stdout)
        if how == "hold":
            door.hold()
        else:
            build.kill()
        time.sleep(5)
        assert engine.client.images.list(name=name) == []
        build.kill()


@engine_test
def test_nothing_is_smuggled_to_the_real_engine(engine: Engine, door: Door, name: str) -> None:
    """An upgrade that the engine does not make: what follows is never read as a request."""
    engine.client.containers.run(BUSYBOX, "sleep 600", name=name, detach=True, init=True)
    made = door.request("POST", f"/containers/{name}/exec", {"Cmd": ["true"]})[1]["Id"]
    second = framed("GET", "/_ping")
    for first in (
        framed("POST", f"/exec/{made}/start", b'{"Detach": true}', "Upgrade: tcp", "Connection: Upgrade"),
        framed("POST", "/session", b"", "Connection: Upgrade"),
        framed("POST", "/exec/none/start", b"{}", "Upgrade: tcp", "Connection: Upgrade"),
        framed("POST", "/containers/none/attach?stream=1", b"", "Upgrade: tcp", "Connection: Upgrade"),
        framed("GET", f"/containers/{name}/attach/ws", b"", "Upgrade: websocket", "Connection: Upgrade"),
    ):
        with door.connected() as client:
            client.sendall(first + second)
            client.shutdown(socket.SHUT_WR)
            answer = everything(client)
        assert answer.count(b"HTTP/1.1 ") == 1, (first, answer)


@engine_test
@pytest.mark.parametrize(
    "body",
    [
        {"Privileged": True},
        {"Binds": ["/etc:/x"]},
        {"hostconfig": {"Privileged": True}},
        {"Ho\u017ftConfig": {"Privileged": True}},
        {"HostConfig": {"Mas\u212aedPaths": []}},
    ],
    ids=str,
)
def test_what_the_filter_refuses_the_engine_takes(
    engine: Engine, door: Door, name: str, body: dict[str, Any]
) -> None:
    """So these are ways that lead out: the engine reads such names as Go does."""
    body = {"Image": BUSYBOX, "Cmd": ["true"], **body}
    assert door.request("POST", f"/v1.24/containers/create?name={name}", body)[0] == 403
    api: Any = engine.client.api
    assert api._post_json(api._url("/containers/create"), body, params={"name": name}).status_code == 201
    host = engine.client.containers.get(name).attrs["HostConfig"]
    assert host["Privileged"] or host["Binds"] or host["MaskedPaths"] == []


@engine_test
def test_a_link_s_alias_leads_to_no_container(engine: Engine, door: Door, name: str) -> None:
    engine.client.containers.run(BUSYBOX, "sleep 600", name=f"{name}-db", detach=True, init=True)
    engine.client.containers.run(
        BUSYBOX, "sleep 600", name=f"{name}-web", detach=True, init=True, links={f"{name}-db": "db"}
    )
    assert engine.client.containers.get(f"{name}-web/db").name == f"{name}-db"
    body = {"Cmd": ["true"], "Privileged": True}
    assert door.request("POST", f"/containers/{name}-web/db/exec", body)[0] == 400
