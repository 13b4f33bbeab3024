"""The process that runs queries on a snapshot: read-only, without a network, with little memory, and made to be killed.

Forked by ``nursery.py``; takes length-prefixed JSON over its socket. A result of any size is complete, in memory or in an
unnamed file, before its first byte is announced, so that the server never sends a success it cannot finish.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast

import pyoxigraph as ox

from . import view
from .messages import REPLY, UNCOUNTED, reply, send_file
from .results import MARKS, count_rows, is_iri, page_rows, write_rdf
from .spool import Spool, TooLarge


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
        self.close()
        folder = self.store / view.FOLDER / name
        self._lock = os.open(folder.with_suffix(".lock"), os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_SH)
        self.opened = ox.Store.read_only(str(folder))
        self.version = name

    def close(self) -> None:
        """Give back the view and its lock."""
        self.opened, self.version = None, ""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def current_snapshot(store: Path) -> Any:
    """Return the published snapshot itself, open for reading; again if it is replaced while we look."""
    for _ in range(20):
        number = view.current_name(store).partition("-")[0]
        with contextlib.suppress(OSError):
            return ox.Store.read_only(str(store / "snapshots" / number))
    raise OSError(f"no snapshot of {store} can be opened")


def answer(views: Views, request: Mapping[str, Any]) -> tuple[dict[str, object], Spool]:
    """Run one query and return the header of the reply and the finished result."""
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
    spool = Spool(request["max_bytes"], MARKS.get(form, b""))
    output = cast("IO[bytes]", spool)
    rows: int | None = None
    truncated, maximum = False, request.get("max_rows")
    if isinstance(results, ox.QueryTriples):
        prefixes = request["known_prefixes"]
        if own := request.get("prefixes"):
            prefixes = prefixes | {name: iri for name, iri in own.items() if is_iri(iri)}
            prefixes = {
                name: iri for iri, name in {iri: name for name, iri in prefixes.items()}.items()
            }  # one for each
        write_rdf(results, form, prefixes, spool)
        rows = count_rows(form, spool)
    elif isinstance(results, ox.QueryBoolean):
        rows = 1
        if form == "json":  # as the engine writes it, which would take as long as a small query
            spool.write(b'{"head":{},"boolean":true}' if results else b'{"head":{},"boolean":false}')
        elif form in _TABLES:
            results.serialize(output, format=_TABLES[form])
        else:
            spool.write(json.dumps({"boolean": bool(results)}).encode())
    elif form in _TABLES:
        results.serialize(output, format=_TABLES[form])
        rows = count_rows(form, spool)
    else:
        page = page_rows(results, request["html_rows"])
        rows = len(page["rows"])
        truncated = page["truncated"] = page["truncated"] or (maximum is not None and rows >= maximum)
        spool.write(json.dumps(page).encode())
    truncated = truncated or (maximum is not None and rows is not None and rows >= maximum)
    return {"ok": True, "version": version, "size": spool.size, "rows": rows, "truncated": truncated}, spool


_TABLES = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}


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
        reply(connection, header)
    elif spool.file is not None:
        send_file(connection, header, spool.file)
        spool.close()
    elif "rows" in header and header["version"] == request["version"] and not header["truncated"]:
        rows = header["rows"]
        body = b"".join(spool.chunks)
        data = REPLY.pack(0, len(body), UNCOUNTED if rows is None else cast("int", rows))
        connection.sendall(data + body)
    else:
        reply(connection, header, b"".join(spool.chunks))


def load() -> None:
    """Load the engine and use each part of it once, so that what is forked from here shares its pages."""
    store = ox.Store()
    store.add(ox.Quad(ox.NamedNode("urn:a"), ox.NamedNode("urn:b"), ox.Literal("c"), ox.DefaultGraph()))
    for form in ("json", "turtle"):
        query = "SELECT * { ?s ?p ?o }" if form == "json" else "CONSTRUCT WHERE { ?s ?p ?o }"
        output, results = Spool(10_000), store.query(query)
        if isinstance(results, ox.QueryTriples):
            write_rdf(results, form, {}, output)
        else:
            cast("Any", results).serialize(output, format=ox.QueryResultsFormat.JSON)
