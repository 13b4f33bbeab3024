"""IRIs: one for each name however it is spelled, never one for two names."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summitgraph.errors import InputError
from summitgraph.graph import iris, reference


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("أحمد", "احمد"),
        ("مُحَمَّد", "محمد"),
        ("قمـة", "قمة"),
        ("هدى", "هدي"),
        ("Élysée", "elysee"),
        ("L'Oréal", "L’Oreal"),
        ("A.I. Summit", "a i summit"),
    ],
)
def test_spellings_of_one_name_have_one_slug(one: str, other: str) -> None:
    assert iris.slug(one) == iris.slug(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("هادي", "حادي"), ("سالم", "صالم"), ("小米", "小明"), ("小米 AI", "AI"), ("a" * 90, "a" * 91), ("!", "?")],
)
def test_names_that_romanise_alike_have_slugs_of_their_own(one: str, other: str) -> None:
    assert iris.slug(one) != iris.slug(other)


@given(st.text(min_size=1, max_size=200))
def test_every_name_has_a_short_ascii_slug(name: str) -> None:
    slug = iris.slug(name)

    assert slug
    assert len(slug) <= 87
    assert set(slug) <= set(string.ascii_lowercase + string.digits + "-")
    assert not slug.startswith("-")
    assert not slug.endswith("-")


def test_a_latin_name_is_readable_and_has_no_digest() -> None:
    assert (
        iris.entity("Person", "Ursula von der Leyen").value
        == "https://w3id.org/summitgraph/id/person/ursula-von-der-leyen"
    )
    assert iris.entity("AIModel", "GPT-4").value.endswith("/id/ai-model/gpt-4")


def test_no_two_rows_of_the_reference_table_share_an_iri() -> None:
    rows = reference.load().rows

    assert len(rows) > 800
    assert len({reference.iri(row) for row in rows}) == len(rows)


def test_the_base_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUMMITGRAPH_BASE_IRI", "https://data.example.org/summits")

    assert iris.document_graph("0" * 16).value == "https://data.example.org/summits/graph/doc/" + "0" * 16
    assert iris.term("Person").value == "https://w3id.org/summitgraph/ontology#Person"


@pytest.mark.parametrize("base", ["not an iri", "/relative/", "https://example.org/?q=", "https://example.org/#x"])
def test_a_base_that_is_no_iri_is_refused(monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    monkeypatch.setenv("SUMMITGRAPH_BASE_IRI", base)

    with pytest.raises(InputError, match="SUMMITGRAPH_BASE_IRI"):
        iris.graph("reference")


@pytest.mark.parametrize("qid", ["", "q5", "Q0", "Q05", "P31", "Q5 ", "http://www.wikidata.org/entity/Q5"])
def test_what_is_no_identifier_gives_no_wikidata_iri(qid: str) -> None:
    with pytest.raises(ValueError, match="not a Wikidata identifier"):
        iris.wikidata(qid)
