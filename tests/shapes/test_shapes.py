"""What the shapes files themselves must be: complete, in three languages, and speaking only of terms that exist."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pyshacl
import pytest
from rdflib import RDF, RDFS, SH, SKOS, Graph, URIRef

from summitgraph import ontology, shapes
from summitgraph.ontology import terms

FOLDER = Path(shapes.__file__).resolve().parent
FILES = sorted(FOLDER.glob("*.ttl"))


@cache
def everything() -> Graph:
    graph = Graph()
    for path in FILES:
        graph.parse(path)
    return graph


def test_files_are_found() -> None:
    assert {"core.ttl", "provenance.ttl", "links.ttl", "cross.ttl"} <= {path.name for path in FILES}


def test_shapes_are_valid_shacl() -> None:
    conforms, _, text = pyshacl.validate(
        Graph(), shacl_graph=everything() + ontology.load(("prefixes",)), meta_shacl=True
    )

    assert conforms, text


def test_every_class_has_a_shape() -> None:
    targets = {str(target).removeprefix(terms.NAMESPACE) for target in everything().objects(None, SH.targetClass)}

    kinds_of_concept = ontology.load(ontology.PROPER).subjects(RDFS.subClassOf, SKOS.Concept)
    schemes = {str(kind).removeprefix(terms.NAMESPACE) for kind in kinds_of_concept} - {"Topic"}

    assert terms.CLASSES - schemes == targets & terms.CLASSES


def test_every_term_used_is_defined() -> None:
    known = terms.CLASSES | terms.PROPERTIES | terms.CONCEPTS | set(terms.CONCEPTS_BY_SCHEME)
    used = {
        str(node).removeprefix(terms.NAMESPACE)
        for triple in everything()
        for node in triple
        if isinstance(node, URIRef) and node.startswith(terms.NAMESPACE)
    }

    assert used - known == set()


def test_every_shape_speaks_three_languages() -> None:
    graph = everything()
    own = {
        node
        for node in graph.subjects(RDF.type, SH.NodeShape)
        if set(graph.predicates(node)) & {SH["or"], SH["not"], SH["class"]}
    }
    speaking = own | set(graph.objects(None, SH.property)) | set(graph.objects(None, SH.sparql))
    nested = {node for node in speaking if not list(graph.objects(node, SH.message)) and not isinstance(node, URIRef)}
    inner = {
        prop
        for shape in graph.subjects(SH.property)
        if not isinstance(shape, URIRef)
        for prop in graph.objects(shape, SH.property)
    }

    assert nested <= inner
    for node in speaking - inner:
        languages = sorted(getattr(message, "language", None) or "" for message in graph.objects(node, SH.message))
        assert languages == ["ar", "en", "fr"], list(graph.predicate_objects(node))


@pytest.mark.parametrize("name", ["core", "provenance", "links"])
def test_gate_uses_core_constraints_only(name: str) -> None:
    graph = Graph().parse(FOLDER / f"{name}.ttl")

    assert list(graph.subject_objects(SH.sparql)) == []


def test_severities_are_those_of_shacl() -> None:
    assert set(everything().objects(None, SH.severity)) <= {SH.Violation, SH.Warning, SH.Info}
