"""HTTP/1.1 on an event loop: one connection at a time reads requests, hands them on, and writes what it is given.

The grammar is llhttp's (``httptools``). What is decided here is how long a client may take, how much it may send, and
that a slow one costs a socket and nothing else: no thread and no query process ever waits for a client.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import cast

import httptools

from .head import head_of
from .listener import Listener
from .reply import CHUNK, FileBody, date_header
from .request import Body, Headers, Pieces, Request, close_body, escape_target, set_target, variable_of

log = logging.getLogger(__name__)

HEAD_BYTES = 409_600  # of a request line with its headers: the longest query, percent-encoded
HEAD_S, BODY_S, IDLE_S, WRITE_S = (
    10.0,
    20.0,
    75.0,
    60.0,
)  # for a head; between parts of a body; between requests; to read
BODY_TOTAL_S = 600.0
LINGER_S = 5.0  # what a client goes on sending after it was refused is read for so long, or it would not see why
HALF_CLOSED_S = 2.0  # a query whose client says no more may run for so long
BACK = 16  # short queries more before a connection is lent again that came back with a request that was none
WAITING = 64  # requests a client may send before the first is answered
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
KNOWN, KNOWN_BYTES = 1024, 2048  # blocks of headers that are known again; how long one may be
_LINE = re.compile(rb"GET (/[!-~]*) HTTP/1\.1")


_buffer = bytearray(CHUNK)  # read into by all connections, one after the other: they are on one thread
_view = memoryview(_buffer)


class Connection(asyncio.BufferedProtocol):
    """One client's connection."""

    __slots__ = (
        "_drained", "_head_bytes", "_written", "address", "current", "lent", "listener", "parser", "queue", "quick", "reading",
        "since", "started", "state", "target", "transport",
    )  # fmt: skip

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.parser = httptools.HttpRequestParser(self)
        self.queue: deque[Request] = deque()  # whole requests; the first is being answered
        self.current: Request | None = None  # the one being read
        self.reading = True
        self.state = "head"
        self.since = self.started = time.monotonic()
        self.target = b""
        self._head_bytes = 0
        self._drained: asyncio.Event | None = None
        self._written = -1
        self.lent = False  # to a query process, which reads and answers meanwhile
        self.quick = 0  # short queries it has sent one after the other

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many already."""
        self.transport = cast("asyncio.Transport", transport)
        peer = self.transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""
        listener = self.listener
        if not listener.make_room():
            self.transport.write(_FULL)
            self.transport.close()
            return
        self.transport.set_write_buffer_limits(high=2 * CHUNK)
        listener.open.add(self)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """Tell those that work for the client."""
        self.listener.open.discard(self)
        if self._drained is not None:
            self._drained.set()
        left, self.queue = tuple(self.queue), deque()
        for request in left:
            request.answered = True
            if request.gone is not None:
                request.gone(0.2)

    @property
    def unused(self) -> bool:
        """Tell whether no request is being answered: there is none, or it is still on its way."""
        return not self.lent and not self.queue and not self.transport.get_write_buffer_size()

    # Lending

    @property
    def lendable(self) -> bool:
        """Tell whether nothing is under way here, in neither direction."""
        return (
            self.unused
            and self.current is None
            and self.state == "head"
            and self.reading
            and not (self.transport.is_closing() or self.listener.ending)
        )

    def lend(self) -> int:
        """Read nothing until the connection is taken back; return its descriptor."""
        self.lent = True
        self.transport.pause_reading()
        return int(self.transport.get_extra_info("socket").fileno())

    def take_back(self, data: bytes, rest: bytes) -> None:
        """Go on: *rest* is left to be sent, *data* were read and not answered."""
        self.lent, self.since = False, time.monotonic()
        if self.transport.is_closing():
            return
        self.quick = -BACK if data else 0
        self.transport.resume_reading()
        if rest:
            self.transport.write(rest)
        if data:
            self._read(data)

    def abort(self) -> None:
        """End at once: nobody knows how much of a reply was sent."""
        self.lent = False
        self.transport.abort()

    def pause_writing(self) -> None:
        """Remember that the client reads slowly."""
        self._drained = asyncio.Event()

    def resume_writing(self) -> None:
        """Go on."""
        if self._drained is not None:
            self._drained.set()
            self._drained = None

    def eof_received(self) -> bool:
        """Answer what was asked; a client that has gone and one that has only said all look the same."""
        if not self.queue:
            return False
        last = self.queue[-1]
        for request in tuple(self.queue):
            request.keep_alive = request is not last
            if request.gone is not None:
                request.gone(HALF_CLOSED_S)
        return True

    # Reading

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's
        """Return where to read into."""
        return _view

    def buffer_updated(self, nbytes: int) -> None:
        """Read what came."""
        if self.state != "refused":
            self._read(bytes(_view[:nbytes]))

    def _read(self, data: bytes) -> None:
        """Read requests, or a part of one."""
        fresh = self.state == "head" and self.current is None
        if fresh and not self.queue:
            answer = self.listener.application.recall(data, self)
            if answer is not None:
                head, body = answer
                self.since = time.monotonic()
                self.transport.write(b"".join((head, date_header(), b"\r\n", body)))
                self.listener.application.recalled(data, answer, self)
                return
            if (request := self._known(data)) is not None:
                self.since = time.monotonic()
                self.queue.append(request)
                self.listener.application.handle(request)
                return
        if fresh:
            self.since = self.started = time.monotonic()
            self._head_bytes = 0
            if not data.isascii():
                data = escape_target(data)
        elif self.state == "body":
            self.since = time.monotonic()
        if self.state == "head":
            self._head_bytes += len(data)
        before = len(self.queue)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # another protocol was offered; we go on in this one
        except httptools.HttpParserError as error:
            self._fail(400, "http", f"this is not an HTTP/1.1 request: {error}")
        if self.state == "head" and self._head_bytes > HEAD_BYTES:
            self._fail(431, "head", f"the request line and headers are longer than {HEAD_BYTES} bytes")
        if len(self.queue) > 1 and self.reading:
            self.reading = False
            self.transport.pause_reading()
        if self.queue and not before:
            first = self.queue[0]
            if fresh and len(self.queue) == 1 and self.current is None and first.keep_alive and first.body is None:
                first.raw = data
                self._learn(data, first)
            self.listener.application.handle(first)

    def _known(self, data: bytes) -> Request | None:
        """Return a request whose headers are known from one before, as a client's are the same each time."""
        end = data.find(b"\r\n")
        environ = self.listener.heads.get(data[end:])
        if environ is None or not (line := _LINE.fullmatch(data, 0, end)):
            return None
        request = Request(self, environ.copy())
        request.environ["REMOTE_ADDR"] = self.address
        set_target(request.environ, line[1])
        request.keep_alive, request.raw = True, data
        request.finish()
        return request

    def _learn(self, data: bytes, request: Request) -> None:
        """Keep the headers of a GET that llhttp has read and that was nothing but a head."""
        environ, heads = request.environ, self.listener.heads
        block = data[data.find(b"\r\n") :]
        if len(block) > KNOWN_BYTES or environ["REQUEST_METHOD"] != "GET" or environ["SERVER_PROTOCOL"] != "HTTP/1.1":
            return
        if "HTTP_EXPECT" in environ or "HTTP_UPGRADE" in environ or not data.endswith(b"\r\n\r\n"):
            return
        if len(heads) >= KNOWN:
            del heads[next(iter(heads))]
        heads[block] = {key: value for key, value in environ.items() if key != "wsgi.input"}

    def on_message_begin(self) -> None:
        """Begin a request."""
        self.current = Request(self, self.listener.base.copy())
        self.target = b""

    def on_url(self, url: bytes) -> None:
        """Take the target, or a part of it."""
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        environ = cast("Request", self.current).environ
        variable = variable_of(name)
        if variable:
            text = value.decode("latin-1")
            if variable in environ:
                text = f"{environ[variable]}{'; ' if variable == 'HTTP_COOKIE' else ','}{text}"
            environ[variable] = text

    def on_headers_complete(self) -> None:
        """Look at the head before a body is read."""
        if self.state == "refused":
            return
        request, parser = cast("Request", self.current), self.parser
        environ, target = request.environ, self.target
        request.keep_alive = parser.should_keep_alive()
        version = parser.get_http_version()
        environ["REQUEST_METHOD"] = parser.get_method().decode("latin-1")
        environ["SERVER_PROTOCOL"] = f"HTTP/{version}"
        environ["REMOTE_ADDR"] = self.address
        set_target(environ, target)
        self.state, self._head_bytes = "body", 0
        if version == "1.1" and "HTTP_HOST" not in environ:
            self._fail(400, "host", "an HTTP/1.1 request has a Host header")
        elif int(environ.get("CONTENT_LENGTH") or 0) > self.listener.max_body:
            self._fail(413, "body", f"the body is longer than the limit of {self.listener.max_body} bytes")
        elif version == "1.1" and environ.get("HTTP_EXPECT", "").lower() == "100-continue" and not self.queue:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, data: bytes) -> None:
        """Take a part of the body."""
        request = self.current
        if request is None or self.state == "refused":
            return
        if request.received + len(data) > self.listener.max_body:
            self._fail(413, "body", f"the body is longer than the limit of {self.listener.max_body} bytes")
            return
        request.add(data)

    def on_message_complete(self) -> None:
        """Answer the request, after those before it."""
        request = self.current
        if request is None or self.state == "refused":
            return
        self.current, self.state, self._head_bytes = None, "head", 0
        request.finish()
        if len(self.queue) >= WAITING:
            self._fail(400, "pipeline", f"more than {WAITING} requests wait for their answers")
            return
        self.queue.append(request)

    def _fail(self, status: int, code: str, detail: str) -> None:
        """Answer what cannot be read, after what could be, and close."""
        self.current = None
        if self.state == "refused" or self.transport.is_closing():
            return
        self.state, self.since = "refused", time.monotonic()
        if self.queue:  # those before are answered, then it ends
            self.queue[-1].keep_alive = False
            return
        headers, body = self.listener.application.refuse(status, code, detail)
        self.transport.write(
            head_of(status, headers, len(body)) + b"Connection: close\r\n" + date_header() + b"\r\n" + body
        )
        self.transport.write_eof()

    # Writing

    def write_ready(self, request: Request, head: bytes, body: bytes) -> None:
        """Write a whole answer."""
        if not request.keep_alive:
            head += b"Connection: close\r\n"
        elif request.environ["SERVER_PROTOCOL"] == "HTTP/1.0":
            head += b"Connection: keep-alive\r\n"
        if len(body) > CHUNK:  # as the client reads it: asyncio moves all it keeps at each write
            self.transport.write(b"".join((head, date_header(), b"\r\n")))
            request.stream = self.listener.loop.create_task(self._stream(request, Pieces(body)))
            return
        self.transport.write(b"".join((head, date_header(), b"\r\n", body)))
        self._next(request)

    def write_reply(self, request: Request, status: int, headers: Headers, body: Body) -> None:
        """Write an answer whose body is bytes, a file, or something to be read."""
        environ = request.environ
        empty = environ["REQUEST_METHOD"] == "HEAD" or status in (204, 304)
        headers = list(headers)
        if isinstance(body, bytes):
            length = None if status in (204, 304) else len(body)
            told = any(name.lower() == "content-length" for name, _ in headers)
            self.write_ready(request, head_of(status, headers, None if told else length), b"" if empty else body)
            return
        head = head_of(status, headers, None)
        if not empty and b"\r\ncontent-length:" not in head.lower():
            if environ["SERVER_PROTOCOL"] == "HTTP/1.1":
                request.chunked_reply = True
                head += b"Transfer-Encoding: chunked\r\n"
            else:
                request.keep_alive = False
        if not request.keep_alive:
            head += b"Connection: close\r\n"
        self.transport.write(b"".join((head, date_header(), b"\r\n")))
        if empty:
            close_body(body)
            self._next(request)
        else:
            request.stream = self.listener.loop.create_task(self._stream(request, body))

    async def _stream(self, request: Request, body: FileBody | Pieces | Iterable[bytes]) -> None:
        loop, transport = self.listener.loop, self.transport
        parts: Iterator[bytes | memoryview] = iter(body)
        try:
            while not transport.is_closing():
                # What is finished is at hand; anything else may compute.
                chunk = (
                    next(parts, None)
                    if isinstance(body, (FileBody, Pieces))
                    else await loop.run_in_executor(None, next, parts, None)
                )
                if chunk is None:
                    break
                if chunk:
                    transport.write(b"%x\r\n%b\r\n" % (len(chunk), bytes(chunk)) if request.chunked_reply else chunk)
                if (drained := self._drained) is not None:
                    await drained.wait()
            if request.chunked_reply:
                transport.write(b"0\r\n\r\n")
        except Exception:  # the head is out: all that is left is not to end it as if it were whole
            log.exception("a reply broke off")
            transport.abort()
        finally:
            close_body(body)
        self._next(request)

    def _next(self, request: Request) -> None:
        """Go on to the request after *request*."""
        if self.queue and self.queue[0] is request:
            self.queue.popleft()
        if request.body is not None:
            request.body.close()
        self.since = time.monotonic()
        if not request.keep_alive or self.listener.ending:
            self._close()
        elif self.queue:
            self.listener.loop.call_soon(self._handle_first)
        elif not self.reading:
            self.reading = True
            self.transport.resume_reading()

    def _handle_first(self) -> None:
        if self.queue and not self.queue[0].answered:
            self.listener.application.handle(self.queue[0])

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    # Time

    def watch(self, now: float) -> None:
        """Close the connection if the client has taken too long."""
        if self.lent:
            return
        waiting = self.transport.get_write_buffer_size()
        if waiting:  # slow to read
            if waiting != self._written:
                self._written, self.since = waiting, now
            elif now > self.since + WRITE_S:
                self.transport.abort()
            return
        self._written = -1
        if self.transport.is_closing():
            if now > self.since + WRITE_S:
                self.transport.abort()
        elif self.queue:
            return
        elif self.state == "refused":
            if now > self.since + LINGER_S:
                self.transport.abort()
        elif self.state == "body":
            if now > self.since + BODY_S or now > self.started + BODY_TOTAL_S:
                self._fail(408, "slow", f"nothing of the body came for {BODY_S:g} s")
        elif self.current is not None:
            if now > self.started + HEAD_S:
                self._fail(408, "slow", f"the head of the request did not come in {HEAD_S:g} s")
        elif now > self.since + (IDLE_S if self.reading else WRITE_S):
            self._close()

    def end(self) -> None:
        """Close the connection if nothing is under way."""
        if self.unused:
            self._close()
