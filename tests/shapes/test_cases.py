"""Every shape against examples that conform to it and examples that do not: ``cases/<shape>/{pass,fail}-*.ttl``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pyshacl
import pytest
from rdflib import RDF, SH, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from summitgraph import ontology, shapes
from tests.rdf import as_graph

SGSH = Namespace("https://w3id.org/summitgraph/shapes#")
FOLDER = Path(shapes.__file__).resolve().parent
FILES = ("core", "provenance", "links", "cross")
CASES = sorted((Path(__file__).parent / "cases").glob("*/*.ttl"))


@cache
def all_shapes() -> Graph:
    graph = Graph()
    for name in FILES:
        graph.parse(FOLDER / f"{name}.ttl")
    return graph


@cache
def hierarchy() -> Graph:
    return as_graph(ontology.hierarchy())


def names() -> set[str]:
    return {str(shape).removeprefix(SGSH) for shape in all_shapes().subjects(RDF.type, SH.NodeShape)}


def only(name: str) -> Graph:
    """Return the part of the shapes graph that describes one shape, with the prefixes SPARQL needs."""
    graph = ontology.load(("prefixes",))
    waiting: list[Node] = [SGSH[name]]
    while waiting:
        node = waiting.pop()
        for predicate, value in all_shapes().predicate_objects(node):
            graph.add((node, predicate, value))
            if not isinstance(value, (URIRef, Literal)):
                waiting.append(value)
    return graph


def conforms(data: Graph, shapes_graph: Graph) -> bool:
    result, _, _ = pyshacl.validate(data + hierarchy(), shacl_graph=shapes_graph, inference="none")
    return bool(result)


def test_cases_are_found() -> None:
    assert len(CASES) > 150


@pytest.mark.parametrize("verdict", ["pass", "fail"])
def test_every_shape_has_cases(verdict: str) -> None:
    assert {case.parent.name for case in CASES if case.name.startswith(f"{verdict}-")} == names()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_case_gets_its_verdict(case: Path) -> None:
    verdict = conforms(Graph().parse(case), only(case.parent.name))

    assert verdict == case.name.startswith("pass-")


def test_example_document_conforms_to_all_shapes() -> None:
    data = Graph().parse(Path(__file__).parent / "document.ttl")

    assert conforms(data, all_shapes() + ontology.load(("prefixes",)))
