"""A finished answer and its way out: compression, HEAD, CORS and the headers every reply carries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import IO, Any

from .coding import COMPRESS_FROM, choose_coding, compress, compressed
from .negotiate import parse_accept

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


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk


def cors_headers(setting: str, origin: str | None) -> list[tuple[str, str]]:
    """Return what lets a page of *origin* read the reply, if the setting allows it; credentials never."""
    if setting == "*":
        return [("Access-Control-Allow-Origin", "*"), _EXPOSED]
    if origin and origin in setting.split():
        return [("Access-Control-Allow-Origin", origin), ("Vary", "Origin"), _EXPOSED]
    return []


_EXPOSED = ("Access-Control-Expose-Headers", "ETag, Link, Location, Server-Timing, Retry-After, SummitGraph-Truncated")


def send(environ: Environ, start_response: StartResponse, reply: Reply, cors: str = "") -> Iterable[bytes]:
    """Send *reply* as the request asked for it."""
    headers = list(reply.headers)
    if reply.content_type:
        headers.append(("Content-Type", reply.content_type))
    body, file = reply.body, reply.file
    packed: Iterable[bytes] | None = None
    coding = choose_coding(environ.get("HTTP_ACCEPT_ENCODING"))
    if coding and (file is not None or len(body) >= COMPRESS_FROM):
        headers.append(("Content-Encoding", coding))
        if file is not None:
            packed = compressed(_chunks(file), coding)
        else:
            body = reply.packed.get(coding) or reply.packed.setdefault(coding, compress(body, coding))
    if packed is None and reply.status not in (204, 304):
        headers.append(("Content-Length", str(reply.size if file is not None else len(body))))
    headers += cors_headers(cors, environ.get("HTTP_ORIGIN"))
    headers += SECURITY
    start_response(_REASONS[reply.status], headers)
    if environ["REQUEST_METHOD"] == "HEAD" or reply.status in (204, 304):
        if file is not None:
            file.close()
        return []
    if packed is not None:
        return packed
    return _chunks(file) if file is not None else [body]


def matches(header: str | None, etag: str) -> bool:
    """Tell whether an If-None-Match header names *etag*, compared weakly (RFC 9110, 13.1.2)."""
    if not header:
        return False
    return header.strip() == "*" or etag in (part.strip().removeprefix("W/") for part in header.split(","))


def wants_html(accept: str | None) -> bool:
    """Tell whether a client names HTML itself, as browsers do and programs do not."""
    return any(item.subtype == "html" and item.quality > 0 for item in parse_accept(accept or ""))
