"""LOAD: documents the administrator allows are fetched by the server, read where a crash harms nobody, and gated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from summitgraph.server.launch import launched

from .client import Client, Reply
from .remote import Remote, remote, send

DATA = "<http://g/1> { <http://e/a> <http://e/p> 1 }"
DOCUMENTS = {
    "/data/a.ttl": ("text/turtle", b"<#me> <http://e/name> '\xd9\x82\xd9\x85\xd8\xa9'@ar ; <http://e/knows> [ <http://e/name> 'x' ] ."),
    "/data/b.nt": ("text/plain", b"<http://e/b> <http://e/p> <http://e/c> .\n"),
    "/data/c.rdf": (
        "application/rdf+xml",
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/"><rdf:Description rdf:about="http://e/c">'
        b"<e:p>2</e:p></rdf:Description></rdf:RDF>",
    ),
    "/data/bomb.jsonld": ("application/ld+json", b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    "/data/entity.rdf": (
        "application/rdf+xml",
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        b'xmlns:e="http://e/"><rdf:Description rdf:about="http://e/x"><e:p>&x;</e:p></rdf:Description></rdf:RDF>',
    ),
    "/data/wrong.ttl": ("text/turtle", b"this is no Turtle"),
    "/data/graphs.trig": ("application/trig", b"<http://g/9> { <http://e/a> <http://e/p> 1 }"),
    "/data/page.html": ("text/html", b"<p>"),
}  # fmt: skip


def answer(handler: BaseHTTPRequestHandler) -> None:
    media, body = DOCUMENTS.get(handler.path, ("text/plain", b""))
    if handler.path == "/data/context.jsonld":
        body = f'{{"@context": "http://127.0.0.1:{handler.server.server_address[1]}/secret", "p": 1}}'.encode()  # type: ignore[index]
        media = "application/ld+json"
    send(handler, 200 if body else 404, media, body)


@pytest.fixture(scope="module")
def source() -> Iterator[Remote]:
    """Return a web server with documents."""
    with remote(answer) as server:
        yield server


@pytest.fixture(scope="module")
def client(
    source: Remote, make_store: Callable[[Path, str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """Return a client of a server that may fetch what is under /data/ there."""
    settings = {
        "SUMMITGRAPH_LOAD_FROM": source.url("/data/"), "SUMMITGRAPH_PRIVATE_NETWORKS": "127.0.0.1", "SUMMITGRAPH_TOKEN": "t",
        "SUMMITGRAPH_FRONTS": "1",
    }  # fmt: skip
    with launched(make_store(tmp_path_factory.mktemp("load") / "store", DATA), settings) as port:
        yield Client(port)


def update(client: Client, text: str) -> Reply:
    headers = {"Content-Type": "application/sparql-update", "Authorization": "Bearer t", "Accept": "application/json"}
    return client.request("POST", "/sparql", text, headers)


def test_document_comes_into_the_graph_named(client: Client, source: Remote) -> None:
    url = source.url("/data/a.ttl")
    reply = update(client, f"LOAD <{url}> INTO GRAPH <http://g/a> ; INSERT DATA {{ <http://e/z> <http://e/p> 1 }}")

    assert reply.status == 200, reply.text
    assert client.rows(
        "SELECT ?s ?n { GRAPH <http://g/a> { ?s <http://e/name> ?n ; <http://e/knows>/<http://e/name> 'x' } }"
    ) == [{"s": f"{url}#me", "n": "قمة"}]
    assert client.query("ASK { <http://e/z> <http://e/p> 1 }").json()["boolean"]


@pytest.mark.parametrize(("path", "subject"), [("/data/b.nt", "b"), ("/data/c.rdf", "c")])
def test_format_is_told_by_type_or_name(client: Client, source: Remote, path: str, subject: str) -> None:
    text = f"PREFIX d: <{source.url('/data/')}> LOAD d:{path[6:]} INTO GRAPH <http://g/{subject}>"

    assert update(client, text).status == 200
    assert client.query(f"ASK {{ GRAPH <http://g/{subject}> {{ <http://e/{subject}> ?p ?o }} }}").json()["boolean"]


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        ("/data/none.ttl", {502}), ("/data/page.html", {502}), ("/data/wrong.ttl", {400}), ("/data/graphs.trig", {400}),
        ("/data/bomb.jsonld", {400, 500}), ("/data/entity.rdf", {400}), ("/data/context.jsonld", {400}), ("/secret", {403}),
        ("/data/../secret", {403}), ("/data/%2e%2e/secret", {403}),
    ],
)  # fmt: skip
def test_document_that_cannot_be_had_changes_nothing(
    client: Client, source: Remote, path: str, statuses: set[int]
) -> None:
    reply = update(client, f"INSERT DATA {{ <http://e/no> <http://e/p> 1 }} ; LOAD <{source.url(path)}>")

    assert reply.status in statuses, reply.text
    assert reply.json()["detail"]
    assert not client.query("ASK { <http://e/no> ?p ?o }").json()["boolean"]
    assert "/secret" not in [path for _, path, _ in source.requests]


def test_silent_load_goes_on(client: Client, source: Remote) -> None:
    url = source.url("/data/none.ttl")
    text = f"LOAD SILENT <{url}> ; LOAD SILENT <http://10.0.0.1/> INTO GRAPH <http://g/n> ; INSERT DATA {{ <http://e/yes> <http://e/p> 1 }}"

    assert update(client, text).status == 200
    assert client.query("ASK { <http://e/yes> ?p ?o }").json()["boolean"]


@pytest.mark.parametrize("text", ["LOAD", "LOAD 'x'", "LOAD <%s> INTO <http://g/1>", "LOAD <%s> ; INSERT DATA { ?s"])
def test_update_that_is_not_correct_fetches_nothing(client: Client, source: Remote, text: str) -> None:
    before = len(source.requests)
    reply = update(client, text.replace("%s", source.url("/data/a.ttl")))

    assert (reply.status, reply.json()["line"]) == (400, 1)
    assert len(source.requests) == before


def test_load_without_a_token_fetches_nothing(client: Client, source: Remote) -> None:
    before = len(source.requests)
    headers = {"Content-Type": "application/sparql-update"}

    assert client.request("POST", "/sparql", f"LOAD <{source.url('/data/a.ttl')}>", headers).status == 401
    assert len(source.requests) == before


def test_what_is_loaded_into_a_document_graph_passes_the_gate(client: Client, source: Remote) -> None:
    graph = "https://w3id.org/summitgraph/graph/doc/00000000000000bb"
    claim = b"<https://w3id.org/summitgraph/id/claim/1> a <https://w3id.org/summitgraph/ontology#Claim> ."
    DOCUMENTS["/data/bad.ttl"] = ("text/turtle", claim)
    reply = update(client, f"LOAD <{source.url('/data/bad.ttl')}> INTO GRAPH <{graph}>")

    assert reply.status == 409
    assert reply.json()["report"]
