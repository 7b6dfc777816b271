"""A proxy between a submission and its engine. One thread: limits on processes do not stop it.

Each request is parsed, looked at (:mod:`.policy`) and written anew: nothing that is sent can be one request
here and another one there. Each connection serves one request; attached streams become two-way pipes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import urllib.parse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from . import policy
from .policy import Refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    _Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_HEAD = 2**16  # bytes of a request's head
_BODY = 2**22  # bytes of a body that is read whole
_CHUNK = 2**16
_CONNECTIONS = 256
_END = b"\r\n\r\n"  # of a head
_FINISHING = 8.0  # seconds that requests on their way have when the filter is to hold
_LINGERING = 1.0  # seconds that a client has to read an answer before what it still sends is dropped
_REFUSALS, _LETTERS = 20, 200  # how many reasons are kept, and how much of each
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VERSION = re.compile(r"/v\d+\.\d+(?=/)")
#: Requests whose connection becomes a two-way stream.
_UPGRADES = re.compile(
    r"POST (/containers/[^/]+/attach|/exec/[^/]+/start|/session|/grpc)|GET /containers/[^/]+/attach/ws"
)
#: Requests that go on while the filter holds: they change nothing.
_LEFT_ALONE = re.compile(r"(GET|HEAD) .*|POST (/containers/[^/]+/(attach|wait)|/exec/[^/]+/start)")
#: Requests that end when the filter holds: they would make images later.
_ENDED = re.compile(r"POST (/build|/session|/grpc|/images/create|/images/load|/images/.+/push)")
#: Answers that name containers.
_LISTS = re.compile(r"GET (/containers/json|/networks(/.+)?|/system/df)")
#: Bodies that are passed on as they come. The engine reads no settings in them.
_OPAQUE = re.compile(r"/build|/images/load|/images/create|/images/.+/push|/containers/[^/]+/archive")
_NOT_PASSED_ON = {
    "connection", "content-length", "expect", "http2-settings", "keep-alive", "te", "trailer",
    "transfer-encoding", "upgrade",
}  # fmt: skip
_FORMS = ("application/x-www-form", "multipart/")


@dataclass
class Request:
    """A request's head. ``path`` has neither version nor query."""

    method: str
    version: str
    path: str
    query: dict[str, list[str]]
    headers: list[tuple[str, str]]
    length: int | None
    chunked: bool

    def header(self, name: str) -> str:
        """Return a header's value, in lower case."""
        return ", ".join(value for key, value in self.headers if key == name).lower()

    def is_one_of(self, routes: re.Pattern[str]) -> bool:
        """Say whether ``METHOD /path`` is what ``routes`` describes."""
        return bool(routes.fullmatch(f"{self.method} {self.path}"))

    @property
    def upgrades(self) -> bool:
        """True where the connection becomes a two-way stream."""
        return self.is_one_of(_UPGRADES)

    def head(self, length: int | None) -> bytes:
        """Write the head anew."""
        query = urllib.parse.urlencode(self.query, doseq=True)
        target = self.version + urllib.parse.quote(self.path, safe="/:@") + (f"?{query}" if query else "")
        lines = [f"{self.method} {target} HTTP/1.1"]
        lines += [f"{key}: {value}" for key, value in self.headers if key not in _NOT_PASSED_ON]
        # Always "close": where nothing is upgraded after all, the engine reads no second request.
        if self.upgrades and (protocol := self.header("upgrade")):
            lines += [f"upgrade: {protocol}", "connection: upgrade, close"]
        else:
            lines.append("connection: close")
        if self.chunked and length is None:
            lines.append("transfer-encoding: chunked")
        elif length is not None:
            lines.append(f"content-length: {length}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


def parse(head: bytes) -> Request:
    """Read a request's head strictly.

    Raises
    ------
    Refusal
        Where it could be read in more than one way.
    """
    lines = head.decode("latin-1").split("\r\n")[:-2]
    match = re.fullmatch(r"([A-Z]+) (/[!-~]*) HTTP/1\.[01]", lines[0]) if lines else None
    if not match:
        raise Refusal("a request line", 400)
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not _TOKEN.fullmatch(name) or re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
            raise Refusal("a header line", 400)
        headers.append((name.lower(), value.strip(" \t")))
    version, path, query = _target(match[2])
    length, chunked = _framing(headers)
    request = Request(match[1], version, path, query, headers, length, chunked)
    if path.startswith("/plugins") and not (match[1] == "GET" and re.fullmatch(r"/plugins(/.+/json)?", path)):
        raise Refusal("/plugins")  # to look for one is fine: `docker inspect` does
    kinds = request.header("content-type")
    if (length or chunked) and any(one in kinds for one in _FORMS):
        raise Refusal("a form", 400)  # its fields would stand in for the query's
    return request


def _target(target: str) -> tuple[str, str, dict[str, list[str]]]:
    raw, _, query = target.partition("?")
    version = match[0] if (match := _VERSION.match(raw)) else ""
    path = urllib.parse.unquote(raw[len(version) :])
    segments = path.split("/")[1:]
    if any(one in {"", ".", ".."} for one in segments) or re.search(r"[\x00-\x20\x7f\\?#]", path):
        raise Refusal("a path", 400)
    if "%2f" in raw.lower() and segments[0] != "images":
        raise Refusal("a path", 400)
    if segments[0] not in policy.KNOWN:
        raise Refusal(f"/{segments[0]}")
    # The engine takes slashes for parts of a name: a link's alias, one/other, is a container's name as well.
    if segments[0] in {"containers", "exec"} and len(segments) > 3 and segments[2:] != ["attach", "ws"]:
        raise Refusal("a path", 400)
    try:
        parsed = urllib.parse.parse_qs(query, keep_blank_values=True, max_num_fields=200)
    except ValueError as error:
        raise Refusal("a query", 400) from error
    if ";" in query:
        raise Refusal("a query", 400)
    return version, path, parsed


def _framing(headers: list[tuple[str, str]]) -> tuple[int | None, bool]:
    lengths = [value for key, value in headers if key == "content-length"]
    codings = [value.lower() for key, value in headers if key == "transfer-encoding"]
    if (lengths and codings) or len(lengths) > 1 or codings not in ([], ["chunked"]):
        raise Refusal("a body of unclear length", 400)
    if lengths and not re.fullmatch(r"[0-9]{1,15}", lengths[0]):
        raise Refusal("a body of unclear length", 400)
    return (int(lengths[0]) if lengths else None), bool(codings)


@dataclass
class Filter:
    """The filter of one sandbox. ``upstream`` is the path of the engine's socket."""

    upstream: str
    hidden: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    refused: dict[str, None] = field(default_factory=dict)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    on_their_way: set[asyncio.Future[None]] = field(default_factory=set)
    to_be_ended: set[asyncio.StreamWriter] = field(default_factory=set)

    # -- the grader's side

    async def controlled(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Follow the grader's word."""
        with contextlib.suppress(OSError, ValueError), contextlib.closing(writer):
            while line := await reader.readline():
                request = json.loads(line)
                if request["do"] == "open":
                    self.hidden, self.names = set(request["hidden"]), set(request["names"])
                    self.gate.set()
                    reply: dict[str, Any] = {"ok": True}
                else:
                    self.gate.clear()
                    for to_engine in self.to_be_ended:
                        _end(to_engine)
                    if self.on_their_way:
                        await asyncio.wait(self.on_their_way, timeout=_FINISHING)
                    reply = {"ok": True, "refused": list(self.refused)}
                writer.write(json.dumps(reply).encode() + b"\n")
                await writer.drain()

    # -- the submission's side

    async def served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one request."""
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._answered(reader, writer)
                await writer.drain()
                # A client that is still sending would not see the answer if this side closed at once.
                writer.write_eof()
                async with asyncio.timeout(_LINGERING):
                    await _discard(reader)
        finally:
            writer.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method = ""
        try:
            request = parse(await reader.readuntil(_END))
            method = request.method
            await self.gate.wait()
            await self._serve(request, reader, writer)
        except Refusal as refusal:
            self._refuse(writer, method, refusal)
        except asyncio.LimitOverrunError:
            self._refuse(writer, method, Refusal("a head of this size", 431))
        except (ValueError, TypeError, AttributeError, RecursionError):
            self._refuse(writer, method, Refusal("a setting of an unknown kind", 400))
        except (ConnectionRefusedError, FileNotFoundError):
            _reply(writer, method, 502, "The sandbox's engine does not answer.")

    async def _serve(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if "100-continue" in request.header("expect"):
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = None if _OPAQUE.fullmatch(request.path) else await _body(request, reader)
        body = self._look(request, body)
        await self._hide(request, body)
        if request.is_one_of(_LISTS):
            await self._list(request, writer)
            return
        async with self._sent(request, body) as (engine, to_engine):
            with self._noted(request, to_engine):
                await self._exchange(request, body, (reader, writer), (engine, to_engine))

    def _look(self, request: Request, body: bytes | None) -> bytes | None:
        """Look at what is asked for; return the body to send."""
        for name in ("cgroupparent", "securityopt"):
            if request.path == "/build" and any(request.query.get(name, ())):
                raise Refusal(f"build with {name}")
        if not body or body.strip() == b"null":
            return body
        struct = policy.parse(body)
        for pattern, rule in policy.RULES:
            if pattern.fullmatch(request.path):
                rule(struct)
        return json.dumps(struct).encode()

    async def _hide(self, request: Request, body: bytes | None) -> None:
        struct = policy.parse(body) if body else {}
        for reference in policy.containers_named(request.path, request.query, struct):
            if await self._is_hidden(reference):
                raise Refusal(f"No such container: {reference}", 404)

    async def _is_hidden(self, reference: str) -> bool:
        plain = reference.removeprefix("/")
        if plain in self.names or plain in self.hidden:
            return True
        if not plain or not any(one.startswith(plain) for one in self.hidden):
            return False
        # A container's whole name comes before the beginning of another one's id.
        asked = Request("GET", "", f"/containers/{plain}/json", {}, [("host", "engine")], None, chunked=False)
        async with self._sent(asked) as (engine, _):
            status, content = await _response(engine)
        return status != 200 or json.loads(content)["Id"] in self.hidden

    @contextlib.asynccontextmanager
    async def _sent(self, request: Request, body: bytes | None = None) -> AsyncIterator[_Streams]:
        """Send a request's head to the engine, and its body if it was read."""
        engine, to_engine = await _connected(self.upstream)
        try:
            # Here, next to the sending: a body may come slowly, and end after the last cell has.
            await self.gate.wait()
            to_engine.write(request.head(request.length if body is None else len(body)) + (body or b""))
            yield engine, to_engine
        finally:
            to_engine.close()

    @contextlib.contextmanager
    def _noted(self, request: Request, to_engine: asyncio.StreamWriter) -> Iterator[None]:
        """Note what a hold has to wait for, and what it ends."""
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not request.is_one_of(_LEFT_ALONE):
            self.on_their_way.add(answered)
        if request.is_one_of(_ENDED):
            self.to_be_ended.add(to_engine)
        try:
            yield
        finally:
            answered.set_result(None)
            self.on_their_way.discard(answered)
            self.to_be_ended.discard(to_engine)

    async def _list(self, request: Request, writer: asyncio.StreamWriter) -> None:
        """Pass on an answer without the hidden containers."""
        limits = request.query.get("limit", [""])
        limit = int(limits[0]) if re.fullmatch(r"[0-9]{1,9}", limits[0]) else 0
        if limit:
            request.query["limit"] = [str(limit + len(self.hidden))]
        async with self._sent(request) as (engine, _):
            status, content = await _response(engine)
        if status == 200:
            found = self._without_hidden(json.loads(content))
            content = json.dumps(found[:limit] if limit and isinstance(found, list) else found).encode()
        _write(writer, request.method, status, content)

    def _without_hidden(self, found: Any) -> Any:
        """Leave out hidden containers: items with their ids in lists, and their ids as keys."""
        if isinstance(found, list):
            return [
                self._without_hidden(one)
                for one in found
                if not (isinstance(one, dict) and one.get("Id") in self.hidden)
            ]
        if isinstance(found, dict):
            return {key: self._without_hidden(one) for key, one in found.items() if key not in self.hidden}
        return found

    async def _exchange(
        self, request: Request, body: bytes | None, client: _Streams, engine: _Streams
    ) -> None:
        """Let everything through that comes back, and meanwhile what the client goes on sending."""
        (reader, writer), (answer, to_engine) = client, engine
        head, pieces = b"", _framed(request, reader) if body is None else _nothing()
        if request.upgrades:
            # Not a byte goes on before the engine has said that what follows is no request.
            head = await answer.readuntil(_END)
            pieces = _all(reader) if re.match(rb"HTTP/1\.1 (101|200) ", head) else _nothing()
        sending = asyncio.create_task(self._send(pieces, reader, to_engine))
        try:
            if request.path == "/events":
                await self._events(answer, writer)
            else:
                writer.write(head)
                await _copy(answer, writer)
        finally:
            sending.cancel()
            await asyncio.wait([sending])

    async def _events(self, answer: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on events, but for those of the hidden containers."""
        head = await answer.readuntil(_END)
        writer.write(head)
        if b"transfer-encoding: chunked" not in head.lower():
            await _copy(answer, writer)
            return
        async for line in _lines(_chunks(answer)):
            if not any(one.encode() in line for one in self.hidden):
                writer.write(b"%x\r\n%s\r\n" % (len(line), line))
                await writer.drain()
        writer.write(b"0\r\n\r\n")

    async def _send(
        self, pieces: AsyncIterator[bytes], reader: asyncio.StreamReader, to_engine: asyncio.StreamWriter
    ) -> None:
        """Send on what the client sends, while the filter serves; tell the engine when the client is gone."""
        with contextlib.suppress(OSError, RuntimeError, asyncio.IncompleteReadError, Refusal):
            async for piece in pieces:
                await self.gate.wait()
                to_engine.write(piece)
                await to_engine.drain()
            await _discard(reader)
        await self.gate.wait()
        _end(to_engine)

    def _refuse(self, writer: asyncio.StreamWriter, method: str, refusal: Refusal) -> None:
        what = refusal.what[:_LETTERS]
        if refusal.status == 404:
            _reply(writer, method, 404, what)
            return
        if len(self.refused) < _REFUSALS:
            self.refused[what] = None
        why = "It would lead out of this engine" if refusal.status == 403 else "Send it as docker does"
        _reply(writer, method, refusal.status, f"refused by the grading sandbox: {what}. {why}.")


async def _connected(path: str) -> _Streams:
    while True:
        client = socket.socket(socket.AF_UNIX)
        try:
            client.setblocking(False)
            client.connect(path)
            return await asyncio.open_unix_connection(sock=client, limit=_HEAD)
        except BlockingIOError:  # its queue is full; asyncio would take that for a connection
            client.close()
            await asyncio.sleep(0.01)
        except OSError:
            client.close()
            raise


async def _body(request: Request, reader: asyncio.StreamReader) -> bytes | None:
    """Read a whole body; ``None`` where there is none."""
    if request.length is None and not request.chunked:
        return None
    body = bytearray()
    async for piece in _plain(request, reader):
        body += piece
        if len(body) > _BODY:
            raise Refusal("a body of this size", 413)
    request.chunked = False
    return bytes(body)


async def _plain(request: Request, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield a body without its framing."""
    if request.chunked:
        async for chunk in _chunks(reader):
            yield chunk
        return
    left = request.length or 0
    while left:
        piece = await reader.read(min(left, _CHUNK))
        if not piece:
            raise asyncio.IncompleteReadError(b"", left)
        left -= len(piece)
        yield piece


async def _framed(request: Request, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield a body in a framing of our own."""
    async for piece in _plain(request, reader):
        yield b"%x\r\n%s\r\n" % (len(piece), piece) if request.chunked else piece
    if request.chunked:
        yield b"0\r\n\r\n"


async def _all(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while data := await reader.read(_CHUNK):
        yield data


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async for data in _all(reader):
        writer.write(data)
        await writer.drain()


async def _discard(reader: asyncio.StreamReader) -> None:
    async for _ in _all(reader):
        pass


def _end(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield the content of a chunked body, large chunks in pieces; trailers are refused."""
    while True:
        line = await reader.readuntil(b"\r\n")
        match = re.fullmatch(rb"([0-9A-Fa-f]{1,8})\r\n", line)
        if not match:
            raise Refusal("a chunk", 400)
        left = int(match[1], 16)
        if not left:
            if await reader.readuntil(b"\r\n") != b"\r\n":
                raise Refusal("a trailer", 400)
            return
        while left:
            piece = await reader.read(min(left, _CHUNK))
            if not piece:
                raise asyncio.IncompleteReadError(b"", left)
            left -= len(piece)
            yield piece
        if await reader.readexactly(2) != b"\r\n":
            raise Refusal("a chunk", 400)


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    rest = b""
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest


async def _response(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read a whole answer of the engine."""
    head = await reader.readuntil(_END)
    status = int(head.split()[1])
    if b"transfer-encoding: chunked" in head.lower():
        return status, b"".join([chunk async for chunk in _chunks(reader)])
    return status, await reader.read()


def _reply(writer: asyncio.StreamWriter, method: str, status: int, message: str) -> None:
    _write(writer, method, status, json.dumps({"message": message}).encode())


def _write(writer: asyncio.StreamWriter, method: str, status: int, content: bytes) -> None:
    head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nConnection: close\r\n"
    head += f"Content-Length: {len(content)}\r\n\r\n"
    writer.write(head.encode() + (b"" if method == "HEAD" else content))


async def serve(lab: socket.socket, control: socket.socket, upstream: str) -> None:
    """Filter what comes through ``lab`` on its way to the engine at ``upstream``, until cancelled.

    Parameters
    ----------
    lab, control
        Listening Unix sockets: the submission's, and the grader's.
    """
    gatekeeper = Filter(upstream)
    places = asyncio.Semaphore(_CONNECTIONS)
    #: Nothing else holds a task whose client has ended its side: it would be collected as garbage.
    running: set[asyncio.Task[Any]] = set()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        running.add(task)
        try:
            async with places:
                await gatekeeper.served(reader, writer)
        finally:
            running.discard(task)

    servers = [
        await asyncio.start_unix_server(served, sock=lab, limit=_HEAD, backlog=4 * _CONNECTIONS),
        await asyncio.start_unix_server(gatekeeper.controlled, sock=control),
    ]
    try:
        await asyncio.Event().wait()
    finally:
        for server in servers:  # without waiting for clients: some never go
            server.close()
        for task in running:
            task.cancel()
