"""A proxy between a submission and its engine. One thread: limits on processes do not stop it.

Each request is parsed, looked at (:mod:`.policy`) and written anew: nothing that is sent can be one request
here and another one there. Each connection serves one request; attached streams become two-way pipes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import urllib.parse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import policy
from .policy import Refusal

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator

_HEAD = 2**16  # bytes of a request's head
_BODY = 2**22  # bytes of a body that is read whole
_CHUNK = 2**16
_CONNECTIONS = 256
_FINISHING = 2.0  # seconds that requests on their way have when the filter is to hold
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VERSION = re.compile(r"/v\d+\.\d+(?=/)")
_STREAMS = re.compile(
    r"/events|/containers/[^/]+/(attach|logs|stats|wait|top|archive)|/exec/[^/]+/start|/session|/grpc|/build"
    r"|/images/create"
)
_UPGRADES = re.compile(r"/containers/[^/]+/attach|/exec/[^/]+/start|/session|/grpc")
#: Bodies that are passed on as they come. The engine reads no settings in them.
_OPAQUE = re.compile(r"/build|/images/load|/images/create|/images/.+/push|/containers/[^/]+/archive")
_NOT_PASSED_ON = {
    "connection",
    "content-length",
    "transfer-encoding",
    "expect",
    "keep-alive",
    "te",
    "trailer",
}


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

    @property
    def upgrades(self) -> bool:
        """True where the connection becomes a two-way stream."""
        return bool(self.method == "POST" and _UPGRADES.fullmatch(self.path))

    def head(self, length: int | None) -> bytes:
        """Write the head anew."""
        query = urllib.parse.urlencode(self.query, doseq=True)
        target = self.version + urllib.parse.quote(self.path, safe="/:@") + (f"?{query}" if query else "")
        lines = [f"{self.method} {target} HTTP/1.1"]
        lines += [f"{key}: {value}" for key, value in self.headers if key not in _NOT_PASSED_ON]
        lines.append(f"connection: {'upgrade' if self.upgrades and self.header('upgrade') else 'close'}")
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
        headers.append((name.lower(), value.strip()))
    version, path, query = _target(match[2])
    length, chunked = _framing(headers)
    if dict(headers).get("content-type", "").lower().startswith(("application/x-www-form", "multipart/")):
        raise Refusal("a form", 400)  # its fields would stand in for the query's
    return Request(match[1], version, path, query, headers, length, chunked)


def _target(target: str) -> tuple[str, str, dict[str, list[str]]]:
    raw, _, query = target.partition("?")
    version = match[0] if (match := _VERSION.match(raw)) else ""
    path = urllib.parse.unquote(raw[len(version) :], errors="strict" if raw.isascii() else "replace")
    segments = path.split("/")[1:]
    if any(one in {"", ".", ".."} for one in segments) or re.search(r"[\x00-\x20\x7f\\?#]", path):
        raise Refusal("a path", 400)
    if "%2f" in raw.lower() and segments[0] != "images":
        raise Refusal("a path", 400)
    if segments[0] not in policy.KNOWN:
        raise Refusal(f"/{segments[0]}")
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
    on_their_way: set[asyncio.Task[None]] = field(default_factory=set)

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
                    if self.on_their_way:
                        await asyncio.wait(self.on_their_way, timeout=_FINISHING)
                    reply = {"ok": True, "refused": list(self.refused)[:20]}
                writer.write(json.dumps(reply).encode() + b"\n")
                await writer.drain()

    # -- the submission's side

    async def served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one request."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            try:
                request = parse(await reader.readuntil(b"\r\n\r\n"))
                await self.gate.wait()
                await self._serve(request, reader, writer)
            except Refusal as refusal:
                self._refuse(writer, refusal)
            except (ConnectionRefusedError, FileNotFoundError):
                _reply(writer, 502, "The sandbox's engine does not answer.")
            await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()

    async def _serve(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if "100-continue" in request.header("expect"):
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        opaque = request.upgrades or bool(_OPAQUE.fullmatch(request.path))
        body = None if opaque and not request.path.startswith("/exec/") else await _body(request, reader)
        body = self._look(request, body)
        await self._hide(request, body)
        await self.gate.wait()  # again: a body may come slowly, and end after the last cell has
        task = asyncio.current_task()
        if task and not _STREAMS.fullmatch(request.path):
            self.on_their_way.add(task)
        try:
            await self._pass_on(request, body, reader, writer)
        finally:
            if task:
                self.on_their_way.discard(task)

    def _look(self, request: Request, body: bytes | None) -> bytes | None:
        """Look at what is asked for; return the body to send."""
        for name in ("cgroupparent", "securityopt"):
            if request.path == "/build" and any(request.query.get(name, ())):
                raise Refusal(f"build with {name}")
        if request.method != "POST" or not body:
            return body
        for pattern, rule in policy.RULES:
            if pattern.fullmatch(request.path):
                struct = policy.parse(body)
                rule(struct)
                return json.dumps(struct).encode()
        return body

    async def _hide(self, request: Request, body: bytes | None) -> None:
        struct = policy.parse(body) if body and body.lstrip()[:1] == b"{" else {}
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
        async with self._asked(asked) as answer:
            status, content = await _response(answer)
        return status != 200 or json.loads(content)["Id"] in self.hidden

    @contextlib.asynccontextmanager
    async def _asked(self, request: Request, body: bytes = b"") -> AsyncIterator[asyncio.StreamReader]:
        reader, writer = await asyncio.open_unix_connection(self.upstream, limit=_HEAD)
        try:
            writer.write(request.head(len(body) if body else None) + body)
            yield reader
        finally:
            writer.close()

    async def _pass_on(
        self,
        request: Request,
        body: bytes | None,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if request.method == "GET" and request.path == "/containers/json":
            await self._list(request, writer)
        elif request.method == "GET" and request.path == "/events":
            await self._events(request, writer)
        else:
            await self._pipe(request, body, reader, writer)

    async def _list(self, request: Request, writer: asyncio.StreamWriter) -> None:
        """Answer a list of containers without the hidden ones."""
        limit = int(next(iter(request.query.get("limit", ())), "0") or 0)
        if limit > 0:
            request.query["limit"] = [str(limit + len(self.hidden))]
        async with self._asked(request) as answer:
            status, content = await _response(answer)
        if status == 200:
            listed = [one for one in json.loads(content) if one["Id"] not in self.hidden]
            content = json.dumps(listed[:limit] if limit > 0 else listed).encode()
        _write(writer, status, content)

    async def _events(self, request: Request, writer: asyncio.StreamWriter) -> None:
        """Pass on events, but for those of the hidden containers."""
        async with self._asked(request) as answer:
            head = await answer.readuntil(b"\r\n\r\n")
            writer.write(_closing(head))
            async for line in _lines(_chunks(answer)):
                if not any(one.encode() in line for one in self.hidden):
                    writer.write(b"%x\r\n%s\r\n" % (len(line), line))
                    await writer.drain()
            writer.write(b"0\r\n\r\n")

    async def _pipe(
        self,
        request: Request,
        body: bytes | None,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Send the request on, and let everything through that comes back."""
        engine, to_engine = await asyncio.open_unix_connection(self.upstream, limit=_HEAD)
        if body is None:
            to_engine.write(request.head(request.length))
            sending = asyncio.create_task(self._send(request, reader, to_engine))
        else:
            to_engine.write(request.head(len(body)) + body)
            follow = request.upgrades
            sending = asyncio.create_task(self._send(request, reader, to_engine)) if follow else None  # type: ignore[assignment]
        try:
            while data := await engine.read(_CHUNK):
                writer.write(data)
                await writer.drain()
        finally:
            if sending:
                sending.cancel()
            to_engine.close()

    async def _send(
        self, request: Request, reader: asyncio.StreamReader, to_engine: asyncio.StreamWriter
    ) -> None:
        """Send what the client sends, as long as the filter does not hold."""
        pieces = _all(reader) if request.upgrades else _framed(request, reader)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, Refusal):
            async for piece in pieces:
                await self.gate.wait()
                to_engine.write(piece)
                await to_engine.drain()
            if request.upgrades:
                await self.gate.wait()
                to_engine.write_eof()

    def _refuse(self, writer: asyncio.StreamWriter, refusal: Refusal) -> None:
        if refusal.status == 404:
            _reply(writer, 404, refusal.what)
            return
        self.refused[refusal.what] = None
        _reply(
            writer,
            refusal.status,
            f"refused by the grading sandbox: {refusal.what}. It would lead out of this engine.",
        )


async def _body(request: Request, reader: asyncio.StreamReader) -> bytes | None:
    """Read a whole body; ``None`` where there is none."""
    if request.length is None and not request.chunked:
        return None
    body = b""
    async for piece in _plain(request, reader):
        body += piece
        if len(body) > _BODY:
            raise Refusal("a body of this size", 413)
    request.chunked = False
    return body


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
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split()[1])
    if b"transfer-encoding: chunked" in head.lower():
        return status, b"".join([chunk async for chunk in _chunks(reader)])
    return status, await reader.read()


def _closing(head: bytes) -> bytes:
    return head if b"connection: close" in head.lower() else head[:-2] + b"Connection: close\r\n\r\n"


def _reply(writer: asyncio.StreamWriter, status: int, message: str) -> None:
    _write(writer, status, json.dumps({"message": message}).encode())


def _write(writer: asyncio.StreamWriter, status: int, content: bytes) -> None:
    head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nConnection: close\r\n"
    writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)


async def serve(lab: socket.socket, control: socket.socket, upstream: str) -> None:
    """Filter what comes through ``lab`` on its way to the engine at ``upstream``, until cancelled.

    Parameters
    ----------
    lab, control
        Listening Unix sockets: the submission's, and the grader's.
    """
    gatekeeper = Filter(upstream)
    places = asyncio.Semaphore(_CONNECTIONS)

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with places:
            await gatekeeper.served(reader, writer)

    async with (
        await asyncio.start_unix_server(served, sock=lab, limit=_HEAD),
        await asyncio.start_unix_server(gatekeeper.controlled, sock=control),
    ):
        await asyncio.Event().wait()
