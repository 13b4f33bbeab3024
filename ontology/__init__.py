"""The OWL ontology for summits, actors and commitments: Turtle files, and their loader.

Everything else in the project reads the ontology through this module or through :mod:`summitgraph.ontology.terms`,
which holds the same names as plain strings and needs no RDF library.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode, RdfFormat, Triple, parse

if TYPE_CHECKING:
    from rdflib import Graph

IRI = "https://w3id.org/summitgraph/ontology"
NAMESPACE = IRI + "#"

PROPER = ("core", "provenance", "concepts", "currencies")
"""The modules that together are the ontology in OWL 2 DL."""

MODULES = (*PROPER, "reification", "alignments", "prefixes")
"""All modules; what is not in PROPER adds to the ontology but is left out where OWL 2 DL is required."""

_SUBCLASS = NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")
_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_INDIVIDUAL = NamedNode("http://www.w3.org/2002/07/owl#NamedIndividual")
_IN_SCHEME = NamedNode("http://www.w3.org/2004/02/skos/core#inScheme")
_NOTATION = NamedNode("http://www.w3.org/2004/02/skos/core#notation")
_FOLDER = Path(__file__).resolve().parent


def paths(modules: tuple[str, ...] = MODULES) -> list[Path]:
    """Return the Turtle files of the given modules, in order."""
    return [_FOLDER / f"{module}.ttl" for module in modules]


def load(modules: tuple[str, ...] = MODULES) -> Graph:
    """Return a new graph with the given modules, by default all, and their prefixes bound."""
    from rdflib import Graph

    graph = Graph(bind_namespaces="none")
    for path in paths(modules):
        graph.parse(path, format="turtle")
    for prefix, namespace in prefixes().items():
        graph.bind(prefix, namespace, replace=True)
    return graph


@cache
def hierarchy() -> tuple[Triple, ...]:
    """Return what a validator needs beside the data: the subclass axioms, and what each concept is.

    SHACL follows ``rdfs:subClassOf`` in the graph it validates (SHACL 1.0, section 3.2), so the ontology's part of
    it is added to the data; some 1,100 triples instead of the whole ontology. Without rdflib, as every load needs it.
    """
    whole = [
        quad.triple
        for path in paths((*PROPER, "reification"))
        for quad in parse(path=str(path), format=RdfFormat.TURTLE)
    ]
    concepts = {triple.subject for triple in whole if triple.predicate == _IN_SCHEME}
    found = [
        triple
        for triple in whole
        if (triple.predicate == _SUBCLASS and not {type(triple.subject), type(triple.object)} - {NamedNode})
        or (triple.subject in concepts and triple.predicate in (_IN_SCHEME, _NOTATION))
        or (triple.subject in concepts and triple.predicate == _TYPE and triple.object != _INDIVIDUAL)
    ]
    return tuple(dict.fromkeys(found))


@cache
def _declared_prefixes() -> dict[str, str]:
    from rdflib import SH, Graph

    graph = Graph(bind_namespaces="none").parse(_FOLDER / "prefixes.ttl", format="turtle")
    pairs = (
        (graph.value(node, SH.prefix), graph.value(node, SH.namespace)) for node in graph.objects(None, SH.declare)
    )
    return dict(sorted((str(prefix), str(namespace)) for prefix, namespace in pairs))


def prefixes() -> dict[str, str]:
    """Return every prefix the project uses with its namespace, sorted by prefix."""
    return dict(_declared_prefixes())


@cache
def version() -> str:
    """Return the ontology's version, ``owl:versionInfo`` in its header."""
    from rdflib import OWL, Graph, URIRef

    graph = Graph(bind_namespaces="none").parse(_FOLDER / "core.ttl", format="turtle")
    return str(graph.value(URIRef(IRI), OWL.versionInfo))
