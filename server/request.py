"""One HTTP request as it is read, and the body of its reply."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, cast
from urllib.parse import unquote_to_bytes

import httptools

from .reply import CHUNK, Environ, FileBody

if TYPE_CHECKING:
    from .http1 import Connection

IN_MEMORY = 262_144  # bytes of a body; a longer one goes into a file
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
Body = bytes | FileBody | Iterable[bytes]
Headers = Iterable[tuple[str, str]]


@lru_cache(maxsize=512)
def variable_of(name: bytes) -> str:
    """Return the CGI name of a header; empty for one with an underscore, which another header could hide behind."""
    text = name.decode("latin-1").upper()
    if "_" in text:
        return ""
    text = text.replace("-", "_")
    return text if text in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{text}"


class Pieces:
    """A long body, to be sent in pieces."""

    def __init__(self, body: bytes) -> None:
        self.body = memoryview(body)

    def __iter__(self) -> Iterator[memoryview]:
        """Yield it, piece by piece."""
        for start in range(0, len(self.body), CHUNK):
            yield self.body[start : start + CHUNK]


class Request:
    """One request. ``environ`` is WSGI's; ``raw`` are its bytes where it came by itself in one piece."""

    __slots__ = (
        "answered",
        "body",
        "chunked_reply",
        "connection",
        "environ",
        "gone",
        "keep_alive",
        "raw",
        "received",
        "stream",
    )

    def __init__(self, connection: Connection, environ: Environ) -> None:
        self.connection, self.environ = connection, environ
        self.body: IO[bytes] | None = None
        self.received = 0
        self.keep_alive = self.answered = False
        self.raw: bytes | None = None
        self.gone: Callable[[float], None] | None = None  # called where the client leaves: in so many seconds give up
        self.chunked_reply = False
        self.stream: asyncio.Task[None] | None = None  # held, as the loop does not

    def add(self, data: bytes) -> None:
        """Take a part of the body."""
        if self.body is None:
            self.body = cast("IO[bytes]", tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115
        self.body.write(data)
        self.received += len(data)

    def finish(self) -> None:
        """Make the environment whole."""
        environ = self.environ
        if self.body is not None:
            self.body.seek(0)
            environ["wsgi.input"], environ["CONTENT_LENGTH"] = self.body, str(self.received)
        else:
            environ["wsgi.input"] = BytesIO()

    def reply(self, status: int, headers: Headers, body: Body) -> None:
        """Answer; once, on the loop. An iterable is read in threads, as fast as the client reads."""
        if not self.answered:
            self.answered, self.gone = True, None
            self.connection.write_reply(self, status, headers, body)
        elif not isinstance(body, bytes):
            close_body(body)

    def reply_whole(self, head: bytes, body: bytes) -> None:
        """Answer with a head that says all but the date and whether the connection stays, and a body; not to HEAD."""
        if not self.answered:
            self.answered, self.gone = True, None
            self.connection.write_ready(self, head, body)


def set_target(environ: Environ, target: bytes) -> None:
    """Say which path and query a request has; *target* is in one of the forms of RFC 9112, 3.2."""
    if target.startswith(b"/"):
        path, _, query = target.partition(b"#")[0].partition(b"?")
    else:
        parsed = httptools.parse_url(target) if target != b"*" else None
        path, query = (parsed.path or b"/", parsed.query or b"") if parsed else (target, b"")
    environ["PATH_INFO"] = (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1")
    environ["QUERY_STRING"] = query.decode("latin-1")


def escape_target(data: bytes) -> bytes:
    """Return *data* with the other bytes than ASCII in its first line percent-encoded: curl sends paths as typed."""
    line, end, rest = data.partition(b"\r\n")
    return _NOT_ASCII.sub(lambda found: b"%%%02X" % found[0][0], line) + end + rest


def close_body(body: Any) -> None:
    if close := getattr(body, "close", None):
        close()
