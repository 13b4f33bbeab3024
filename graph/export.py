"""Write the graph out as RDF in canonical order, so that two exports of one graph are the same bytes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO

import pyoxigraph
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store

from summitgraph import ontology
from summitgraph.errors import StoreError

from .selection import Selection
from .spill import SortedLines

FORMATS: dict[str, RdfFormat] = {
    "trig": RdfFormat.TRIG,
    "nquads": RdfFormat.N_QUADS,
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "jsonld": RdfFormat.JSON_LD,
    "rdfxml": RdfFormat.RDF_XML,
}
_WITH_GRAPHS = {RdfFormat.TRIG, RdfFormat.N_QUADS, RdfFormat.JSON_LD}
_PLAIN = {RdfFormat.N_QUADS, RdfFormat.N_TRIPLES}


def export(store: Store, output: IO[bytes], name: str, selection: Selection, view: Store | None = None) -> int:
    """Write what *selection* chooses of *store* in format *name* and return the number of quads, or of triples.

    Graph after graph where the format has graphs; else every triple once, sorted on disk. Memory does not grow with
    the store.

    Raises:
        InputError: If the selection names what is not there.
    """
    rdf_format = FORMATS[name]
    if rdf_format in _WITH_GRAPHS and not selection.construct:
        return _graphs(store, output, rdf_format, selection)
    return _merged(selection.parts(store, view), output, rdf_format)


def _graphs(store: Store, output: IO[bytes], rdf_format: RdfFormat, selection: Selection) -> int:
    seen: set[str] = set()
    if rdf_format not in _PLAIN:
        for part in selection.parts(store):
            _note(part, seen)
    count = 0

    def counted() -> Iterator[Quad]:
        nonlocal count
        for part in selection.parts(store):
            count += len(part)
            yield from part

    pyoxigraph.serialize(counted(), output, format=rdf_format, prefixes=_prefixes(seen))
    return count


def _merged(parts: Iterator[list[Quad]], output: IO[bytes], rdf_format: RdfFormat) -> int:
    seen: set[str] = set()
    count = 0
    with SortedLines() as lines:
        for part in parts:
            _note(part, seen)
            for quad in part:
                lines.add(f"{quad.triple} .")
        with tempfile.TemporaryFile() as merged:
            for line in lines:
                merged.write(line.encode() + b"\n")
                count += 1
            merged.seek(0)
            triples = (quad.triple for quad in pyoxigraph.parse(merged, format=RdfFormat.N_TRIPLES))
            prefixes = {} if rdf_format in _PLAIN else _prefixes(seen)
            pyoxigraph.serialize(triples, output, format=rdf_format, prefixes=prefixes)
    return count


def _note(part: list[Quad], seen: set[str]) -> None:
    """Add the namespaces that occur in *part* to *seen*."""
    for quad in part:
        for term in (quad.subject, quad.predicate, quad.object):
            if isinstance(term, NamedNode):
                seen.add(_namespace(term.value))
            elif isinstance(term, Literal):
                seen.add(_namespace(term.datatype.value))


@lru_cache(maxsize=4096)
def _namespace(iri: str) -> str:
    return iri.rsplit("#", 1)[0] + "#" if "#" in iri else iri.rsplit("/", 1)[0] + "/"


def _prefixes(seen: set[str]) -> dict[str, str]:
    """Return the declared prefixes that occur."""
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
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)
    return count
