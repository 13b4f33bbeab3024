"""The core cases of W3C's SHACL test suite against the gate's engine, where a copy of the suite is at hand.

The suite (``data-shapes-test-suite`` of github.com/w3c/data-shapes) is not part of the project: name the folder in
``SUMMITGRAPH_SHACL_SUITE``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, parse

from summitgraph.errors import InputError
from summitgraph.shapes.compiler import Compiler
from summitgraph.shapes.data import SH, TYPE, Data, Term
from summitgraph.shapes.engine import run

MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
SHT = "http://www.w3.org/ns/shacl-test#"
SUITE = Path(os.environ.get("SUMMITGRAPH_SHACL_SUITE", "."))
FILES = sorted(SUITE.glob("tests/core/**/*.ttl")) if Path() != SUITE else []
Found = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Case:
    """One ``sht:Validate`` entry of a manifest."""

    name: str
    data: list[Quad]
    shapes: list[Quad]
    expected: frozenset[Found] | None  # None: the shapes graph is ill-formed, and must be refused


def quads(path: Path) -> list[Quad]:
    return list(parse(path=str(path), format=RdfFormat.TURTLE, base_iri=path.as_uri()))


def plain(term: Term | None) -> str:
    return "" if term is None else "_" if isinstance(term, BlankNode) else str(term)


def cases(path: Path) -> Iterator[Case]:
    graph = Data(quads(path))
    for entry in graph.subjects(TYPE, NamedNode(SHT + "Validate")):
        action, result = (graph.values(entry, NamedNode(MF + name))[0] for name in ("action", "result"))
        files = [
            Path(graph.values(action, NamedNode(SHT + name))[0].value.removeprefix("file://"))
            for name in ("dataGraph", "shapesGraph")
        ]
        failure = isinstance(result, NamedNode) and result.value == SHT + "Failure"
        found = frozenset(_result(graph, one) for one in graph.values(result, NamedNode(SH + "result")))
        yield Case(f"{path.parent.name}/{path.stem}", quads(files[0]), quads(files[1]), None if failure else found)


def _result(graph: Data, node: Term) -> Found:
    def get(name: str) -> Term | None:
        return next(iter(graph.values(node, NamedNode(SH + name))), None)

    component, severity = get("sourceConstraintComponent"), get("resultSeverity")
    assert component is not None
    assert severity is not None
    return (
        plain(get("focusNode")),
        plain(get("resultPath")),
        plain(get("value")),
        component.value.removeprefix(SH).removesuffix("ConstraintComponent"),
        severity.value.removeprefix(SH),
    )


def ours(case: Case) -> frozenset[Found]:
    found = run(Compiler(case.shapes).compile(), Data(case.data))
    return frozenset((plain(r.focus), plain(r.path), plain(r.value), r.component, r.severity) for r in found)


@pytest.mark.skipif(not FILES, reason="SUMMITGRAPH_SHACL_SUITE names no copy of the W3C SHACL test suite")
@pytest.mark.parametrize("case", [case for path in FILES for case in cases(path)], ids=lambda case: case.name)
def test_core_case(case: Case) -> None:
    if case.expected is None:
        with pytest.raises(InputError):
            Compiler(case.shapes).compile()
    else:
        assert ours(case) == case.expected


def test_literals_are_told_apart_from_names() -> None:
    assert plain(Literal("x")) != plain(NamedNode("http://example.org/x"))
