"""Pages, linked data and descriptions, over real HTTP."""

from __future__ import annotations

import gzip
import json
import re
from html.parser import HTMLParser
from urllib.parse import quote

import pyoxigraph as ox
import pytest

from summitgraph.server.catalogue import examples, like
from summitgraph.server.local import In
from summitgraph.server.pages import LANGUAGES, messages

from .client import Client

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
TURTLE = ox.RdfFormat.TURTLE


class Page(HTMLParser):
    """The parts of a page the tests look at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def values(self, attribute: str) -> list[str]:
        """Return all values of an attribute."""
        return [value for _, attributes in self.tags if (value := attributes.get(attribute))]


@pytest.mark.parametrize(
    ("language", "direction", "words"),
    [("en", "ltr", "Questions to start from"), ("ar", "rtl", "أسئلة للبدء"), ("fr", "ltr", "Questions pour commencer")],
)
def test_home_speaks_the_readers_language(client: Client, language: str, direction: str, words: str) -> None:
    by_browser = client.get("/", Accept=BROWSER, Accept_Language=f"{language}, en;q=0.1")
    by_choice = client.get(f"/?lang={language}", Accept_Language="xx")

    for reply in (by_browser, by_choice):
        assert reply.status == 200
        root = dict(Page(reply.text).tags)["html"]
        assert (root["lang"], root["dir"]) == (language, direction)
        assert words in reply.text


def test_home_counts_what_is_there(client: Client) -> None:
    text = client.get("/?lang=en").text
    total = client.rows("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")[0]["n"]

    assert f"<strong>{total}</strong> triples" in text
    assert "<strong>4</strong> facts" in text  # a claim, a refusal, a commitment, a statement
    assert "<strong>2</strong> documents" in text
    assert re.search(r"<bdi>Person</bdi></a></td><td>3</td>", text)


def test_pages_use_nothing_from_elsewhere_and_no_inline_script(client: Client) -> None:
    for path in ("/", "/query", "/page/person/macron", "/sparql?format=html&query=" + quote("SELECT * { ?s ?p ?o }")):
        reply = client.get(path, Accept=BROWSER)
        page = Page(reply.text)

        assert "default-src 'none'" in reply.headers["content-security-policy"]
        assert not any(tag in ("iframe", "style") for tag, _ in page.tags)
        assert all("src" in attributes or attributes["type"] in ("application/ld+json", "application/json")
                   for tag, attributes in page.tags if tag == "script")  # fmt: skip
        assert not any(name.startswith("on") or name == "style" for _, attributes in page.tags for name in attributes)
        assert all(not value.startswith(("http:", "https:", "//")) for value in page.values("src"))
        assert all(str(attributes["href"]).startswith("/static/") for tag, attributes in page.tags
                   if tag == "link" and attributes.get("rel") == "stylesheet")  # fmt: skip


def test_words_are_the_same_in_all_languages() -> None:
    assert list(messages()) == list(LANGUAGES)
    assert len({frozenset(words) for words in messages().values()}) == 1
    assert all(text.strip() for words in messages().values() for text in words.values())


def test_refusal_example_gives_the_words(client: Client) -> None:
    query = next(example.query for example in examples() if example.name == "who-refused")

    assert client.rows(query)[0]["words"] == "رفضت التوقيع"


def test_thing_leads_to_a_document_about_it(client: Client) -> None:
    page, data = client.get("/id/person/macron", Accept=BROWSER), client.get("/id/person/macron", Accept="text/turtle")

    assert (page.status, page.headers["location"]) == (303, "/page/person/macron")
    assert '</data/person/macron.ttl>; rel="alternate"; type="text/turtle"' in page.headers["link"]
    assert (data.status, data.headers["location"]) == (303, "/data/person/macron.ttl")
    assert client.get("/id/person/nobody").status == 404
    assert client.get("/id/person/macron", Accept="image/png").status == 406


@pytest.mark.parametrize("suffix", ["ttl", "nt", "rdf", "jsonld"])
def test_data_about_a_thing_reads_back(client: Client, suffix: str) -> None:
    reply = client.get(f"/data/person/macron.{suffix}")
    form = ox.RdfFormat.from_extension(suffix)
    assert form is not None
    about = ox.NamedNode("https://w3id.org/summitgraph/id/person/macron")

    assert any(quad.subject == about for quad in ox.parse(reply.body, format=form))
    assert client.get(f"/data/person/macron.{suffix}", If_None_Match=reply.headers["etag"]).status == 304


def test_non_ascii_thing_has_a_page_and_its_label_cannot_break_it(client: Client) -> None:
    reply = client.get("/page/" + quote("person/قمة"), Accept=BROWSER)

    assert reply.status == 200
    assert "<b>" not in reply.text
    assert "&lt;b&gt;" in reply.text


def test_link_that_would_run_code_is_not_a_link(client: Client) -> None:
    page = Page(client.get("/page/person/modi", Accept=BROWSER).text)

    assert not any(value.startswith("javascript:") for value in page.values("href"))


@pytest.mark.parametrize("path", ["/id/%3E%20%3C", "/data/a%7Db.ttl", "/page/%22", "/id/" + "x" * 5000])
def test_path_that_is_no_iri_cannot_end_the_query(client: Client, path: str) -> None:
    assert client.get(path).status in (400, 404)


def test_named_graph_is_served(client: Client) -> None:
    reply = client.get("/graph/doc/00000000000000bb", Accept="application/n-triples")

    assert b"Narendra Modi" in reply.body
    assert b"Macron" not in reply.body


@pytest.mark.parametrize(
    "accept", ["text/turtle", "application/rdf+xml", "application/ld+json", "application/n-triples"]
)
def test_ontology_in_the_form_asked_for(client: Client, accept: str) -> None:
    reply = client.get("/ontology", Accept=accept)
    form = ox.RdfFormat.from_media_type(accept)
    assert form is not None

    assert reply.headers["content-type"].startswith(accept)
    header = ox.NamedNode("https://w3id.org/summitgraph/ontology")
    assert any(quad.subject == header for quad in ox.parse(reply.body, format=form))


def test_void_counts_are_those_of_the_data(client: Client) -> None:
    store = ox.Store()
    store.load(client.get("/.well-known/void", Accept="text/turtle").body, format=TURTLE)
    void, sg = "http://rdfs.org/ns/void#", "https://w3id.org/summitgraph/ontology#"
    total = client.rows("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")[0]["n"]

    assert store.query(f"ASK {{ ?d <{void}triples> {total} }}")
    assert store.query(f"ASK {{ ?d <{void}classPartition> [ <{void}class> <{sg}Person> ; <{void}entities> 3 ] }}")


def test_service_describes_itself(client: Client) -> None:
    store = ox.Store()
    store.load(client.get("/sparql", Accept="text/turtle").body, format=TURTLE)
    sd, endpoint = "http://www.w3.org/ns/sparql-service-description#", f"http://127.0.0.1:{client.port}/sparql"

    assert store.query(
        f"ASK {{ ?s a <{sd}Service> ; <{sd}endpoint> <{endpoint}> ; <{sd}feature> <{sd}UnionDefaultGraph> }}"
    )
    assert store.query('ASK { ?s <http://www.w3.org/ns/shacl#declare> [ <http://www.w3.org/ns/shacl#prefix> "sg" ] }')


def test_examples_are_published(client: Client) -> None:
    reply = client.get("/.well-known/sparql-examples", Accept="text/turtle")
    kind = ox.NamedNode("http://www.w3.org/ns/shacl#SPARQLExecutable")

    assert sum(quad.object == kind for quad in ox.parse(reply.body, format=TURTLE)) == len(examples())


def test_health_readiness_and_metrics(client: Client) -> None:
    client.query("ASK {}")

    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").text == "ready: snapshot 1\n"
    found = re.search(r"^summitgraph_queries_total (\d+)$", client.get("/metrics").text, re.MULTILINE)
    assert found
    assert int(found[1]) > 0


def test_unknown_path_and_wrong_method_are_explained(client: Client) -> None:
    missing, wrong = client.get("/nothing", Accept="application/json"), client.request("POST", "/ontology")

    assert (missing.status, missing.json()["status"]) == (404, 404)
    assert (wrong.status, set(wrong.headers["allow"].split(", "))) == (405, {"GET", "HEAD", "OPTIONS"})


def test_foreign_host_header_is_refused(client: Client) -> None:
    assert client.get("/.well-known/void", Host='evil">').status == 400


@pytest.mark.parametrize(("language", "direction"), [("ar", "rtl"), ("en", "ltr"), ("fr", "ltr")])
def test_browser_gets_the_ontology_as_a_page(client: Client, language: str, direction: str) -> None:
    reply = client.get("/ontology", Accept=BROWSER, Accept_Language=language)
    page = Page(reply.text)

    assert ("html", {"lang": language, "dir": direction}) in page.tags
    assert any(attributes.get("id") == "chairedBy" for _, attributes in page.tags)  # the IRI leads to its place
    assert not any(tag == "style" for tag, _ in page.tags)
    assert "/ontology/style.css" in page.values("href")
    assert client.get("/ontology/style.css").headers["content-type"].startswith("text/css")


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/ontology.ttl", "text/turtle"),
        ("/ontology.jsonld", "application/ld+json"),
        ("/ontology/context.jsonld", "application/ld+json"),
        ("/ontology/0.1.0", "text/turtle"),
    ],
)
def test_files_of_the_ontology(client: Client, path: str, media_type: str) -> None:
    reply = client.get(path)

    assert reply.status == 200
    assert reply.headers["content-type"].startswith(media_type)
    assert client.get(path, If_None_Match=reply.headers["etag"]).status == 304


def test_unknown_release_of_the_ontology_is_named(client: Client) -> None:
    reply = client.get("/ontology/9.9.9", Accept="application/json")

    assert reply.status == 404
    assert "9.9.9" in reply.json()["detail"]


def test_editor_is_given_prefixes_ontology_and_examples(client: Client) -> None:
    text = client.get("/query?query=ASK%20%7B%7D", Accept_Language="ar").text
    found = re.search(r'id="query-data">(.*?)</script>', text, re.DOTALL)
    form = re.search(r"<textarea[^>]*>(.*?)</textarea>", text, re.DOTALL)
    assert form
    assert form[1] == "ASK {}"  # what there is without script
    if found is None:
        pytest.skip("the assets of the pages are not built; make assets builds them")
    data = json.loads(found[1])

    assert data["prefixes"]["sg"] in data["namespace"]
    assert {data["namespace"] + name for name in ("chairedBy", "evidence")} <= set(data["properties"])
    assert data["namespace"] + "Summit" in data["classes"]
    assert data["namespace"] + "Pledged" in data["concepts"]
    assert data["labels"][data["namespace"] + "Summit"] == "قمة"
    assert [item["query"] for item in data["examples"]] == [item.query_in("ar") for item in examples()]


def test_static_files_are_compressed_and_not_sent_twice(client: Client) -> None:
    plain = client.get("/static/style.css")
    packed = client.get("/static/style.css", Accept_Encoding="gzip")

    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 2
    assert "Accept-Encoding" in packed.headers["vary"]
    assert client.get("/static/style.css", If_None_Match=packed.headers["etag"]).status == 304
    assert client.get("/static/../pages.py").status == 404


@pytest.mark.parametrize(
    ("language", "count", "expected"),
    [
        ("en", 1, "summit"),
        ("fr", 2, "sommets"),
        ("ar", 2, "قمتان"),
        ("ar", 7, "قمم"),
        ("ar", 26, "قمة"),
        ("fr", 0, "sommet"),
    ],
)
def test_nouns_after_numbers_follow_the_grammar(language: str, count: int, expected: str) -> None:
    assert In(language).counted(count, messages()[language]["n_summits"]) == expected


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_examples_ask_for_names_in_the_language_of_the_reader(client: Client, language: str) -> None:
    """All of them still run, and ask the same: as many rows, with other names."""
    for example in (item for item in examples() if not item.service and item.form == "select"):
        own, other = client.query(example.query), client.query(example.query_in(language))
        assert other.status == 200, (example.name, other.text)
        assert len(other.json()["results"]["bindings"]) == len(own.json()["results"]["bindings"]), example.name
    chaired = next(item for item in examples() if item.name == "who-chaired")
    assert chaired.query_in(language) != chaired.query == chaired.query_in("en")


@pytest.mark.parametrize(
    ("words", "language", "name"),
    [
        ("من رفض التوقيع في باريس", "ar", "who-refused"),
        ("who refused to sign in Paris?", "en", "who-refused"),
        ("qui a refusé de signer", "fr", "who-refused"),
        ("Emmanuel Macron", "en", ""),
        ("the summit", "en", ""),
    ],
)
def test_question_typed_into_the_search_leads_to_one_the_graph_answers(
    client: Client, words: str, language: str, name: str
) -> None:
    near = [item.name for item in like(words, language)]
    text = client.get(f"/search?q={quote(words)}", Accept=BROWSER, Accept_Language=language).text

    assert near[:1] == ([name] if name else [])
    assert ('id="questions"' in text) == bool(name)
