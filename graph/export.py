"""Write the graph out in canonical order, so that two exports of one graph are the same bytes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

import pyoxigraph
from pyoxigraph import NamedNode, Quad, RdfFormat, Store

from summitgraph import ontology
from summitgraph.errors import InputError, StoreError

from . import iris

FORMATS: dict[str, RdfFormat] = {
    "trig": RdfFormat.TRIG,
    "nquads": RdfFormat.N_QUADS,
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "jsonld": RdfFormat.JSON_LD,
    "rdfxml": RdfFormat.RDF_XML,
}
_WITH_GRAPHS = {RdfFormat.TRIG, RdfFormat.N_QUADS, RdfFormat.JSON_LD}


def export(
    store: Store, output: IO[bytes], name: str, *, everything: bool = False, graph: NamedNode | None = None
) -> int:
    """Write the documents' graphs of *store* in format *name* and return the number of quads.

    Args:
        everything: The ontology, shapes and reference graphs too.
        graph: Only this named graph.

    Raises:
        InputError: If *graph* is not in the store.
    """
    rdf_format = FORMATS[name]
    if graph is not None and not store.contains_named_graph(graph):
        raise InputError(f"there is no graph {graph.value}; `summitgraph stats --documents` lists the documents")
    quads = sorted(
        _quads(store, everything=everything, graph=graph), key=lambda quad: (str(quad.graph_name), str(quad))
    )
    if rdf_format in _WITH_GRAPHS:
        used: Iterable[Quad] | list[pyoxigraph.Triple] = quads
    else:
        used = [
            quad.triple
            for quad in sorted({str(q.triple): q for q in quads}.values(), key=lambda quad: str(quad.triple))
        ]
    prefixes = {} if rdf_format in (RdfFormat.N_QUADS, RdfFormat.N_TRIPLES) else _prefixes(quads)
    pyoxigraph.serialize(used, output, format=rdf_format, prefixes=prefixes)
    return len(quads)


def _quads(store: Store, *, everything: bool, graph: NamedNode | None) -> Iterable[Quad]:
    if graph is not None:
        return list(store.quads_for_pattern(None, None, None, graph))
    documents = f"{iris.base()}graph/doc/"
    return [
        quad
        for quad in store.quads_for_pattern(None, None, None, None)
        if (everything and isinstance(quad.graph_name, NamedNode))
        or (isinstance(quad.graph_name, NamedNode) and quad.graph_name.value.startswith(documents))
    ]


def _prefixes(quads: Iterable[Quad]) -> dict[str, str]:
    """Return the declared prefixes that occur."""
    seen = {
        term.value.rsplit("#", 1)[0] + "#" if "#" in term.value else term.value.rsplit("/", 1)[0] + "/"
        for quad in quads
        for term in (quad.subject, quad.predicate, quad.object)
        if isinstance(term, NamedNode)
    }
    return {prefix: namespace for prefix, namespace in ontology.prefixes().items() if namespace in seen}


def to_file(path: Path, write: Callable[[IO[bytes]], int]) -> int:
    """Let *write* fill *path*: the whole file appears under its name, or nothing does.

    Raises:
        StoreError: If the file cannot be written, for instance because the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as stream:
            count = write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error
    return count
