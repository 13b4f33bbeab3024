"""A finished answer and its way out: compression, HEAD, CORS and the headers every reply carries."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import IO, Any

from .coding import COMPRESS_FROM, choose_coding, compress, compressed
from .formats import GRAPH_FORMATS, HTML, negotiate
from .observe import Note

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]
CHUNK = 262_144
_REASONS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("Referrer-Policy", "same-origin"),
)


@dataclass(slots=True)
class Reply:
    """Status, headers and a body: bytes, or a complete file of *size* bytes."""

    status: int
    content_type: str = ""
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    file: IO[bytes] | None = None
    size: int = 0
    packed: dict[str, bytes] = field(default_factory=dict)  # coding to the body in it, as far as it is known
    etag: str = ""  # where the same request gets the same reply for as long as the tag is the data's
    note: Note | None = None  # what the query log says of it


class FileBody:
    """A finished file on its way to a client; a server that knows it reads it without a thread."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def __iter__(self) -> Iterator[bytes]:
        """Yield it in pieces, and give it back."""
        with self.file:
            while chunk := self.file.read(CHUNK):
                yield chunk

    def close(self) -> None:
        """Give back the file."""
        self.file.close()


def cors_headers(setting: str, origin: str | None) -> list[tuple[str, str]]:
    """Return what lets a page of *origin* read the reply, if the setting allows it; credentials never."""
    if setting == "*":
        return [("Access-Control-Allow-Origin", "*"), _EXPOSED]
    if origin and origin in setting.split():
        return [("Access-Control-Allow-Origin", origin), ("Vary", "Origin"), _EXPOSED]
    return []


_EXPOSED = ("Access-Control-Expose-Headers", "ETag, Link, Location, Server-Timing, Retry-After, SummitGraph-Truncated")


def fixed_headers(cors: str, origin: str | None) -> list[tuple[str, str]]:
    """Return the headers every reply has."""
    return [*cors_headers(cors, origin), *SECURITY]


def pack(environ: Environ, reply: Reply) -> tuple[list[tuple[str, str]], bytes | FileBody | Iterator[bytes]]:
    """Return headers and body of *reply* as the request asked for it: coded, with a length where it is known.

    The headers that every reply has come beside.
    """
    headers = list(reply.headers)
    if reply.content_type:
        headers.append(("Content-Type", reply.content_type))
    body, file = reply.body, reply.file
    coded: Iterator[bytes] | None = None
    coding = choose_coding(environ.get("HTTP_ACCEPT_ENCODING"))
    if coding and (file is not None or len(body) >= COMPRESS_FROM):
        headers.append(("Content-Encoding", coding))
        if file is not None:
            coded = compressed(FileBody(file), coding)
        else:
            body = reply.packed.get(coding) or reply.packed.setdefault(coding, compress(body, coding))
    if coded is None and reply.status not in (204, 304):
        headers.append(("Content-Length", str(reply.size if file is not None else len(body))))
    return headers, coded or (FileBody(file) if file is not None else body)


def send(environ: Environ, start_response: StartResponse, reply: Reply, cors: str = "") -> Iterable[bytes]:
    """Send *reply* by WSGI as the request asked for it."""
    headers, body = pack(environ, reply)
    start_response(_REASONS[reply.status], [*headers, *fixed_headers(cors, environ.get("HTTP_ORIGIN"))])
    if environ["REQUEST_METHOD"] == "HEAD" or reply.status in (204, 304):
        if reply.file is not None:
            reply.file.close()
        return []
    return [body] if isinstance(body, bytes) else body


_now = (0, b"")


def date_header() -> bytes:
    """Return the Date header with the end of its line; made once a second."""
    global _now
    second = int(time.time())
    if _now[0] != second:
        _now = (second, f"Date: {formatdate(second, usegmt=True)}\r\n".encode())
    return _now[1]


def matches(header: str | None, etag: str) -> bool:
    """Tell whether an If-None-Match header names *etag*, compared weakly (RFC 9110, 13.1.2)."""
    if not header:
        return False
    return header.strip() == "*" or etag in (part.strip().removeprefix("W/") for part in header.split(","))


def wants_html(accept: str | None) -> bool:
    """Tell whether a client likes a page better than any form of RDF, as browsers do.

    >>> wants_html("text/html,application/xml;q=0.9,*/*;q=0.8"), wants_html("text/turtle, text/html;q=0.2"), wants_html("*/*")
    (True, False, False)
    """
    chosen = negotiate(accept, GRAPH_FORMATS)
    return chosen is not None and chosen[0] is HTML
