"""What every resource of the server does alike: HEAD, OPTIONS, plain curl; and what a reply says of its rows."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from summitgraph.server.launch import launched
from summitgraph.server.rewrite import limit_rows

from .client import Client

PATHS = [
    "/", "/query", "/sparql", "/sparql?query=ASK%7B%7D", "/sparql?query=nonsense", "/store?default", "/store", "/api/search?q=macron",
    "/api/search", "/id/person/macron", "/page/person/macron", "/data/person/macron", "/data/person/nobody.ttl", "/ontology",
    "/graph/doc/00000000000000aa", "/dataset", "/openapi.json", "/.well-known/void", "/.well-known/sparql-examples", "/static/style.css",
    "/healthz", "/readyz", "/metrics", "/nothing",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_head_is_get_without_a_body(client: Client, path: str) -> None:
    got, head = client.get(path), client.request("HEAD", path)
    changing = {"date", "server-timing"}
    if path in ("/metrics", "/nothing"):  # what they say counts, or names, the request
        changing.add("content-length")

    assert (head.status, head.body) == (got.status, b"")
    assert {name: value for name, value in head.headers.items() if name not in changing} == {
        name: value for name, value in got.headers.items() if name not in changing
    }


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/nothing"])
def test_options_says_what_is_allowed(client: Client, path: str) -> None:
    reply = client.request("OPTIONS", path)

    assert (reply.status, reply.body) == (204, b"")
    allowed = reply.headers["allow"].split(", ")
    assert {"GET", "HEAD", "OPTIONS"} <= set(allowed)
    assert reply.headers["access-control-allow-methods"] == reply.headers["allow"]
    refused = client.request("PATCH", path)
    assert refused.status == 405
    assert set(refused.headers["allow"].split(", ")) == set(allowed)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("accept", ["Accept:", "Accept: */*"])  # the first sends no such header
def test_curl_reads_something(client: Client, path: str, accept: str) -> None:
    command = ["curl", "--silent", "--show-error", "--dump-header", "-", "--header", accept]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{client.port}{path}"], capture_output=True, check=True, timeout=30
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    status = int(head.split()[1])

    assert status in (200, 303, 400, 404)
    assert body.decode().isprintable() or b"\n" in body
    if status >= 400:
        assert len(body) < 1000
        assert b"<" not in body[:1]


@pytest.fixture(scope="module")
def logged(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Path]]:
    """Return a client of a server that gives five rows at most, and its query log."""
    log = tmp_path_factory.mktemp("log") / "queries.jsonl"
    settings = {"SUMMITGRAPH_FRONTS": "1", "SUMMITGRAPH_QUERY_LOG": str(log), "SUMMITGRAPH_MAX_ROWS": "5"}
    with launched(store, settings) as port:
        yield Client(port), log


DIGITS = "VALUES ?a { 1 2 3 4 5 6 7 }"


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
@pytest.mark.parametrize(
    ("query", "rows", "truncated"),
    [
        (f"SELECT * {{ {DIGITS} }}", 5, "5"),
        (f"SELECT * {{ {DIGITS} }} # no limit", 5, "5"),
        (f"SELECT * {{ {DIGITS} }} LIMIT 6", 5, "5"),
        (f"SELECT * {{ {DIGITS} }} ORDER BY ?a OFFSET 1 LIMIT 4", 4, None),
        (f"SELECT * {{ {DIGITS} }} LIMIT 5", 5, None),
        (f"SELECT * {{ {{ SELECT * {{ {DIGITS} }} LIMIT 7 }} }}", 5, "5"),
        ("SELECT * { } VALUES ?a { 1 2 3 4 5 6 7 }", 5, "5"),
        ("SELECT * { VALUES ?a { 1 2 3 } }", 3, None),
        ("SELECT * { VALUES ?a { } }", 0, None),
        ("SELECT ?a { }", 1, None),
        ("""SELECT * { VALUES ?a { "a\\nb" 'q"}},{"' } }""", 2, None),
    ],
)  # fmt: skip
def test_cut_result_says_so(
    logged: tuple[Client, Path], name: str, query: str, rows: int, truncated: str | None
) -> None:
    client, log = logged
    for _ in range(2):  # the second time from the cache
        reply = client.query(query, None, format=name)
        last = json.loads(log.read_text().splitlines()[-1])

        assert reply.status == 200, reply.text
        assert reply.headers.get("summitgraph-truncated") == truncated
        assert last["rows"] == rows
    if name == "json":
        assert len(reply.json()["results"]["bindings"]) == rows


def test_page_says_that_it_is_cut(logged: tuple[Client, Path]) -> None:
    reply = logged[0].query(f"SELECT * {{ {DIGITS} }}", "text/html")

    assert reply.headers["summitgraph-truncated"] == "5"
    assert 'class="notice"' in reply.text
    assert 'class="notice"' not in logged[0].query("SELECT * { VALUES ?a { 1 } }", "text/html").text


def test_triples_are_counted_too(logged: tuple[Client, Path]) -> None:
    client, log = logged
    for accept in ("text/turtle", "application/n-triples", "application/rdf+xml"):
        assert client.query("CONSTRUCT { ?a ?a 1, 2 } WHERE { VALUES ?a { <http://e/a> } }", accept).status == 200
        assert json.loads(log.read_text().splitlines()[-1])["rows"] == 2


def test_pages_of_our_own_are_not_cut(logged: tuple[Client, Path]) -> None:
    assert logged[0].get("/.well-known/void", Accept="text/turtle").text.count("void:class ") > 5


@pytest.mark.parametrize(
    ("text", "limited"),
    [
        ("SELECT * {}", "SELECT * {}\nLIMIT 9\n"),
        ("SELECT * {} LIMIT 8", None),
        ("SELECT * {} limit 10 OFFSET 3", "SELECT * {} limit 9 OFFSET 3"),
        ("SELECT (MAX(?x) AS ?limit) { ?x ?y 'LIMIT 3' } # LIMIT 4", "SELECT (MAX(?x) AS ?limit) { ?x ?y 'LIMIT 3' } # LIMIT 4\nLIMIT 9\n"),
        ("SELECT * { VALUES ?a {1} } VALUES ?limit { 1 }", "SELECT * { VALUES ?a {1} } \nLIMIT 9\nVALUES ?limit { 1 }"),
    ],
)  # fmt: skip
def test_limit_is_put_where_the_grammar_wants_it(text: str, limited: str | None) -> None:
    assert limit_rows(text, 9) == limited


def test_query_method_asks_and_never_changes(client: Client) -> None:
    direct = client.request("QUERY", "/sparql", "ASK {}", {"Content-Type": "application/sparql-query"})
    form = client.request("QUERY", "/sparql", "query=ASK+%7B%7D", {"Content-Type": "application/x-www-form-urlencoded"})
    update = client.request("QUERY", "/sparql", "CLEAR ALL", {"Content-Type": "application/sparql-update"})
    hidden = client.request(
        "QUERY", "/sparql", "update=CLEAR+ALL", {"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert (direct.status, form.status, direct.body) == (200, 200, form.body)
    assert (update.status, hidden.status) == (400, 400)
    assert "QUERY" in client.request("OPTIONS", "/sparql").headers["allow"]
