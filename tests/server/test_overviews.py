"""Commitments, timeline and comparison over real HTTP: what is shown, in which order, and what is never added up."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pytest

from summitgraph.server.commitments import Commitment, currencies, sums
from summitgraph.server.launch import launched

from . import articles
from .client import Client
from .test_entity_pages import page, words

BASE = articles.BASE
MORE = """
<https://w3id.org/summitgraph/graph/doc/00000000000000d1> {
  <summit/valley> a sg:Summit ; rdfs:label "Valley Summit"@en, "قمة الوادي"@ar ; sg:startDate "2023-06"^^xsd:gYearMonth ;
    sg:heldAt <city/lisbon> ; sg:adopted <declaration/valley> .
  <declaration/valley> a sg:Declaration ; rdfs:label "Valley Declaration"@en ; sg:signedBy <state/norway> ;
    sg:publishedOn "2023-06-09"^^xsd:date .
  <summit/harbour> sg:adopted <declaration/harbour> .
  <declaration/harbour> sg:signedBy <state/chad> .
  <state/chad> a sg:State ; rdfs:label "Chad"@en .
  <financial-commitment/3> a sg:FinancialCommitment ; sg:committedBy <state/chad> ; sg:announcedAt <summit/valley> ; sg:status sg:Expected ;
    sg:amount <monetary-amount/3> .
  <monetary-amount/3> a sg:MonetaryAmount ; sg:minValue 7000000000 ; sg:maxValue 9000000000 ; sg:currency sg:EUR .
  sg:EUR skos:notation "EUR" .
}
"""


@pytest.fixture(scope="module")
def two(make_store: Callable[[Path, str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a server on two summits."""
    root = make_store(tmp_path_factory.mktemp("overviews") / "store", articles.trig() + MORE)
    with launched(root, {"SUMMITGRAPH_FRONTS": "1"}) as port:
        yield Client(port)


def rows(client: Client, query: str = "") -> list[dict[str, str]]:
    """Return the commitments as CSV gives them."""
    reply = client.get(f"/commitments.csv{query}", Accept_Language="en")
    assert reply.status == 200, reply.text
    assert reply.body.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(reply.body.decode("utf-8-sig"))))


def test_commitments_say_who_how_much_for_what_and_with_which_words(two: Client) -> None:
    found = {row["commitment"].removeprefix(BASE): row for row in rows(two)}

    assert found.keys() == {f"financial-commitment/{n}" for n in (1, 2, 3)}
    first = found["financial-commitment/1"]
    assert (first["actors"], first["minimum"], first["currency"]) == ("Norway", "20000000", "USD")
    assert (first["purposes"], first["summit"], first["summit_stated"]) == ("reefs", "Harbour Summit", "yes")
    assert first["words"] == "Norway pledged 20 million dollars for reefs"
    second = found["financial-commitment/2"]  # its text names no summit beside the sum, but is about one
    assert (second["summit"], second["summit_stated"]) == ("Harbour Summit", "no")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?currency=EUR", ["3"]),
        ("?currency=USD&sort=amount&dir=asc", ["1", "2"]),
        ("?currency=USD", ["2", "1"]),
        ("?sort=actor&dir=asc", ["3", "1", "2"]),
        (f"?actor={quote(BASE)}state/chad", ["3"]),
        (f"?summit={quote(BASE)}summit/valley", ["3"]),
        ("?least=50000000&currency=USD", ["2"]),
        ("?status=" + quote("https://w3id.org/summitgraph/ontology#Expected"), ["3"]),
    ],
)
def test_commitments_are_filtered_and_sorted(two: Client, query: str, expected: list[str]) -> None:
    assert [row["commitment"].rpartition("/")[2] for row in rows(two, query)] == expected
    shown = re.findall(r'class="money"[^>]*><a href="/id/financial-commitment/(\d)"', page(two, "/commitments" + query))
    assert shown == expected


def test_sums_are_in_the_readers_form_and_never_across_currencies(two: Client) -> None:
    english, french, arabic = (words(page(two, "/commitments", code)) for code in ("en", "fr", "ar"))

    assert "7,000,000,000 EUR – 9,000,000,000 EUR" in english
    assert "7 000 000 000 EUR" in french
    assert "يورو" in arabic
    assert "By actor US Dollar Norway US$70M" in english


@pytest.mark.parametrize("query", ["?sort=colour", "?least=much", "?least=NaN", "?who=me"])
def test_wrong_filter_is_refused(two: Client, query: str) -> None:
    assert two.get(f"/commitments{query}").status == 400


def test_cells_that_look_like_formulas_are_defused() -> None:
    from summitgraph.server.commitments_page import _safe

    assert [_safe(text) for text in ("=cmd()", "+1", "@x", "-x", "-5", "plain")] == [
        "'=cmd()", "'+1", "'@x", "'-x", "-5", "plain",
    ]  # fmt: skip


def test_parts_of_a_whole_are_not_counted_twice() -> None:
    def made(amount: int, *, part: bool) -> Commitment:
        return Commitment(str(amount), ("a",), Decimal(amount), Decimal(amount), "EUR", "", part=part)

    items = [made(10, part=False), made(4, part=True)]

    assert sums(items, "actor", "EUR") == [("a", Decimal(10))]
    assert currencies(items) == {"EUR": (1, Decimal(10))}


def test_what_one_passage_promises_of_two_actors_is_added_once() -> None:
    def made(actor: str, words: str, document: str = "d1") -> Commitment:
        item = Commitment(actor, (actor,), Decimal(200), Decimal(200), "EUR", "", summit="s")
        item.sources[document] = ("", words)
        return item

    items = [made("president", "she unveiled the plan of 200 billion"), made("plan", "the plan of 200 billion")]
    other = [made("fund", "a fund of 200 billion"), made("bank", "the plan of 200 billion", "d2")]

    assert sums(items, "actor", "EUR") == [("plan", Decimal(200)), ("president", Decimal(200))]
    assert sums(items, "summit", "EUR") == [("s", Decimal(200))]
    assert currencies(items) == {"EUR": (1, Decimal(200))}
    assert sums(items + other, "summit", "EUR") == [("s", Decimal(600))]


def test_timeline_is_in_the_order_of_time(two: Client) -> None:
    text = words(page(two, "/timeline"))
    places = [
        text.index(part)
        for part in (
            "June 2023",
            "Valley Summit",
            "9 June 2023",
            "3 May 2024",
            "Harbour Summit",
            "The sea will not wait",
        )
    ]

    assert places == sorted(places)
    assert "Harbour news" in text


def test_timeline_shows_only_the_layers_chosen(two: Client) -> None:
    text = words(page(two, "/timeline?show=documents"))

    assert "Valley Declaration" in text
    assert "The sea will not wait" not in text
    assert "Harbour news" not in text


def test_comparison_marks_what_two_summits_share(two: Client) -> None:
    text = page(two, f"/compare?a={BASE}summit/harbour&b={BASE}summit/valley")
    said = words(text)

    assert len(re.findall(r'<li class="both">', text)) == 2  # Lisbon, on either side
    assert "Lisbon both Lisbon both" in said
    assert "Who signed Chad Norway Who refused Norway not stated" in said
    assert "Sums promised US$70M €9B" in said
    assert "3 May 2024" in said


@pytest.mark.parametrize(
    ("asked", "date"),
    [
        ("en", "3 May 2024"),
        ("en-GB,en-US;q=0.9", "3 May 2024"),
        ("en-US,en;q=0.9", "May 3, 2024"),
        ("en-ZZ", "3 May 2024"),
        ("ar", "3 مايو 2024"),
        ("ar-LB", "3 أيار 2024"),
        ("fr-CA", "3 mai 2024"),
    ],
)
def test_dates_are_written_as_in_the_country_of_the_reader(two: Client, asked: str, date: str) -> None:
    """Twice each, as what a reader of one country was shown must not come from the cache of another's."""
    texts = [two.get("/timeline", Accept="text/html", Accept_Language=asked).text for _ in range(2)]

    assert all(date in text for text in texts)


def test_page_of_a_summit_tells_who_refused_and_the_reason_that_follows(two: Client) -> None:
    text = page(two, "/page/summit/harbour")
    signed = text.partition('id="signatures"')[2].partition("</section>")[0]

    assert "refused by Harbour Declaration Norway Wikidata Q20 More than 40" in words(signed)
    assert "<mark>Norway refused</mark>." in signed
    assert '<span class="further">It found the text too weak.</span>' in signed
    assert signed.index("Norway") < signed.index("Chad")  # who refused stands first


def test_comparison_without_a_choice_shows_the_two_of_which_most_is_known(two: Client) -> None:
    text = page(two, "/compare", "ar")

    assert re.findall(r"<option value=\"([^\"]+)\" selected>", text) == [
        f"{BASE}summit/harbour",
        f"{BASE}summit/valley",
    ]
    assert text.partition('<table class="compare">')[2].count('scope="col"') == 2
    assert "<table" not in page(two, f"/compare?a={BASE}summit/harbour")  # one alone is not compared
    assert two.get("/compare?a=no%20iri&b=x").status == 400


def test_summits_and_texts_offer_their_exports(two: Client) -> None:
    for path, choice in (("/page/summit/harbour", "summit="), ("/page/source-document/00000000000000e1", "document=")):
        links = re.findall(r'href="(/export\?[^"]*)"', page(two, path))
        assert all(choice in link for link in links)
        gexf = next(link.replace("&amp;", "&") for link in links if "gexf" in link)
        assert two.get(gexf).headers["content-type"] == "application/gexf+xml"


def test_start_page_leads_to_the_things_of_each_kind(two: Client) -> None:
    assert 'href="/list/State"' in page(two, "/")
    text = page(two, "/list/State", "ar")
    listed = text.partition('class="listed"')[2]

    assert re.findall(r'href="/id/([^"]*)"', listed) == ["state/norway", "state/chad"]  # named in Arabic first
    assert "النرويج" in listed
    assert "long" not in words(listed)  # the reference table knows it, no text names it
    assert '<h1>دولة <span class="count">2</span></h1>' in text


@pytest.mark.parametrize(
    ("path", "status"), [("Claim", 404), ("Nothing", 404), ("State?page=0", 400), ("State?page=x", 400)]
)
def test_list_of_what_has_no_names_is_refused(two: Client, path: str, status: int) -> None:
    assert two.get(f"/list/{path}", Accept="text/html").status == status


def test_search_for_several_words_falls_back_to_one(two: Client) -> None:
    """An address that no longer leads anywhere is searched by its words, the longest that finds anything first."""
    gone = two.get("/id/summit/zzxqj-valley", Accept="text/html", Accept_Language="en")

    assert gone.status == 404
    assert "Valley Summit" in gone.text
    assert "Valley Summit" in page(two, "/search?q=zzxqj+valley")


def test_timeline_of_one_summit_has_all_that_was_said_there(two: Client) -> None:
    text = page(two, f"/timeline?summit={quote(BASE)}summit/harbour")

    assert "The sea will not wait" in text
    assert "Valley Summit" not in words(text)
    links = re.findall(r'href="/(\w+)\?[^"]*summit/harbour"', page(two, "/page/summit/harbour").replace("%2F", "/"))
    assert {"timeline", "commitments", "compare", "explore"} <= set(links)
    assert two.get("/timeline?summit=no%20iri").status == 400
