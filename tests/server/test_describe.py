"""What the server says of itself: DCAT, VoID and OpenAPI are well formed, true, and follow the data."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from summitgraph.server.application import build
from summitgraph.server.launch import launched
from summitgraph.server.settings import Settings

from .client import Client

VOID, DCAT, DCT = "http://rdfs.org/ns/void#", "http://www.w3.org/ns/dcat#", "http://purl.org/dc/terms/"
SG = "https://w3id.org/summitgraph/ontology#"


def read(client: Client, path: str) -> ox.Store:
    """Return the Turtle at *path* in a store."""
    reply = client.get(path, Accept="text/turtle")
    assert reply.status == 200, reply.text
    store = ox.Store()
    store.load(reply.body, format=ox.RdfFormat.TURTLE)
    return store


def ask(store: ox.Store, pattern: str) -> bool:
    """Tell whether a pattern matches."""
    prefixes = f"PREFIX void: <{VOID}> PREFIX dcat: <{DCAT}> PREFIX dct: <{DCT}> PREFIX sg: <{SG}> "
    prefixes += "PREFIX ext: <http://ldf.fi/void-ext#> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> "
    return bool(store.query(f"{prefixes} ASK {{ {pattern} }}"))


def test_dcat_says_what_a_catalogue_has_to_know(client: Client) -> None:
    site = f"http://127.0.0.1:{client.port}"
    store = read(client, "/dataset")
    (triples,) = client.rows("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")

    assert ask(
        store, f"<{site}/dataset> a dcat:Dataset ; void:triples {triples['n']} ; void:sparqlEndpoint <{site}/sparql>"
    )
    for lang in ("ar", "en", "fr"):
        pattern = (
            f'<{site}/dataset> dct:title ?t ; dct:description ?d FILTER(LANG(?t) = "{lang}" && LANG(?d) = "{lang}")'
        )
        assert ask(store, pattern)
    assert ask(store, f"?s a dcat:DataService ; dcat:endpointURL <{site}/sparql> ; dcat:servesDataset <{site}/dataset>")
    types = store.query(f"SELECT ?m {{ <{site}/dataset> <{DCAT}distribution>/<{DCAT}mediaType> ?m }}")
    offered = {row["m"].value.partition("/media-types/")[2] for row in types}  # type: ignore[union-attr]
    assert offered >= {"text/turtle", "text/csv", "application/sparql-results+json"}
    assert "text/html" not in offered


def test_every_address_the_description_names_is_there(client: Client) -> None:
    site = f"http://127.0.0.1:{client.port}"
    store = read(client, "/dataset")
    rows = store.query(
        f"SELECT DISTINCT ?u {{ ?s <{DCAT}endpointURL>|<{DCAT}endpointDescription>|<{DCAT}landingPage>|<{DCAT}accessURL> ?u }}"
    )
    paths = {row["u"].value.removeprefix(site) for row in rows}  # type: ignore[union-attr]

    assert paths == {"/", "/sparql", "/api/search", "/store", "/openapi.json"}
    assert {path: client.request("OPTIONS", path).status for path in paths} == dict.fromkeys(paths, 204)


@pytest.mark.parametrize(("path", "shown"), [("/dataset", "text/html"), ("/.well-known/void", "text/plain")])
def test_description_is_given_in_the_format_asked_for(client: Client, path: str, shown: str) -> None:
    assert client.get(path, Accept="application/ld+json").headers["content-type"] == "application/ld+json"
    assert client.get(path, Accept="text/html").headers["content-type"] == f"{shown}; charset=utf-8"
    assert client.get(path, Accept="image/png").status == 406


@pytest.mark.parametrize(
    ("language", "words"), [("en", "About the data"), ("ar", "عن البيانات"), ("fr", "À propos des données")]
)
def test_people_are_told_what_the_data_set_is(client: Client, language: str, words: str) -> None:
    page = client.get("/dataset", Accept="text/html", Accept_Language=language).text
    found = re.findall(r'href="((?:/dump/|/dataset\.)[^"]+)"', page)

    assert f"<h1>{words}</h1>" in page
    assert len(found) == 7
    assert {client.request("HEAD", path).status for path in found} <= {200, 302}


def test_void_says_which_properties_a_class_has(client: Client) -> None:
    store = read(client, "/.well-known/void")

    assert ask(
        store,
        """?d void:classPartition ?summit . ?summit void:class sg:Summit ; void:entities 1 ;
             void:propertyPartition [ void:property sg:chairedBy ; void:classPartition [ void:class sg:Person ; void:triples 1 ] ] ;
             void:propertyPartition [ void:property sg:startDate ; ext:datatypePartition [ ext:datatype xsd:date ] ]""",
    )
    assert not ask(store, "?c void:class sg:Person ; void:propertyPartition [ void:property sg:startDate ]")


def test_descriptions_follow_the_data(make_store: Callable[[Path, str], Path], tmp_path: Path) -> None:
    root = make_store(tmp_path / "store", f"<http://g/1> {{ <http://e/a> a <{SG}Person> }}")
    with launched(root, {"SUMMITGRAPH_FRONTS": "1", "SUMMITGRAPH_TOKEN": "t"}) as port:
        client = Client(port)
        before = read(client, "/dataset"), client.get("/openapi.json").json()
        data = f"<http://e/b> a <{SG}Summit> . <http://e/d> <{DCT}language> 'ar' ."
        headers = {"Content-Type": "text/turtle", "Authorization": "Bearer t"}
        assert client.request("PUT", "/store?graph=http://g/2", data, headers).status == 201
        after = read(client, "/dataset"), client.get("/openapi.json").json()
        (total,) = client.rows("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")

    assert ask(before[0], '?d void:triples 1 ; dcat:version "1" ; dct:modified ?when')
    assert int(total["n"]) >= 3
    assert ask(after[0], f'?d void:triples {total["n"]} ; dcat:version "2" ; dct:language "ar"')
    assert types_of(before[1]) == ["sg:Person"]
    assert {"sg:Person", "sg:Summit"} <= set(types_of(after[1]))


def types_of(document: dict[str, Any]) -> list[str]:
    """Return the classes an OpenAPI document offers for the search."""
    parameters = {item["name"]: item for item in document["paths"]["/api/search"]["get"]["parameters"]}
    listed: list[str] = parameters["type"]["schema"]["examples"]
    return listed


def test_openapi_document_is_valid(client: Client) -> None:
    reply = client.get("/openapi.json")
    document = reply.json()

    assert reply.headers["content-type"] == "application/json"
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": f"http://127.0.0.1:{client.port}"}]
    OpenAPIV31SpecValidator(document).validate()


def test_openapi_document_describes_what_is_there(store: Path, client: Client) -> None:
    """Each path and method described is routed, and each route for programs is described."""
    described = client.get("/openapi.json").json()["paths"]
    app = build(Settings(store=store, workers=1, workers_max=1))
    try:
        routed = {
            rule.rule.replace("<path:path>", "{path}"): {method.lower() for method in rule.methods or ()}
            for rule in app.url_map.iter_rules()
        }
    finally:
        app.extensions["summitgraph"].pool.close()
    routed |= {"/sparql": {"get", "post"}, "/healthz": {"get"}, "/readyz": {"get"}}  # answered before routing

    verbs = {"get", "post", "put", "delete"}
    for path, operations in described.items():
        assert set(operations) & verbs <= routed[path], path
    assert {path for path in routed if path.startswith("/api/")} <= set(described)


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/sparql?query=ASK%7B%7D", "application/sparql-results+json"),
        ("/sparql?query=x", "application/problem+json"),
        ("/api/search?q=macron", "*/*"),
        ("/api/search", "*/*"),
        ("/store?default", "text/turtle"),
        ("/store", "application/json"),
        ("/id/person/macron", "text/turtle"),
        ("/data/person/macron", "application/ld+json"),
        ("/data/person/nobody", "*/*"),
        ("/page/person/macron", "text/html"),
        ("/graph/doc/00000000000000aa", "application/trig"),
        ("/ontology", "text/turtle"),
        ("/dataset", "image/png"),
        ("/healthz", "*/*"),
        ("/readyz", "*/*"),
        ("/metrics", "*/*"),
    ],
)
def test_reply_is_one_that_is_described(client: Client, path: str, accept: str) -> None:
    document = client.get("/openapi.json").json()
    plain = path.partition("?")[0]
    templates = [
        key for key in document["paths"] if key.partition("{")[0] == plain or plain.startswith(key.partition("{")[0])
    ]
    responses = document["paths"][max(templates, key=len)]["get"]["responses"]
    reply = client.get(path, Accept=accept)

    assert str(reply.status) in responses
    response = responses[str(reply.status)]
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    if reply.body:
        assert reply.headers["content-type"].partition(";")[0] in response["content"]


def test_date_of_the_data_is_that_of_the_snapshot(store: Path, client: Client) -> None:
    found = read(client, "/dataset").quads_for_pattern(None, ox.NamedNode(DCT + "modified"), None)
    (quad,) = found
    moment = datetime.datetime.fromtimestamp(int(os.stat(store / "CURRENT").st_mtime), datetime.UTC)  # noqa: PTH116

    assert quad.object == ox.Literal(
        moment.strftime("%Y-%m-%dT%H:%M:%SZ"), datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#dateTime")
    )
