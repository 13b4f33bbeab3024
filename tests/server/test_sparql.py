"""The SPARQL 1.1 Protocol, over real HTTP."""

from __future__ import annotations

import gzip
import json
from urllib.parse import quote

import pyoxigraph as ox
import pytest
import zstandard

from .client import Client, Reply

LABELS = "SELECT ?l { ?s <http://www.w3.org/2000/01/rdf-schema#label> ?l } ORDER BY ?l"
PEOPLE = "PREFIX sg: <https://w3id.org/summitgraph/ontology#> CONSTRUCT WHERE { ?s a sg:Person }"


def test_default_dataset_is_the_union_of_all_graphs(client: Client) -> None:
    rows = client.rows("PREFIX sg: <https://w3id.org/summitgraph/ontology#> SELECT ?p { ?p a sg:Person } ORDER BY ?p")

    assert [row["p"].rpartition("/")[2] for row in rows] == ["macron", "modi", "قمة"]


@pytest.mark.parametrize("method", ["GET", "form", "direct"])
def test_percent_escape_is_decoded_once(client: Client, method: str) -> None:
    query = 'ASK { <http://a/%41> ?p "per cent" }'
    accept = {"Accept": "application/sparql-results+json"}
    if method == "GET":
        reply = client.query(query)
    elif method == "form":
        kind = {"Content-Type": "application/x-www-form-urlencoded", **accept}
        reply = client.request("POST", "/sparql", "query=" + quote(query), kind)
    else:
        reply = client.request("POST", "/sparql", query, {"Content-Type": "application/sparql-query", **accept})

    assert reply.json() == {"head": {}, "boolean": True}


def test_non_ascii_iri_and_text_come_back(client: Client) -> None:
    assert client.rows("SELECT ?l { <http://مثال/شيء> ?p ?l }") == [{"l": "غير لاتيني"}]


@pytest.mark.parametrize(
    ("accept", "content_type", "begins"),
    [
        (None, "application/sparql-results+json", b'{"head"'),
        ("application/json", "application/json", b'{"head"'),
        ("application/sparql-results+xml", "application/sparql-results+xml", b"<?xml"),
        ("text/csv", "text/csv; charset=utf-8", b"l\r\n"),
        ("text/tab-separated-values", "text/tab-separated-values; charset=utf-8", b"?l\n"),
    ],
)
def test_table_in_the_form_asked_for(client: Client, accept: str | None, content_type: str, begins: bytes) -> None:
    reply = client.query(LABELS, accept)

    assert (reply.status, reply.headers["content-type"]) == (200, content_type)
    assert reply.body.startswith(begins)


@pytest.mark.parametrize(
    "rdf_format",
    [
        ox.RdfFormat.TURTLE,
        ox.RdfFormat.N_TRIPLES,
        ox.RdfFormat.RDF_XML,
        ox.RdfFormat.JSON_LD,
        ox.RdfFormat.N_QUADS,
        ox.RdfFormat.TRIG,
    ],
)
def test_graph_in_the_form_asked_for_reads_back(client: Client, rdf_format: ox.RdfFormat) -> None:
    reply = client.query(PEOPLE, rdf_format.media_type)

    assert reply.headers["content-type"].startswith(rdf_format.media_type)
    assert {quad.subject.value.rpartition("/")[2] for quad in ox.parse(reply.body, format=rdf_format)} == {
        "macron",
        "modi",
        "قمة",
    }


def test_turtle_declares_only_the_prefixes_it_uses(client: Client) -> None:
    lines = client.query("PREFIX mine: <http://mine/> " + PEOPLE, "text/turtle").text.splitlines()

    assert [line for line in lines if line.startswith("@prefix")] == [
        "@prefix sg: <https://w3id.org/summitgraph/ontology#> ."
    ]


def test_format_parameter_goes_before_accept(client: Client) -> None:
    assert client.query(LABELS, "text/html", format="csv").headers["content-type"].startswith("text/csv")


def test_accept_that_cannot_be_met_lists_what_is_offered(client: Client) -> None:
    reply = client.query(LABELS, "image/png, application/problem+json;q=0.5")

    assert (reply.status, reply.headers["content-type"]) == (406, "application/problem+json")
    assert "text/csv" in reply.json()["offered"]


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        ({"default-graph-uri": "https://w3id.org/summitgraph/graph/doc/00000000000000bb"}, "4"),
        ({"default-graph-uri": "http://nowhere/"}, "0"),
        ({"named-graph-uri": "https://w3id.org/summitgraph/graph/doc/00000000000000bb"}, "0"),
    ],
)
def test_protocol_dataset_is_what_the_query_sees(client: Client, parameters: dict[str, str], count: str) -> None:
    query = "SELECT (COUNT(*) AS ?n) { ?s <http://www.w3.org/2000/01/rdf-schema#label> ?o }"

    assert client.rows(query, **parameters) == [{"n": count}]


def test_from_clause_is_obeyed(client: Client) -> None:
    graph = "<https://w3id.org/summitgraph/graph/doc/00000000000000bb>"

    assert client.rows(f"SELECT (COUNT(*) AS ?n) FROM {graph} {{ ?s a ?t }}") == [{"n": "2"}]


def test_head_has_the_headers_of_get_and_no_body(client: Client) -> None:
    path = "/sparql?query=" + quote(LABELS)
    got, head = client.get(path, Accept="text/csv"), client.request("HEAD", path, headers={"Accept": "text/csv"})

    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    assert head.headers["etag"] == got.headers["etag"]


def test_options_tells_methods_and_cors(client: Client) -> None:
    reply = client.request("OPTIONS", "/sparql", headers={"Origin": "https://elsewhere.example"})

    assert (reply.status, reply.headers["allow"]) == (204, "GET, HEAD, POST, QUERY, OPTIONS")
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in reply.headers


def test_answer_is_not_sent_again_while_the_data_are_the_same(client: Client) -> None:
    path = "/sparql?query=" + quote(LABELS)
    first = client.get(path)
    again = client.get(path, If_None_Match=first.headers["etag"])
    other = client.get(path, If_None_Match=first.headers["etag"], Accept="text/csv")

    assert (first.status, again.status, again.body, other.status) == (200, 304, b"", 200)


def test_blanks_and_comments_share_one_cached_answer(client: Client) -> None:
    client.query("SELECT ?cached { ?cached a ?x }")
    reply = client.query("SELECT  ?cached # again\n{ ?cached a ?x }")

    assert "cache;desc=hit" in reply.headers["server-timing"]


def test_answer_that_differs_each_time_is_not_cached(client: Client) -> None:
    first, second = (client.query("SELECT (UUID() AS ?u) {}") for _ in range(2))

    assert "etag" not in first.headers
    assert first.body != second.body


def unpack(reply: Reply) -> bytes:
    """Return the body of a reply without its content coding."""
    coding = reply.headers.get("content-encoding", "")
    if coding == "zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(reply.body)
    return gzip.decompress(reply.body) if coding == "gzip" else reply.body


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0.5, gzip;q=0.9", "gzip"),
        ("*", "zstd"),
        ("zstd;q=0, *;q=0.1", "gzip"),
        ("identity, gzip;q=0.5", None),
        ("br", None),
        ("gzip;q=x", None),
    ],
)
@pytest.mark.parametrize("path", ["/sparql?query=", "/?"])
def test_reply_is_compressed_as_the_client_likes_it(
    client: Client, path: str, accepted: str, coding: str | None
) -> None:
    path += quote("SELECT * { ?s ?p ?o . ?a ?b ?c }")
    plain = client.get(path)
    for _ in range(2):  # the second time from the cache
        reply = client.get(path, Accept_Encoding=accepted)
        assert reply.headers.get("content-encoding") == coding
        assert unpack(reply) == plain.body
        assert "Accept-Encoding" in reply.headers["vary"]


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_long_result_is_compressed_on_its_way(client: Client, coding: str) -> None:
    path = "/sparql?query=" + quote(
        'SELECT * { ?s ?p ?o . ?a ?b ?c BIND(CONCAT(STR(?s), REPLACE(STR(?o), "", "....")) AS ?x) VALUES ?n { 1 2 3 } }'
    )
    plain, packed = client.get(path), client.get(path, Accept_Encoding=coding)

    assert len(plain.body) > 4_194_304 > 4 * len(packed.body)
    assert unpack(packed) == plain.body


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type", "status"),
    [
        ("PUT", "/sparql?query=ASK%7B%7D", "", "application/x-www-form-urlencoded", 405),
        ("DELETE", "/sparql", None, "", 405),
        ("POST", "/sparql", "ASK {}", "text/plain", 415),
        ("POST", "/sparql", "ASK {}", "", 415),
        ("POST", "/sparql", "ASK {}", "application/sparql-query; charset=utf-16", 415),
        ("POST", "/sparql", b"ASK { ?s ?p '\xff' }", "application/sparql-query", 400),
        ("POST", "/sparql", "query=ASK%7B%7D&query=ASK%7B%7D", "application/x-www-form-urlencoded", 400),
        ("POST", "/sparql", "query=ASK%7B%7D&update=CLEAR+ALL", "application/x-www-form-urlencoded", 400),
        ("POST", "/sparql", "query=%FF", "application/x-www-form-urlencoded", 400),
        ("POST", "/sparql", "", "application/sparql-query", 400),
        ("POST", "/sparql", "ASK {}" + " " * 200_000, "application/sparql-query", 413),
        ("GET", "/sparql?update=CLEAR%20ALL", None, "", 400),
        ("GET", "/sparql?query=ASK%7B%7D&default-graph-uri=not%20an%20iri", None, "", 400),
        ("GET", "/sparql?query=ASK%7B%7D&timeout=soon", None, "", 400),
        ("GET", "/sparql?query=ASK%7B%7D&timeout=-1", None, "", 400),
        ("GET", "/sparql?query=ASK%7B%7D&timeout=nan", None, "", 400),
    ],
)
def test_wrong_request_has_its_status_and_says_why(
    client: Client, method: str, path: str, body: str | bytes | None, content_type: str, status: int
) -> None:
    reply = client.request(method, path, body, {"Content-Type": content_type} if content_type else {})

    assert reply.status == status
    assert reply.headers["content-type"].startswith("text/plain")
    assert reply.text.startswith(f"{status} ")
    assert len(reply.text) < 400


def test_syntax_error_has_place_and_hint(client: Client) -> None:
    reply = client.query("SELECT * {\n  ?s foo:bar ?o\n}", "application/json")

    assert (reply.status, reply.headers["content-type"]) == (400, "application/problem+json")
    problem = reply.json()
    assert (problem["line"], problem["hint"]) == (2, "Declare the prefix foo: with PREFIX, before the query.")


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ("SELECT * { ?s rdfs:label ?o }", 1, "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>"),
        ("SELECT *\n{ ?s ?p 'dct:x' . # prov:no\n ?s ^sg:chairedBy/foo:b ?o }", 3, "PREFIX sg: <https://w3id.org/summitgraph/ontology#>"),
        ("PREFIX sg: <http://e/>\nASK { ?s sg:a ?o FILTER(?o < 5 && DATATYPE(?o) = xsd:integer) }", 2, "PREFIX xsd:"),
        ("ASK { ?s a sg:Person OPTIONAL { _:b ?p '5'^^xsd:int } }", 1, "PREFIX sg:"),
        ("ASK { ?s :name ?o }", 1, "Declare the prefix : "),
        ("ASK { GRAPH wd:Q1 { ?s ?p ?o } ", 1, "Add the closing bracket"),
    ],
)  # fmt: skip
def test_hint_names_the_first_prefix_that_is_missing(client: Client, text: str, line: int, hint: str) -> None:
    problem = client.query(text).json()

    assert (problem["status"], problem["line"]) == (400, line)
    assert hint in problem["hint"]


@pytest.mark.parametrize(
    "text", ["PREFIX a: <http://e/> ASK { ?s a:b.c ?o }", "ASK { _:x ?p <sg:y> }", 'ASK { ?s ?p "sg:x"@en }']
)
def test_no_prefix_is_missing_where_all_are_declared(client: Client, text: str) -> None:
    assert client.query(text).status == 200


def test_browser_sees_a_table_and_nothing_of_a_label_runs(client: Client) -> None:
    reply = client.query("SELECT ('<script>alert(1)</script>' AS ?x) {}", "text/html")

    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert b"&lt;script&gt;" in reply.body
    assert b"<script>alert" not in reply.body
    assert "script-src 'self'" in reply.headers["content-security-policy"]


def test_million_rows_come_whole(client: Client) -> None:
    digits = "VALUES ?%s { 0 1 2 3 4 5 6 7 8 9 }"
    query = "SELECT * {" + " ".join(digits % name for name in "abcde") + "}"
    reply = client.query(query, "text/csv")

    assert reply.body.count(b"\n") == 100_001


def test_json_results_are_json(client: Client) -> None:
    assert json.loads(client.query("SELECT ?s ?p ?o { ?s ?p ?o }").body)["head"]["vars"] == ["s", "p", "o"]
