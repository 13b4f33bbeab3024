"""Fair shares: how fast one client may ask, and how many requests it may have under way."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .problems import Problem
from .reply import Environ

_FORGET_ABOVE = 10_000


def client_of(environ: Environ, trust_proxy: bool) -> str:
    """Return the client's address; behind a trusted proxy the last one it added."""
    if trust_proxy and (forwarded := environ.get("HTTP_X_FORWARDED_FOR")):
        return str(forwarded).rpartition(",")[2].strip()
    return str(environ.get("REMOTE_ADDR", ""))


class Limiter:
    """A token bucket and a count of running requests for each client; *rate* per second, 0 for no limit."""

    def __init__(self, rate: float, burst: int, concurrent: int) -> None:
        self.rate, self.burst, self.concurrent = rate, max(1, burst), concurrent
        self._buckets: dict[str, tuple[float, float]] = {}
        self._running: dict[str, int] = {}
        self._lock = threading.Lock()

    @contextmanager
    def admit(self, client: str) -> Iterator[None]:
        """Let one request of *client* in.

        Raises:
            Problem: 429 if the client asks too fast or has too many requests under way.
        """
        self.enter(client)
        try:
            yield
        finally:
            self.leave(client)

    def enter(self, client: str, *, brief: bool = False) -> None:
        """Let one request of *client* in, until it leaves; a *brief* one is over at once and does not leave.

        Raises:
            Problem: 429 if the client asks too fast or has too many requests under way.
        """
        with self._lock:
            if self.rate:
                self._take(client)
            running = self._running.get(client, 0)
            if self.concurrent and running >= self.concurrent:
                raise _too_many(f"{running} requests of yours are under way; the limit is {self.concurrent}", 1)
            if not brief:
                self._running[client] = running + 1

    def leave(self, client: str) -> None:
        """Let one request of *client* go."""
        with self._lock:
            if (running := self._running[client] - 1) > 0:
                self._running[client] = running
            else:
                del self._running[client]

    def reserve(self, client: str, most: int) -> int:
        """Let in up to *most* requests of *client* in advance; return how many that are."""
        with self._lock:
            now = time.monotonic()
            tokens = self._tokens(client, now)
            granted = max(0, min(most, int(tokens)))
            self._buckets[client] = (tokens - granted, now)
            return granted

    def refund(self, client: str, requests: int) -> None:
        """Take back so many that were let in and did not come."""
        with self._lock:
            now = time.monotonic()
            self._buckets[client] = (min(self.burst, self._tokens(client, now) + requests), now)

    def _tokens(self, client: str, now: float) -> float:
        tokens, last = self._buckets.get(client, (float(self.burst), now))
        return min(self.burst, tokens + (now - last) * self.rate)

    def _take(self, client: str) -> None:
        now = time.monotonic()
        tokens = self._tokens(client, now)
        if tokens < 1:
            raise _too_many(f"more than {self.rate:g} requests per second", max(1, round((1 - tokens) / self.rate)))
        if len(self._buckets) > _FORGET_ABOVE:
            self._buckets.clear()
        self._buckets[client] = (tokens - 1, now)


def _too_many(detail: str, wait_s: int) -> Problem:
    return Problem(429, "rate", detail, f"Wait {wait_s} s.", {"retryAfter": wait_s}, (("Retry-After", str(wait_s)),))
