"""Linked data over real HTTP: what leads where, what a description holds, what is not sent twice."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pyoxigraph as ox
import pytest

from .client import Client

BASE = "https://w3id.org/summitgraph/"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def described(client: Client, path: str) -> ox.Store:
    """Return the RDF at *path* in a store."""
    store = ox.Store()
    store.load(client.get(path).body, format=ox.RdfFormat.TURTLE)
    return store


def test_a_suffix_chooses_the_form_where_accept_cannot(client: Client) -> None:
    for suffix in ("ttl", "nt", "rdf", "jsonld"):
        reply = client.get(f"/id/person/macron.{suffix}", Accept="*/*")
        assert (reply.status, reply.headers["location"]) == (303, f"/data/person/macron.{suffix}")
    assert client.get("/id/person/macron.html", Accept="*/*").headers["location"] == "/page/person/macron"


def test_iris_are_answered_by_their_path_on_w3id(client: Client) -> None:
    """Whoever sends w3id.org to this server, by a proxy or a hosts file, gets the same answers."""
    reply = client.get("/summitgraph/id/person/macron", Accept="text/turtle", Host="w3id.org")

    assert (reply.status, reply.headers["location"]) == (303, "/data/person/macron.ttl")
    assert client.get("/summitgraph/ontology", Accept="text/turtle", Host="w3id.org").status == 200
    assert client.get("/summitgraph/graph/doc/00000000000000bb", Accept="text/turtle", Host="w3id.org").status == 200


@pytest.mark.parametrize(
    "thing", ["person/macron", "claim/1", "evidence/1", "selector/1", "financial-commitment/1", "monetary-amount/1", "statement/1"]
)  # fmt: skip
def test_every_kind_of_thing_has_data_and_a_page(client: Client, thing: str) -> None:
    for accept, media in (("text/turtle", "text/turtle"), (BROWSER, "text/html")):
        target = client.get(f"/id/{thing}", Accept=accept).headers["location"]
        reply = client.get(target, Accept=accept)
        assert (reply.status, reply.headers["content-type"].partition(";")[0]) == (200, media)
        assert f'<{BASE}id/{thing}>; rel="describes"' in reply.headers["link"]


def test_description_holds_labels_of_what_it_mentions_and_the_claims(client: Client) -> None:
    store = described(client, "/data/summit/ai-2025.ttl")
    label = "http://www.w3.org/2000/01/rdf-schema#label"
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

    assert store.query(f'ASK {{ <{BASE}id/person/macron> <{label}> "Emmanuel Macron"@en }}')
    assert store.query(f"ASK {{ <{BASE}id/claim/1> <{rdf}subject> <{BASE}id/summit/ai-2025> }}")
    assert not store.query(f"ASK {{ <{BASE}id/person/modi> ?p ?o }}")


def test_thing_that_is_only_mentioned_is_described_by_what_mentions_it(client: Client) -> None:
    reply = client.get("/data/source-document/aa.ttl")

    assert reply.status == 200
    assert b"hasSource" in reply.body


@pytest.mark.parametrize(
    "path",
    [
        "/data/person/macron.ttl",
        "/page/person/macron",
        "/",
        "/graph/doc/00000000000000bb",
        "/dataset",
        "/.well-known/void",
    ],
)
def test_what_the_client_has_is_not_sent_again(client: Client, path: str) -> None:
    first = client.get(path, Accept="text/turtle")

    assert first.status == 200
    assert first.headers["last-modified"].endswith(" GMT")
    by_tag = client.get(path, Accept="text/turtle", If_None_Match=first.headers["etag"])
    by_time = client.get(path, Accept="text/turtle", If_Modified_Since=first.headers["last-modified"])
    before = client.get(path, Accept="text/turtle", If_Modified_Since="Thu, 01 Jan 1998 00:00:00 GMT")
    assert (by_tag.status, by_time.status, before.status) == (304, 304, 200)
    assert by_tag.body == b""


def test_pages_in_two_languages_have_two_tags(client: Client) -> None:
    english, arabic = (client.get("/page/person/macron", Accept_Language=code) for code in ("en", "ar"))

    assert english.headers["etag"] != arabic.headers["etag"]
    assert "Accept-Language" in english.headers["vary"]


def test_any_site_may_read_the_data(client: Client) -> None:
    reply = client.get("/data/person/macron.ttl", Origin="https://example.org")

    assert reply.headers["access-control-allow-origin"] == "*"
    assert "Link" in reply.headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/page/person/macron",
        "/page/claim/1",
        "/search?q=macron",
        "/query",
        "/page/nobody",
        "/ontology",
        "/review",
        "/timeline",
        "/commitments",
        "/compare",
        "/explore",
        "/sparql?query=ASK%7B%7D&format=html",
    ],
)
def test_every_page_tells_search_engines_what_it_is(client: Client, path: str) -> None:
    text = client.get(path, Accept=BROWSER).text
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)

    assert len(found) == 1
    data = json.loads(found[0])
    assert data["@context"] == "https://schema.org"
    assert data["@type"]


def test_person_is_a_person_to_search_engines(client: Client) -> None:
    text = client.get("/page/person/macron", Accept=BROWSER).text
    data = json.loads(re.findall(r'ld\+json">(.*?)</script>', text, re.DOTALL)[0])

    assert (data["@type"], data["@id"]) == ("Person", BASE + "id/person/macron")
    assert {"@language": "ar", "@value": "إيمانويل ماكرون"} in data["name"]
    assert data["sameAs"] == ["http://www.wikidata.org/entity/Q3052772"]


def test_label_cannot_end_the_block_of_data(client: Client) -> None:
    text = client.get("/page/" + quote("person/قمة"), Accept=BROWSER).text
    (block,) = re.findall(r'ld\+json">(.*?)</script>', text, re.DOTALL)

    assert "<" not in block
    assert json.loads(block)["name"][0]["@value"].startswith("<b>")


def test_unknown_thing_is_a_page_that_has_searched(client: Client) -> None:
    reply = client.get("/id/person/emanuel-makron", Accept=BROWSER)  # two letters wrong
    page = client.get("/page/person/emmanuel-macron", Accept=BROWSER)

    assert (reply.status, page.status) == (404, 404)
    assert 'href="/id/person/macron"' in page.text
    assert 'value="emmanuel macron"' in page.text
    arabic = client.get("/id/person/zzxxqq", Accept=BROWSER, Accept_Language="ar").text
    assert "ولا يجد البحث" in arabic
    assert "nothing is known" not in arabic
    assert client.get("/id/person/nobody", Accept="text/turtle").headers["content-type"].startswith("text/plain")


def test_the_ontology_says_when_it_changed(client: Client) -> None:
    for path in ("/ontology", "/ontology.ttl"):
        assert client.get(path, Accept="text/turtle").headers["last-modified"].endswith(" GMT")


def test_refusal_is_explained_on_a_page_of_the_house(client: Client) -> None:
    reply = client.get("/commitments?sort=colour", Accept=BROWSER, Accept_Language="ar")

    assert reply.status == 400
    assert '<html lang="ar" dir="rtl">' in reply.text
    assert "لا يفهم الخادم هذا الطلب." in reply.text
    assert "لا يُعرف «sort=colour» هنا" in reply.text
    assert "المتاح: actor, amount" in reply.text
    exact = reply.text.partition("<details")[2]
    assert "sort=&#39;colour&#39; is not possible" in exact
    assert "<details" not in client.get("/commitments?sort=colour", Accept=BROWSER, Accept_Language="en").text
