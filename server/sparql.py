"""SPARQL 1.1 Protocol on plain WSGI, before any framework's routing: what one request asks for, and the reply to it."""

from __future__ import annotations

import contextlib
import re
import time
from binascii import a2b_qp
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl

from .engine import Answer, Engine, Query, Run, iris
from .formats import BY_FORM, HTML, SELECT_FORMATS, Format, by_name, negotiate
from .guard import Scan
from .observe import Metrics, Note, QueryLog
from .pool import Result
from .problems import Problem, method_not_allowed, not_acceptable
from .reply import Environ, Reply, matches

METHODS = "GET, HEAD, POST, OPTIONS"
FORM, DIRECT_QUERY, DIRECT_UPDATE = (
    "application/x-www-form-urlencoded",
    "application/sparql-query",
    "application/sparql-update",
)
TRUNCATED = "SummitGraph-Truncated"  # a header: the rows given, where there may be more
_MAX_FIELDS = 2000
_HOST = re.compile(r"[\w\-.:\[\]]+")
_QUICK_BODY = 12_000  # bytes of a request that is read between others
_HEADERS = (("Vary", "Accept, Accept-Encoding"), ("Cache-Control", "no-cache"))
Parameters = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Operation:
    """A protocol operation: ``kind`` is query, update or describe (the service itself)."""

    kind: str
    text: str
    parameters: Parameters


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


def unquote_fast(text: str) -> str | None:
    """Return ASCII *text* percent-decoded, as UTF-8; None where an escape is malformed.

    Quoted-printable differs in its mark alone, and is decoded in C: ten times as fast, with every query in need of it.

    >>> unquote_fast("%7B+%3Fs%3d1+%D9%82%7d"), unquote_fast("100%"), unquote_fast("%zz=20")
    ('{ ?s=1 ق}', None, None)
    """
    marks = text.count("%")
    data = a2b_qp(text.replace("+", " ").replace("=", "=3D").replace("%", "=").encode())
    return data.decode() if len(data) == len(text) - 2 * marks else None


def read_parameters(text: str) -> dict[str, list[str]]:
    """Return the fields of a query string or form, percent-decoded once, as UTF-8.

    Raises:
        Problem: 400 if the bytes are not UTF-8 or there are too many fields.
    """
    fields: dict[str, list[str]] = {}
    if text.startswith("query=") and text.isascii() and "&" not in text:
        try:
            if (query := unquote_fast(text[6:])) is not None:
                return {"query": [query]}
        except UnicodeDecodeError:
            pass  # said below
    try:
        for key, value in parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS):
            fields.setdefault(key, []).append(value)
    except UnicodeDecodeError:
        raise Problem(400, "encoding", "the parameters are not percent-encoded UTF-8") from None
    except ValueError:
        raise Problem(400, "fields", f"more than {_MAX_FIELDS} parameters") from None
    return fields


def read_body(environ: Environ, limit: int) -> bytes:
    """Return the body of the request.

    Raises:
        Problem: 413 if it is longer than *limit* bytes.
    """
    length = environ.get("CONTENT_LENGTH")
    problem = Problem(413, "body", f"the body is longer than the limit of {limit} bytes", "", {"limit": limit})
    if length:
        if not str(length).isdigit():
            raise Problem(400, "length", f"Content-Length {length!r} is not a number")
        if int(length) > limit:
            raise problem
    elif not environ.get("wsgi.input_terminated"):
        return b""
    body: bytes = environ["wsgi.input"].read(int(length) if length else limit + 1)
    if len(body) > limit:
        raise problem
    return body


def _decode(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Problem(400, "encoding", f"the body is not UTF-8 (at byte {error.start})") from None


def read_operation(environ: Environ, limit: int) -> Operation:
    """Return what a request asks for (SPARQL 1.1 Protocol, 2.1 and 2.2).

    Raises:
        Problem: 400, 405, 413 or 415 with what is wrong.
    """
    method = environ["REQUEST_METHOD"]
    parameters = read_parameters(environ.get("QUERY_STRING", ""))
    if method in ("GET", "HEAD"):
        if "update" in parameters:
            raise Problem(400, "update-by-get", "an update cannot be sent with GET", "POST it as the field 'update'.")
        return _pick(parameters) if "query" in parameters else Operation("describe", "", parameters)
    if method != "POST":
        raise method_not_allowed(method, METHODS)
    media, _, rest = environ.get("CONTENT_TYPE", "").partition(";")
    media = media.strip().lower()
    charset = rest.lower().partition("charset")[2].strip(' ="') or "utf-8"
    if charset not in ("utf-8", "utf8"):
        raise Problem(415, "charset", f"the charset of {environ['CONTENT_TYPE']!r} is not UTF-8")
    if media not in (FORM, DIRECT_QUERY, DIRECT_UPDATE):
        raise Problem(
            415,
            "media-type",
            f"a POST of {media or 'no Content-Type'} is neither a query nor an update",
            f"Use {FORM}, {DIRECT_QUERY} or {DIRECT_UPDATE}.",
        )
    text = _decode(read_body(environ, limit))
    if media == DIRECT_QUERY:
        return Operation("query", text, parameters)
    if media == DIRECT_UPDATE:
        return Operation("update", text, parameters)
    for key, values in read_parameters(text).items():
        parameters.setdefault(key, []).extend(values)
    return _pick(parameters)


def _pick(parameters: dict[str, list[str]]) -> Operation:
    given = [(kind, value) for kind in ("query", "update") for value in parameters.get(kind, ())]
    if len(given) != 1:
        raise Problem(
            400, "operation", f"the request has {len(given)} of the fields 'query' and 'update'", "Send exactly one."
        )
    return Operation(given[0][0], given[0][1], parameters)


def choose_format(form: str, parameters: Parameters, accept: str | None) -> tuple[Format, str]:
    """Return the format for a query's form and its Content-Type: the parameter ``format`` goes before Accept.

    Raises:
        Problem: 406 if nothing fits.
    """
    names = parameters.get("format", ()) or parameters.get("output", ())
    return _choose_format(form, names[0] if names else None, accept)


@lru_cache(maxsize=512)
def _choose_format(form: str, name: str | None, accept: str | None) -> tuple[Format, str]:
    formats = BY_FORM.get(form, SELECT_FORMATS)
    if name is not None:
        if not (found := by_name(name, formats)):
            raise not_acceptable([item.name for item in formats])
        return found, found.content_type
    if not (chosen := negotiate(accept, formats)):
        raise not_acceptable([item.media_type for item in formats])
    item, media = chosen
    charset = "; charset=utf-8" if item.charset or media.startswith("text/") else ""
    return item, (item.media_type if item is HTML else media) + charset


def deadline(parameters: Parameters, maximum: float) -> float:
    """Return the seconds a query may take: the parameter ``timeout`` lowers the server's limit, never raises it.

    Raises:
        Problem: 400 if it is no positive number.
    """
    value = next(iter(parameters.get("timeout", ())), "")
    try:
        seconds = float(value) if value else maximum
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise Problem(400, "timeout", f"timeout={value!r} is not a positive number of seconds")
    return min(seconds, maximum)


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
        if method == "POST":
            if int(environ.get("CONTENT_LENGTH") or 0) > _QUICK_BODY:
                return None
        elif method not in ("GET", "HEAD") or len(environ["QUERY_STRING"]) > _QUICK_BODY:
            return None
        operation = read_operation(environ, self.engine.settings.max_body_bytes)
        if operation.kind == "query" and len(operation.text) <= _QUICK_BODY:
            with contextlib.suppress(Slow):
                return self.begin(environ, operation, quick=True)
        if method == "POST":
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
                    reply = Reply(304, headers=[*_HEADERS, ("ETag", etag)])
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
        headers = list(_HEADERS)
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


def base_of(environ: Environ) -> str:
    """Return scheme and host the client used, as ``http://host:port``."""
    host = environ.get("HTTP_HOST") or f"{environ.get('SERVER_NAME', 'localhost')}:{environ.get('SERVER_PORT', '80')}"
    return _base(environ.get("wsgi.url_scheme", "http"), host)


@lru_cache(maxsize=256)
def _base(scheme: str, host: str) -> str:
    if not _HOST.fullmatch(host):
        raise Problem(400, "host", f"the Host header {host!r} is not a host name")
    return f"{scheme}://{host}"


def options(allowed: str, accept_post: str = "") -> Reply:
    """Return the answer to OPTIONS, also to a browser's question before a request of another origin."""
    headers = [
        ("Allow", allowed),
        ("Access-Control-Allow-Methods", allowed),
        ("Access-Control-Allow-Headers", "Accept, Content-Type, If-None-Match"),
        ("Access-Control-Max-Age", "86400"),
    ]
    if accept_post:
        headers.append(("Accept-Post", accept_post))
    return Reply(204, headers=headers)
