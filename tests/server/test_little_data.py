"""A store with next to nothing in it: every page still answers, in each language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from summitgraph.server.launch import launched

from .client import Client

PAGES = ["/", "/search?q=x", "/commitments", "/timeline", "/compare", "/query", "/review", "/dataset", "/ontology"]


@pytest.fixture(scope="module")
def client(make_store: Callable[[Path, str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a server whose store holds one triple, no summit and no commitment."""
    folder = tmp_path_factory.mktemp("little")
    with launched(
        make_store(folder, "<http://g/1> { <http://e/a> <http://e/p> 1 }"), {"SUMMITGRAPH_FRONTS": "1"}
    ) as port:
        yield Client(port)


@pytest.mark.parametrize("language", ["ar", "en", "fr"])
@pytest.mark.parametrize("page", PAGES)
def test_page_answers(client: Client, page: str, language: str) -> None:
    assert client.get(page, Accept="text/html", **{"Accept-Language": language}).status == 200


def test_start_page_counts_what_texts_name_and_not_what_they_might(
    make_store: Callable[[Path, str], Path], tmp_path: Path
) -> None:
    base = "https://w3id.org/summitgraph/"
    known = " . ".join(f"<{base}id/person/p{number}> a sg:Person" for number in range(700))
    trig = (
        f"PREFIX sg: <{base}ontology#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>"
        f" <{base}graph/reference> {{ {known} }}"
        f" <{base}graph/doc/00000000000000a1> {{ <{base}id/person/p1> a sg:Person ."
        f' <{base}id/summit/harbour-2024> a sg:Summit ; rdfs:label "Harbour Summit 2024"@en .'
        f' <{base}id/summit/00000000000000a1-00000000000000b2> a sg:Summit ; rdfs:label "next edition"@en }}'
    )
    with launched(make_store(tmp_path / "store", trig), {"SUMMITGRAPH_FRONTS": "1"}) as port:
        text = Client(port).get("/", Accept="text/html", Accept_Language="en").text

    assert "<bdi>Person</bdi></a></td><td>1</td>" in text
    assert ">700<" not in text
    assert "Harbour Summit 2024" in text
    assert "next edition" not in text  # known by its document alone: not what to start from
