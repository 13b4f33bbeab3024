"""Writing over HTTP: tokens, updates, the Graph Store Protocol, and what readers see."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from summitgraph.server.guard import Limits, check_update
from summitgraph.server.launch import launched
from summitgraph.server.problems import Problem
from summitgraph.server.rewrite import add_using, declare_first
from summitgraph.server.updates import may_touch

from .client import Client, Reply

TOKEN = {"Authorization": "Bearer let-me-in"}
UPDATE = {"Content-Type": "application/sparql-update", **TOKEN}
TURTLE = {"Content-Type": "text/turtle; charset=utf-8", **TOKEN}
DATA = "<http://g/1> { <http://e/a> <http://e/p> 1 } <http://g/2> { <http://e/b> <http://e/p> 2 }"


@pytest.fixture
def writable(make_store: Callable[[Path, str], Path], tmp_path: Path) -> Iterator[Client]:
    """Return a client of a server that takes writes, on a store of its own."""
    tokens = tmp_path / "tokens"
    tokens.write_text(f"# made for the test\n{hashlib.sha256(b'only-store').hexdigest()} store\n")
    environment = {"SUMMITGRAPH_TOKEN": "let-me-in", "SUMMITGRAPH_TOKEN_FILE": str(tokens), "SUMMITGRAPH_FRONTS": "2"}
    with launched(make_store(tmp_path / "store", DATA), environment) as port:
        yield Client(port)


OURS = "SELECT * { ?s <http://e/p> ?o }"  # the first write adds the ontology, the shapes and the reference table


def update(client: Client, text: str, path: str = "/sparql") -> Reply:
    return client.request("POST", path, text, UPDATE)


def test_update_is_seen_by_the_next_query_on_every_front(writable: Client) -> None:
    for number in range(5):
        assert update(writable, f"INSERT DATA {{ <http://e/n> <http://e/value> {number} }}").status == 200
        for _ in range(4):
            found = {row["v"] for row in writable.rows("SELECT ?v { <http://e/n> <http://e/value> ?v }")}
            assert found == {str(n) for n in range(number + 1)}


def test_cached_answer_and_etag_end_with_a_write(writable: Client) -> None:
    path = "/sparql?query=SELECT%20%2A%20%7B%20%3Fs%20%3Chttp%3A%2F%2Fe%2Fp%3E%20%3Fo%20%7D"
    etag = writable.get(path).headers["etag"]
    update(writable, "INSERT DATA { <http://e/c> <http://e/p> 3 }")
    again = writable.get(path, If_None_Match=etag)

    assert again.status == 200
    assert len(again.json()["results"]["bindings"]) == 3


@pytest.mark.parametrize(
    ("authorization", "status"), [(None, 401), ("Bearer wrong", 401), ("Basic bGV0", 401), ("Bearer only-store", 403)]
)
def test_update_without_the_right_token_changes_nothing(
    writable: Client, authorization: str | None, status: int
) -> None:
    headers = {"Content-Type": "application/sparql-update"}
    if authorization:
        headers["Authorization"] = authorization
    reply = writable.request("POST", "/sparql", "CLEAR ALL", headers)

    assert reply.status == status
    assert (status == 401) == ("www-authenticate" in reply.headers)
    assert len(writable.rows(OURS)) == 2


def test_guessing_tokens_is_slowed_down(writable: Client) -> None:
    headers = {"Content-Type": "application/sparql-update", "Authorization": "Bearer guess"}
    statuses = [writable.request("POST", "/sparql", "CLEAR ALL", headers).status for _ in range(40)]

    assert set(statuses) == {401, 429}
    assert writable.rows("SELECT * { ?s ?p ?o }")


def test_token_file_opens_its_scope(writable: Client) -> None:
    headers = {"Content-Type": "text/turtle", "Authorization": "Bearer only-store"}

    assert writable.request("PUT", "/store?graph=http://g/new", "<http://e/x> <http://e/p> 9 .", headers).status == 201


def test_server_without_token_takes_no_writes(client: Client) -> None:
    reply = client.request("POST", "/sparql", "CLEAR ALL", UPDATE)

    assert (reply.status, reply.text.split(":")[0]) == (403, "403 Forbidden")


@pytest.mark.parametrize("text", ["CLEAR XYZ", "INSERT DATA { <http://a> <http://b> ", "SELECT * {}"])
def test_wrong_update_is_400_and_changes_nothing(writable: Client, text: str) -> None:
    assert update(writable, text).status == 400
    assert len(writable.rows(OURS)) == 2


def test_failing_operation_undoes_those_before_it(writable: Client) -> None:
    reply = update(writable, "INSERT DATA { <http://e/half> <http://e/p> 1 } ; CREATE GRAPH <http://g/1>")

    assert reply.status == 400
    assert writable.rows("SELECT * { <http://e/half> ?p ?o }") == []


@pytest.mark.parametrize(
    "text", ["LOAD <http://127.0.0.1:1/x>", "INSERT { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"]
)
def test_update_that_would_fetch_is_refused(writable: Client, text: str) -> None:
    assert update(writable, text).status == 403


def test_using_graph_uri_is_the_dataset_of_where(writable: Client) -> None:
    text = "INSERT { GRAPH <http://g/out> { ?s <http://e/copied> ?o } } WHERE { ?s <http://e/p> ?o }"

    assert update(writable, text, "/sparql?using-graph-uri=http://g/1").status == 200
    assert [row["s"] for row in writable.rows("SELECT ?s { ?s <http://e/copied> ?o }")] == ["http://e/a"]


def test_each_operation_may_declare_prefixes(writable: Client) -> None:
    first = "PREFIX e: <http://e/> INSERT DATA { GRAPH e:several { e:x e:p 'PREFIX a: <b>; {' } } ;"
    second = "PREFIX f:\n<http://f/> PREFIX e: <http://e/> INSERT { GRAPH e:several { f:x e:p ?o } } WHERE { GRAPH ?g { e:x e:p ?o } }"
    reply = update(writable, f"{first}\n{second}")

    assert reply.status == 200, reply.text
    rows = writable.rows("SELECT ?s ?o { GRAPH <http://e/several> { ?s <http://e/p> ?o } } ORDER BY ?s")
    assert [(row["s"], row["o"]) for row in rows] == [(f"http://{name}/x", "PREFIX a: <b>; {") for name in "ef"]
    wrong = update(writable, f"{first}\n{second} ; INSERT DATA {{ e:x e:p }}")
    assert (wrong.status, "line 4" in wrong.text or "line 3" in wrong.text) == (400, True), wrong.text
    assert update(writable, "DROP GRAPH <http://e/several>").status == 200


@pytest.mark.parametrize(
    "text",
    [
        "PREFIX a: <http://a/> CLEAR ALL ; PREFIX a: <http://b/> CLEAR ALL",  # which of them is meant changes
        "CLEAR ALL ; BASE <http://b/> CLEAR ALL",
        "PREFIX a: <http://a/> CLEAR ALL ; CLEAR ALL",
        "PREFIX a: <http://a/>",
        "",
    ],
)
def test_declarations_that_cannot_or_need_not_be_moved_stay(text: str) -> None:
    assert declare_first(text).text == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INSERT DATA { <a> <b> 'WHERE {' }", "INSERT DATA { <a> <b> 'WHERE {' }"),
        ("DELETE WHERE { ?s ?p 'x}' }", "DELETE  { ?s ?p 'x}' } USING <http://g> WHERE  { ?s ?p 'x}' }"),
        (
            "DELETE {?s ?p ?o} WHERE {?s ?p ?o {SELECT * WHERE {}}} ; CLEAR ALL",
            "DELETE {?s ?p ?o} USING <http://g> WHERE {?s ?p ?o {SELECT * WHERE {}}} ; CLEAR ALL",
        ),
    ],
)
def test_using_is_put_where_it_belongs(text: str, expected: str) -> None:
    assert add_using(text, ["http://g"], []) == expected


@pytest.mark.parametrize("clause", ["WITH <http://g> DELETE {} WHERE {}", "DELETE {} USING <http://g> WHERE {}"])
def test_dataset_named_twice_is_refused(clause: str) -> None:
    with pytest.raises(Problem) as caught:
        add_using(clause, ["http://h"], [])

    assert caught.value.status == 400


def test_graph_is_put_read_added_to_and_deleted(writable: Client) -> None:
    path = "/store?graph=http://g/%C3%A9"
    steps = [
        writable.request("PUT", path, "<http://e/1> <http://e/p> 'é' .", TURTLE).status,
        writable.request("PUT", path, "<http://e/2> <http://e/p> 'é' .", TURTLE).status,
        writable.request("POST", path, "<http://e/3> <http://e/p> 'é' .", TURTLE).status,
    ]
    read = ox.parse(writable.get(path, Accept="text/turtle").body, format=ox.RdfFormat.TURTLE)
    subjects = {str(quad.subject) for quad in read}
    deleted = writable.request("DELETE", path, headers=TOKEN).status
    again = writable.request("DELETE", path, headers=TOKEN).status

    assert steps == [201, 204, 204]
    assert subjects == {"<http://e/2>", "<http://e/3>"}
    assert (deleted, writable.get(path).status, again) == (204, 404, 404)


def test_wrong_body_leaves_the_graph_as_it_was(writable: Client) -> None:
    reply = writable.request("PUT", "/store?graph=http://g/1", "<http://e/1> <http://e/p> ", TURTLE)

    assert reply.status == 400
    assert b"http://e/a" in writable.get("/store?graph=http://g/1", Accept="application/n-triples").body


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("image/png", "x", 415),
        ("application/trig", "<http://other/> { <http://e/1> <http://e/p> 1 }", 400),
        ("application/ld+json", '{"@context": "http://127.0.0.1:1/context", "http://e/p": 1}', 400),
    ],
)
def test_body_that_cannot_be_taken(writable: Client, content_type: str, body: str, status: int) -> None:
    headers = {"Content-Type": content_type, **TOKEN}

    assert writable.request("PUT", "/store?graph=http://g/1", body, headers).status == status


def test_deeply_nested_body_ends_its_process_only(writable: Client) -> None:
    body = '{"http://e/p":' * 20_000 + "1" + "}" * 20_000
    reply = writable.request("PUT", "/store?graph=http://g/1", body, {"Content-Type": "application/ld+json", **TOKEN})

    assert reply.status in (400, 500)
    assert len(writable.rows(OURS)) == 2


def test_document_graph_that_does_not_conform_is_not_written(writable: Client) -> None:
    graph = "https://w3id.org/summitgraph/graph/doc/00000000000000aa"
    body = "<https://w3id.org/summitgraph/id/claim/1> a <https://w3id.org/summitgraph/ontology#Claim> ."
    put = writable.request("PUT", f"/store?graph={graph}", body, {**TURTLE, "Accept": "application/json"})
    inserted = update(writable, f"INSERT DATA {{ GRAPH <{graph}> {{ {body} }} }}")

    assert (put.status, inserted.status) == (409, 409)
    assert put.json()["report"][0]["graph"] == graph
    assert writable.get(f"/store?graph={graph}").status == 404


PREFIX = "https://w3id.org/summitgraph/graph/doc/"


@pytest.mark.parametrize(
    ("text", "touches"),
    [
        ("INSERT DATA { GRAPH <http://g/1> { <http://e/a> <http://e/b> 1 } }", False),
        ("CLEAR ALL", True),
        ("DROP NAMED", True),
        (f"INSERT DATA {{ GRAPH <{PREFIX}aa> {{ }} }}", True),
        ("PREFIX d: <https://w3id.org/summitgraph/graph/doc/> CLEAR GRAPH d:aa", True),
        ("PREFIX d: <https://w3id.or> CLEAR GRAPH d:g\\/summitgraph\\/graph\\/doc\\/aa", True),
        ("BASE <https://w3id.org/> CLEAR GRAPH <summitgraph/graph/doc/aa>", True),
        ("DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }", True),
        ("CLEAR GRAPH <https://w3id.org/summitgraph/graph/\\u0064oc/aa>", True),
    ],
)
def test_change_of_a_document_is_noticed_however_it_is_written(text: str, touches: bool) -> None:
    assert may_touch(text, check_update(text, Limits()), PREFIX) is touches


def test_readers_go_on_while_something_long_is_written(writable: Client) -> None:
    triples = "\n".join(f"<http://e/many/{number}> <http://e/long> {number} ." for number in range(60_000))
    writing = threading.Thread(target=writable.request, args=("PUT", "/store?graph=http://g/long", triples, TURTLE))
    seen: list[tuple[str, float]] = []
    writing.start()
    while writing.is_alive():
        started = time.perf_counter()
        (row,) = writable.rows(f"SELECT (COUNT(*) AS ?n) {{ ?s <http://e/long> ?o }} # {len(seen)}")
        seen.append((row["n"], time.perf_counter() - started))
        time.sleep(0.05)
    writing.join()
    (row,) = writable.rows("SELECT (COUNT(*) AS ?n) { ?s <http://e/long> ?o }")

    assert row["n"] == "60000"
    assert {count for count, _ in seen} <= {"0", "60000"}  # all of it or nothing
    assert [count for count, _ in seen].count("0") > 3
    assert sorted(taken for _, taken in seen)[len(seen) // 2] < 0.5
