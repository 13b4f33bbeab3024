"""SPARQL 1.1 Protocol on plain WSGI, before any framework's routing: what one request asks for, and the reply to it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from .engine import Answer, Engine, Query, Run, iris
from .formats import HTML
from .guard import Scan
from .observe import Metrics, Note, QueryLog
from .problems import Problem
from .process import Result
from .protocol import (
    DIRECT_QUERY,
    DIRECT_UPDATE,
    FORM,
    METHODS,
    Operation,
    Parameters,
    base_of,
    choose_format,
    deadline,
    options,
    read_operation,
)
from .reply import Environ, Reply, matches

TRUNCATED = "SummitGraph-Truncated"  # a header: the rows given, where there may be more
_QUICK_BODY = 12_000  # bytes of a request that is read between others
HEADERS = (("Vary", "Accept, Accept-Encoding"), ("Cache-Control", "no-cache"))


class Slow(Exception):
    """A query that may take time before it is run."""


@dataclass(slots=True)
class Turn:
    """A query being answered; ``started`` is of ``time.perf_counter``."""

    operation: Operation
    started: float
    scan: Scan | None = None
    content_type: str = ""
    html: bool = False
    rows: int | None = None
    query_run: Run | None = None

    @property
    def form(self) -> str:
        """Return SELECT, ASK, CONSTRUCT, DESCRIBE, or nothing where it is not known."""
        return self.scan.form if self.scan else ""

    @property
    def run(self) -> Run:
        """Return what is to be run."""
        if self.query_run is None:
            raise RuntimeError("nothing is to be run")
        return self.query_run

    def note(self) -> Note:
        """Return what the log says of it."""
        return Note(self.operation.text, self.form, self.rows)


class Endpoint:
    """The endpoint of one front. Pages, updates and the service description are given by others."""

    def __init__(
        self,
        engine: Engine,
        metrics: Metrics,
        log: QueryLog,
        *,
        page: Callable[[Environ, str, str, bytes], bytes],
        update: Callable[[Environ, Operation], Reply],
        describe: Callable[[Environ], Reply],
    ) -> None:
        self.engine, self.metrics, self.log = engine, metrics, log
        self.page, self.update, self.describe = page, update, describe

    def __call__(self, environ: Environ) -> Reply:
        """Answer one request, and wait for what it needs.

        Raises:
            Problem: If it cannot be answered.
        """
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return options(METHODS, f"{FORM}, {DIRECT_QUERY}, {DIRECT_UPDATE}")
        operation = read_operation(environ, self.engine.settings.max_body_bytes)
        if operation.kind == "describe":
            return self.describe(environ)
        if operation.kind == "update":
            return self.update(environ, operation)
        turn = self.begin(environ, operation)
        if isinstance(turn, Reply):
            return turn
        try:
            result = self.engine.pool.run(turn.run.message, turn.run.deadline_s)
        except Problem as problem:
            raise self.failed(turn, problem) from None
        return self.finish(environ, turn, result)

    def quick(self, environ: Environ) -> Turn | Reply | None:
        """Begin to answer on an event loop: a reply, a turn to be run and finished, or None where it may take time.

        Raises:
            Problem: If it cannot be answered.
        """
        method = environ["REQUEST_METHOD"]
        if method in ("POST", "QUERY"):
            if int(environ.get("CONTENT_LENGTH") or 0) > _QUICK_BODY:
                return None
        elif method not in ("GET", "HEAD") or len(environ["QUERY_STRING"]) > _QUICK_BODY:
            return None
        operation = read_operation(environ, self.engine.settings.max_body_bytes)
        if operation.kind == "query" and len(operation.text) <= _QUICK_BODY:
            with contextlib.suppress(Slow):
                return self.begin(environ, operation, quick=True)
        if method in ("POST", "QUERY"):
            environ["wsgi.input"].seek(0)  # it will be read again
        return None

    def begin(self, environ: Environ, operation: Operation, *, quick: bool = False) -> Turn | Reply:
        """Return the reply to a query where it is known, else the turn that has to be run.

        Raises:
            Problem: If it cannot be answered.
            Slow: If it is to be *quick* and cannot be.
        """
        turn = Turn(operation, time.perf_counter())
        try:
            scan = turn.scan = self.engine.check(operation.text)
            parameters, accept = operation.parameters, environ.get("HTTP_ACCEPT")
            chosen, turn.content_type = choose_format(scan.form, parameters, accept)
            turn.html = chosen is HTML
            if quick and (turn.html or not self.engine.is_quick(operation.text, scan)):
                raise Slow
            query = Query(
                operation.text,
                chosen.name,
                base_of(environ) + "/sparql",
                *_dataset(parameters, "default-graph-uri", "named-graph-uri"),
            )
            limit = deadline(parameters, self.engine.settings.deadline_s)
            if none_match := environ.get("HTTP_IF_NONE_MATCH"):
                etag = self.engine.etag(query, scan, self.engine.version())
                if etag and matches(none_match, etag):
                    self._count(turn, 0, not_modified=True)
                    reply = Reply(304, headers=[*HEADERS, ("ETag", etag)])
                    reply.etag, reply.note = etag, turn.note()
                    return reply
            found = self.engine.prepare(query, scan, limit)
        except Problem as problem:
            raise self.failed(turn, problem) from None
        if isinstance(found, Answer):
            return self._reply(environ, turn, found)
        turn.query_run = found
        return turn

    def finish(self, environ: Environ, turn: Turn, result: Result) -> Reply:
        """Return the reply for the result of a turn.

        Raises:
            Problem: If it is none.
        """
        try:
            return self._reply(environ, turn, self.engine.complete(turn.run, result))
        except Problem as problem:
            raise self.failed(turn, problem) from None

    def _reply(self, environ: Environ, turn: Turn, answer: Answer) -> Reply:
        headers = list(HEADERS)
        if answer.etag:
            headers.append(("ETag", answer.etag))
        if answer.truncated:
            headers.append((TRUNCATED, str(answer.rows)))
        headers.append(("Server-Timing", _timing(answer, time.perf_counter() - turn.started)))
        turn.rows = answer.rows
        if turn.html:
            data = answer.body if answer.file is None else answer.file.read()
            body = self.page(environ, turn.operation.text, turn.form, data)
            reply = Reply(200, turn.content_type, body, headers, size=len(body))
        else:
            # Only what came twice is worth remembering by the bytes of its request.
            reply = Reply(200, turn.content_type, answer.body, headers, answer.file, answer.size, answer.packed)
            if answer.cached and not answer.truncated:
                reply.etag, reply.note = answer.etag, turn.note()
        self._count(turn, reply.size, cached=answer.cached)
        return reply

    def _count(self, turn: Turn, size: int, *, cached: bool = False, not_modified: bool = False) -> None:
        seconds = time.perf_counter() - turn.started
        self.metrics.count_query(seconds, size, cached=cached, not_modified=not_modified)
        if self.log.open:
            self.log.write(turn.note(), "ok", seconds, size, cached=cached or not_modified)

    def failed(self, turn: Turn, problem: Problem) -> Problem:
        """Count a turn that failed, and return its problem."""
        seconds = time.perf_counter() - turn.started
        self.metrics.count_query(seconds, 0, cached=False, not_modified=False)
        self.log.write(turn.note(), problem.code, seconds, 0)
        return problem


def _timing(answer: Answer, total_s: float) -> str:
    if answer.cached:
        return f"cache;desc=hit, total;dur={total_s * 1000:.2f}"
    return (
        f"cache;desc=miss, queue;dur={answer.queued_s * 1000:.2f}, query;dur={answer.ran_s * 1000:.2f}, "
        f"total;dur={total_s * 1000:.2f}"
    )


def _dataset(parameters: Parameters, default: str, named: str) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    if default not in parameters and named not in parameters:
        return None, None
    return iris(parameters.get(default, ())), iris(parameters.get(named, ()))
