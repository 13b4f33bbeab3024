"""Programs other people wrote work with the endpoint as they are."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from rdflib import Dataset, Graph, Literal, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLStore, SPARQLUpdateStore

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
