"""The head of an HTTP reply as bytes."""

from __future__ import annotations

import re
from http import HTTPStatus

from .request import Headers

REASONS = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_UNFIT = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # in a header's value


def head_of(status: int, headers: Headers, length: int | None) -> bytes:
    """Return status line, headers and, where the *length* is known, its header, each with the end of its line."""
    lines = [f"{name}: {value if value.isprintable() else _UNFIT.sub(' ', value)}\r\n" for name, value in headers]
    if length is not None:
        lines.append(f"Content-Length: {length}\r\n")
    return REASONS.get(status, b"HTTP/1.1 %d \r\n" % status) + "".join(lines).encode("latin-1", "replace")


def make_head(status: int, headers: Headers) -> bytes:
    """Return status line and headers, each with the end of its line."""
    return head_of(status, headers, None)


def make_lines(headers: Headers) -> bytes:
    """Return headers, each with the end of its line."""
    return head_of(0, headers, None).partition(b"\n")[2]
