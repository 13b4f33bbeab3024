"""The example queries that ask Wikidata join with a service on the allow-list: here a second server of ours with a few facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from summitgraph import pipeline
from summitgraph.graph.records import Document
from summitgraph.server.catalogue import Example, examples
from summitgraph.server.launch import launched
from tests.conftest import STAMP

from .client import Client

TEXT = (
    "The AI Seoul Summit 2024 was held in Seoul on 21 May 2024. It was chaired by South Korean President Yoon Suk Yeol "
    "and British Prime Minister Rishi Sunak. “We must act,” Rishi Sunak said. Google promised to invest 5 billion dollars."
)
SUNAK, SEOUL, GOOGLE = "Q20055561", "Q8684", "Q95"
WIKIDATA = f"""@prefix wd: <http://www.wikidata.org/entity/> . @prefix wdt: <http://www.wikidata.org/prop/direct/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<http://g/1> {{
  wd:{SUNAK} wdt:P569 "1980-05-12T00:00:00Z"^^xsd:dateTime ; wdt:P102 wd:Q1 .
  wd:Q1 rdfs:label "a party"@en .
  wd:{SEOUL} wdt:P625 "Point(127 37.56)" .
  wd:{GOOGLE} rdfs:label "谷歌"@zh , "Google"@es , "Google"@en .
}}"""
ANSWERS = {
    "wikidata-birth-dates": "1980-05-12T00:00:00Z",
    "wikidata-coordinates": "Point(127 37.56)",
    "wikidata-other-languages": "谷歌",
    "wikidata-parties": "a party",
}
FEDERATED = [example for example in examples() if example.service]


@pytest.fixture(scope="module")
def pair(
    make_store: Callable[[Path, str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, str]]:
    """A server of ours that may ask another, and the other's address."""
    folder = tmp_path_factory.mktemp("federated")
    pipeline.load([Document(TEXT, "en", title="Seoul", source="seoul.txt", generated_at=STAMP)], folder / "ours")
    with launched(make_store(folder / "theirs", WIKIDATA), {"SUMMITGRAPH_FRONTS": "1"}) as there:
        address = f"http://127.0.0.1:{there}/sparql"
        allowed = {
            "SUMMITGRAPH_SERVICES": address,
            "SUMMITGRAPH_PRIVATE_NETWORKS": "127.0.0.0/8",
            "SUMMITGRAPH_FRONTS": "1",
        }
        with launched(folder / "ours", allowed) as here:
            yield Client(here), address


def test_each_example_has_an_answer_to_expect() -> None:
    assert {example.name for example in FEDERATED} == set(ANSWERS)


@pytest.mark.parametrize("example", FEDERATED, ids=lambda example: example.name)
def test_an_example_joins_our_things_with_the_service(pair: tuple[Client, str], example: Example) -> None:
    client, address = pair

    reply = client.query(example.query.replace(example.service, address))

    assert reply.status == 200, reply.text
    values = [cell["value"] for row in reply.json()["results"]["bindings"] for cell in row.values()]
    assert ANSWERS[example.name] in values


@pytest.mark.parametrize("example", FEDERATED, ids=lambda example: example.name)
def test_wikidata_itself_is_not_asked_unless_it_is_allowed(pair: tuple[Client, str], example: Example) -> None:
    reply = pair[0].query(example.query)

    assert reply.status == 403, reply.text
