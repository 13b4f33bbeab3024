"""RDF terms of one library as those of the other, for the tests."""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import RdfFormat, Triple, serialize
from rdflib import Graph


def as_graph(triples: Iterable[Triple]) -> Graph:
    """Return triples of pyoxigraph as a graph of rdflib."""
    return Graph(bind_namespaces="none").parse(data=serialize(triples, format=RdfFormat.N_TRIPLES), format="nt")
