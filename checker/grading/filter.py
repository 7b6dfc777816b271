"""The filter: a proxy between an answer and its sandbox's engine, which it can also hold.

It alone frames what passes: a request is parsed, judged (:mod:`policy`) and written anew, on a connection
of its own, and so is what the engine says. Before the first ``open``, and from a ``hold`` on, no byte goes to
the engine.

.. code-block:: text

    accept → read a request → wait until serving → judge → connect → send ┬ the client's bytes → engine (gate)
                                                                          └ the engine's answer → client

It runs in a sandbox's first process: one thread, standard library only.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import select
import socket
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

try:
    from . import policy
except ImportError:  # in a sandbox this is a plain file beside the other one
    import policy  # type: ignore[import-not-found, no-redef]

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

_HEAD, _BODY, _CHUNK = 64 * 1024, 4 * 2**20, 64 * 1024  # bytes
_EMPTY = b"0\r\n\r\n"  # the last chunk
_CONNECTIONS = 1000  # at once; more wait to be accepted
_LARGE_BODIES = 16  # larger than a chunk, in memory at once
_LAST_ANSWERS = 2.0  # seconds that a hold waits for requests that are on their way
_FIRST_START, _RESTART = 60.0, 1.0  # seconds that an engine may take until it listens
_LINGER = 5.0  # seconds in which a refused client may end what it is sending
_REASONS = 20
_PHRASES = {400: b"Bad Request", 403: b"Forbidden", 404: b"Not Found", 502: b"Bad Gateway"}

_REQUEST_LINE = re.compile(rb"(GET|HEAD|POST|PUT|DELETE|OPTIONS) ([!-~]+) HTTP/1\.1")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t -~]*)")
#: Headers that are the two connections' own, and not passed on. A body's type is said anew.
_OWN = {
    "accept-encoding", "connection", "content-length", "content-type", "expect", "host", "keep-alive",
    "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
}  # fmt: skip
_ONCE = ("content-length", "transfer-encoding", "host", "upgrade", "expect")


async def serve(lab: socket.socket, control: socket.socket, upstream: str) -> None:
    """Filter until cancelled.

    Parameters
    ----------
    lab, control
        Listening Unix sockets: the answer's, and the grader's.
    upstream
        Path of the engine's socket.
    """
    served = _Filter(upstream)
    async with asyncio.TaskGroup() as group:
        group.create_task(_accept(lab, served.client, asyncio.Semaphore(_CONNECTIONS)))
        group.create_task(_accept(control, served.control, asyncio.Semaphore(_CONNECTIONS)))


async def _accept(
    listening: socket.socket, handle: Callable[[_Stream], Awaitable[None]], places: asyncio.Semaphore
) -> None:
    listening.setblocking(False)
    async with asyncio.TaskGroup() as group:
        while True:
            await places.acquire()
            try:
                sock, _ = await asyncio.get_running_loop().sock_accept(listening)
            except OSError:  # out of descriptors: some come back
                places.release()
                await asyncio.sleep(0.05)
                continue
            task = group.create_task(_handled(handle, _Stream(sock)))
            task.add_done_callback(lambda _: places.release())


async def _handled(handle: Callable[[_Stream], Awaitable[None]], stream: _Stream) -> None:
    """Handle one connection. What ends it ends no other one."""
    with stream:
        try:
            await handle(stream)
        except (OSError, EOFError, policy.Malformed):
            pass  # it has ended in the middle of something
        except Exception:  # noqa: BLE001 - a fault of ours is no reason to stop serving
            traceback.print_exc()


class _Stream:
    """A connection, read through a buffer. A context manager: leaving it closes the connection."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.sock = sock
        self._buffer = bytearray()
        self._loop = asyncio.get_running_loop()

    # Data is taken in one step, never awaited: a task that is cancelled while it reads loses none.

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    async def _fill(self) -> bool:
        data = await self._receive(_CHUNK)
        self._buffer += data
        return bool(data)

    async def _receive(self, most: int) -> bytes:
        while True:
            try:
                return self.sock.recv(most)
            except BlockingIOError:
                await self._ready(self._loop.add_reader, self._loop.remove_reader)

    async def _ready(self, add: Callable[..., None], remove: Callable[..., Any]) -> None:
        ready = self._loop.create_future()
        add(self.sock, lambda: None if ready.done() else ready.set_result(None))
        try:
            await ready
        finally:
            remove(self.sock)

    async def until(self, end: bytes, most: int) -> bytes:
        """Read up to and without ``end``; nothing where the connection ends before its first byte."""
        searched = 0
        while (found := self._buffer.find(end, searched)) < 0:
            searched = max(0, len(self._buffer) - len(end) + 1)
            if searched > most:
                break
            if not await self._fill():
                if self._buffer:
                    raise EOFError
                return b""
        if found < 0 or found > most:
            raise policy.Malformed("a head or a line is longer than it may be")
        data = bytes(self._buffer[:found])
        del self._buffer[: found + len(end)]
        return data

    @property
    def waiting(self) -> bool:
        """Whether something was received that nobody has read."""
        return bool(self._buffer)

    async def some(self, most: int = _CHUNK) -> bytes:
        """Read what is there; nothing at the end."""
        if not self._buffer:
            return await self._receive(min(most, _CHUNK))
        data = bytes(self._buffer[:most])
        del self._buffer[:most]
        return data

    async def body(self, length: int | None, *, chunked: bool) -> AsyncIterator[bytes]:
        """Read a body: so many bytes, or chunks, or to the end of the connection."""
        if not chunked:
            while length is None or length > 0:
                data = await self.some(_CHUNK if length is None else length)
                if not data:
                    break
                yield data
                length = None if length is None else length - len(data)
            if length:
                raise EOFError
            return
        while size := await self._chunk_size():
            async for data in self.body(size, chunked=False):
                yield data
            if await self.until(b"\r\n", 0):
                raise policy.Malformed("a chunk is longer than its size")
        if await self.until(b"\r\n", 0):
            raise policy.Malformed("chunks end with a trailer")

    async def _chunk_size(self) -> int:
        line = await self.until(b"\r\n", 8)
        if not line:
            raise EOFError
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", line):
            raise policy.Malformed("a chunk's size is no number")
        return int(line, 16)

    async def gone(self) -> None:
        """Return when the other side sends no more; keep a little of what it sends until then."""
        while len(self._buffer) < _HEAD:
            if not await self._fill():
                return
        await self._loop.create_future()

    def closed(self) -> bool:
        """Tell whether the other side has closed the connection, not only its sending half."""
        poll = select.poll()
        poll.register(self.sock, 0)
        return bool(poll.poll(0))

    async def send(self, data: bytes, gate: asyncio.Event | None = None) -> None:
        """Send all of ``data``; where there is a gate, each byte of it only while that is open."""
        rest = memoryview(data)
        while rest:
            if gate is not None:
                await gate.wait()
            try:
                rest = rest[self.sock.send(rest) :]
            except BlockingIOError:
                await self._ready(self._loop.add_writer, self._loop.remove_writer)

    def end(self) -> None:
        """Close the sending half."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)

    async def linger(self) -> None:
        """Let the other side read the last answer before the connection ends under what it still sends."""
        self.end()
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(_LINGER):
                while await self._receive(_CHUNK):
                    pass


@dataclass
class _Head:
    """The first lines of a request or an answer, and how its body is framed."""

    first: bytes
    headers: list[tuple[str, str]] = field(default_factory=list)

    def get(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def chunked(self) -> bool:
        return self.get("transfer-encoding").lower() == "chunked"

    @property
    def length(self) -> int | None:
        return int(text) if (text := self.get("content-length")) else None


def _parse_head(raw: bytes) -> _Head:
    first, *lines = raw.split(b"\r\n")
    head = _Head(first)
    for line in lines:
        matched = _HEADER.fullmatch(line)
        if matched is None:
            raise policy.Malformed("a header is not a name, a colon and printable text on one line")
        head.headers.append((matched[1].decode("ascii"), matched[2].decode("ascii").strip()))
    names = [name.lower() for name, _ in head.headers]
    if any(names.count(name) > 1 for name in _ONCE):
        raise policy.Malformed("a header that frames the request is there twice")
    if "content-length" in names and "transfer-encoding" in names:
        raise policy.Malformed("the body has a length and is in chunks")
    if "transfer-encoding" in names and not head.chunked:
        raise policy.Malformed("the only transfer encoding is chunked")
    if "content-length" in names and not re.fullmatch(r"[0-9]{1,15}", head.get("content-length")):
        raise policy.Malformed("the length is no number")
    return head


@dataclass(eq=False)
class _Request:
    """One request, as far as it is read: the head, and JSON where it has some."""

    method: str
    target: policy.Target
    head: _Head
    body: dict[str, Any] | None = None
    #: Set once the engine has taken all of the request.
    sent: asyncio.Event = field(default_factory=asyncio.Event)
    #: Set once the connection is no HTTP any more, but two streams.
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    #: Set once the engine has answered, or taken the connection over.
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    #: Whether the client has got anything.
    begun: bool = False
    limit: int = 0

    @property
    def streams(self) -> bool:
        return policy.streams_in(self.target)

    @property
    def upgrade(self) -> str:
        """The protocol that is asked for, where this request may."""
        words = {word.strip().lower() for word in self.head.get("connection").split(",")}
        wanted = self.head.get("upgrade").lower()
        return wanted if "upgrade" in words and wanted and wanted == policy.upgrade(self.target) else ""

    @property
    def ends(self) -> bool:
        """Whether nothing follows on the client's connection."""
        return "close" in self.head.get("connection").lower()

    @property
    def changes(self) -> bool:
        """Whether the engine goes on with it, and answers soon, when its client is gone."""
        lasting = self.streams or policy.endless(self.target) or policy.upgrade(self.target)
        return self.method not in {"GET", "HEAD"} and not lasting

    def written(self) -> bytes:
        """The head and, but for one that streams, the body, as they are sent."""
        body = b"" if self.body is None else policy.write_body(self.body)
        lines = [f"{self.method} {self.target} HTTP/1.1", "Host: docker"]
        lines += [f"{name}: {value}" for name, value in self.head.headers if name.lower() not in _OWN]
        lines += (
            ["Connection: Upgrade", f"Upgrade: {self.upgrade}"] if self.upgrade else ["Connection: close"]
        )
        if self.streams and self.head.chunked:
            lines += ["Content-Type: application/x-tar", "Transfer-Encoding: chunked"]
        elif self.streams and self.head.length:
            lines += ["Content-Type: application/x-tar", f"Content-Length: {self.head.length}"]
        elif body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        elif self.method in {"POST", "PUT"}:
            lines.append("Content-Length: 0")
        return "\r\n".join([*lines, "", ""]).encode("ascii") + body


class _Hidden(Exception):  # noqa: N818
    """A request for a container that the answer does not see."""


class _Filter:
    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._serving = asyncio.Event()
        self._reached = False
        self._hidden: frozenset[str] = frozenset()
        self._names: frozenset[str] = frozenset()
        self._refused: dict[str, None] = {}
        #: Sent, not answered, and bound to be.
        self._on_their_way: set[_Request] = set()
        self._large = asyncio.Semaphore(_LARGE_BODIES)

    # The grader's side.

    async def control(self, stream: _Stream) -> None:
        """Do what the grader says, line by line."""
        while line := await stream.until(b"\n", _BODY):
            try:
                reply = await self._do(json.loads(line))
            except (ValueError, TypeError, AttributeError, KeyError) as error:
                reply = {"ok": False, "error": f"{type(error).__name__}: {error}"}
            await stream.send(json.dumps(reply).encode() + b"\n")

    async def _do(self, said: dict[str, Any]) -> dict[str, Any]:
        if said["do"] == "open":
            self._hidden = frozenset(said.get("hidden", ()))
            self._names = frozenset(name.lstrip("/") for name in said.get("names", ()))
            self._serving.set()
            return {"ok": True}
        if said["do"] == "hold":
            self._serving.clear()
            await self._last_answers()
            return {"ok": True, "refused": list(self._refused)}
        raise ValueError(f"do is open or hold, not {said['do']!r}")

    async def _last_answers(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_ANSWERS):
                for request in tuple(self._on_their_way):
                    await request.answered.wait()

    # The answer's side.

    async def client(self, client: _Stream) -> None:
        """Serve requests until the client ends, or one of them ends the connection."""
        while await self._next(client):
            pass

    async def _next(self, client: _Stream) -> bool:
        """Serve one request; tell whether another one may follow."""
        try:
            request = await self._read(client)
            if request is None:
                return False
        except policy.Malformed as error:
            await client.send(_message(400, f"refused by the grading sandbox: {error}."))
            await client.linger()
            return False
        try:
            await self._serving.wait()
            await self._judge(request)
            written = request.written()
            upstream = await self._connect()
        except (policy.Malformed, policy.Refused, _Hidden, ConnectionError) as error:
            return await self._declined(client, request, error)
        with upstream:
            return await self._exchange(client, upstream, request, written)

    async def _declined(self, client: _Stream, request: _Request, error: Exception) -> bool:
        if isinstance(error, policy.Refused) and len(self._refused) < _REASONS:
            self._refused[error.what] = None
        status = {policy.Refused: 403, policy.Malformed: 400, _Hidden: 404}.get(type(error), 502)
        text = f"refused by the grading sandbox: {error}." if status == 400 else str(error)
        answer = _message(status, text, keep=not request.streams)
        await client.send(
            answer if request.method != "HEAD" else answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        )
        if request.streams:
            await client.linger()
        return not request.streams

    async def _read(self, client: _Stream) -> _Request | None:
        raw = await client.until(b"\r\n\r\n", _HEAD)
        if not raw:
            return None
        head = _parse_head(raw)
        line = _REQUEST_LINE.fullmatch(head.first)
        if line is None:
            raise policy.Malformed("the request line is not a known method, a path and HTTP/1.1")
        request = _Request(line[1].decode(), policy.parse_target(line[2].decode("ascii")), head)
        if head.get("expect").lower() == "100-continue":
            await client.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not request.streams:
            request.body = policy.parse_body(await self._read_body(client, head))
        return request

    async def _read_body(self, client: _Stream, head: _Head) -> bytes:
        if not head.chunked and (head.length or 0) <= _CHUNK:
            return b"".join([data async for data in client.body(head.length or 0, chunked=False)])
        async with self._large:
            read = bytearray()
            async for data in client.body(head.length, chunked=head.chunked):
                read += data
                if len(read) > _BODY:
                    raise policy.Malformed(f"the body has more than {_BODY // 2**20} MB")
            return bytes(read)

    async def _judge(self, request: _Request) -> None:
        """Raise what stands against a request."""
        try:
            references = policy.judge(request.target, request.body)
        except (TypeError, AttributeError, RecursionError) as error:
            raise policy.Malformed("a field has a type that it cannot have") from error
        for reference in references:
            if await self._is_hidden(reference):
                raise _Hidden(f"No such container: {reference}")
        request.target, request.limit = policy.widened(request.target, len(self._hidden))

    async def _is_hidden(self, reference: str) -> bool:
        """Tell whether this is a hidden container for the engine: its name, its id, or how that begins."""
        bare = reference.removeprefix("/")
        if bare in self._names or bare in self._hidden:
            return True
        if not bare or not any(one.startswith(bare) for one in self._hidden):
            return False
        found = await self._asked(
            policy.Target("", ("containers", bare, "json"))
        )  # it may be another one's name
        return found.get("Id") in self._hidden

    async def _asked(self, target: policy.Target) -> dict[str, Any]:
        with await self._connect() as upstream:
            await upstream.send(_Request("GET", target, _Head(b"")).written(), self._serving)
            head = _parse_head(await upstream.until(b"\r\n\r\n", _HEAD))
            read = [data async for data in upstream.body(head.length, chunked=head.chunked)]
        answer = json.loads(b"".join(read))
        return answer if isinstance(answer, dict) else {}

    async def _connect(self) -> _Stream:
        """Connect to the engine; wait for one that is not there yet."""
        until = time.monotonic() + (_RESTART if self._reached else _FIRST_START)
        while True:
            sock = socket.socket(socket.AF_UNIX)
            sock.setblocking(False)
            try:
                sock.connect(self._upstream)
            except OSError as error:  # it is not there, or (EAGAIN) many ask at once
                sock.close()
                if time.monotonic() > until and not isinstance(error, BlockingIOError):
                    raise ConnectionError("The sandbox's engine does not answer: it has ended.") from error
                await asyncio.sleep(0.01)
                continue
            self._reached = True
            return _Stream(sock)

    async def _exchange(self, client: _Stream, upstream: _Stream, request: _Request, written: bytes) -> bool:
        """Pass a request on and its answer back; tell whether another request may follow."""
        passing = asyncio.create_task(self._pass_on(client, upstream, request, written))
        answering = asyncio.create_task(self._answer(client, upstream, request))
        try:
            await asyncio.wait({passing, answering}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done() and not _lost(answering):
                return answering.result() and request.sent.is_set() and not request.ends
            if _malformed(passing) and not request.begun:
                await client.send(_message(400, f"refused by the grading sandbox: {passing.exception()}."))
                return False
            if request.taken.is_set() and not (_lost(passing) or _lost(answering) or client.closed()):
                await asyncio.wait({answering})  # only a sending half is closed: the engine has more to say
                if not _lost(answering):
                    return False
            answering.cancel()
            await asyncio.wait({answering})
            await self._let_end(upstream, request)
            return False
        finally:
            request.answered.set()
            self._on_their_way.discard(request)
            for task in (passing, answering):
                task.cancel()
            await asyncio.gather(passing, answering, return_exceptions=True)

    async def _pass_on(self, client: _Stream, upstream: _Stream, request: _Request, written: bytes) -> None:
        """Send a request, then what follows on a connection that was taken over, until the client ends."""
        await upstream.send(written, self._serving)
        if request.streams:
            await self._pass_body(client, upstream, request.head)
        request.sent.set()
        if not policy.endless(request.target):
            self._on_their_way.add(request)
        if not policy.upgrade(request.target):
            await client.gone()
            return
        await request.taken.wait()
        while data := await client.some():
            await upstream.send(data, self._serving)
        await self._serving.wait()  # the end is something to say, too
        upstream.end()

    async def _pass_body(self, client: _Stream, upstream: _Stream, head: _Head) -> None:
        async for data in client.body(head.length or 0, chunked=head.chunked):
            await upstream.send(_chunk(data) if head.chunked else data, self._serving)
        if head.chunked:
            await upstream.send(_EMPTY, self._serving)

    async def _let_end(self, upstream: _Stream, request: _Request) -> None:
        """Let the engine end what its client has left.

        Closing a connection tells the engine something: it is not done while the filter holds. And a hold
        waits for changes that the engine is still making.
        """
        ended = asyncio.create_task(_discard(upstream))
        served = asyncio.create_task(self._serving.wait())
        try:
            if request.changes and request.sent.is_set():
                await ended
            else:
                await asyncio.wait({ended, served}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            served.cancel()

    async def _answer(self, client: _Stream, upstream: _Stream, request: _Request) -> bool:
        """Pass the engine's answer on; tell whether another request may follow."""
        try:
            head = await _answer_head(upstream)
        except (EOFError, OSError, policy.Malformed):
            request.begun = True
            await client.send(_message(502, "The sandbox's engine does not answer: it has ended."))
            return False
        request.begun = True
        status = int(head.first[9:12])
        if status == 101 or (status == 200 and _is_raw(head) and policy.upgrade(request.target)):
            await self._take_over(client, upstream, request, head)
            return False
        if request.method == "HEAD" or status in {204, 304}:
            await client.send(_written(head, *_lengths(head)))
        elif status == 200 and self._hidden and policy.edits(request.target):
            read = b"".join([data async for data in upstream.body(head.length, chunked=head.chunked)])
            edited = policy.edited(request.target, json.loads(read), self._hidden, request.limit)
            data = json.dumps(edited, ensure_ascii=False).encode() + b"\n"
            await client.send(_written(head, ("Content-Length", str(len(data)))) + data)
        elif head.length is not None:
            await self._copy(client, upstream, head, _written(head, *_lengths(head)))
        else:
            events = request.target.parts == ("events",)
            await self._copy(client, upstream, head, _written(head, ("Transfer-Encoding", "chunked")), events)
        return True

    async def _take_over(self, client: _Stream, upstream: _Stream, request: _Request, head: _Head) -> None:
        request.answered.set()
        self._on_their_way.discard(request)
        await client.send(_lines(head.first, head.headers))
        request.taken.set()
        while data := await upstream.some():
            await client.send(data)
        client.end()

    async def _copy(
        self, client: _Stream, upstream: _Stream, head: _Head, unsent: bytes, events: bool = False
    ) -> None:
        """Copy the body of an answer. The head goes with the first of it, where that is there already."""
        if not upstream.waiting:
            await client.send(unsent)
            unsent = b""
        pieces = upstream.body(head.length, chunked=head.chunked)
        async for data in self._visible(pieces) if events else pieces:
            await client.send(unsent + (data if head.length is not None else _chunk(data)))
            unsent = b""
        await client.send(unsent if head.length is not None else unsent + _EMPTY)

    async def _visible(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Leave out the events of hidden containers; each is one line."""
        begun = b""
        async for data in pieces:
            *lines, begun = (begun + data).split(b"\n")
            if shown := [line + b"\n" for line in lines if policy.visible_event(line, self._hidden)]:
                yield b"".join(shown)
        if begun and policy.visible_event(begun, self._hidden):
            yield begun


async def _answer_head(upstream: _Stream) -> _Head:
    """Read the head of an answer, and pass over those that announce one."""
    while raw := await upstream.until(b"\r\n\r\n", 16 * _HEAD):
        head = _parse_head(raw)
        if not re.fullmatch(rb"HTTP/1\.[01] [0-9]{3}( .*)?", head.first):
            break
        if not head.first[9:12].startswith(b"1") or head.first[9:12] == b"101":
            return head
    raise EOFError


def _is_raw(head: _Head) -> bool:
    """Tell whether an engine has taken a connection over without saying so, as old clients expect."""
    raw = head.get("content-type").startswith("application/vnd.docker.")
    return raw and head.length is None and not head.chunked


def _lengths(head: _Head) -> list[tuple[str, str]]:
    return [("Content-Length", str(head.length))] if head.length is not None else []


def _written(head: _Head, *framing: tuple[str, str]) -> bytes:
    own = {"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"}
    return _lines(head.first, [one for one in head.headers if one[0].lower() not in own] + list(framing))


def _lines(first: bytes, headers: list[tuple[str, str]]) -> bytes:
    return b"\r\n".join([first, *(f"{name}: {value}".encode("ascii") for name, value in headers), b"", b""])


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _message(status: int, text: str, *, keep: bool = False) -> bytes:
    """Write an answer of our own, as the engine writes one."""
    data = json.dumps({"message": text}).encode() + b"\n"
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(data)))]
    headers += [] if keep else [("Connection", "close")]
    return _lines(b"HTTP/1.1 %d %b" % (status, _PHRASES[status]), headers) + data


async def _discard(stream: _Stream) -> None:
    with contextlib.suppress(OSError):
        while await stream.some():
            pass


def _lost(task: asyncio.Task[Any]) -> bool:
    """Tell whether a task has ended by an exception."""
    return task.done() and (task.cancelled() or task.exception() is not None)


def _malformed(task: asyncio.Task[Any]) -> bool:
    return task.done() and not task.cancelled() and isinstance(task.exception(), policy.Malformed)
