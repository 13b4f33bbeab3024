"""Answers to queries on the current snapshot: guard, cache, pool, in that order. Pages and protocols both ask here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from typing import IO, Any

from summitgraph.errors import StoreError

from . import magic, view
from .cache import Cache, Entry, etag_of
from .direct import REPLY_BYTES
from .federation import Federation, without_services
from .guard import Limits, Scan, check_query, place, syntax_problem, undeclared_prefix
from .outbound import WIKIDATA, Policy, read_policy
from .pool import Pool
from .problems import Problem
from .process import Result
from .refusals import crash_problem, memory_problem
from .rewrite import limit_rows
from .search import Search
from .settings import Settings

_PLACE = re.compile(r"error at (\d+):(\d+): ?(.*)", re.DOTALL)
_WORTH_ASKING_S = (
    0.05  # a query process asks the front for a kept result that took longer, rather than compute it again
)
_QUICK_LENGTH = 4000  # characters; a longer query takes too long to look at between others


@dataclass(slots=True)
class Query:
    """One query and the dataset the request names; None where it names none."""

    text: str
    format: str
    base: str = ""
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    plain: bool = False  # the unnamed graph is the default graph, not the union of all
    unlimited: bool = False  # one of our own, whose rows are not cut


@dataclass(slots=True)
class Answer:
    """A complete result; ``file`` holds it where it is long."""

    body: bytes
    etag: str
    version: str
    file: IO[bytes] | None = None
    size: int = 0
    packed: dict[str, bytes] = field(default_factory=dict)  # by content coding, as far as it is known
    cached: bool = False
    rows: int | None = None  # rows or triples, where the format tells
    truncated: bool = False
    queued_s: float = 0.0
    ran_s: float = 0.0


@dataclass(slots=True)
class Run:
    """A query ready for a query process: the message to it, and what makes an answer of its result."""

    query: Query
    message: Mapping[str, object]
    version: str
    etag: str
    deadline_s: float
    placed: Callable[[str], str]  # a message of the engine's with its place as a place of the query as it was sent


@lru_cache(maxsize=1)
def known_prefixes() -> dict[str, str]:
    """Return the project's prefixes: those declared in ``ontology/prefixes.ttl``, and the common ones below."""
    import pyoxigraph as ox

    prefixes = dict(_COMMON)
    source = resources.files("summitgraph.ontology") / "prefixes.ttl"
    if source.is_file():
        store = ox.Store()
        store.load(source.read_bytes(), format=ox.RdfFormat.TURTLE)
        shacl = "http://www.w3.org/ns/shacl#"
        for row in store.query(f"SELECT ?p ?n {{ ?d <{shacl}prefix> ?p ; <{shacl}namespace> ?n }}"):  # type: ignore[union-attr]
            prefixes[row["p"].value] = row["n"].value
    return prefixes


_COMMON = {
    "sg": "https://w3id.org/summitgraph/ontology#",
    "search": magic.NAMESPACE,
    "wd": "http://www.wikidata.org/entity/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "oa": "http://www.w3.org/ns/oa#",
    "sh": "http://www.w3.org/ns/shacl#",
    "void": "http://rdfs.org/ns/void#",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "foaf": "http://xmlns.com/foaf/0.1/",
}


class Engine:
    """The query side of one front process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.limits = Limits(length=settings.max_query_bytes)
        self.cache = Cache(settings.cache_mb * 1_048_576)
        fronts = max(1, settings.fronts)
        self.pool = Pool(
            settings.store,
            _share(settings.workers, fronts),
            _share(settings.workers_max, fronts),
            _share(settings.queue, fronts),
            settings.queue_wait_s,
            settings.memory_mb,
            {
                "known_prefixes": known_prefixes(),
                "max_bytes": settings.max_result_bytes,
                "html_rows": settings.html_rows,
                "max_query_bytes": settings.max_query_bytes,
                "max_rows_of_select": settings.max_rows,
                "search": magic.NAMESPACE,
                "query_log": str(settings.query_log or ""),
            },
        )
        self.search = Search(settings.store)
        self.federation = Federation(_service_policy(settings))
        self._store = str(settings.store)
        self._last = ""
        self._builder: subprocess.Popen[bytes] | None = None
        self._building = threading.Lock()

    def version(self) -> str:
        """Return the name of the newest whole view of the data, which no other data ever have.

        Raises:
            Problem: 503 if there is none.
        """
        try:
            name = view.current_name(self._store)
        except (OSError, ValueError):
            name = ""
        if name and name != self._last:
            if os.path.isdir(f"{self._store}/{view.FOLDER}/{name}"):  # noqa: PTH112 - asked for with every query
                self._last = name
            else:
                self._build_view()
        if not self._last:
            raise Problem(
                503,
                "no-store",
                f"the store {self._store} has no readable snapshot",
                "Load a document: summitgraph load FILE.",
                headers=(("Retry-After", "5"),),
            )
        return self._last

    def _build_view(self) -> None:
        """Start a process that builds the view of a snapshot somebody else published; one at a time."""
        with self._building:
            if self._builder is None or self._builder.poll() is not None:
                command = [sys.executable, "-m", "summitgraph.server.view", self._store]
                self._builder = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def etag(self, query: Query, scan: Scan, version: str) -> str:
        """Return the entity tag of the answer, known before it is computed; empty if it may differ each time."""
        if scan.volatile:
            return ""
        dataset = (query.default_graphs, query.named_graphs, query.plain, query.unlimited)
        return etag_of(scan.normal, query.format, query.base, version, dataset)

    def check(self, text: str) -> Scan:
        """Return the scan of a query that may be run; raise Problem otherwise."""
        return check_query(text, self.limits, services=self.federation.open)

    def answer(self, query: Query, scan: Scan, deadline_s: float) -> Answer:
        """Return the answer from the cache or from a query process.

        Raises:
            Problem: With the reason, if there is none.
        """
        found = self.prepare(query, scan, deadline_s)
        return (
            found if isinstance(found, Answer) else self.complete(found, self.pool.run(found.message, found.deadline_s))
        )

    def is_quick(self, text: str, scan: Scan) -> bool:
        """Tell whether ``prepare`` only computes, and little: no request to another server, no search."""
        return len(text) <= _QUICK_LENGTH and "SERVICE" not in scan.keywords and magic.NAMESPACE not in text

    def prepare(self, query: Query, scan: Scan, deadline_s: float) -> Answer | Run:
        """Return the answer from the cache, or what a query process has to be asked for it.

        Raises:
            Problem: If nothing is to be run.
        """
        version = self.version()
        etag = self.etag(query, scan, version)
        if etag and (entry := self.cache.get(etag)):
            return Answer(
                entry.body,
                etag,
                version,
                size=len(entry.body),
                packed=entry.packed,
                cached=True,
                rows=entry.rows,
                truncated=entry.truncated,
            )
        started = time.monotonic()
        federated = None
        text = query.text
        if "SERVICE" in scan.keywords:
            plain = without_services(text)  # nobody is asked for a query that is not correct
            if told := self.check_syntax("query", plain.text, query.base):
                raise engine_syntax_problem(text, plain.message(told))
            select = self._selector(query, deadline_s)
            federated = self.federation.expand(text, scan, query.base, select, deadline_s)
            text = federated.text
        expanded = magic.expand(text, scan, self.search, version)
        message: dict[str, object] = {
            "query": expanded.text,
            "format": query.format,
            "base": query.base or None,
            "version": version,
        }
        if self.settings.max_rows and scan.form == "SELECT" and not query.unlimited:
            limited = limit_rows(expanded.text, self.settings.max_rows)
            if limited is not None:
                message |= {"query": limited, "max_rows": self.settings.max_rows}
        if query.default_graphs is not None or query.named_graphs is not None:
            message["default_graphs"] = query.default_graphs or ()
            message["named_graphs"] = query.named_graphs or ()
        if query.plain:
            message["plain"] = True
        if scan.prefixes:
            message["prefixes"] = scan.prefixes
        if federated:
            deadline_s = max(0.1, deadline_s - (time.monotonic() - started))

        def placed(told: str) -> str:
            told = expanded.message(told)
            return federated.message(told) if federated else told

        return Run(query, message, version, etag, deadline_s, placed)

    def complete(self, run: Run, result: Result) -> Answer:
        """Return the answer a query process gave, and keep it.

        Raises:
            Problem: If it gave none.
        """
        if not result.header["ok"]:
            told = run.placed(str(result.header.get("message", "")))
            raise failed({**result.header, "message": told}, run.query.text, self.settings.max_result_bytes)
        # The view may have been replaced between our look and the worker's.
        etag = run.etag if result.header["version"] == run.version else ""
        done = Answer(
            result.body, etag, run.version, result.file, result.size, queued_s=result.queued_s, ran_s=result.ran_s
        )
        done.rows, done.truncated = result.header["rows"], result.header["truncated"]
        if etag and result.file is not None and result.size <= self.cache.largest:
            with result.file:
                done.body, done.file = result.file.read(), None
        if etag and done.file is None:
            self.cache.put(etag, Entry(done.body, done.packed, done.rows, done.truncated))
            if (
                done.ran_s > _WORTH_ASKING_S or done.size > REPLY_BYTES
            ):  # what is run again as fast is not worth asking for
                self.pool.board.know(etag)
        return done

    def _selector(self, query: Query, deadline_s: float) -> Callable[[str], list[dict[str, Any]]]:
        """Return what asks our own store about a part of *query*, on the same dataset."""

        def select(text: str) -> list[dict[str, Any]]:
            part = replace(query, text=text, format="json", unlimited=True)
            return _bindings(self.answer(part, self.check(text), deadline_s))

        return select

    def check_syntax(self, kind: str, text: str, base: str) -> str:
        """Return the engine's message about a syntax error in a query or update (the *kind*), empty if there is none."""
        message = {"check": kind, "query": text, "base": base or None}
        header = self.pool.run(message, self.settings.deadline_s).header
        return str(header["message"]) if header.get("error") == "syntax" else ""

    def select(self, text: str, values: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """Return the rows of one of our own SELECT queries: name to {"type", "value", "xml:lang", "datatype"}.

        *values* gives IRIs for variables, joined in as VALUES, never put together with the text.
        """
        if values:
            names = " ".join(f"?{name}" for name in values)
            text = f"{text}\nVALUES ({names}) {{ ({' '.join(_iri(iri) for iri in values.values())}) }}"
        reply = self.answer(Query(text, "json", unlimited=True), self.check(text), self.settings.deadline_s)
        return _bindings(reply)

    def construct(self, text: str, format_name: str, deadline_s: float | None = None) -> Answer:
        """Return the answer to one of our own CONSTRUCT or DESCRIBE queries."""
        return self.answer(Query(text, format_name), self.check(text), deadline_s or self.settings.deadline_s)


def _bindings(answer: Answer) -> list[dict[str, Any]]:
    data = answer.body if answer.file is None else answer.file.read()
    rows: list[dict[str, Any]] = json.loads(data)["results"]["bindings"]
    return rows


def _service_policy(settings: Settings) -> Policy:
    allowed = settings.services + (f" {WIKIDATA}" if settings.wikidata else "")
    return read_policy(allowed, settings.private_networks, settings.remote_timeout_s, settings.remote_max_bytes)


def _share(total: int, fronts: int) -> int:
    return max(1, -(-total // fronts))  # rounded up


def _iri(value: str) -> str:
    if not value or any(char in '<>"{}|^`\\' or char <= " " for char in value):
        raise Problem(400, "iri", f"{value!r} is not an IRI")
    return f"<{value}>"


def failed(header: Mapping[str, Any], text: str, max_bytes: int) -> Problem:
    """Return the problem a query process reported."""
    error, message = header["error"], str(header.get("message", ""))
    if error == "syntax":
        return engine_syntax_problem(text, message)
    if error == "memory":
        return memory_problem()
    if error == "panic":
        return crash_problem("the engine failed on this query")
    if error == "too-large":
        return Problem(
            507,
            "result-size",
            f"the result is longer than the limit of {max_bytes} bytes",
            "Add LIMIT, or ask for less; to get everything, use the export.",
            {"limit": max_bytes},
        )
    # The engine has read the query and cannot evaluate it: an unknown function, say. Our own faults end the process.
    return Problem(400, "failed", f"the query could not be run: {message}")


def engine_syntax_problem(text: str, message: str) -> Problem:
    """Return the 400 for the engine's own words about a syntax error, with the unhelpful part left out.

    >>> engine_syntax_problem("ASK { ?s foaf:name 1 }", "error at 1:10").hint
    'Begin with this line: PREFIX foaf: <http://xmlns.com/foaf/0.1/>'
    """
    if missing := undeclared_prefix(text):
        name, offset = missing
        space = known_prefixes().get(name)
        hint = f"Declare the prefix {name}: with PREFIX, before the query."
        hint = f"Begin with this line: PREFIX {name}: <{space}>" if space else hint
        return syntax_problem(text, offset, f"the prefix {name}: is not declared", hint)
    found = _PLACE.match(message)
    if not found:
        return Problem(400, "syntax", f"the query is not correct: {message}")
    line, column, expected = int(found[1]), int(found[2]), found[3]
    lines = text.splitlines() or [""]
    shown = lines[line - 1] if line <= len(lines) else ""
    hint = "Check the brackets, dots and keywords just before this place."
    if "variable that is unbound" in expected:
        hint = "Each variable of SELECT has to be in the pattern, and with GROUP BY in the groups or in an aggregate."
    elif not text.strip():
        hint = "The query is empty."
    elif (line, column) >= place(text.rstrip(), len(text.rstrip())):
        hint = "The query ends too early: a closing bracket or the WHERE part may be missing."
    near = (shown[: column - 1][-30:] + "⟶" + shown[column - 1 :][:30]).strip()
    extra = {"line": line, "column": column, "near": near}
    detail = f"syntax error at line {line}, column {column}, where the arrow is: {near}"
    return Problem(400, "syntax", detail, hint, extra)


def check_store(settings: Settings) -> None:
    """Refuse a store that is not there.

    Raises:
        StoreError: With what to do.
    """
    if not settings.store.is_dir():
        command = f"summitgraph load FILE --store {settings.store}"
        raise StoreError(f"there is no store at {settings.store}; make one with: {command}")
    if not (settings.store / "CURRENT").is_file():
        raise StoreError(f"the store {settings.store} holds no snapshot; load a document with: summitgraph load FILE")


def iris(values: Sequence[str]) -> tuple[str, ...]:
    """Return *values* checked to be IRIs; raise Problem otherwise."""
    return tuple(_iri(value)[1:-1] for value in values)
