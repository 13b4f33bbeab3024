"""The OWL ontology for summits, actors and commitments: Turtle files, and their loader.

Everything else in the project reads the ontology through this module or through :mod:`summitgraph.ontology.terms`,
which holds the same names as plain strings and needs no RDF library.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rdflib import Graph

IRI = "https://w3id.org/summitgraph/ontology"
NAMESPACE = IRI + "#"

PROPER = ("core", "provenance", "concepts", "currencies")
"""The modules that together are the ontology in OWL 2 DL."""

MODULES = (*PROPER, "reification", "alignments", "prefixes")
"""All modules; what is not in PROPER adds to the ontology but is left out where OWL 2 DL is required."""

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


def hierarchy() -> Graph:
    """Return what a validator needs beside the data: the subclass axioms, and what each concept is.

    SHACL follows ``rdfs:subClassOf`` in the graph it validates (SHACL 1.0, section 3.2), so the ontology's part of
    it is added to the data; some 1,100 triples instead of the whole ontology.
    """
    from rdflib import OWL, RDF, RDFS, SKOS, Graph, URIRef

    whole = load((*PROPER, "reification"))
    graph = Graph(bind_namespaces="none")
    for child, parent in whole.subject_objects(RDFS.subClassOf):
        if isinstance(child, URIRef) and isinstance(parent, URIRef):
            graph.add((child, RDFS.subClassOf, parent))
    for concept in whole.subjects(SKOS.inScheme):
        for kind in whole.objects(concept, RDF.type):
            if kind != OWL.NamedIndividual:
                graph.add((concept, RDF.type, kind))
        for scheme in whole.objects(concept, SKOS.inScheme):
            graph.add((concept, SKOS.inScheme, scheme))
        for notation in whole.objects(concept, SKOS.notation):
            graph.add((concept, SKOS.notation, notation))
    return graph


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
