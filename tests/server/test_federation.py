"""SERVICE: what another endpoint knows is joined with what is here, within the administrator's limits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from summitgraph.server.launch import launched

from .client import Client, Reply
from .remote import remote, send

HERE = """<http://g/1> {
  <http://e/a> <http://e/same> <http://w/1> ; <http://e/rank> 1 .
  <http://e/b> <http://e/same> <http://w/2> ; <http://e/rank> 2 .
  <http://e/c> <http://e/rank> 3 .
}"""
THERE = """<http://g/1> {
  <http://w/1> <http://w/label> "قمة \\"باريس\\"\\n2025"@ar ; <http://w/size> 7 ; <http://w/part> _:x .
  _:x <http://w/label> "a part" .
  <http://w/2> <http://w/size> 2.50 .
  <http://w/3> <http://w/size> 9 .
}"""


@pytest.fixture(scope="module")
def pair(
    make_store: Callable[[Path, str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, str]]:
    """Return a client of a server that may ask a second one, and the address of that."""
    folder = tmp_path_factory.mktemp("pair")
    log = {"SUMMITGRAPH_FRONTS": "1", "SUMMITGRAPH_WORKERS": "1"}
    with launched(make_store(folder / "there", THERE), log) as other:
        url = f"http://127.0.0.1:{other}/sparql"
        allowed = {"SUMMITGRAPH_SERVICES": url, "SUMMITGRAPH_PRIVATE_NETWORKS": "127.0.0.0/8"}
        with launched(make_store(folder / "here", HERE), {**log, **allowed}) as port:
            yield Client(port), url


def test_rows_of_the_other_endpoint_are_joined(pair: tuple[Client, str]) -> None:
    client, url = pair
    rows = client.rows(
        f"SELECT ?s ?size {{ ?s <http://e/same> ?w . SERVICE <{url}> {{ ?w <http://w/size> ?size }} }} ORDER BY ?s"
    )

    assert rows == [{"s": "http://e/a", "size": "7"}, {"s": "http://e/b", "size": "2.5"}]


def test_texts_and_languages_come_through_as_they_are(pair: tuple[Client, str]) -> None:
    client, url = pair
    reply = client.query(f"SELECT ?l {{ SERVICE <{url}> {{ <http://w/1> <http://w/label> ?l }} }}")

    (row,) = reply.json()["results"]["bindings"]
    assert row["l"] == {"type": "literal", "xml:lang": "ar", "value": 'قمة "باريس"\n2025'}
    assert "etag" not in reply.headers


def test_blank_nodes_stay_blank_and_join_within_a_reply(pair: tuple[Client, str]) -> None:
    client, url = pair
    query = f"SELECT ?part ?l {{ SERVICE <{url}> {{ ?w <http://w/part> ?part . ?part <http://w/label> ?l }} }}"
    (row,) = client.query(query).json()["results"]["bindings"]

    assert (row["part"]["type"], row["l"]["value"]) == ("bnode", "a part")


def test_optional_filter_and_subselect_around_a_service(pair: tuple[Client, str]) -> None:
    client, url = pair
    service = f"SERVICE <{url}> {{ ?w <http://w/size> ?size }}"
    optional = client.rows(
        f"SELECT ?s ?size {{ ?s <http://e/rank> ?r OPTIONAL {{ ?s <http://e/same> ?w {service} }} }} ORDER BY ?s"
    )
    filtered = client.rows(f"SELECT ?s {{ ?s <http://e/same> ?w FILTER(?size > 5) {service} }}")
    counted = client.rows(f"SELECT ?n {{ {{ SELECT (COUNT(*) AS ?n) {{ ?s <http://e/same> ?w . {service} }} }} }}")

    assert optional == [{"s": "http://e/a", "size": "7"}, {"s": "http://e/b", "size": "2.5"}, {"s": "http://e/c"}]
    assert filtered == [{"s": "http://e/a"}]
    assert counted == [{"n": "2"}]


def test_endpoint_may_come_from_a_pattern(pair: tuple[Client, str]) -> None:
    client, url = pair
    rows = client.rows(f"SELECT ?e ?w {{ VALUES ?e {{ <{url}> }} SERVICE ?e {{ ?w <http://w/size> 9 }} }}")

    assert rows == [{"e": url, "w": "http://w/3"}]
    reply = client.query("SELECT * { SERVICE ?e { ?s ?p ?o } }", "application/json")
    assert (reply.status, reply.json()["type"]) == (400, "urn:summitgraph:problem:service")


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:1/sparql", "http://169.254.169.254/", "file:///etc/passwd", "https://query.wikidata.org/sparql"],
)
def test_endpoint_that_is_not_listed_is_refused(pair: tuple[Client, str], target: str) -> None:
    client, _ = pair
    query = f"SELECT * {{ ?s <http://e/none> ?w . SERVICE <{target}> {{ ?w ?p ?o }} }}"

    assert client.query(query, "application/json").status == 403
    assert client.rows(f"SELECT * {{ VALUES ?x {{ 1 }} SERVICE SILENT <{target}> {{ ?w ?p ?o }} }}") == [{"x": "1"}]


@pytest.fixture(scope="module")
def writable(
    pair: tuple[Client, str], make_store: Callable[[Path, str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, str]]:
    """Return a client of a server that may ask that other one and takes updates, and the other one's address."""
    _, url = pair
    settings = {
        "SUMMITGRAPH_SERVICES": url, "SUMMITGRAPH_PRIVATE_NETWORKS": "127.0.0.0/8", "SUMMITGRAPH_FRONTS": "1",
        "SUMMITGRAPH_TOKEN": "secret",
    }  # fmt: skip
    with launched(make_store(tmp_path_factory.mktemp("writable") / "store", HERE), settings) as port:
        yield Client(port), url


def change(client: Client, update: str, token: str = "secret") -> Reply:
    headers = {"Content-Type": "application/sparql-update", "Authorization": f"Bearer {token}"}
    return client.request("POST", "/sparql", update, headers)


def test_update_takes_in_what_a_service_gives(writable: tuple[Client, str]) -> None:
    client, url = writable
    prefixes = "PREFIX e: <http://e/> PREFIX w: <http://w/>"
    first = f"{prefixes} INSERT DATA {{ GRAPH e:new {{ e:d e:same <http://w/3> }} }}"
    second = (
        f"INSERT {{ GRAPH e:new {{ ?s e:size ?size }} }} WHERE {{"
        f" GRAPH ?g {{ ?s e:same ?w }} SERVICE <{url}> {{ ?w w:size ?size }} }}"
    )
    reply = change(client, f"{first} ;\n{second}")

    assert reply.status == 200, reply.text
    rows = client.rows("SELECT ?s ?size { ?s <http://e/size> ?size } ORDER BY ?s")
    assert [(row["s"], row["size"]) for row in rows] == [
        ("http://e/a", "7"),
        ("http://e/b", "2.5"),
        ("http://e/d", "9"),
    ]


def test_update_with_a_service_changes_nothing_where_it_may_not(writable: tuple[Client, str]) -> None:
    client, url = writable
    update = f"INSERT {{ ?s <http://e/stolen> ?o }} WHERE {{ SERVICE <{url}> {{ ?s ?p ?o }} }}"

    assert change(client, update, token="guessed").status in (401, 403)
    assert change(client, update.replace(url, "http://127.0.0.1:9/sparql")).status == 403
    wrong = change(client, update.replace("?s <http://e/stolen>", "?s <http://e/stolen"))
    assert (wrong.status, "at line 1" in wrong.text) == (400, True)
    twice = f"PREFIX a: <http://e/> PREFIX a: <http://w/> {update}"
    assert "only once" in change(client, twice).text
    assert client.rows("SELECT ?s { ?s <http://e/stolen> ?o }") == []


def test_service_in_an_update_is_refused_where_none_may_be_asked(
    make_store: Callable[[Path, str], Path], tmp_path: Path
) -> None:
    settings = {"SUMMITGRAPH_FRONTS": "1", "SUMMITGRAPH_TOKEN": "secret"}
    with launched(make_store(tmp_path / "store", HERE), settings) as port:
        reply = change(Client(port), "INSERT { ?s ?p ?o } WHERE { SERVICE <http://w/> { ?s ?p ?o } }")

    assert reply.status == 403
    assert "INSERT DATA" in reply.text


@pytest.mark.parametrize(
    "broken", ["SERVICE { ?s ?p ?o }", "SERVICE SILENT", "SERVICE <u> ?s", "trueSERVICE <u> { ?s ?p ?o }"]
)
def test_service_that_is_not_written_right_is_a_syntax_error(pair: tuple[Client, str], broken: str) -> None:
    client, _ = pair
    reply = client.query(f"SELECT * {{ {broken} }}", "application/json")

    assert (reply.status, reply.json()["line"]) == (400, 1)


def test_place_of_a_later_error_is_the_place_in_the_query(pair: tuple[Client, str]) -> None:
    client, url = pair
    query = f"SELECT * {{\n  SERVICE <{url}> {{ ?w <http://w/size> ?size }}\n  ?s ?p }}"
    reply = client.query(query, "application/json")

    assert (reply.status, reply.json()["line"], reply.json()["column"]) == (400, 3, 10)


def bindings(*rows: dict[str, object]) -> bytes:
    return json.dumps({"head": {"vars": []}, "results": {"bindings": rows}}).encode()


def test_what_is_bound_before_is_sent_along_and_replies_are_kept(
    make_store: Callable[[Path, str], Path], tmp_path: Path
) -> None:
    alive = [True]

    def answer(handler: BaseHTTPRequestHandler) -> None:
        rows = bindings({"w": {"type": "uri", "value": "http://w/2"}, "l": {"type": "literal", "value": "two"}})
        send(handler, 200 if alive[0] else 503, "application/sparql-results+json", rows)

    with remote(answer) as other:
        settings = {
            "SUMMITGRAPH_SERVICES": other.url("/"), "SUMMITGRAPH_PRIVATE_NETWORKS": "127.0.0.0/8", "SUMMITGRAPH_FRONTS": "1",
        }  # fmt: skip
        with launched(make_store(tmp_path / "store", HERE), settings) as port:
            client = Client(port)
            query = (
                f"SELECT ?s ?l {{ ?s <http://e/same> ?w SERVICE <{other.url('/sparql')}> {{ ?w <http://w/l> ?l }} }}"
            )
            first = client.rows(query)
            alive[0] = False
            again = client.rows(query)
            failed = client.query(query.replace("/l>", "/m>"), "application/json")

    assert first == again == [{"s": "http://e/b", "l": "two"}]
    assert (failed.status, failed.json()["type"]) == (502, "urn:summitgraph:problem:remote")
    method, _, body = other.requests[0]
    assert method == "POST"
    assert "VALUES (?w) { (<http://w/1>) (<http://w/2>) }" in parse_qs(body)["query"][0]
    assert len(other.requests) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"<html>", b"[1]", b"[" * 100_000, b'{"results": {"bindings": [1]}}',
        bindings({"x": {"type": "uri", "value": "http://a> } SERVICE <http://b"}}),
        bindings({"x": {"type": "bnode", "value": "b> . ?s ?p ?o"}}),
        bindings({"x": {"type": "literal", "value": "a", "xml:lang": 'en" . ?s ?p "'}}),
        bindings({"x) { } ?y": {"type": "literal", "value": "a"}}),
        bindings({"x": {"type": "literal"}}),
    ],
)  # fmt: skip
def test_reply_that_is_hostile_is_an_error_of_the_other_side(
    make_store: Callable[[Path, str], Path], tmp_path: Path, body: bytes
) -> None:
    with remote(lambda handler: send(handler, 200, "application/sparql-results+json", body)) as other:
        settings = {
            "SUMMITGRAPH_SERVICES": other.url("/"), "SUMMITGRAPH_PRIVATE_NETWORKS": "127.0.0.0/8", "SUMMITGRAPH_FRONTS": "1",
        }  # fmt: skip
        with launched(make_store(tmp_path / "store", HERE), settings) as port:
            query = f"SELECT * {{ SERVICE <{other.url('/')}> {{ ?x ?p ?o }} }}"
            reply = Client(port).query(query, "application/json")

    assert reply.status == 502


def test_each_request_to_another_server_is_counted(pair: tuple[Client, str]) -> None:
    client, url = pair

    def counted(name: str) -> int:
        found = re.search(rf"^summitgraph_outgoing_{name}total (\d+)$", client.get("/metrics").text, re.MULTILINE)
        assert found
        return int(found[1])

    before, failed = counted(""), counted("failed_")
    client.rows(f"SELECT ?w {{ SERVICE <{url}> {{ ?w <http://w/size> 7 }} }} # {before}")
    client.query(f"SELECT ?w {{ SERVICE <{url}> {{ ?w <http://w/size> 8 FILTER(<urn:no-function>(?w)) }} }}")

    assert counted("") == before + 2
    assert counted("failed_") == failed + 1
