"""The store on disk: one writer, whole documents, published as snapshots (see docs/architecture.md)."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pyoxigraph
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Store

from summitgraph import ontology, shapes
from summitgraph.errors import StoreError, StoreLockedError

from . import iris, reference, reference_graph, snapshots
from .provenance import RDF_TYPE
from .snapshots import Snapshot, current_snapshot, current_version

__all__ = ["Snapshot", "Writer", "current_snapshot", "current_version", "document_ids", "open_reader", "writer"]

_STATE = "BASE.json"  # digests of the graphs that come with the software
_DIRTY = "DIRTY"  # the database holds something not yet published


_BULK = 1_000_000  # bytes from which writing files of its own beats a transaction

_graph = iris.document_graph


class Writer:
    """The only way to change a store. Each document is one transaction; readers see it after :meth:`publish`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self.database = Store(str(path / "db"))
        except OSError as error:
            if "lock" in str(error).lower():
                raise StoreLockedError(
                    f"{path}: another process is writing to this store; wait until it is done and try again"
                ) from error
            raise StoreError(f"{path}: the store cannot be opened for writing: {error.strerror or error}") from error
        _check_base(self.database, path)
        # Graphs that differ from the published snapshot; None where a run that was killed may have changed any.
        self.changed: set[str] | None = None if self.dirty else set()
        if not current_version(path):
            self._mark()
        reference.use(path)
        self._refresh_base()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Publish what was written and release the store."""
        if self.dirty:
            self.publish()
        del self.database

    @property
    def dirty(self) -> bool:
        """Tell whether the database holds something that is not published, also from a run that was killed."""
        return (self.path / _DIRTY).exists()

    def holds(self, document: str, version: str) -> bool:
        """Tell whether *document* (16 hexadecimal digits) is stored as extractor *version* reads it."""
        graph = iris.document_graph(document)
        if not self.database.contains_named_graph(graph):
            return False
        rules = self.database.quads_for_pattern(None, iris.term("extractorVersion"), None, graph)
        return {quad.object for quad in rules} == {Literal(version)}  # a graph put there by hand has no version

    def add(self, document: str, quads: Sequence[Quad]) -> None:
        """Store the quads of *document*, whole or not at all, in place of what was stored of it.

        Raises:
            StoreError: If the store cannot be written, for instance because the disk is full; it is as it was.
        """
        graph = iris.document_graph(document)
        self._mark(graph)
        try:
            self._replace(graph, quads)
        except OSError as error:
            raise StoreError(f"{self.path}: the store cannot be written: {error.strerror or error}") from error

    def add_all(self, graphs: Mapping[str, bytes]) -> None:
        """Store several documents at once, each given as the N-Quads of its graph: much cheaper for a document than alone.

        New ones go in together, whole or not at all; what was stored of the others is replaced, one after the other. What is given is
        taken for N-Quads that this software wrote: its IRIs and language tags are not checked again.

        Raises:
            StoreError: If the store cannot be written, for instance because the disk is full.
        """
        new = {name: data for name, data in graphs.items() if not self.database.contains_named_graph(_graph(name))}
        self._mark(*map(_graph, graphs))
        try:
            if sum(map(len, new.values())) >= _BULK:
                self.database.bulk_load(b"".join(new.values()), format=RdfFormat.N_QUADS, lenient=True)
            else:
                for data in new.values():
                    self.database.load(data, format=RdfFormat.N_QUADS, lenient=True)
            for name in graphs.keys() - new.keys():
                quads = list(pyoxigraph.parse(graphs[name], format=RdfFormat.N_QUADS))
                self._replace(_graph(name), quads)
        except OSError as error:
            raise StoreError(f"{self.path}: the store cannot be written: {error.strerror or error}") from error

    def remove(self, document: str) -> bool:
        """Remove a document without trace; return whether it was there."""
        graph = iris.document_graph(document)
        if not self.database.contains_named_graph(graph):
            return False
        self._mark(graph)
        self._replace(graph, [])
        return True

    def publish(self) -> str:
        """Let readers see everything written so far; return the snapshot's number."""
        version = snapshots.publish(self.path, self.database, self.changed)
        (self.path / _DIRTY).unlink(missing_ok=True)
        self.changed = set()
        return version

    def mark(self, graphs: Iterable[str] | None) -> None:
        """Say that *graphs* (IRIs; None: any) are about to change, by whatever hand."""
        (self.path / _DIRTY).touch()
        if graphs is None:
            self.changed = None
        elif self.changed is not None:
            self.changed.update(graphs)

    def _mark(self, *graphs: NamedNode) -> None:
        self.mark(graph.value for graph in graphs)

    def _replace(self, graph: NamedNode, quads: Sequence[Quad]) -> None:
        """Let *graph* hold *quads* and nothing else, in one transaction."""
        if not self.database.contains_named_graph(graph):
            self.database.extend(quads)
            return
        # One update request is one transaction: readers and a killed process see the old graph or the new one.
        parts = [f"DROP SILENT GRAPH {graph}"]
        if quads:
            triples = pyoxigraph.serialize((quad.triple for quad in quads), format=RdfFormat.N_TRIPLES) or b""
            parts.append(f"INSERT DATA {{ GRAPH {graph} {{ {triples.decode()} }} }}")
        self.database.update(" ; ".join(parts))

    def _refresh_base(self) -> None:
        """Put in the ontology, the shapes and the reference table; again when the software brings other ones."""
        state_file = self.path / _STATE
        state = json.loads(state_file.read_text("utf-8")) if state_file.exists() else {}
        digests = {name: _digest(name) for name in ("ontology", "shapes", "reference")}
        changed = [name for name, digest in digests.items() if state.get(name) != digest]
        if not changed:
            return
        self._mark(*map(iris.graph, changed))
        for name in changed:
            graph = iris.graph(name)
            self.database.remove_graph(graph)
            self.database.extend(_base_quads(name))
        snapshots.replace_file(state_file, json.dumps(digests))


def writer(path: Path) -> Writer:
    """Open the store at *path* for writing, making it if need be.

    Raises:
        StoreLockedError: If another process is writing to it.
    """
    return Writer(path)


def open_reader(path: Path) -> tuple[Snapshot, Store]:
    """Return the current snapshot of the store at *path* and a read-only store on it.

    Raises:
        StoreError: If there is no store, or it was made under another base IRI.
    """
    snapshot = current_snapshot(path)
    reader = snapshot.open()
    _check_base(reader, path)
    return snapshot, reader


def _check_base(database: Store, path: Path) -> None:
    """Refuse a store that was made under another base: its documents would not be found, or stored twice."""
    own, ending = iris.graph("reference"), "graph/reference"
    if database.contains_named_graph(own):
        return
    for graph in database.named_graphs():
        if isinstance(graph, NamedNode) and graph.value.endswith(f"/{ending}"):
            base = graph.value.removesuffix(ending)
            raise StoreError(f"{path}: this store was made with another base; set SUMMITGRAPH_BASE_IRI={base}")


def document_ids(store: Store) -> list[str]:
    """Return the ids of the stored documents, sorted."""
    quads = store.quads_for_pattern(None, RDF_TYPE, iris.term("SourceDocument"), None)
    return sorted({quad.subject.value.rsplit("/", 1)[1] for quad in quads if isinstance(quad.subject, NamedNode)})


def _files(name: str) -> list[Path]:
    return ontology.paths() if name == "ontology" else shapes.paths()


def _digest(name: str) -> str:
    digest = hashlib.sha256(iris.base().encode())
    files = reference.files() if name == "reference" else _files(name)
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _base_quads(name: str) -> Iterable[Quad]:
    if name == "reference":
        return reference_graph.quads()
    graph = iris.graph(name)
    dataset = pyoxigraph.Dataset()
    for path in _files(name):
        for quad in pyoxigraph.parse(io.BytesIO(path.read_bytes()), format=RdfFormat.TURTLE, rename_blank_nodes=True):
            dataset.add(Quad(quad.subject, quad.predicate, quad.object, graph))
    # Canonical names for blank nodes (RDFC-1.0), so that every store of one version is the same.
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    return [_own_blanks(quad, name) for quad in dataset]


def _own_blanks(quad: Quad, name: str) -> Quad:
    subject, value = quad.subject, quad.object
    if isinstance(subject, BlankNode):
        subject = BlankNode(f"{name}-{subject.value}")
    if isinstance(value, BlankNode):
        value = BlankNode(f"{name}-{value.value}")
    return Quad(subject, quad.predicate, value, quad.graph_name)
