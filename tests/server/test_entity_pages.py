"""Pages of things and of texts: every fact with its words, what sources disagree on, names that cannot do harm."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from summitgraph.graph.contradictions import counts_contradict
from summitgraph.server.facts import Evidence, sides
from summitgraph.server.launch import launched
from summitgraph.server.shown import merged
from summitgraph.server.source_page import Item, segments

from . import articles
from .client import Client
from .test_pages import Page

BROWSER = "text/html,*/*;q=0.8"


@pytest.fixture(scope="module")
def harbour(make_store: Callable[[Path, str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a server on two articles."""
    root = make_store(tmp_path_factory.mktemp("harbour") / "store", articles.trig())
    with launched(root, {"SUMMITGRAPH_FRONTS": "1"}) as port:
        yield Client(port)


def page(client: Client, path: str, language: str = "en") -> str:
    """Return a page as text."""
    reply = client.get(path, Accept=BROWSER, Accept_Language=language)
    assert reply.status == 200, reply.text
    return reply.text


def words(text: str) -> str:
    """Return what a page says, without its tags."""
    spoken = re.sub(r"<head>.*?</head>", "", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", spoken)).split())


def test_fact_shows_its_sentence_with_the_words_marked(harbour: Client) -> None:
    text = page(harbour, "/page/summit/harbour")

    assert "<mark>Ana Lima chaired</mark> the Harbour Summit.</blockquote>" in text
    said = words(text)
    assert "chaired by Ana Lima Wikidata Q1 Ana Lima chaired the Harbour Summit." in said
    assert "Harbour news confidence 90% en.clause.test" in said


def test_names_stand_in_three_languages(harbour: Client) -> None:
    for language, heading in (("en", "Harbour Summit"), ("ar", "قمة المرفأ"), ("fr", "Sommet du port")):
        text = page(harbour, "/page/summit/harbour", language)
        assert f'<h1><bdi lang="{language}">{heading}</bdi></h1>' in text
        assert all(name in text for name in ("Harbour Summit", "قمة المرفأ", "Sommet du port"))


def test_who_said_what_and_what_was_promised(harbour: Client) -> None:
    speaker = words(page(harbour, "/page/person/ana-lima"))
    state = words(page(harbour, "/page/state/norway", "fr"))

    assert "Who said what 1 The sea will not wait" in speaker
    assert "20 000 000 USD" in state
    assert "Norway pledged 20 million dollars for reefs" in state


def test_values_on_which_sources_disagree_stand_side_by_side(harbour: Client) -> None:
    summit, declaration, norway = (
        words(page(harbour, path)).partition("Where sources disagree")[2]
        for path in ("/page/summit/harbour", "/page/declaration/harbour", "/page/state/norway")
    )

    assert "3 May 2024 on 3 May 2024 Harbour news" in summit
    assert "4 May 2024 le 4 mai 2024 Nouvelles du port" in summit
    assert "40 More than 40 countries" in declaration
    assert "38 Exactement 38 pays" in declaration
    assert page(harbour, "/page/summit/harbour").count('href="#conflicts"') == 1  # at its start date
    assert page(harbour, "/page/state/norway").count('href="#conflicts"') == 2  # at either sum
    assert page(harbour, "/page/declaration/harbour").count('href="#conflicts"') == 2  # at either count
    assert "20,000,000" in norway
    assert "50,000,000" in norway
    assert "Where sources disagree" not in page(harbour, "/page/person/ana-lima")


def test_text_of_the_source_is_whole_and_marked(harbour: Client) -> None:
    text = page(harbour, "/page/source-document/00000000000000e1")
    inner = re.search(r'<div class="text"[^>]*>(.*?)</div>', text, re.DOTALL)
    assert inner
    marked = re.findall(r'<span class="s([^"]*)" data-items="([^"]*)"[^>]*>([^<]*)</span>', inner[1])

    assert html.unescape(re.sub(r"<[^>]*>", "", inner[1])) == articles.ENGLISH
    assert any("k-person" in kinds and piece == "Ana Lima" for kinds, _, piece in marked)
    assert any(" f" in kinds for kinds, _, _ in marked)
    named = {number for _, numbers, _ in marked for number in numbers.split()}
    assert named == set(re.findall(r'id="i(\d+)"', text))  # each item has its words, all words their item
    assert "en.clause.test" in text


def test_browser_at_a_document_graph_is_led_to_the_text(harbour: Client) -> None:
    reply = harbour.get("/graph/doc/00000000000000e1", Accept=BROWSER)

    assert (reply.status, reply.headers["location"]) == (303, "/page/source-document/00000000000000e1")
    assert harbour.get("/graph/doc/00000000000000e1.nt").headers["content-type"].startswith("application/n-triples")


@pytest.mark.parametrize("path", ["/page/person/hostile", "/page/state/long", "/search?q=alert", "/search?q=long", "/"])
def test_names_cannot_break_a_page(harbour: Client, path: str) -> None:
    text = page(harbour, path)
    parsed = Page(text)

    assert not any(name.startswith("on") or name == "style" for _, attributes in parsed.tags for name in attributes)
    assert "<script>alert" not in text
    assert not any(tag == "img" for tag, _ in parsed.tags)
    # Bidirectional controls of a name end with its element: each stands inside one that isolates.
    outside = re.sub(r"<(bdi|title|li|q|p|blockquote|script)\b[^>]*>.*?</\1>", "", text, flags=re.DOTALL)
    assert "\u202e" not in re.sub(r"<[^>]*>", "", outside)


def test_search_forgives_typos_and_diacritics(harbour: Client) -> None:
    for asked in ("norwey", "النرويج", "نرويج", "NORVEGE"):
        assert "/id/state/norway" in page(harbour, f"/search?q={quote(asked)}")


def test_suggestions_name_their_kind_in_the_readers_language(harbour: Client) -> None:
    reply = harbour.get("/api/search?q=norw&lang=fr").json()["results"]

    assert (reply[0]["label"], reply[0]["kind"], reply[0]["href"]) == ("Norvège", "État", "/id/state/norway")
    assert harbour.get("/api/search?q=").status == 400


def test_language_chosen_is_kept(harbour: Client) -> None:
    chosen = harbour.get("/?lang=ar").headers["set-cookie"]
    kept = harbour.get("/", Cookie=chosen.partition(";")[0], Accept_Language="fr")

    assert '<html lang="ar" dir="rtl">' in kept.text


def test_scripts_of_an_entity_page_are_small(harbour: Client) -> None:
    """The budget is 300 kB; none of the libraries belongs on these pages."""
    sources = [
        attributes["src"] for tag, attributes in Page(page(harbour, "/page/state/norway")).tags if "src" in attributes
    ]

    assert sources
    assert sum(len(harbour.get(str(source)).body) for source in sources) < 60_000


def _evidence(before: str, spoken: str, after: str) -> Evidence:
    return Evidence("e" + spoken, "doc", "", "", "en", before, spoken, after, "", "")


def test_words_of_one_sentence_are_marked_together() -> None:
    (item,) = merged([], [_evidence("On ", "jobs", " and energy."), _evidence("On jobs and ", "energy", ".")])

    assert item.pieces == [("On ", False), ("jobs", True), (" and ", False), ("energy", True), (".", False)]


@pytest.mark.parametrize(
    ("text", "spoken", "expected"),
    [
        ("One. Two three four. Five.", "three", ("Two ", " four.")),
        ("قالت نعم؟ ثم ذهبت. وعادت.", "ذهبت", ("ثم ", ".")),
        ("M. Modi parla. Il partit.", "parla", ("M. Modi ", ".")),
        ("Title\n\nText here", "Text", ("", " here")),
        ("no end", "no end", ("", "")),
    ],
)
def test_sentence_around_words(text: str, spoken: str, expected: tuple[str, str]) -> None:
    start = text.index(spoken)

    assert sides(text, start, start + len(spoken)) == expected


def test_segments_of_spans_that_overlap_are_the_text() -> None:
    def item(number: int, *spans: tuple[int, int]) -> Item:
        return Item(str(number), "fact", "", [], None, "", "", set(spans), number)

    found = segments("abcdefgh", [item(1, (0, 5)), item(2, (3, 8)), item(3, (3, 4), (6, 7)), item(4, (7, 99))])

    assert "".join(piece.text for piece in found) == "abcdefgh"
    assert [(piece.text, piece.items) for piece in found] == [
        ("abc", (1,)), ("d", (1, 2, 3)), ("e", (1, 2)), ("f", (2,)), ("g", (2, 3)), ("h", (2,)),
    ]  # fmt: skip
    assert [piece.first for piece in found] == [(1,), (2, 3), (), (), (), ()]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((40, "MoreThan"), (38, "Exactly"), True),
        ((60, "MoreThan"), (61, "Exactly"), False),
        ((60, "MoreThan"), (70, "MoreThan"), False),
        ((100, "AtMost"), (90, "Exactly"), False),
        ((100, "AtMost"), (120, "Exactly"), True),
        ((100, "About"), (108, "Exactly"), False),
        ((28, "Exactly"), (29, "Exactly"), True),
        ((28, "Exactly"), (28, "MoreThan"), False),
    ],
)
def test_counts_that_cannot_both_be_true(one: tuple[int, str], other: tuple[int, str], expected: bool) -> None:
    assert counts_contradict(one, other) is counts_contradict(other, one) is expected


def test_claims_and_evidence_are_called_by_what_they_say(harbour: Client) -> None:
    """A reader who follows the link to a piece of evidence sees words, not the number of a place in a text."""
    data = harbour.get("/data/summit/harbour.nt").text
    kind = next(
        line.split("/claim/")[1].split(">")[0]
        for line in data.splitlines()
        if "/claim/" in line and line.rstrip(" .").endswith("#Summit>")
    )
    start = articles.ENGLISH.index("Norway refused")
    claim = words(page(harbour, f"/page/claim/{kind}", "ar"))
    evidence = page(harbour, f"/page/evidence/00000000000000e1-{start}-{start + len('Norway refused')}", "ar")

    assert "قمة المرفأ · النوع · قمة" in claim
    assert "rdf:type" not in claim
    assert '<h1><bdi lang="en">Norway refused</bdi></h1>' in evidence
