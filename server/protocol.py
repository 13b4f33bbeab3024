"""What a request of the SPARQL 1.1 Protocol says: its operation, parameters, format and deadline. Nothing is run here."""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl

from .formats import BY_FORM, HTML, SELECT_FORMATS, Format, by_name, negotiate
from .problems import Problem, method_not_allowed, not_acceptable
from .reply import Environ, Reply

METHODS = "GET, HEAD, POST, QUERY, OPTIONS"
FORM, DIRECT_QUERY, DIRECT_UPDATE = (
    "application/x-www-form-urlencoded",
    "application/sparql-query",
    "application/sparql-update",
)
_MAX_FIELDS = 2000
_HOST = re.compile(r"[\w\-.:\[\]]+")
Parameters = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Operation:
    """A protocol operation: ``kind`` is query, update or describe (the service itself)."""

    kind: str
    text: str
    parameters: Parameters


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
    if method not in ("POST", "QUERY"):
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
        operation = Operation("update", text, parameters)
    else:
        for key, values in read_parameters(text).items():
            parameters.setdefault(key, []).extend(values)
        operation = _pick(parameters)
    if method == "QUERY" and operation.kind == "update":  # the method promises to change nothing
        raise Problem(400, "update-by-query", "an update cannot be sent with the method QUERY", "POST it.")
    return operation


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
