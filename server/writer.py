"""The process that changes the store: one request, then it ends. Killed at any moment it leaves the store whole.

Started by ``updates.py`` as ``python -m summitgraph.server.writer``. Nothing is sent as success before the new
snapshot is published, so who has the answer can read what was written.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from summitgraph.errors import StoreError, StoreLockedError
from summitgraph.graph.store import Writer

from . import view
from .isolation import leave_network, limit_memory
from .messages import receive, send

_FORMATS = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
    "nquads": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
}
Graph = ox.NamedNode | ox.DefaultGraph
WAIT_S = 10.0


class Refused(Exception):
    """A change that is not made; the message says why. ``code`` is for programs, ``report`` lists what is wrong."""

    def __init__(self, code: str, message: str, report: Sequence[Mapping[str, object]] = ()) -> None:
        super().__init__(message)
        self.code, self.report = code, list(report)


def _parse(part: Mapping[str, str], body: bytes, base: str) -> Iterator[ox.Triple]:
    """Yield the triples of one part; a format with graphs may name none but the default one."""
    try:
        for quad in ox.parse(body, format=_FORMATS[part["format"]], base_iri=base, rename_blank_nodes=True):
            if not isinstance(quad.graph_name, ox.DefaultGraph):
                raise Refused("graph-name", f"the body names the graph {quad.graph_name}; here the request names it")
            yield quad.triple
    except SyntaxError as error:
        raise Refused("syntax", str(error)) from error


def apply(store: ox.Store, request: Mapping[str, Any], body: bytes) -> dict[str, object]:
    """Make the change in *store*; return what the reply has to tell.

    Raises:
        Refused: If it cannot be made.
    """
    if request["op"] == "update":
        try:
            store.update(update_text(request, body), base_iri=request["base"])
        except SyntaxError as error:
            raise Refused("syntax", str(error)) from error
        except (RuntimeError, ValueError, OSError) as error:
            raise Refused("failed", str(error)) from error
        return {}
    graph: Graph = ox.NamedNode(request["graph"]) if request["graph"] else ox.DefaultGraph()
    if isinstance(graph, ox.NamedNode):
        existed = store.contains_named_graph(graph)
    else:
        existed = next(iter(store.quads_for_pattern(None, None, None, graph)), None) is not None
    if request["op"] == "delete":
        if not existed and request["graph"]:
            raise Refused("unknown", f"there is no graph <{request['graph']}>")
        if isinstance(graph, ox.NamedNode):
            store.remove_graph(graph)
        else:
            store.clear_graph(graph)
        return {"existed": existed}
    triples = []
    start = 0
    for part in request["parts"]:
        triples += list(_parse(part, body[start : start + part["length"]], request["base"]))
        start += part["length"]
    # All is parsed before anything is changed; clearing and adding are two transactions, but readers see snapshots.
    if request["op"] == "put":
        store.clear_graph(graph)
    if isinstance(graph, ox.NamedNode):
        store.add_graph(graph)
    store.extend(ox.Quad(item.subject, item.predicate, item.object, graph) for item in triples)
    return {"existed": existed, "triples": len(triples)}


def update_text(request: Mapping[str, Any], body: bytes) -> str:
    """Return an update with what its LOADs fetched as INSERT DATA; *body* holds the documents one after the other.

    Raises:
        Refused: If a document cannot be read.
    """
    first, *others = request["pieces"]
    text, start = str(first), 0
    for document, piece in zip(request["documents"], others, strict=True):
        block = ""
        if document is not None:  # else a LOAD that failed silently
            part = body[start : start + document["length"]]
            start += document["length"]
            block = "\n".join(f"{triple} ." for triple in _parse(document, part, document["base"]))
            if document["graph"]:
                block = f"GRAPH {document['graph']} {{ {block} }}"
        text += f"INSERT DATA {{ {block} }}{piece}"
    return text


def document_graphs(store: ox.Store, prefix: str, only: Collection[str] | None) -> dict[str, frozenset[ox.Quad]]:
    """Return the graphs whose IRI starts with *prefix*, with what they hold; *only* these, if it is known which."""
    graphs = store.named_graphs() if only is None else map(ox.NamedNode, only)
    return {
        graph.value: frozenset(store.quads_for_pattern(None, None, None, graph))
        for graph in graphs
        if isinstance(graph, ox.NamedNode) and graph.value.startswith(prefix)
    }


def try_out(database: Path, store: ox.Store, request: Mapping[str, Any], body: bytes) -> None:
    """Make the change in a copy first, and pass every document graph it alters through the gate.

    Raises:
        Refused: If the change fails, or a graph would not conform.
    """
    folder = Path(tempfile.mkdtemp(prefix="try-", dir=database.parent))
    try:
        copy = folder / "db"
        store.backup(str(copy))
        trial = ox.Store(str(copy))
        prefix = request["document_prefix"]
        before = document_graphs(store, prefix, request["graphs"])
        apply(trial, request, body)
        after = document_graphs(trial, prefix, request["graphs"])
        changed = {iri: quads for iri, quads in after.items() if quads and quads != before.get(iri)}
        if changed:
            from .gate import check_graphs

            if report := check_graphs(changed):
                raise Refused("does-not-conform", "the graph would not conform to the shapes", report)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def perform(store_path: Path, request: Mapping[str, Any], body: bytes) -> dict[str, object]:
    """Do what the request asks and publish it; return the header of the reply."""
    try:
        with waiting_writer(store_path) as writer:
            if request["gate"]:
                try_out(store_path / "db", writer.database, request, body)
            # From here on a killed process leaves a change that the next writer publishes.
            writer.mark(request["graphs"])
            done = apply(writer.database, request, body)
            number = int(writer.publish())
    finally:
        pending = not _follow(store_path, request["deadline_s"])
    return {"ok": True, "version": number, "pending": pending, **done}


def _follow(store_path: Path, deadline_s: float) -> bool:
    """Make the view of what was written, so that who has the answer can read it; tell whether that was done in time.

    Where it has to be made of the whole store, another process does it, and goes on if it takes longer than a client waits.
    """
    if view.can_advance(store_path):
        view.build(store_path)
        return True
    command = [sys.executable, "-m", "summitgraph.server.view", str(store_path)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        return process.wait(deadline_s / 2) == 0
    except subprocess.TimeoutExpired:
        return False


@contextlib.contextmanager
def waiting_writer(path: Path) -> Iterator[Writer]:
    """Open the store; wait up to WAIT_S for another writer to end.

    Raises:
        StoreLockedError: If it does not end.
    """
    deadline = time.monotonic() + WAIT_S
    # Our own writers queue here; a load from the command line holds the database's own lock.
    with (path / "server-write.lock").open("ab") as queue:
        fcntl.flock(queue, fcntl.LOCK_EX)
        while True:
            try:
                writer = Writer(path)
                break
            except StoreLockedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        with writer:
            yield writer


def main(arguments: Sequence[str]) -> None:
    """Serve one request on the socket of descriptor ``arguments[0]``, for the store ``arguments[1]``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    leave_network()
    limit_memory(int(arguments[2]))
    with contextlib.suppress(ConnectionError), socket.socket(fileno=int(arguments[0])) as connection:
        if (message := receive(connection)) is None:
            return
        request, body = message
        signal.setitimer(signal.ITIMER_REAL, request["deadline_s"] + 2)
        try:
            header = perform(Path(arguments[1]), request, body)
        except Refused as error:
            header = {"ok": False, "error": error.code, "message": str(error), "report": error.report}
        except StoreLockedError as error:
            header = {"ok": False, "error": "locked", "message": str(error)}
        except StoreError as error:
            header = {"ok": False, "error": "failed", "message": str(error)}
        except MemoryError:
            header = {"ok": False, "error": "memory", "message": "the change needs more memory than it may have"}
        send(connection, header)


if __name__ == "__main__":
    main(sys.argv[1:])
