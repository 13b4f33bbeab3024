"""The graph of a document as N-Quads, written without a quad being made: the bytes that pyoxigraph writes."""

from __future__ import annotations

import pyoxigraph
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat

from summitgraph.graph.statements import Statements

GRAPH = NamedNode("http://example.org/graph/doc/1")
NODES = st.sampled_from([NamedNode(f"http://example.org/{name}") for name in ("a", "ab", "a#b", "قمة", "é", "a/b")])
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
LITERALS = st.one_of(
    st.builds(Literal, TEXTS),
    st.builds(lambda text, tag: Literal(text, language=tag), TEXTS, st.sampled_from(["ar", "en", "en-GB", "fr"])),
    st.builds(
        lambda number: Literal(str(number), datatype=NamedNode("http://www.w3.org/2001/XMLSchema#integer")),
        st.integers(),
    ),
)


@given(st.lists(st.tuples(NODES, NODES, st.one_of(NODES, LITERALS)), max_size=20))
def test_the_bytes_are_those_of_pyoxigraph_sorted_and_each_line_once(
    triples: list[tuple[NamedNode, NamedNode, Literal]],
) -> None:
    found = Statements(triples, GRAPH)

    quads = sorted({Quad(*triple, GRAPH) for triple in triples}, key=str)
    assert list(found) == quads
    assert found.n_quads() == (pyoxigraph.serialize(quads, format=RdfFormat.N_QUADS) or b"")


def test_single_quads_and_slices_are_made_when_asked_for() -> None:
    node = NamedNode("http://example.org/a")
    found = Statements([(node, node, Literal("2")), (node, node, Literal("1"))], GRAPH)

    assert len(found) == 2
    assert found[0] == Quad(node, node, Literal("1"), GRAPH)
    assert found[-1:] == [Quad(node, node, Literal("2"), GRAPH)]
