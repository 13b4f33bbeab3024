"""The process that runs queries on a snapshot: read-only, without a network, with little memory, and made to be killed.

Forked by ``nursery.py``; takes length-prefixed JSON over its socket. A result of any size is complete, in memory or in an
unnamed file, before its first byte is announced, so that the server never sends a success it cannot finish.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import re
import resource
import select
import socket
import struct
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, cast

from . import view

INLINE_BYTES = 4_194_304  # longer results go through a file
FRAME = struct.Struct("!IQ")  # lengths of the JSON header and of the body
REPLY = struct.Struct("!IQq")  # the same, and the rows of a result that needs no header: on the view asked for, whole
UNCOUNTED = -1  # rows of a result whose format does not tell them
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
_PREFIX_LINE = b"@prefix "
# A prefixed name in Turtle, its prefix as a group; texts and IRIs are passed over.
_PREFIXED = re.compile(rb'"(?:[^"\\]|\\.)*+"|<[^>]*+>|([^\s:;,<>"\[\]()^]*+):\S*+', re.DOTALL)
_NAMESPACE = re.compile(rb"<([^<>\s]*[/#])([^<>\s/#]*)>")
# Turtle writes these without a prefix: the word "a", numbers, true and false, plain texts.
_UNPREFIXED = frozenset([b"type", b"integer", b"decimal", b"double", b"boolean", b"string", b"langString"])


class TooLarge(Exception):
    """The result passed the limit on its size."""


class Spool:
    """A result on its way: held in memory up to INLINE_BYTES, then in an unnamed file; at most *limit* bytes.

    ``marks`` counts how often *mark* has come by.
    """

    def __init__(self, limit: int, mark: bytes = b"") -> None:
        self.limit, self.size = limit, 0
        self.mark, self.marks, self.tail = mark, 0, b""
        self.chunks: list[bytes] = []
        self.file: IO[bytes] | None = None

    def write(self, data: bytes) -> int:
        """Take *data*; raise TooLarge beyond the limit."""
        self.size += len(data)
        if self.size > self.limit:
            raise TooLarge
        if self.mark:
            seen = self.tail + data if self.tail else data
            self.marks += seen.count(self.mark)
            if len(self.mark) > 1:
                self.tail = seen[-len(self.mark) + 1 :]
        if self.file is None:
            self.chunks.append(data)
            if self.size > INLINE_BYTES:
                self.file = tempfile.TemporaryFile(buffering=262_144)  # noqa: SIM115 - closed by close()
                self.file.writelines(self.chunks)
                self.chunks.clear()
        else:
            self.file.write(data)
        return len(data)

    def lines(self) -> Iterator[bytes]:
        """Yield what is there, line by line."""
        if self.file is None:
            yield from b"".join(self.chunks).splitlines(keepends=True)
        else:
            self.file.seek(0)
            yield from self.file

    def flush(self) -> None:
        """Do nothing: the reader is told when all is there."""

    def close(self) -> None:
        """Give back the file."""
        if self.file is not None:
            self.file.close()


def leave_network() -> bool:
    """Move this process into a network namespace with no interface; tell whether the system allowed it."""
    libc = ctypes.CDLL(None, use_errno=True)
    return any(libc.unshare(flags) == 0 for flags in (CLONE_NEWUSER | CLONE_NEWNET, CLONE_NEWNET))


def limit_memory(extra_bytes: int) -> None:
    """Let the address space grow by at most *extra_bytes* from here; what is reserved now stays."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + extra_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


_DESCRIPTORS = socket.CMSG_SPACE(4 * 16)
_buffer = bytearray(65_536)  # messages are read into it, one after the other
_view = memoryview(_buffer)


def receive(connection: socket.socket) -> tuple[dict[str, Any], bytes] | None:
    """Return the next message, None when the other side has gone. One side speaks at a time, so none is read too far."""
    data = bytes(_view[: connection.recv_into(_buffer)])
    if len(data) < FRAME.size:
        data += _exactly(connection, FRAME.size - len(data)) if data else b""
        if len(data) < FRAME.size:
            return None
    header_length, body_length = FRAME.unpack_from(data)
    start = FRAME.size + header_length
    if missing := start + body_length - len(data):
        data += _exactly(connection, missing)
        if len(data) < start + body_length:
            return None
    return json.loads(data[FRAME.size : start]), data[start:]


class Inbox:
    """The messages of a connection, of which several may come at once."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection, self.data = connection, b""
        self.descriptors: list[int] = []  # that came with messages, in their order

    @property
    def ready(self) -> bool:
        """Tell whether a whole message is there already."""
        data = self.data
        return len(data) >= FRAME.size and len(data) >= FRAME.size + FRAME.unpack_from(data)[0]

    def next(self) -> dict[str, Any] | None:
        """Return the next message, None when the other side has gone."""
        while True:
            data = self.data
            if len(data) >= FRAME.size:
                end = FRAME.size + FRAME.unpack_from(data)[0]
                if len(data) >= end:
                    self.data = data[end:]
                    message: dict[str, Any] = json.loads(data[FRAME.size : end])
                    return message
            length, ancillary, _, _ = self.connection.recvmsg_into([_buffer], _DESCRIPTORS)
            for _level, _type, numbers in ancillary:
                self.descriptors += struct.unpack(f"{len(numbers) // 4}i", numbers[: len(numbers) // 4 * 4])
            if not length:
                return None
            self.data = data + _view[:length] if data else bytes(_view[:length])


def _exactly(connection: socket.socket, count: int) -> bytes:
    """Return *count* bytes, fewer if the other side has gone."""
    parts = []
    while count and (part := connection.recv(min(count, 1_048_576))):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def send(connection: socket.socket, header: Mapping[str, object], body: bytes = b"") -> None:
    """Send a message."""
    text = json.dumps(header).encode()
    data = FRAME.pack(len(text), len(body)) + text
    connection.sendall(data + body if len(body) < 65_536 else data)
    if len(body) >= 65_536:
        connection.sendall(body)


def _reply(connection: socket.socket, header: Mapping[str, object], body: bytes = b"") -> None:
    text = json.dumps(header).encode()
    connection.sendall(REPLY.pack(len(text), len(body), UNCOUNTED) + text + body)


def send_file(connection: socket.socket, header: Mapping[str, object], file: IO[bytes]) -> None:
    """Send a reply whose body is one byte that carries the descriptor of *file*."""
    file.flush()
    text = json.dumps({**header, "file": True}).encode()
    connection.sendall(REPLY.pack(len(text), 1, UNCOUNTED) + text)
    socket.send_fds(connection, [b"+"], [file.fileno()])


def end_with(connection: socket.socket) -> None:
    """End this process when the other side of *connection* has gone, whatever query runs: nobody waits for it."""

    def watch() -> None:
        poll = select.poll()
        poll.register(connection, 0)
        poll.poll()  # reports only that the other side hung up
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


class Views:
    """The view this process has open; a shared lock on it keeps it from being removed."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.version = ""
        self.opened: Any = None
        self._lock = -1

    def at(self, version: str) -> Any:
        """Return the view called *version*, or the newest one if that has gone."""
        if self.opened is None or version != self.version:
            for name in (version, view.newest(self.store), view.newest(self.store)):
                with contextlib.suppress(OSError):
                    self._open(name)
                    return self.opened
            raise OSError(f"no view of {self.store} can be opened")
        return self.opened

    def _open(self, name: str) -> None:
        import pyoxigraph

        self.close()
        folder = self.store / view.FOLDER / name
        self._lock = os.open(folder.with_suffix(".lock"), os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_SH)
        self.opened = pyoxigraph.Store.read_only(str(folder))
        self.version = name

    def close(self) -> None:
        """Give back the view and its lock."""
        self.opened, self.version = None, ""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def current_snapshot(store: Path) -> Any:
    """Return the published snapshot itself, open for reading; again if it is replaced while we look."""
    import pyoxigraph

    for _ in range(20):
        number = view.current_name(store).partition("-")[0]
        with contextlib.suppress(OSError):
            return pyoxigraph.Store.read_only(str(store / "snapshots" / number))
    raise OSError(f"no snapshot of {store} can be opened")


def used_prefixes(chunks: Iterator[bytes], known: Mapping[str, str]) -> dict[str, str]:
    """Return those of *known* whose namespace starts an IRI of the N-Triples or N-Quads in *chunks*."""
    spaces = {iri.encode(): name for name, iri in known.items()}
    used: dict[str, str] = {}
    for chunk in chunks:
        for space, local in set(_NAMESPACE.findall(chunk)):
            if space in spaces and local not in _UNPREFIXED:
                used[spaces[space]] = space.decode()
    return dict(sorted(used.items()))


def _write_rdf(triples: Any, form: str, prefixes: Mapping[str, str], spool: Spool) -> None:
    """Serialise *triples*; in the forms that have prefixes, with those that are used and no others."""
    import pyoxigraph as ox

    if form in ("turtle", "trig", "html"):
        _write_turtle(triples, prefixes, spool)
        return
    formats = {
        "ntriples": ox.RdfFormat.N_TRIPLES,
        "rdfxml": ox.RdfFormat.RDF_XML,
        "jsonld": ox.RdfFormat.JSON_LD,
        "nquads": ox.RdfFormat.N_QUADS,
    }
    if form != "rdfxml":
        triples.serialize(spool, format=formats[form])
        return
    plain = Spool(spool.limit, b"\n")
    triples.serialize(plain, format=ox.RdfFormat.N_TRIPLES)
    used = used_prefixes(plain.lines(), prefixes)
    source: Any = plain.file or b"".join(plain.chunks)
    if plain.file is not None:
        plain.file.seek(0)
    again = ox.parse(source, format=ox.RdfFormat.N_TRIPLES)
    ox.serialize((quad.triple for quad in again), cast("IO[bytes]", spool), format=ox.RdfFormat.RDF_XML, prefixes=used)
    plain.close()
    spool.marks = plain.marks


def _write_turtle(triples: Iterable[Any], prefixes: Mapping[str, str], spool: Spool) -> None:
    """Serialise with all of *prefixes* first, then leave out the lines of those that no name has."""
    import pyoxigraph as ox

    count = 0

    def counted() -> Iterator[Any]:
        nonlocal count
        for triple in triples:
            count += 1
            yield triple

    full = Spool(spool.limit)
    ox.serialize(counted(), cast("IO[bytes]", full), format=ox.RdfFormat.TURTLE, prefixes=dict(prefixes))
    if full.file is None:
        data = b"".join(full.chunks)
        start = data.rfind(b"\n" + _PREFIX_LINE) + 1
        start = data.find(b"\n", start) + 1 if data.startswith(_PREFIX_LINE) else 0
        used = set(_PREFIXED.findall(data, start))
        spool.write(b"".join(_used_lines(data[:start].splitlines(keepends=True), used)) + data[start:])
    else:
        used = set()
        for line in full.lines():
            if not line.startswith(_PREFIX_LINE):
                used.update(_PREFIXED.findall(line))
        head = [line for line in full.lines() if line.startswith(_PREFIX_LINE)]
        spool.write(b"".join(_used_lines(head, used)))
        for line in full.lines():  # no text has a line break in it: they are escaped
            if not line.startswith(_PREFIX_LINE):
                spool.write(line)
    full.close()
    spool.marks = count


def _is_iri(text: str) -> bool:
    import pyoxigraph as ox

    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


def _used_lines(lines: Iterable[bytes], used: set[bytes]) -> list[bytes]:
    """Return those of the prefix declarations *lines* whose prefix is *used*, sorted."""
    return sorted(line for line in lines if line[len(_PREFIX_LINE) :].partition(b":")[0] in used)


def _rows(solutions: Any, limit: int) -> dict[str, Any]:
    """Return the first *limit* rows for a page: per cell kind, value, language, datatype."""
    import pyoxigraph as ox

    def cell(term: Any) -> list[str] | None:
        if isinstance(term, ox.NamedNode):
            return ["iri", term.value, "", ""]
        if isinstance(term, ox.Literal):
            return ["literal", term.value, term.language or "", term.datatype.value]
        return None if term is None else ["other", str(term), "", ""]

    names = [variable.value for variable in solutions.variables]
    rows: list[list[list[str] | None]] = []
    for solution in solutions:
        if len(rows) == limit:
            return {"names": names, "rows": rows, "truncated": True}
        rows.append([cell(solution[name]) for name in names])
    return {"names": names, "rows": rows, "truncated": False}


# What stands once for each row or triple in a format: between two rows in JSON, at the end of a line elsewhere. None of
# them can be part of a text, but for the last bytes of one in JSON and for a line break of Windows in CSV.
_MARKS = {"json": b'}},{"', "xml": b"<result>", "csv": b"\r\n", "tsv": b"\n", "ntriples": b"\n", "nquads": b"\n"}


def count_rows(form: str, spool: Spool) -> int | None:
    """Return how many rows or triples are in a finished result, None where the format does not tell."""
    if form == "json":
        return 0 if b'"bindings":[]' in b"".join(spool.chunks[:1])[-64:] else spool.marks + 1
    if form in ("csv", "tsv"):
        return max(0, spool.marks - 1)
    return None if form == "jsonld" else spool.marks


def answer(views: Views, request: Mapping[str, Any]) -> tuple[dict[str, object], Spool]:
    """Run one query and return the header of the reply and the finished result."""
    import pyoxigraph as ox

    if kind := request.get("check"):  # only its syntax is asked for: run on nothing
        empty = ox.Store()
        (empty.update if kind == "update" else empty.query)(request["query"], base_iri=request["base"])
        return {"ok": True}, Spool(0)
    if request.get("plain"):  # the snapshot itself, whose default graph is not the union
        store, version = current_snapshot(views.store), request["version"]
    else:
        store, version = views.at(request["version"]), views.version
    if (default := request.get("default_graphs")) is None:
        results = store.query(request["query"], base_iri=request.get("base"))
    else:
        results = store.query(
            request["query"],
            base_iri=request.get("base"),
            default_graph=[ox.NamedNode(iri) for iri in default],
            named_graphs=[ox.NamedNode(iri) for iri in request["named_graphs"]],
        )
    form = request["format"]
    spool = Spool(request["max_bytes"], _MARKS.get(form, b""))
    output = cast("IO[bytes]", spool)
    rows: int | None = None
    truncated, maximum = False, request.get("max_rows")
    if isinstance(results, ox.QueryTriples):
        prefixes = request["known_prefixes"]
        if own := request.get("prefixes"):
            prefixes = prefixes | {name: iri for name, iri in own.items() if _is_iri(iri)}
            prefixes = {
                name: iri for iri, name in {iri: name for name, iri in prefixes.items()}.items()
            }  # one for each
        _write_rdf(results, form, prefixes, spool)
        rows = count_rows(form, spool)
    elif form in _TABLES:
        boolean = isinstance(results, ox.QueryBoolean)
        results.serialize(output, format=ox.QueryResultsFormat.from_extension(_TABLES[form]))
        rows = 1 if boolean else count_rows(form, spool)
    elif isinstance(results, ox.QueryBoolean):
        spool.write(json.dumps({"boolean": bool(results)}).encode())
        rows = 1
    else:
        page = _rows(results, request["html_rows"])
        rows = len(page["rows"])
        truncated = page["truncated"] = page["truncated"] or (maximum is not None and rows >= maximum)
        spool.write(json.dumps(page).encode())
    truncated = truncated or (maximum is not None and rows is not None and rows >= maximum)
    return {"ok": True, "version": version, "size": spool.size, "rows": rows, "truncated": truncated}, spool


_TABLES = {"json": "srj", "xml": "srx", "csv": "csv", "tsv": "tsv"}


def respond(connection: socket.socket, views: Views, request: Mapping[str, Any]) -> None:
    """Answer one request: with a result that is complete, or with what went wrong."""
    spool: Spool | None = None
    try:
        header, spool = answer(views, request)
    except BaseException as error:  # noqa: BLE001 - the engine's panics are no Exception
        header = failure(error)
    reply_with(connection, request, header, spool)


def failure(error: BaseException) -> dict[str, object]:
    """Return the header of the reply where *error* came instead of a result."""
    if isinstance(error, TooLarge):
        return {"ok": False, "error": "too-large"}
    if isinstance(error, SyntaxError):
        return {"ok": False, "error": "syntax", "message": str(error)}
    if isinstance(error, MemoryError):
        return {"ok": False, "error": "memory"}
    if isinstance(error, (OSError, RuntimeError, ValueError)):
        return {"ok": False, "error": "failed", "message": str(error)}
    short = any(word in str(error).lower() for word in ("alloc", "memory", "capacity"))
    return {"ok": False, "error": "memory" if short else "panic"}


def reply_with(
    connection: socket.socket, request: Mapping[str, Any], header: Mapping[str, object], spool: Spool | None
) -> None:
    """Send the front the result of a request, or what *header* says of it."""
    if spool is None:
        _reply(connection, header)
    elif spool.file is not None:
        send_file(connection, header, spool.file)
        spool.close()
    elif "rows" in header and header["version"] == request["version"] and not header["truncated"]:
        rows = header["rows"]
        body = b"".join(spool.chunks)
        data = REPLY.pack(0, len(body), UNCOUNTED if rows is None else cast("int", rows))
        connection.sendall(data + body)
    else:
        _reply(connection, header, b"".join(spool.chunks))


def load() -> None:
    """Load the engine and use each part of it once, so that what is forked from here shares its pages."""
    import pyoxigraph as ox

    store = ox.Store()
    store.add(ox.Quad(ox.NamedNode("urn:a"), ox.NamedNode("urn:b"), ox.Literal("c"), ox.DefaultGraph()))
    for form in ("json", "turtle"):
        query = "SELECT * { ?s ?p ?o }" if form == "json" else "CONSTRUCT WHERE { ?s ?p ?o }"
        output, results = Spool(10_000), store.query(query)
        if isinstance(results, ox.QueryTriples):
            _write_rdf(results, form, {}, output)
        else:
            cast("Any", results).serialize(output, format=ox.QueryResultsFormat.JSON)
