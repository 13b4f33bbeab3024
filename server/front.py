"""One front: answers on its event loop what takes microseconds, and hands the rest to threads.

A query whose answer is kept, and one that only has to be passed to a query process, never see a thread or a framework:
that is where the time of small queries went. Everything else is the WSGI application (``gateway.py``), in threads.
A request that comes again in the same bytes is answered before it is parsed, as long as the data are the same.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, cast

from .board import KEPT_LARGEST
from .coding import choose_coding
from .gateway import ALWAYS, ENDPOINT_PATHS, Gateway
from .head import make_head, make_lines
from .http1 import Connection
from .lending import Lending
from .limits import client_of
from .observe import Metrics, Note
from .problems import Problem
from .process import Job, Result
from .protocol import base_of
from .reply import CHUNK, Environ, FileBody, Reply, fixed_headers, pack
from .request import Body, Request
from .sparql import HEADERS, Turn

log = logging.getLogger(__name__)

THREADS = 64  # they wait for query processes and other servers, and cost little
IN_THREADS = 512  # requests that may wait for a thread
LEND_AFTER = 2  # short queries in a row on one connection, before it is lent
LENT_REQUESTS = 32  # answered on a lent connection before it comes back, where a client may ask so many a second
QUICK_S = 0.02  # a query may be short that takes no longer; on a busy machine most of it is waiting
_LENT_TO = max(1, min(2, os.cpu_count() or 1))  # query processes that have connections at once
INLINE_BYTES = 65_536  # a longer result is finished in a thread: compressing it or reading its file takes milliseconds
REMEMBERED, REMEMBERED_BYTES = 4096, 2048  # requests that are known by their bytes; how long one may be
WsgiApp = Callable[[Environ, Any], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Memory:
    """The reply to a request in certain bytes: its head, and where its body is."""

    version: str
    etag: str
    coding: str
    head: bytes
    empty: bool
    light: bool  # it was found quickly
    note: Note
    client: str  # that a trusted proxy names in the same bytes


class Front:
    """What one front does with requests; all of it on the loop but for what is said to be in a thread."""

    def __init__(self, gateway: Gateway, application: WsgiApp, metrics: Metrics) -> None:
        self.gateway, self.application, self.metrics = gateway, application, metrics
        self.endpoint, self.engine = gateway.endpoint, gateway.endpoint.engine
        self.threads = ThreadPoolExecutor(THREADS, "request")
        self.loop = asyncio.get_running_loop()
        self.loop.set_default_executor(self.threads)
        self.in_threads = 0
        settings = self.engine.settings
        if not 0 < settings.concurrent < _LENT_TO:  # which has to be looked at here, request by request
            pool = self.engine.pool
            pool.lending = Lending(pool, pool.board, _LENT_TO, metrics.count_lent)
        self._memory: OrderedDict[bytes, Memory] = OrderedDict()

    # What is known already

    def recall(self, data: bytes, connection: Connection) -> tuple[bytes, bytes] | None:
        """Return the answer to a request that came before in the same bytes, if it is still the answer."""
        known = self._memory.get(data)
        if known is None:
            return None
        started = time.perf_counter()
        try:
            if known.version != self.engine.version():
                del self._memory[data]
                return None
            self.gateway.limiter.enter(known.client or connection.address, brief=True)
        except Problem:
            return None  # said in full where the request is read
        body = b""
        if not known.empty:
            entry = self.engine.cache.get(known.etag)
            if entry is None:
                return None
            found = entry.packed.get(known.coding) if known.coding else entry.body
            if found is None:
                return None
            body = found
        seconds = time.perf_counter() - started
        self.metrics.count_query(seconds, len(body), cached=not known.empty, not_modified=known.empty, request=True)
        self.endpoint.log.write(known.note, "ok", seconds, len(body), cached=True)
        return known.head, body

    def recalled(self, data: bytes, answer: tuple[bytes, bytes], connection: Connection) -> None:
        """Lend a connection that asks for what was found quickly, and give the answer along."""
        connection.quick += 1
        if self.engine.pool.lending is None or connection.quick < LEND_AFTER or len(answer[1]) > KEPT_LARGEST:
            return
        known, environ = self._memory.get(data), connection.listener.heads.get(data[data.find(b"\r\n") :])
        if known is not None and known.light and environ is not None:
            kept = [data, known.version.encode("latin-1"), *answer]
            note = [known.note.text, known.note.form, known.note.rows]
            self._lend(connection, data, environ, {"kept": [item.decode("latin-1") for item in kept], "note": note})

    def _remember(self, request: Request, reply: Reply, headers: Iterable[tuple[str, str]], fixed: bytes) -> None:
        raw, note = request.raw, reply.note
        if raw is None or note is None or len(raw) > REMEMBERED_BYTES:
            return
        headers = list(headers)
        coding = next((value for name, value in headers if name == "Content-Encoding"), "")
        timing = ("Server-Timing", "cache;desc=hit")
        kept = [timing if name == timing[0] else (name, value) for name, value in headers]
        if len(self._memory) >= REMEMBERED:
            self._memory.popitem(last=False)
        empty = reply.status == 304
        head = make_head(reply.status, kept) + fixed
        light = not empty and not self.engine.pool.board.knows(reply.etag)
        forwarded = self.gateway.trust_proxy and request.environ.get("HTTP_X_FORWARDED_FOR")
        client = client_of(request.environ, trust_proxy=True) if forwarded else ""
        self._memory[raw] = Memory(self.engine.version(), reply.etag, coding, head, empty, light, note, client)

    # Requests

    def handle(self, request: Request) -> None:
        """Answer at once, have it run and answer then, or leave it to a thread."""
        environ = request.environ
        self.metrics.add("requests_total")
        environ["summitgraph.counted"] = True
        path = environ["PATH_INFO"]
        if path in ENDPOINT_PATHS:
            try:
                if self._answer(request, environ):
                    return
            except Problem as problem:
                self._send(request, self.gateway.refuse(environ, problem))
                return
            except Exception:  # the last place that can answer
                log.exception("a request could not be answered")
                self._send(request, self.gateway.refuse(environ, _mistake()))
                return
        elif path in ALWAYS:
            self._send(request, self.gateway.health(environ))
            return
        self._in_thread(request)

    def _answer(self, request: Request, environ: Environ) -> bool:
        """Answer a query, or begin to; tell whether that could be done here."""
        limiter, client = self.gateway.limiter, client_of(environ, self.gateway.trust_proxy)
        limiter.enter(client)
        entered = True
        try:
            found = self.endpoint.quick(environ)
            if found is None:
                return False
            if isinstance(found, Reply):
                self._send(request, found)
                return True
            turn = found
            job = Job(turn.run.message, turn.run.deadline_s, lambda result: self._ran(request, turn, result, client))
            request.gone = lambda seconds: self.engine.pool.cancel(job, seconds)
            entered = False
            self.engine.pool.submit(job)
            return True
        finally:
            if entered:
                limiter.leave(client)

    def _ran(self, request: Request, turn: Turn, result: Result | Problem, client: str) -> None:
        self.gateway.limiter.leave(client)
        if isinstance(result, Result) and (result.file is not None or len(result.body) > INLINE_BYTES):
            self.loop.run_in_executor(None, self._finish_in_thread, request, turn, result)
        else:
            self._send(request, self._finish(request, turn, result))
            if isinstance(result, Result) and result.ran_s < QUICK_S and request.raw is not None:
                request.connection.quick += 1
                self._lend(request.connection, request.raw, request.environ)

    def _lend(
        self, connection: Connection, raw: bytes, environ: Environ, more: Mapping[str, object] | None = None
    ) -> None:
        """Lend a connection that has sent short queries to a query process, which answers the next ones itself."""
        lending = self.engine.pool.lending
        if lending is None or connection.quick < LEND_AFTER or not connection.lendable:
            return
        block = raw[raw.find(b"\r\n") :]
        if block not in connection.listener.heads or "HTTP_IF_NONE_MATCH" in environ:
            return
        cors, origin = self.gateway.cors, environ.get("HTTP_ORIGIN")
        profile: dict[str, object] = {
            **(more or {}),
            "block": block.decode("latin-1"),
            "accept": environ.get("HTTP_ACCEPT"),
            "base": base_of(environ) + "/sparql",
            "coding": choose_coding(environ.get("HTTP_ACCEPT_ENCODING")),
            "start": make_head(200, HEADERS).decode("latin-1"),
            "end": _fixed_lines(cors, origin if cors != "*" else None).decode("latin-1"),
        }
        limiter, requests, refund = self.gateway.limiter, -1, None
        if limiter.rate:
            client = self._client(environ, connection)
            requests, refund = limiter.reserve(client, LENT_REQUESTS), partial(limiter.refund, client)
            if requests < LENT_REQUESTS // 4:  # it would be back soon
                refund(requests)
                return
        descriptor = connection.lend()
        if not lending.lend(connection, descriptor, profile, requests, refund):
            if refund is not None:
                refund(requests)
            connection.take_back(b"", b"")

    def _client(self, environ: Environ, connection: Connection) -> str:
        return client_of({**environ, "REMOTE_ADDR": connection.address}, self.gateway.trust_proxy)

    def end(self) -> None:
        """Have lent connections given back: the server ends."""
        if self.engine.pool.lending is not None:
            self.engine.pool.lending.call_in_unused()

    def _finish(self, request: Request, turn: Turn, result: Result | Problem) -> Reply:
        try:
            if isinstance(result, Problem):
                raise self.endpoint.failed(turn, result)
            return self.endpoint.finish(request.environ, turn, result)
        except Problem as problem:
            return self.gateway.refuse(request.environ, problem)
        except Exception:
            log.exception("a result could not be sent")
            return self.gateway.refuse(request.environ, _mistake())

    def _finish_in_thread(self, request: Request, turn: Turn, result: Result) -> None:
        reply = self._finish(request, turn, result)
        headers, body = pack(request.environ, reply)
        self.loop.call_soon_threadsafe(self._write, request, reply, headers, body)

    def _send(self, request: Request, reply: Reply) -> None:
        headers, body = pack(request.environ, reply)
        self._write(request, reply, headers, body)

    def _write(self, request: Request, reply: Reply, headers: list[tuple[str, str]], body: Body) -> None:
        cors, origin = self.gateway.cors, request.environ.get("HTTP_ORIGIN")
        if not isinstance(body, bytes) or request.environ["REQUEST_METHOD"] == "HEAD":
            request.reply(reply.status, [*headers, *fixed_headers(cors, origin)], body)
            return
        fixed = _fixed_lines(cors, origin if cors != "*" else None)
        if reply.etag and len(body) <= CHUNK and request.environ["REQUEST_METHOD"] == "GET":
            self._remember(request, reply, headers, fixed)
        request.reply_whole(make_head(reply.status, headers) + fixed, body)

    def refuse(self, status: int, code: str, detail: str) -> tuple[list[tuple[str, str]], bytes]:
        """Return what is sent where a request could not be read."""
        reply = self.gateway.refuse({}, Problem(status, code, detail))
        headers = [*reply.headers, ("Content-Type", reply.content_type), *fixed_headers(self.gateway.cors, None)]
        return headers, reply.body

    # Threads

    def _in_thread(self, request: Request) -> None:
        if self.in_threads >= IN_THREADS:
            problem = Problem(
                503,
                "busy",
                "too many requests are under way",
                "Try again in a moment.",
                headers=(("Retry-After", "2"),),
            )
            self._send(request, self.gateway.refuse(request.environ, problem))
            return
        self.in_threads += 1
        self.loop.run_in_executor(None, self._run_application, request)

    def _run_application(self, request: Request) -> None:
        started: list[tuple[int, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], error: object = None) -> None:  # noqa: ARG001 - WSGI's
            started[:] = [(int(status[:3]), headers)]

        try:
            body = self.application(request.environ, start_response)
            if isinstance(body, (list, tuple)) or getattr(body, "is_sequence", False):
                whole: Body = b"".join(body)
            elif isinstance(body, FileBody):
                whole = body
            else:
                whole = _begun(body)
            status, headers = started[0]
        except Exception:  # the gateway answers its own mistakes; these are the framework's
            log.exception("a request could not be answered")
            reply = self.gateway.refuse(request.environ, _mistake())
            headers, whole = pack(request.environ, reply)
            headers += fixed_headers(self.gateway.cors, request.environ.get("HTTP_ORIGIN"))
            status = reply.status
        self.loop.call_soon_threadsafe(self._out_of_thread, request, status, headers, whole)

    def _out_of_thread(self, request: Request, status: int, headers: list[tuple[str, str]], body: Body) -> None:
        self.in_threads -= 1
        request.reply(status, headers, body)


@lru_cache(maxsize=64)
def _fixed_lines(cors: str, origin: str | None) -> bytes:
    return make_lines(fixed_headers(cors, origin))


def _begun(body: Iterable[bytes]) -> Body:
    """Return *body* with its first part read, as WSGI lets an application start its response that late."""
    parts = iter(body)
    first = next(parts, b"")
    second = next(parts, None)
    if second is None:
        if close := getattr(body, "close", None):
            close()
        return first
    return _Parts(body, parts, (first, second))


class _Parts:
    def __init__(self, body: Iterable[bytes], parts: Any, first: tuple[bytes, ...]) -> None:
        self.body, self.parts, self.first = body, parts, first

    def __iter__(self) -> Any:
        yield from self.first
        yield from self.parts

    def close(self) -> None:
        if close := getattr(self.body, "close", None):
            cast("Callable[[], None]", close)()


def _mistake() -> Problem:
    return Problem(500, "internal", "the server made a mistake; it has been logged")
