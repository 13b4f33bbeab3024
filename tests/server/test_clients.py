"""Programs other people wrote work with the endpoint as they are."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from rdflib import Dataset, Graph, Literal, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLStore, SPARQLUpdateStore
from SPARQLWrapper import GET, JSON, POST, TURTLE, SPARQLWrapper

from summitgraph.server.launch import launched

from .client import Client

LABEL = URIRef("http://www.w3.org/2000/01/rdf-schema#label")
MACRON = URIRef("https://w3id.org/summitgraph/id/person/macron")


def test_rdflib_reads_labels(client: Client) -> None:
    graph = Graph(SPARQLStore(f"http://127.0.0.1:{client.port}/sparql"))

    assert set(graph.objects(MACRON, LABEL)) == {
        Literal("Emmanuel Macron", lang="en"),
        Literal("إيمانويل ماكرون", lang="ar"),
    }


def test_rdflib_writes_and_reads_back(make_store: Callable[[Path, str], Path], tmp_path: Path) -> None:
    made = make_store(tmp_path / "store", "<http://g/1> { <http://e/a> <http://e/p> 1 }")
    with launched(made, {"SUMMITGRAPH_TOKEN": "t", "SUMMITGRAPH_FRONTS": "1"}) as port:
        address = f"http://127.0.0.1:{port}/sparql"
        remote = SPARQLUpdateStore(address, address, headers={"Authorization": "Bearer t"})
        graph = Dataset(remote).graph(URIRef("http://g/2"))
        graph.add((URIRef("http://e/قمة"), LABEL, Literal("قمة", lang="ar")))

        assert list(graph.objects(URIRef("http://e/قمة"), LABEL)) == [Literal("قمة", lang="ar")]


def test_sparqlwrapper_asks_and_writes(make_store: Callable[[Path, str], Path], tmp_path: Path) -> None:
    made = make_store(tmp_path / "store", "<http://g/1> { <http://e/a> <http://e/p> 'قمة'@ar }")
    with launched(made, {"SUMMITGRAPH_TOKEN": "t", "SUMMITGRAPH_FRONTS": "1"}) as port:
        wrapper = SPARQLWrapper(f"http://127.0.0.1:{port}/sparql", returnFormat=JSON)
        wrapper.addCustomHttpHeader("Authorization", "Bearer t")
        wrapper.setMethod(POST)
        wrapper.setQuery("INSERT DATA { <http://e/b> <http://e/p> 'two' }")
        wrapper.query().response.close()
        wrapper.setMethod(GET)
        wrapper.setQuery("SELECT ?o { ?s <http://e/p> ?o } ORDER BY ?s")
        found = wrapper.queryAndConvert()
        wrapper.setQuery("CONSTRUCT WHERE { ?s <http://e/p> ?o }")
        wrapper.setReturnFormat(TURTLE)
        turtle = wrapper.queryAndConvert()

    assert isinstance(found, dict)
    assert [row["o"]["value"] for row in found["results"]["bindings"]] == ["قمة", "two"]
    assert isinstance(turtle, bytes)
    assert len(Graph().parse(data=turtle, format="turtle")) == 2


def test_second_server_joins_its_data_with_ours(client: Client) -> None:
    """Oxigraph's own engine sends us its SERVICE."""
    other = ox.Store()
    other.add(ox.Quad(ox.NamedNode("http://e/office"), ox.NamedNode("http://e/heldBy"), ox.NamedNode(str(MACRON))))
    service = f"SERVICE <http://127.0.0.1:{client.port}/sparql> {{ ?who <{LABEL}> ?name }}"
    rows = other.query(f"SELECT ?name {{ ?office <http://e/heldBy> ?who . {service} FILTER(LANG(?name) = 'en') }}")

    assert isinstance(rows, ox.QuerySolutions)
    assert [row["name"].value for row in rows] == ["Emmanuel Macron"]


COMUNICA = Path(__file__).parents[1] / "comunica"
needs_comunica = pytest.mark.skipif(
    shutil.which("node") is None or not (COMUNICA / "node_modules" / "@comunica" / "query-sparql").is_dir(),
    reason="Comunica is not installed: npm ci --ignore-scripts --prefix tests/comunica",
)


def comunica(query: str, *endpoints: str) -> list[Any]:
    """Return what Comunica finds: an object for each row, a list for each triple."""
    command = ["node", str(COMUNICA / "ask.mjs"), query, *endpoints]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@needs_comunica
@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"SELECT ?l {{ <{MACRON}> <{LABEL}> ?l }} ORDER BY ?l", [{"l": "Emmanuel Macron"}, {"l": "إيمانويل ماكرون"}]),
        ("ASK { ?s ?p ?o }", [{"boolean": True}]),
        (
            f"CONSTRUCT {{ ?s <http://e/en> ?l }} WHERE {{ ?s <{LABEL}> ?l FILTER(?s = <{MACRON}> && LANG(?l) = 'en') }}",
            [[str(MACRON), "http://e/en", "Emmanuel Macron"]],
        ),
    ],
)
def test_comunica_reads(client: Client, query: str, found: list[Any]) -> None:
    assert comunica(query, f"http://127.0.0.1:{client.port}/sparql") == found


@needs_comunica
def test_comunica_joins_two_endpoints(client: Client, make_store: Callable[[Path, str], Path], tmp_path: Path) -> None:
    other = make_store(tmp_path / "store", f"<http://g/1> {{ <http://e/office> <http://e/heldBy> <{MACRON}> }}")
    query = f"SELECT ?l {{ ?office <http://e/heldBy> ?who . ?who <{LABEL}> ?l FILTER(LANG(?l) = 'ar') }}"
    with launched(other, {"SUMMITGRAPH_FRONTS": "1"}) as port:
        endpoints = [f"http://127.0.0.1:{number}/sparql" for number in (port, client.port)]

        assert comunica(query, *endpoints) == [{"l": "إيمانويل ماكرون"}]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_without_accept_gets_something_readable(client: Client) -> None:
    command = [
        "curl",
        "-s",
        "-G",
        f"http://127.0.0.1:{client.port}/sparql",
        "--data-urlencode",
        "query=SELECT * { broken",
    ]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert answer.startswith("400 Bad Request: syntax error at line 1, column 10")
    assert "\n" in answer
