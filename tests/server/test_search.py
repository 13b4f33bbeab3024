"""Full-text search: in three languages, by the beginning of a word, with a letter wrong, in step with the data."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest

from summitgraph.server import view
from summitgraph.server.launch import launched

from .client import Client
from .conftest import publish

ID = "https://w3id.org/summitgraph/id/"
SG = "https://w3id.org/summitgraph/ontology#"
QUOTE = (
    "Nous voulons que la France soit le pays de l’intelligence artificielle, et nous ne laisserons à personne le soin "
    "d’en décider ; c’est pourquoi la stratégie que nous annonçons commence par les universités, les hôpitaux et les "
    "calculateurs publics."
)
DATA = """
PREFIX sg: <https://w3id.org/summitgraph/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX id: <https://w3id.org/summitgraph/id/>
GRAPH <https://w3id.org/summitgraph/graph/ontology> {
  sg:Person rdfs:subClassOf sg:Actor . sg:State rdfs:subClassOf sg:Actor, sg:Place .
}
GRAPH <https://w3id.org/summitgraph/graph/doc/00000000000000aa> {
  id:macron a sg:Person ; rdfs:label "Emmanuel Macron"@en, "إيمانويل ماكرون"@ar ; skos:altLabel "le président Macron"@fr .
  id:france a sg:State ; rdfs:label "France"@en, "فَرَنسا"@ar .
  id:elysee a sg:Venue ; rdfs:label "Palais de l’Élysée"@fr, "قصر الإليزيه"@ar .
  id:summit a sg:Summit ; rdfs:label "Paris AI Action Summit 2025"@en, "قمّة باريس ٢٠٢٥"@ar .
  id:statement a sg:Statement ; sg:speaker id:macron ;
    sg:quote "QUOTE"@fr .
  id:gist a sg:Statement ; sg:gist "دعا إلى وضع قواعد مشتركة للسلامة"@ar .
  [] rdfs:label "nobody's name"@en .
}
""".replace("QUOTE", QUOTE)


@pytest.fixture(scope="module")
def searched(make_store: Callable[[Path, str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a server on a few names and quotations."""
    root = make_store(tmp_path_factory.mktemp("search") / "store", DATA)
    with launched(root, {"SUMMITGRAPH_FRONTS": "1"}) as port:
        yield Client(port)


def found(client: Client, words: str, **parameters: str) -> list[dict[str, Any]]:
    """Return the results of a search."""
    reply = client.get("/api/search?" + urlencode({"q": words, **parameters}))
    assert reply.status == 200, reply.text
    assert reply.headers["content-type"] == "application/json"
    results: list[dict[str, Any]] = reply.json()["results"]
    return results


def names(client: Client, words: str, **parameters: str) -> list[str]:
    """Return the last parts of the IRIs found."""
    return [result["iri"].removeprefix(ID) for result in found(client, words, **parameters)]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("Emmanuel Macron", "macron"),
        ("MACRON", "macron"),
        ("macron emmanuel", "macron"),
        ("president", "macron"),
        ("elysee", "elysee"),
        ("Élysées", "elysee"),
        ("emm", "macron"),
        ("emmanuel mac", "macron"),
        ("ايمانويل", "macron"),
        ("إيمَانـويل مَاكرون", "macron"),
        ("فرنسا", "france"),
        ("القمة", "summit"),
        ("قمه باريس", "summit"),
        ("باريس 2025", "summit"),
        ("Summit ٢٠٢٥", "summit"),
        ("والسلامة", "gist"),
        ("السلام", "gist"),
        ("calculateurs", "statement"),
    ],
)
def test_name_or_quotation_is_found_however_it_is_written(searched: Client, words: str, first: str) -> None:
    assert names(searched, words)[:1] == [first]


@pytest.mark.parametrize("words", ["Macrom", "Mcron", "Maccron", "Marcon", "ماكورن", "ماكروون", "emanuel macron"])
def test_one_letter_may_be_wrong(searched: Client, words: str) -> None:
    exact = found(searched, "Macron")[0]
    results = found(searched, words)

    assert results[0]["iri"] == exact["iri"]
    assert results[0]["score"] < 0.8 < found(searched, "Emmanuel Macron")[0]["score"] == 1.0


@pytest.mark.parametrize("words", ["zanzibar", "macron zanzibar", "mxcrxn", "le", 'macron" OR "france', "nobody"])
def test_nothing_is_found_where_a_word_is_missing(searched: Client, words: str) -> None:
    reply = searched.get("/api/search?" + urlencode({"q": words}))

    assert reply.status == 400 if words == "le" else reply.json() == {"results": []}


def test_result_says_what_an_interface_needs(searched: Client) -> None:
    (result,) = found(searched, "Emmanuel Macron", lang="ar")

    assert result == {
        "iri": ID + "macron",
        "label": "إيمانويل ماكرون",
        "lang": "ar",
        "type": SG + "Person",
        "kind": "شخص",
        "href": "/id/macron",
        "snippet": "Emmanuel Macron",
        "score": 0.95,
    }


def test_name_goes_before_a_quotation_that_mentions_it(searched: Client) -> None:
    assert names(searched, "France") == ["france", "statement"]


def test_long_quotation_is_cut_around_the_word(searched: Client) -> None:
    (result,) = found(searched, "laisserons")

    assert "laisserons" in result["snippet"]
    assert len(result["snippet"]) < 180
    assert (result["snippet"][0], result["snippet"][-1]) == ("…", "…")
    assert (result["label"], result["lang"]) == ("", "fr")


def test_type_takes_in_the_classes_below_it(searched: Client) -> None:
    assert names(searched, "france", type="sg:Place") == ["france"]
    assert names(searched, "france", type=SG + "Statement") == ["statement"]
    assert names(searched, "macron", type="sg:Actor") == ["macron"]
    assert names(searched, "macron", type="sg:Place") == []
    assert names(searched, "macron", type="sg:NoSuchClass") == []


def test_limit_cuts(searched: Client) -> None:
    assert names(searched, "France", limit="1") == ["france"]


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("", "no word"),
        ("q=%20", "no word"),
        ("q=...", "no word"),
        ("q=a&limit=0", "limit"),
        ("q=a&limit=101", "limit"),
        ("q=a&limit=x", "limit"),
        ("q=a&lang=%22", "lang"),
        ("q=a&type=person", "type"),
        ("q=a&type=http://a%20b", "IRI"),
        ("q=a&q=b", "once"),
        ("q=a&typ=b", "'typ'"),
        ("q=" + "a" * 401, "401"),
        ("q=%FF", "UTF-8"),
    ],
)
def test_wrong_parameter_is_a_problem_document(searched: Client, query: str, word: str) -> None:
    reply = searched.get("/api/search?" + query, Accept="*/*")

    assert reply.status == 400
    assert reply.headers["content-type"] == "application/problem+json"
    assert word in reply.json()["detail"] + reply.json().get("hint", "")


@pytest.mark.parametrize("words", ['"', "a*", "(b", "NEAR(a b)", "words : a", "-a", "a\0b", "'; DROP TABLE texts"])
def test_syntax_of_the_index_is_no_syntax_of_the_search(searched: Client, words: str) -> None:
    assert searched.get("/api/search?" + urlencode({"q": words})).status in (200, 400)


def test_unchanged_result_is_not_sent_again(searched: Client) -> None:
    reply = searched.get("/api/search?q=macron")
    again = searched.get("/api/search?q=macron", If_None_Match=reply.headers["etag"])

    assert (again.status, again.body) == (304, b"")
    assert searched.get("/api/search?q=france", If_None_Match=reply.headers["etag"]).status == 200


def test_index_follows_the_data(make_store: Callable[[Path, str], Path], tmp_path: Path) -> None:
    root = make_store(tmp_path / "store", DATA)
    with launched(root, {"SUMMITGRAPH_FRONTS": "1"}) as port:
        client = Client(port)
        assert (names(client, "macron"), names(client, "scholz")) == (["macron"], [])
        other = ox.Store(str(root / "db"))
        other.update(
            "DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o FILTER(CONTAINS(STR(?o), 'acron')) } } ;"
            f"INSERT DATA {{ GRAPH <http://g/2> {{ <{ID}scholz> <http://www.w3.org/2000/01/rdf-schema#label> 'Olaf Scholz' }} }}"
        )
        publish(root, other, 2)
        deadline = time.monotonic() + 30
        while not (after := names(client, "scholz")) and time.monotonic() < deadline:
            time.sleep(0.05)

        assert (after, names(client, "ماكرون")) == (["scholz"], ["macron"])  # the Arabic label stays
        assert names(client, "president") == []
    view.build(root)
    assert {path.stem for path in (root / "views").glob("*" + view.INDEX)} >= {view.newest(root)}
    assert all(path.with_suffix("").is_dir() for path in (root / "views").glob("*" + view.INDEX))


def test_missing_index_is_built_beside_the_view(make_store: Callable[[Path, str], Path], tmp_path: Path) -> None:
    root = make_store(tmp_path / "store", DATA)
    built = view.build(root)
    view.index_of(built).unlink()
    (root / "views" / ("0-left" + view.INDEX)).touch()

    assert view.build(root) == built
    assert view.index_of(built).stat().st_size > 0
    assert not (root / "views" / ("0-left" + view.INDEX)).exists()
