"""What the connections of one front share: the application that answers, headers known from before, how many may be open, the end."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Protocol

from .reply import Environ
from .request import Headers, Request

if TYPE_CHECKING:
    from .http1 import Connection


class Application(Protocol):
    """What answers requests. Both are called on the loop and return at once."""

    def recall(self, data: bytes, connection: Connection) -> tuple[bytes, bytes] | None:
        """Return the head (without Date) and the body of the answer to a request that came in exactly these bytes."""

    def recalled(self, data: bytes, answer: tuple[bytes, bytes], connection: Connection) -> None:
        """Hear that what ``recall`` gave is on its way."""

    def handle(self, request: Request) -> None:
        """See to it that the request is answered, now or later, on the loop."""

    def refuse(self, status: int, code: str, detail: str) -> tuple[Headers, bytes]:
        """Return headers and body for a request that could not be read."""

    def end(self) -> None:
        """Have what is used elsewhere given back: the server ends."""


class Listener:
    """What the connections of one process share."""

    def __init__(self, application: Application, base: Environ, max_body: int, connections: int) -> None:
        self.application, self.max_body, self.connections = application, max_body, connections
        self.base = {
            "SCRIPT_NAME": "", "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.errors": sys.stderr, "wsgi.multithread": True,
            "wsgi.multiprocess": True, "wsgi.run_once": False, "wsgi.input_terminated": True, **base,
        }  # fmt: skip
        self.open: set[Connection] = set()
        self.heads: dict[bytes, Environ] = {}  # what stands behind the request line, as an environment
        self.loop = asyncio.get_running_loop()
        self.ending = False

    def watch(self) -> None:
        """Close the connections that take too long; every second."""
        self.loop.call_later(1.0, self.watch)
        now = time.monotonic()
        for connection in tuple(self.open):
            connection.watch(now)

    def make_room(self) -> bool:
        """See to it that one more connection can be open: the one unused for longest goes; tell whether there is room."""
        if self.ending:
            return False
        if len(self.open) >= self.connections:
            unused = min((item for item in self.open if item.unused), key=lambda item: item.since, default=None)
            if unused is None:
                return False
            self.open.discard(unused)
            unused.transport.abort()
        return True

    async def end(self, seconds: float) -> None:
        """Take no more requests; return when those under way are answered, or after *seconds*."""
        self.ending = True
        self.application.end()
        deadline = time.monotonic() + seconds
        while self.open and time.monotonic() < deadline:
            for connection in tuple(self.open):
                connection.end()
            await asyncio.sleep(0.02)
