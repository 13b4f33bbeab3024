"""A thing of which very much is known: its page shows some of each kind, and all of it at another address."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from summitgraph.server.launch import launched

from .client import Client
from .test_entity_pages import page, words

GUESTS = 170
TEXT = "The Harbour Summit began on 3 May 2024. " + " ".join(f"Guest{n} Lima came." for n in range(GUESTS))
_PREFIXES = """@prefix sg: <https://w3id.org/summitgraph/ontology#> . @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix oa: <http://www.w3.org/ns/oa#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @base <https://w3id.org/summitgraph/id/> ."""


def _claim(number: int, predicate: str, value: str, spoken: str) -> str:
    start = TEXT.index(spoken)
    return (
        f"<summit/harbour> {predicate} {value} . <claim/{number}> a sg:Claim ; rdf:subject <summit/harbour> ;"
        f" rdf:predicate {predicate} ; rdf:object {value} ; sg:evidence <evidence/{number}> ."
        f" <evidence/{number}> a sg:Evidence ; oa:hasSource <source-document/00000000000000e1> ;"
        f" oa:hasSelector <selector/{number}-p>, <selector/{number}-q> ."
        f" <selector/{number}-p> oa:start {start} ; oa:end {start + len(spoken)} ."
        f' <selector/{number}-q> oa:exact "{spoken}" .'
    )


def _trig() -> str:
    lines = [
        '<summit/harbour> a sg:Summit ; rdfs:label "Harbour Summit"@en .',
        f'<source-document/00000000000000e1> a sg:SourceDocument ; sg:text "{TEXT}" .',
        _claim(9000, "sg:startDate", '"2024-05-03"^^xsd:date', "3 May 2024"),
        _claim(9001, "sg:startDate", '"2024-05"^^xsd:gYearMonth', "May 2024"),
        _claim(9002, "sg:startDate", '"2024"^^xsd:gYear', "2024"),
    ]
    for number in range(GUESTS):
        lines.append(f'<person/g{number}> a sg:Person ; rdfs:label "Guest{number} Lima"@en .')
        lines.append(_claim(number, "sg:hasParticipant", f"<person/g{number}>", f"Guest{number} Lima came"))
        lines.append(
            f"<participation/{number}> a sg:Participation ; sg:actor <person/g{number}> ; sg:event <summit/harbour> ;"
            f" sg:evidence <evidence/{number}> ."
        )
    return f"{_PREFIXES}\n<https://w3id.org/summitgraph/graph/doc/00000000000000e1> {{\n" + "\n".join(lines) + "\n}\n"


@pytest.fixture(scope="module")
def hub(make_store: Callable[[Path, str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a server on a summit with very many guests."""
    with launched(make_store(tmp_path_factory.mktemp("hub") / "store", _trig()), {"SUMMITGRAPH_FRONTS": "1"}) as port:
        yield Client(port)


def test_page_shows_some_with_their_words_and_names_the_rest(hub: Client) -> None:
    text = page(hub, "/page/summit/harbour")
    people = text.partition("g-people")[2].partition("</section>")[0]

    assert len(re.findall("<mark>", people)) == 6
    assert {int(number) for number in re.findall(r"/id/person/g(\d+)", people)} == set(range(GUESTS))
    assert f"Further ones ({GUESTS - 6})" in text
    assert f"Show all ({GUESTS})" in text  # of the records
    assert text.count('class="record ') == 20
    assert text.count('href="?all=1') == 2


def test_everything_stands_at_another_address(hub: Client) -> None:
    text = page(hub, "/page/summit/harbour?all=1")
    people = text.partition("g-people")[2].partition("</section>")[0]

    assert len(re.findall("<mark>", people)) == GUESTS
    assert text.count('class="record ') == GUESTS
    assert 'href="?all=1' not in text


def test_month_and_year_stand_with_the_day_they_hold(hub: Client) -> None:
    when = page(hub, "/page/summit/harbour").partition("g-when_where")[2].partition("</section>")[0]

    assert re.findall(r'<p class="values">.*?</p>', when) == [
        '<p class="values"><span><bdi lang="en" dir="ltr">3 May 2024</bdi></span></p>'
    ]
    assert len(re.findall("<mark>", when)) == 1  # the three readings mark one stretch of one sentence


def test_words_of_evidence_lead_to_their_place_in_the_text(hub: Client) -> None:
    text = page(hub, "/page/summit/harbour")
    target, place = re.findall(r'href="(/id/source-document/[^"#]*)#(c\d+)"', text)[0]
    source = page(hub, target.replace("/id/", "/page/"))

    assert f'id="{place}"' in source
    assert "began on" in words(source)
